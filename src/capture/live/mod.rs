//! An interface as a source of frames: a ring shared with the kernel, read without a copy and
//! accounted for to the last frame.
//!
//! The kernel filters ([`Setup::filter`]), stamps with nanoseconds, and says what the octets do
//! not: the direction, a checksum left to the network card, the size of the segments that a frame
//! stands for, a VLAN tag that was taken out. [`Live`] puts the tag back and hands the rest on as
//! [`Aside`](super::Aside). A packet on the loopback interface passes it twice, going out and coming in; one of
//! the two is taken, in the kernel already, so that its counts and ours are of the same packets.
//!
//! Stopped ([`Setup::stop`]), it lets nothing in any more and reads on until it has everything that
//! the kernel had accepted: at the end, [`Account`] always adds up.

mod cooked;
mod error;
mod frame;
mod program;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::filter::Filter;
use super::frame::{Link, Next, Source, SourceError};
use crate::sys;
use crate::sys::packet::{Begin, Interface, PacketSocket, Wake};
use crate::sys::ring::{Ring, Shape};
use crate::wire::Timestamp;

pub use error::OpenError;

/// The name that stands for all interfaces at once.
pub const ANY: &str = "any";

/// How to listen to an interface.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name, or [`ANY`].
    pub interface: String,
    /// Whether to ask for what is sent to others too.
    pub promiscuous: bool,
    /// Octets of each frame to keep.
    pub snaplen: u32,
    /// Octets that the ring holds, rounded up to its blocks.
    pub buffer: usize,
    /// After what time frames are handed over that do not fill a block.
    pub patience: Duration,
    /// Which of the frames, by where they go.
    pub ways: Ways,
    /// What the frames of [`ANY`] begin with.
    pub cooked: Cooked,
    /// What the kernel is to let pass; all where there is none.
    pub filter: Option<Filter>,
    /// The group of listeners to share the frames with, each conversation going to one of them.
    pub group: Option<u16>,
    /// Stops the capture when it becomes true.
    pub stop: Arc<AtomicBool>,
}

impl Setup {
    /// To listen to everything that `interface` sees.
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            promiscuous: true,
            snaplen: 256 << 10,
            buffer: 16 << 20,
            patience: Duration::from_millis(10),
            ways: Ways::Both,
            cooked: Cooked::Sll2,
            filter: None,
            group: None,
            stop: Arc::default(),
        }
    }
}

/// Frames by where they go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Ways {
    /// In and out.
    #[default]
    Both,
    /// What comes.
    In,
    /// What this host sends.
    Out,
}

/// The headers that stand for those of many links.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Cooked {
    /// Linux cooked capture, which does not name the interface.
    Sll,
    /// Linux cooked capture v2, which does.
    #[default]
    Sll2,
}

/// What became of the frames that passed the filter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Account {
    /// Frames that passed the filter: all of the following.
    pub passed: u64,
    /// Frames that were handed out here.
    pub delivered: u64,
    /// Frames that the kernel had no room for.
    pub dropped: u64,
}

impl Account {
    /// Frames that the kernel holds for us: 0 at the end, unless somebody stopped reading before it.
    pub const fn waiting(self) -> u64 {
        self.passed.saturating_sub(self.dropped).saturating_sub(self.delivered)
    }
}

/// An interface that is listened to.
#[derive(Debug)]
pub struct Live {
    setup: Setup,
    socket: PacketSocket,
    ring: Ring,
    shape: frame::Shape,
    account: Account,
    phase: Phase,
    /// Frames came since the last [`Next::Idle`].
    busy: bool,
    /// When the interface went down, if nothing came since.
    down: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Listening,
    /// Nothing more is let in, what was accepted is handed out. How often in a row nothing came.
    Draining(u32),
    /// All was handed out; whether the interface has gone away is to be told.
    Drained,
    Over,
}

/// Octets of a block: room for the largest frame of the loopback interface, and small enough that a
/// ring has many.
const BLOCK: u32 = 256 << 10;
/// The smallest ring worth having, in blocks.
const FEWEST_BLOCKS: u32 = 2;
/// How long to wait before saying that nothing comes.
const IDLE: Duration = Duration::from_millis(100);
/// How late the kernel's timers may be.
const SLACK: Duration = Duration::from_millis(50);
/// How long to wait at a time for what is to be drained, and how often.
const DRAIN: (Duration, u32) = (Duration::from_millis(10), 300);

