//! What is drawn of a connection, from what is remembered of it.

use super::scene::{Scene, step_title, title};
use super::tale::{self, Item, Said, Step};
use super::words;
use crate::capture::track::{Ends, Facts, Note, Role};
use crate::report::ladder::{self, Fold, Ladder, PAUSE, Row, Rung, Sent};
use crate::wire::{Flags, Segment, Span};

/// Whether the words of the story stand beside the rungs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::report) enum Words {
    /// They do: a painter has a place for them.
    With,
    /// They do not.
    Without,
}

/// The ladder of `scene`.
pub(super) fn ladder(scene: &Scene<'_>, words: Words) -> Ladder {
    let names = Ends { client: scene.name(Role::Client), server: scene.name(Role::Server) };
    let stateful = scene.steps().any(|step| step.segment().is_some());
    let start = scene.steps().next().map(|first| ends(scene, |side| first.before[side])).unwrap_or_default();
    let mut ladder = Ladder::of(scene.conn, names, start, stateful);
    let mut last = None;
    for item in &scene.tale.items {
        let (begins, ends) = match item {
            Item::Step(step) => (scene.since_start(step.time), scene.since_start(step.time)),
            Item::Fold(fold) => (scene.since_start(fold.times.0), scene.since_start(fold.times.1)),
        };
        let pause = last.map_or(Span(0), |last: Span| Span(begins.0 - last.0));
        if pause >= PAUSE {
            ladder.rows.push(Row::Pause(pause));
        }
        last = Some(ends);
        ladder.rows.push(match item {
            Item::Step(step) => Row::Rung(Box::new(rung(step, scene, words))),
            Item::Fold(fold) => Row::Fold(Box::new(folded(fold, scene))),
        });
    }
    ladder
}

fn rung(step: &Step, scene: &Scene<'_>, words: Words) -> Rung {
    Rung {
        n: step.n,
        at: scene.since_start(step.time),
        from: step.role(scene.conn),
        said: said(step, scene),
        after: ends(scene, |side| step.after[side]),
        moved: ends(scene, |side| step.before[side] != step.after[side]),
        learnt: ends(scene, |side| learnt(step.knew[side], step.know[side])),
        notes: step.notes,
        about: step.about,
        lost: step.lost,
        words: match words {
            Words::With => words::sentences(step, scene),
            Words::Without => Vec::new(),
        },
    }
}

fn learnt(knew: Facts, know: Facts) -> Facts {
    let mut learnt = Facts::default();
    know.since(knew).for_each(|(fact, basis)| learnt.set(fact, Some(basis)));
    learnt
}

fn folded(fold: &tale::Fold, scene: &Scene<'_>) -> Fold {
    Fold {
        frames: fold.frames,
        at: (scene.since_start(fold.times.0), scene.since_start(fold.times.1)),
        sent: ends(scene, |side| {
            let tale::Sent { data, octets, empty } = fold.sent[side];
            Sent { data, octets, empty }
        }),
        notes: fold.notes.clone(),
        lost: fold.lost.clone(),
    }
}

/// The two of something that are kept by side, by role.
fn ends<T>(scene: &Scene<'_>, of: impl Fn(usize) -> T) -> Ends<T> {
    let side = |role| scene.conn.side(role) as usize;
    Ends { client: of(side(Role::Client)), server: of(side(Role::Server)) }
}

/// What stands on the arrow.
fn said(step: &Step, scene: &Scene<'_>) -> ladder::Said {
    let mut said = ladder::Said {
        name: step_title(step),
        tag: tag(step, scene),
        flags: None,
        seq: None,
        ack: None,
        len: 0,
        window: None,
        options: Vec::new(),
        more: None,
    };
    match &step.said {
        Said::Tcp(segment) => {
            let closed = segment.window.0 == 0 && !segment.flags.contains(Flags::RST);
            said.name = title(segment);
            said.flags = Some(segment.flags);
            said.seq = Some(scene.relative(segment.seq, step.from));
            said.ack = segment.acked().map(|ack| scene.relative(ack, !step.from));
            said.len = segment.len;
            said.window = (segment.flags.contains(Flags::SYN) || closed).then_some(segment.window.0);
            said.options = options(segment, step, scene);
        }
        Said::Udp(len) => said.len = *len,
        Said::Icmp(icmp, source) => {
            said.more = Some(match icmp.echo_id {
                Some(_) => format!("seq {}", icmp.echo_seq),
                None => format!("from {source}"),
            });
        }
    }
    said
}

/// What a SYN offers, and which octets an ACK has beyond its number.
fn options(segment: &Segment, step: &Step, scene: &Scene<'_>) -> Vec<String> {
    let mut told = Vec::new();
    let options = &segment.options;
    if segment.flags.contains(Flags::SYN) {
        told.extend(options.mss().map(|mss| format!("mss {mss}")));
        told.extend(options.window_scale().map(|scale| format!("wscale {scale}")));
        told.extend(options.sack_permitted().then(|| "sackOK".to_owned()));
        told.extend(options.timestamps().map(|_| "ts".to_owned()));
        told.extend(options.fast_open().map(|_| "tfo".to_owned()));
        told.extend(options.mptcp().map(|_| "mptcp".to_owned()));
    }
    let relative = |seq| scene.relative(seq, !step.from);
    told.extend(options.sack().iter().map(|(left, right)| format!("sack {}:{}", relative(*left), relative(*right))));
    told
}

/// What the reader of the figure should not overlook.
fn tag(step: &Step, scene: &Scene<'_>) -> &'static str {
    const TAGS: &[(&[Note], &str)] = &[
        (&[Note::CaptureDuplicate], " (copy)"),
        (&[Note::SynRetransmit, Note::SynackRetransmit, Note::FinRetransmit, Note::Retransmit], " (again)"),
        (&[Note::Keepalive], " (keep-alive)"),
        (&[Note::KeepaliveAck], " (still there)"),
        (&[Note::WinProbe], " (probe)"),
        (&[Note::Dupack], " (dup)"),
        (&[Note::Reorder], " (late)"),
        (&[Note::RstBlind], " (blind)"),
        (&[Note::SeqAhead], " (after a gap)"),
    ];
    if step.notes.contains(Note::Keepalive) && scene.window_closed(step) {
        return " (probe)";
    }
    TAGS.iter().find(|(notes, _)| step.notes.intersects(notes)).map_or("", |(_, tag)| tag)
}
