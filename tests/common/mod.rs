//! What several tests need: a network of their own, and programs to fill it.

pub(crate) mod space;
