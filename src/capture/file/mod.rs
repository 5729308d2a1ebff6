//! Capture files: pcap and pcapng, compressed or not, read and written.
//!
//! What a file is, its first bytes say and never its name: [`Capture::open`] knows pcap (in micro-
//! or nanoseconds, either byte order, and the "modified" kind with 24-byte record headers), pcapng
//! (any mix of sections and interfaces), and gzip, zstd or lz4 around either; `-` is standard
//! input. [`Captures`] reads several files as the one capture they were before they were rotated.
//!
//! What cannot be read is told, not hidden: everything whole before a damaged record is yielded,
//! then one [`Next::Damage`](super::Next::Damage) with the offset where the record began. Asked to
//! resync ([`Options::resync`]), the reader looks for the next stretch of plausible records and
//! goes on there.
//!
//! Reading is done here, byte by byte: a sniffer has to take what is wrong in every other field
//! (a snap length of 0, more octets captured than sent, a comment that is not UTF-8), has to say
//! exactly where a file broke and has to find its way back, which no reader built for good files
//! does. It costs little over a bare `read()` loop. Writing only ever makes good files and is left to the
//! pcap-file crate; [`CaptureWriter`] is its only door, and the tests use its readers as a second
//! opinion.
//!
//! Bounds, so that no file can claim more memory than it deserves: a packet is at most 256 KiB,
//! or the snap length of a pcap file up to 16 MiB; a pcapng block that is read is at most 17 MiB,
//! one that is stepped over 64 MiB and never held; a buffer grows only with bytes that are there.

mod ahead;
mod buffer;
mod fault;
mod input;
mod order;
mod packed;
mod pcap;
mod pcapng;
mod reader;
mod resync;
mod rewrite;
mod series;
mod watch;
mod write;

pub use input::{Progress, unpacked};
pub use reader::{Capture, Options};
pub use rewrite::{Margin, Rewriter};
pub use series::Captures;
pub use write::{CaptureWriter, Format, Received};
