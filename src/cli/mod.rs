//! The door of the program.
