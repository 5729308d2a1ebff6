use super::facts::{Fact, Facts};
use super::notes::Notes;
use super::slab::Slot;
use super::standing::{Basis, Role, Standing};

/// A handle to a connection of one [`Tracker`](super::Tracker), counted from 0 in order of first
/// packet.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnId(pub u32);

/// What one packet meant for its connection. `Copy`; words are found only when printed.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// The connection it belongs to.
    pub conn: ConnId,
    pub(super) slot: Slot,
    /// The number Wireshark would give its stream (`tcp.stream`, `udp.stream`): a connection and a
    /// stream do not always begin and end together.
    pub stream: u32,
    /// Who sent it, as the roles are understood now.
    pub from: Role,
    /// What it meant.
    pub notes: Notes,
    /// Where both ends stood before it.
    pub before: Ends<Standing>,
    /// Where both ends stand after it.
    pub after: Ends<Standing>,
    /// What both ends knew before it.
    pub knew: Ends<Facts>,
    /// What both ends know after it.
    pub know: Ends<Facts>,
    /// For a repeat: which one it is, counted from 1 (the second SYN is repeat 1).
    pub nth: u32,
    /// The frame it repeats, answers or doubles, where its notes speak of one.
    pub about: Option<u64>,
}

impl Observation {
    /// What `role` learnt from this packet, or will have if it arrives.
    pub fn learnt(&self, role: Role) -> impl Iterator<Item = (Fact, Basis)> {
        self.know.of(role).since(*self.knew.of(role))
    }

    /// Whether an end changed its state or the basis for it.
    pub fn moved(&self) -> bool {
        self.before != self.after
    }
}

/// Two of a thing, one for each role.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ends<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> Ends<T> {
    /// The one of `role`.
    pub const fn of(&self, role: Role) -> &T {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }
}
