//! A recorded connection performed again: one end of it, against whoever speaks at the other.
//!
//! An [`Actor`] is a small TCP without socket or clock: [`Actor::poll`] is told the time and says
//! what to send, [`Actor::hear`] is told what came. It says what its end said in the recording, not
//! when it said so but when it has heard as much of the other end as it had then. Numbers, windows,
//! segments and what is lost are those of today. What came is compared with the recording octet for
//! octet ([`Actor::comparison`]); how it went stands in an [`Account`].
//!
//! ```
//! use std::sync::Arc;
//! use synfin::craft::replay::{Actor, Conduct, Deed, Part};
//! use synfin::wire::recording::{End, Recording};
//! use synfin::wire::{Flags, Seq, Timestamp};
//!
//! fn ask(recording: Recording) {
//!     let part = Arc::new(Part::new(Arc::new(recording), End::Client));
//!     let mut actor = Actor::new(part, Conduct::new(Seq(4711)));
//!     let Deed::Send(syn) = actor.poll(Timestamp(0)) else { panic!("a client begins") };
//!     assert_eq!((syn.segment.seq, syn.segment.flags), (Seq(4711), Flags::SYN));
//! }
//! ```

mod account;
mod actor;
mod came;
mod compare;
mod cues;
mod duet;
mod greeting;
mod hear;
mod inflow;
mod mask;
mod outflow;
mod rtt;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;

pub use account::{Account, Close, Traffic};
pub use actor::{Actor, Deed, Ending, Said};
pub use compare::{Comparison, Difference, Outcome, compare};
use cues::Cues;
pub use duet::{Duet, Passage};
pub use hear::Heard;
pub use mask::{Mask, MaskError, Masks};
pub use outflow::Resent;

use crate::wire::recording::{End, Recording};
use crate::wire::{Seq, Span};

/// One end of a recording: what an [`Actor`] performs, as often as wanted.
#[derive(Clone, Debug)]
pub struct Part {
    recording: Arc<Recording>,
    role: End,
    cues: Cues,
}

impl Part {
    /// The part of `role`.
    pub fn new(recording: Arc<Recording>, role: End) -> Self {
        let cues = Cues::of(&recording, role);
        Self { recording, role, cues }
    }

    /// What it is a part of.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Which end it is.
    pub const fn role(&self) -> End {
        self.role
    }
}

/// How an actor behaves where the recording does not say.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// Its initial sequence number.
    pub isn: Seq,
    /// When it acts, once it has heard what it waits for.
    pub speed: Speed,
    /// Octets that it takes in before they are acknowledged: its window.
    pub window: u32,
    /// The most octets of data that its way takes in a packet.
    pub most: u16,
    /// The maximum segment size to ask for, where it is not the recorded one.
    pub mss: Option<u16>,
    /// How long it waits for the first answer before it says something again.
    pub first_timeout: Span,
    /// How long it waits later, at least.
    pub least_timeout: Span,
    /// How long it waits for the other end to go on, beside the time that took in the recording.
    pub patience: Span,
    /// How long it still answers repeats when all is over and something was lost on the way.
    pub linger: Span,
    /// Whether it does so where nothing was lost that it knows of, too.
    pub always_lingers: bool,
    /// Whether it remembers what both ends did, step by step, in its [`Account`].
    pub keeps_acts: bool,
    /// What its clock of timestamps (RFC 7323) shows at time 0, in milliseconds.
    pub clock: u32,
}

impl Conduct {
    /// As fast as the other end goes, on a way like loopback's.
    pub const fn new(isn: Seq) -> Self {
        Self {
            isn,
            speed: Speed::Fast,
            window: 256 << 10,
            most: u16::MAX - 40,
            mss: None,
            first_timeout: Span::from_millis(200),
            least_timeout: Span::from_millis(200),
            patience: Span::from_secs(3),
            linger: Span::from_millis(500),
            always_lingers: false,
            keeps_acts: false,
            clock: 0,
        }
    }
}

/// When an end acts, once it has heard what it waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// At once.
    Fast,
    /// After the time that it took in the recording.
    Recorded,
    /// After that time, divided by this.
    Times(f64),
}

impl Speed {
    /// What becomes of a recorded span.
    pub fn of(self, span: Span) -> Span {
        match self {
            Self::Fast => Span(0),
            Self::Recorded => span,
            Self::Times(times) => Span((span.0 as f64 / times.max(1e-6)) as i64),
        }
    }
}
