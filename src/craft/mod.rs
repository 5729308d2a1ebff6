//! Saying: segments built from scratch.
