//! **synfin** tells the life of every TCP connection it sees, from SYN to FIN.
//!
//! Five rooms and a cellar, and arrows that only point down:
//!
//! - [`wire`] has the words: sequence numbers, flags, windows, segments, flow keys. No state, no
//!   I/O.
//! - [`capture`] sees: a [`capture::Source`] yields frames, [`capture::decode()`] turns each into
//!   a [`capture::Record`], the [`capture::Tracker`] says what it meant for its connection, and
//!   the only loop there is, [`capture::pump()`], hands all three to a [`capture::Sink`].
//! - [`craft`] says: it builds segments from scratch, right by default and wrong on request.
//! - [`report`] tells: one writer per file.
//! - `cli` is the door of the program.
//! - `sys` asks the kernel (feature `live`): sockets, rings, namespaces; `unsafe` lives there and
//!   nowhere else.
//!
//! Capture and craft do not know each other; they meet in [`wire`].

pub mod capture;
pub mod craft;
pub mod report;
#[cfg(all(feature = "live", target_os = "linux"))]
mod sys;
pub mod wire;

#[cfg(feature = "cli")]
pub mod cli;

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The same for the page on protocols of one's own.
#[cfg(doctest)]
#[doc = include_str!("../docs/protocols.md")]
struct Protocols;

/// The same for the page on crafting.
#[cfg(doctest)]
#[doc = include_str!("../docs/crafting.md")]
struct Crafting;