impl Live {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When there is no such interface, it is down, or the right to listen is missing.
    pub fn open(setup: Setup) -> Result<Self, OpenError> {
        let failed = |doing| OpenError::of(&setup.interface, doing);
        let mut socket = PacketSocket::open(Begin::Link).map_err(failed("socket"))?;
        let mut interface = None;
        if setup.interface != ANY {
            interface = Some(socket.interface(&setup.interface).map_err(failed("interface"))?);
        }
        if interface.is_some_and(|interface| !interface.up) {
            return Err(OpenError::Down { interface: setup.interface });
        }
        let named = interface.and_then(|interface| frame::Shape::of(interface.hardware));
        let shape = named.unwrap_or(frame::Shape::Cooked(setup.cooked));
        if named.is_none() {
            // Links that have no name here are taken without their headers, like all at once.
            socket = PacketSocket::open(Begin::Network).map_err(failed("socket"))?;
        }
        let loopback = match interface {
            Some(Interface { loopback: true, index, .. }) => Some(index),
            Some(_) => None,
            None => socket.interface("lo").ok().map(|lo| lo.index),
        };
        // The filter comes first, so that no frame slips in before it.
        let chosen = setup.filter.as_ref().map(|filter| filter.kernel_program(shape.link())).transpose();
        let chosen = chosen.map_err(|error| OpenError::Filter(Box::new(error)))?;
        let whole = program::whole(chosen.as_ref(), setup.snaplen, setup.ways, loopback);
        socket.filter(&whole).map_err(failed("filter"))?;
        if setup.ways == Ways::In || interface.is_some_and(|interface| interface.loopback && setup.ways == Ways::Both) {
            // Older kernels cannot; the filter says the same, only later.
            let _ = socket.ignore_outgoing();
        }
        let offload = named.is_some() && socket.tell_offload().is_ok();
        let ring = ring(&socket, &setup, offload).map_err(failed("ring"))?;
        let index = interface.map_or(0, |interface| interface.index);
        if setup.promiscuous && index != 0 {
            socket.promiscuous(index).map_err(failed("promiscuous mode"))?;
        }
        socket.bind(index).map_err(failed("bind"))?;
        if let Some(group) = setup.group {
            socket.share(group).map_err(failed("group"))?;
        }
        Ok(Self {
            setup,
            socket,
            ring,
            shape,
            account: Account::default(),
            phase: Phase::Listening,
            busy: false,
            down: None,
        })
    }

    /// What its frames begin with.
    pub fn link(&self) -> Link {
        self.shape.link()
    }

    /// Whether the interface has gone down, and nothing was seen of it since.
    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// What became of the frames until now.
    pub fn account(&mut self) -> Account {
        // The socket is ours and the question is a good one: there is nothing to fail.
        if let Ok(counts) = self.socket.counts() {
            self.account.passed += counts.passed;
            self.account.dropped += counts.dropped;
        }
        self.account
    }

    fn failed(&self, error: std::io::Error) -> SourceError {
        SourceError::Read { input: self.setup.interface.clone(), error }
    }

    /// Nothing is ready: waits, or finds out that it is over.
    fn rest(&mut self) -> Result<Rest, SourceError> {
        match self.phase {
            Phase::Listening if self.setup.stop.load(Ordering::Relaxed) => self.drain().map(|()| Rest::Look),
            Phase::Listening if self.busy => {
                self.busy = false;
                Ok(Rest::Idle)
            }
            Phase::Listening => match self.socket.wait(IDLE).map_err(|error| self.failed(error))? {
                Wake::Ready => Ok(Rest::Look),
                _ if self.is_gone() => self.drain().map(|()| Rest::Look),
                Wake::Nothing => Ok(Rest::Idle),
                Wake::Down => {
                    self.down = Some(sys::now());
                    Ok(Rest::Idle)
                }
            },
            Phase::Draining(waited) => {
                // Asked anew each time: a frame may have been on its way through the old filter.
                if self.account().waiting() == 0 || waited > DRAIN.1 {
                    self.phase = Phase::Drained;
                    return Ok(Rest::Look);
                }
                self.socket.wait(DRAIN.0).map_err(|error| self.failed(error))?;
                self.phase = Phase::Draining(waited + 1);
                Ok(Rest::Look)
            }
            Phase::Drained => {
                self.phase = Phase::Over;
                if self.is_gone() {
                    let input = self.setup.interface.clone();
                    return Err(SourceError::Gone { input });
                }
                Ok(Rest::End)
            }
            Phase::Over => Ok(Rest::End),
        }
    }

    /// Lets nothing in any more.
    fn drain(&mut self) -> Result<(), SourceError> {
        self.socket.filter(&program::NOTHING).map_err(|error| self.failed(error))?;
        self.phase = Phase::Draining(0);
        Ok(())
    }

    /// A time before which nothing comes any more. The kernel may have frames that it has stamped
    /// and not yet handed over.
    fn now(&self) -> Timestamp {
        let held = self.setup.patience * 2 + SLACK;
        Timestamp(sys::now().0.saturating_sub(held.as_nanos() as u64))
    }

    fn is_gone(&self) -> bool {
        self.socket.is_bound().is_ok_and(|bound| !bound)
    }
}

/// What to do where no frame is ready.
enum Rest {
    Look,
    Idle,
    End,
}

impl Source for Live {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        while !self.ring.is_ready() {
            match self.rest()? {
                Rest::Look => {}
                Rest::Idle => return Ok(Next::Idle(self.now())),
                Rest::End => return Ok(Next::End),
            }
        }
        self.busy = true;
        self.account.delivered += 1;
        Ok(match self.ring.take() {
            Some(slot) => {
                let frame = self.shape.frame(slot, self.setup.snaplen);
                self.down = self.down.filter(|since| frame.time < *since);
                Next::Frame(frame)
            }
            // A slot that contradicts itself: no kernel makes one.
            None => Next::Idle(Timestamp(0)),
        })
    }
}

/// A ring of the size that was asked for, or of half of that, and so on, where the kernel has no
/// room.
fn ring(socket: &PacketSocket, setup: &Setup, offload: bool) -> std::io::Result<Ring> {
    let retire_ms = setup.patience.as_millis().clamp(1, 1_000) as u32;
    let mut blocks = u32::try_from(setup.buffer.div_ceil(BLOCK as usize)).unwrap_or(u32::MAX).max(FEWEST_BLOCKS);
    loop {
        match socket.ring(Shape { block: BLOCK, blocks, retire_ms }, offload) {
            Err(error) if error.kind() == std::io::ErrorKind::OutOfMemory && blocks > FEWEST_BLOCKS => blocks /= 2,
            made => return made,
        }
    }
}
