use super::Conduct;
use crate::wire::options::{Item, Options, kind, walk};
use crate::wire::recording::Greeting;
use crate::wire::{OptionList, Window, WindowScale};

/// What two ends have agreed on in their SYNs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Agreed {
    /// The most octets that the other end takes in a segment, options counted in.
    pub(super) mss: u32,
    /// By how much its windows are scaled.
    pub(super) theirs: WindowScale,
    /// By how much ours are.
    pub(super) ours: WindowScale,
    pub(super) sack: bool,
    pub(super) timestamps: bool,
}

impl Agreed {
    /// What follows from two lists of options.
    pub(super) fn of(ours: &Options, theirs: &Options, default_mss: u16) -> Self {
        let both_scale = ours.window_scale().is_some() && theirs.window_scale().is_some();
        let scale = |options: &Options| options.effective_scale().filter(|_| both_scale).unwrap_or_default();
        Self {
            // RFC 9293 §3.7.1.
            mss: u32::from(theirs.mss().unwrap_or(default_mss)),
            theirs: scale(theirs),
            ours: scale(ours),
            sack: ours.sack_permitted() && theirs.sack_permitted(),
            timestamps: ours.timestamps().is_some() && theirs.timestamps().is_some(),
        }
    }
}

/// The recorded options as they can be sent now, in their order: timestamps with times of today, and
/// without what only the recorded ends could have kept their word on. An answer (`to` is what the
/// other end offers) has only what was asked for.
pub(super) fn options(
    recorded: Option<&Greeting>,
    conduct: &Conduct,
    to: Option<&Options>,
    timestamps: (u32, u32),
) -> OptionList {
    let mut list = OptionList::EMPTY;
    let offered = |kind: u8| match (to, kind) {
        (None, _) | (Some(_), kind::MSS) => true,
        (Some(to), kind::WINDOW_SCALE) => to.window_scale().is_some(),
        (Some(to), kind::SACK_PERMITTED) => to.sack_permitted(),
        (Some(to), kind::TIMESTAMPS) => to.timestamps().is_some(),
        (Some(_), _) => false,
    };
    let (val, ecr) = timestamps;
    let stamps = [val.to_be_bytes(), ecr.to_be_bytes()].concat();
    // What does not fit is left off: forty octets were recorded, and none is added.
    let put = |list: &mut OptionList, kind: u8, data: &[u8]| {
        let mss = conduct.mss.map(u16::to_be_bytes);
        let kept = match kind {
            kind::MSS => list.push(kind, mss.as_ref().map_or(data, |mss| mss)),
            kind::WINDOW_SCALE | kind::SACK_PERMITTED if offered(kind) => list.push(kind, data),
            kind::TIMESTAMPS if offered(kind) => list.push(kind, &stamps),
            // Cookies and keys of others, paths and signatures that nobody here can go on with.
            kind::FAST_OPEN
            | kind::MPTCP
            | kind::MD5
            | kind::AUTHENTICATION
            | kind::EXPERIMENT_1
            | kind::EXPERIMENT_2 => Ok(()),
            kind if offered(kind) => list.push(kind, data),
            _ => Ok(()),
        };
        let _ = kept;
    };
    let Some(greeting) = recorded else {
        // What any host offers.
        put(&mut list, kind::MSS, &1460u16.to_be_bytes());
        put(&mut list, kind::SACK_PERMITTED, &[]);
        put(&mut list, kind::TIMESTAMPS, &stamps);
        put(&mut list, kind::WINDOW_SCALE, &[7]);
        return list;
    };
    for item in walk(greeting.options.octets()) {
        match item {
            Item::Nop => {
                let _ = list.extend(&[kind::NOP]);
            }
            Item::Kind(kind, data) => put(&mut list, kind, data),
            Item::Broken(_) => {}
        }
    }
    list
}

/// The window field of a SYN: never scaled (RFC 7323 §2.2).
pub(super) fn window(recorded: Option<&Greeting>, conduct: &Conduct) -> Window {
    let room = Window(u16::try_from(conduct.window).unwrap_or(u16::MAX));
    recorded.map_or(room, |greeting| Window(greeting.window.0.min(room.0)))
}
