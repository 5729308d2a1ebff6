//! Saying: segments built from scratch, one by one or from a script.
//!
//! [`emit()`] turns the description of one packet into octets, right by default and wrong on
//! request. A [`Script`] is a conversation written down in the notation of transcripts; it reads
//! from text, prints as text, and [`Script::frames`] plays it into frames with times:
//!
//! ```
//! use synfin::craft::Script;
//!
//! let script: Script = "
//!     > S  0:0(0) <mss 1460>
//!     < S. 0:0(0) ack 1 <mss 1460>
//!     > .  1:1(0) ack 1
//! "
//! .parse()?;
//! assert_eq!(script.frames()?.len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod emit;
#[cfg(all(feature = "live", target_os = "linux"))]
pub mod inject;
pub mod pace;
pub mod packet;
#[cfg(all(feature = "live", target_os = "linux"))]
mod peek;
pub mod player;
pub mod policy;
pub mod replay;
pub mod script;
pub mod stock;
pub mod template;

pub use emit::{Ip, Link, Spec, Transport, emit};
#[cfg(all(feature = "live", target_os = "linux"))]
pub use inject::{Ear, Heard, InjectError, Injector, LinkInjector};
pub use pace::{Pace, Pacer};
pub use packet::{
    Arp, EmitError, Ethernet, Extension, Field, Fragment, FragmentError, Icmp, Ipv4, Ipv6, Layer, Packet, Tcp, Udp,
    Vlan, fragment, quote,
};
pub use player::{Action, Player, Verdict};
pub use policy::{Bounds, Network, Policy, Refusal};
pub use script::{Script, ScriptError, Shot};
pub use template::{Place, Spot, Template};

#[cfg(all(feature = "live", target_os = "linux"))]
pub use crate::sys::guard::{Guard, GuardError};
