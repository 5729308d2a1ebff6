//! Seeing: frames in, records and stories out.

pub mod apps;
mod arrival;
pub mod attempt;
pub mod compare;
pub mod declared;
pub mod decode;
pub mod defrag;
pub mod file;
pub mod filter;
pub mod findings;
mod frame;
#[cfg(all(feature = "live", target_os = "linux"))]
pub mod live;
mod memory;
mod pump;
mod record;
pub mod recording;
pub mod stream;
pub mod tee;
pub mod track;
pub(crate) mod wish;

pub use decode::{decode, decode_into};
pub use frame::{Aside, Damage, DamageKind, Direction, Frame, Lent, Link, Next, Source, SourceError};
pub use memory::{MemorySource, OwnedFrame};
pub use pump::{Packet, PumpError, Reading, Sink, Summary, pump};
pub use record::{
    Arp, Body, Checksum, Checksums, Ether, Fragments, Icmp, Ip, Layer, Quoted, Record, Skip, Tcp, Udp, UdpFault,
};
pub use track::{Conn, Observation, Tracker};
