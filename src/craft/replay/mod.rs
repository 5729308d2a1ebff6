//! A recorded connection performed again.

mod compare;
mod mask;

pub use compare::{Comparison, Difference, Outcome, compare};
pub use mask::{Mask, MaskError, Masks};
