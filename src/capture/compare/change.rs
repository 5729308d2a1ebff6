use super::collect::Sight;
use super::passage::Shift;
use crate::wire::{Endpoint, Flags};

/// Something that was not the same where a segment came as where it was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// What, with both values as they first differed.
    pub what: What,
    /// In how many segments.
    pub count: u64,
    /// The first of them, by its number where it was sent and where it came.
    pub first: (u64, u64),
}

/// What can change on the way: the value that was sent, and the one that came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Who sent it.
    Source(Endpoint, Endpoint),
    /// Whom it is for.
    Destination(Endpoint, Endpoint),
    /// All sequence numbers, by this much (and the other end's acknowledgements back).
    Sequence(u32),
    /// All timestamp values, by this much.
    Timestamps(u32),
    /// The largest segment offered.
    Mss(u16, u16),
    /// The window scale offered.
    WindowScale(u8, u8),
    /// Kinds of options that were taken out, a bit each.
    OptionsRemoved(u64),
    /// Kinds of options that were put in, a bit each.
    OptionsAdded(u64),
    /// The window field.
    Window(u16, u16),
    /// The flags.
    Flags(Flags, Flags),
    /// The octets of data.
    Payload,
    /// Time to live, or hop limit: by more than counting hops explains.
    Ttl(u8, u8),
    /// The differentiated services code point.
    Dscp(u8, u8),
    /// Explicit congestion notification.
    Ecn(u8, u8),
    /// The IPv4 identification.
    IpId(u32, u32),
}

impl What {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source(..) => "source",
            Self::Destination(..) => "destination",
            Self::Sequence(_) => "sequence_numbers",
            Self::Timestamps(_) => "timestamps",
            Self::Mss(..) => "mss",
            Self::WindowScale(..) => "wscale",
            Self::OptionsRemoved(_) => "options_removed",
            Self::OptionsAdded(_) => "options_added",
            Self::Window(..) => "window",
            Self::Flags(..) => "flags",
            Self::Payload => "payload",
            Self::Ttl(..) => "ttl",
            Self::Dscp(..) => "dscp",
            Self::Ecn(..) => "ecn",
            Self::IpId(..) => "ip_id",
        }
    }
}

/// The changes of one direction, a kind once.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    /// Looks at a segment where it was sent and where it came. `usual` are the hops that most take.
    pub(super) fn look(&mut self, sent: &Sight, came: &Sight, there: Shift, usual: i16) {
        let mut note = |changed: bool, what: What| {
            if changed {
                self.add(what, sent.n, came.n);
            }
        };
        if let (Some(offered), Some(arrived)) = (sent.mss, came.mss) {
            note(offered != arrived, What::Mss(offered, arrived));
        }
        if let (Some(offered), Some(arrived)) = (sent.wscale, came.wscale) {
            note(offered != arrived, What::WindowScale(offered, arrived));
        }
        let (removed, added) = (sent.kinds & !came.kinds, came.kinds & !sent.kinds);
        note(removed != 0, What::OptionsRemoved(removed));
        note(added != 0, What::OptionsAdded(added));
        note(sent.window != came.window, What::Window(sent.window, came.window));
        note(sent.flags != came.flags, What::Flags(sent.flags, came.flags));
        if let (Some(was), Some(is)) = (sent.whole_payload(), came.whole_payload()) {
            note(was != is, What::Payload);
        }
        note(hops(sent, came) != usual || usual < 0, What::Ttl(sent.ttl, came.ttl));
        note(sent.tos >> 2 != came.tos >> 2, What::Dscp(sent.tos >> 2, came.tos >> 2));
        note(sent.tos & 3 != came.tos & 3, What::Ecn(sent.tos & 3, came.tos & 3));
        note(sent.ip_id != came.ip_id, What::IpId(sent.ip_id, came.ip_id));
        note(there.seq != 0, What::Sequence(there.seq));
        note(there.stamp != 0 && sent.stamps.is_some(), What::Timestamps(there.stamp));
    }

    /// The first comes first.
    pub(super) fn told(self) -> Vec<Change> {
        self.0
    }

    pub(super) fn add(&mut self, what: What, sent: u64, came: u64) {
        match self.0.iter_mut().find(|change| change.what.name() == what.name()) {
            Some(change) => change.count += 1,
            None => self.0.push(Change { what, count: 1, first: (sent, came) }),
        }
    }
}

/// How many routers counted it down.
pub(super) fn hops(sent: &Sight, came: &Sight) -> i16 {
    i16::from(sent.ttl) - i16::from(came.ttl)
}
