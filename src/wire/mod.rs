//! Words: the vocabulary of TCP, without state and without I/O.
//!
//! Everything above speaks in these: [`Seq`], [`Window`], [`Flags`], [`Segment`], [`Endpoint`],
//! [`FlowKey`], [`Timestamp`]. The names are RFC 9293's.

pub mod declared;
mod flags;
pub mod flow;
pub mod notation;
mod option_list;
pub mod options;
pub mod ports;
pub mod recording;
mod segment;
mod seq;
mod time;
mod window;

pub use flags::Flags;
pub use flow::{Endpoint, FlowKey, Protocol, Side, Vlans};
pub use option_list::{NoRoom, OptionList};
pub use options::Options;
pub use recording::Recording;
pub use segment::Segment;
pub use seq::Seq;
pub use time::{Span, Timestamp};
pub use window::{Window, WindowScale};
