use std::io::{self, Write};
use std::process::ExitCode;

use super::stage::Played;
use crate::craft::replay::{Account, Close, Comparison, Ending, Masks, Outcome, Traffic};
use crate::report::paint::Paint;
use crate::report::replayed::{Behaviour, Came, Difference, ReplayTotals, Replayed};
use crate::report::side_by_side;
use crate::wire::options::kind;
use crate::wire::recording::{Act, End, Greeting, RecordedEnd, Recording};
use crate::wire::{Endpoint, OptionList, Span, Timestamp};

/// Tells how replayed connections went.
pub(super) struct Teller {
    masks: Masks,
    json: bool,
    quiet: bool,
    diff: bool,
    paint: Paint,
    totals: ReplayTotals,
    /// When the first began, and the last ended.
    times: Option<(Timestamp, Timestamp)>,
}

impl Teller {
    pub(super) fn new(masks: Masks, json: bool, quiet: bool, diff: bool, paint: Paint) -> Self {
        Self { masks, json, quiet, diff, paint, totals: ReplayTotals::default(), times: None }
    }

    /// Tells of one.
    pub(super) fn tell(&mut self, played: &Played, out: &mut dyn Write) -> io::Result<()> {
        let replayed = replayed(played, &self.masks);
        let account = played.actor.account();
        if let (Some(began), Some(ended)) = (account.began, account.ended) {
            let (first, last) = self.times.unwrap_or((began, ended));
            self.times = Some((first.min(began), last.max(ended)));
        }
        self.totals.performed += 1;
        self.totals.equal += u64::from(replayed.is_equal());
        self.totals.octets += replayed.came.came;
        match (self.json, self.quiet && replayed.is_equal()) {
            (_, true) => Ok(()),
            (true, _) => replayed.write_json(out),
            (false, _) => {
                replayed.write_text(self.paint, out)?;
                if self.diff {
                    side_by_side::write(&played.actor.part().recording().steps, &account.acts, self.paint, out)?;
                }
                Ok(())
            }
        }
    }

    /// Tells of all together, and gives the exit code that says so too.
    pub(super) fn conclude(mut self, turned_away: u64, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        self.totals.turned_away = turned_away;
        self.totals.took = self.times.map_or(Span(0), |(first, last)| first.until(last));
        if self.json { self.totals.write_json(out) } else { self.totals.write_text(self.paint, out) }?;
        let all = self.totals.performed > 0 && self.totals.equal == self.totals.performed;
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn replayed(played: &Played, masks: &Masks) -> Replayed {
    let part = played.actor.part();
    let (recording, role) = (part.recording(), part.role());
    let account = played.actor.account();
    let in_order = |own: Endpoint, other: Endpoint| if role == End::Client { (own, other) } else { (other, own) };
    let ends = [live_ends(account), recorded_ends(recording)];
    let (own, peer) = (recording.end(role), recording.end(!role));
    let at = |when: Option<u64>| when.map(|ns| Span(i64::try_from(ns).unwrap_or(i64::MAX)));
    let opened = recording.steps.iter().filter(|step| matches!(step.act, Act::SynAck)).map(|step| step.at_ns).next();
    let resent = account.resent;
    Replayed {
        conn: recording.number,
        round: played.entry.round,
        role,
        live: in_order(played.local, played.remote),
        recorded: (recording.client.endpoint, recording.server.endpoint),
        ending: name(played.actor.ending()),
        ends_as_recorded: ends_as_recorded(played.actor.ending(), recording, role, &ends),
        sent: (own.stream.len() as u64, played.actor.delivered()),
        came: came(&played.actor.comparison(masks)),
        peer: [live(account.was_greeted.as_ref(), account.heard, account.windows), recorded(peer)],
        own: [live(account.greeted.as_ref(), account.sent, None), recorded(own)],
        ends,
        opening: [account.opening(), at(opened)],
        first_octet: [account.first_octet(), peer.manner.first_octet],
        duration: [account.duration(), at(recording.steps.last().map(|step| step.at_ns))],
        round_trip: account.round_trip,
        losses: [resent.timeouts, resent.told, resent.probes],
        other_lengths: account.other_lengths,
    }
}

/// Whether it ended as the recording did: where that has no end, any will do.
fn ends_as_recorded(
    ending: Option<Ending>,
    recording: &Recording,
    role: End,
    [now, then]: &[Vec<(End, &'static str)>; 2],
) -> bool {
    let resets = |ends: &[(End, &str)]| End::BOTH.map(|end| ends.contains(&(end, "rst")));
    match ending {
        Some(Ending::Played) => {
            resets(now) == resets(then) || !(recording.client.fin || recording.server.fin) || then.is_empty()
        }
        Some(Ending::Reset | Ending::Refused) => recording.end(!role).reset,
        Some(Ending::Unanswered) => recording.end(!role).greeting.is_none() && !recording.end(!role).reset,
        Some(Ending::Silent | Ending::Stopped) | None => false,
    }
}

const fn name(ending: Option<Ending>) -> &'static str {
    match ending {
        Some(Ending::Played) => "played",
        Some(Ending::Reset) => "reset",
        Some(Ending::Refused) => "refused",
        Some(Ending::Unanswered) => "unanswered",
        Some(Ending::Silent) => "silent",
        Some(Ending::Stopped) | None => "stopped",
    }
}

fn came(comparison: &Comparison) -> Came {
    let (outcome, difference) = match &comparison.outcome {
        Outcome::Equal => ("equal", None),
        Outcome::Missing { .. } => ("missing", None),
        Outcome::Extra { .. } => ("extra", None),
        Outcome::Differs(difference) => {
            let crate::craft::replay::Difference { recorded_at, came_at, before, recorded, came } = difference.clone();
            ("differs", Some(Difference { recorded_at, came_at, before, recorded, came }))
        }
    };
    let Comparison { recorded, came, alike, masked, .. } = *comparison;
    Came { recorded, came, alike, masked, outcome, difference }
}

fn live(greeting: Option<&Greeting>, traffic: Traffic, windows: Option<(u32, u32)>) -> Behaviour {
    let Traffic { segments, data_segments, repeats, largest } = traffic;
    let options = greeting.map(|greeting| options(&greeting.options)).unwrap_or_default();
    Behaviour { options, segments, data_segments, repeats, largest, windows }
}

fn recorded(end: &RecordedEnd) -> Behaviour {
    let manner = end.manner;
    Behaviour {
        options: end.greeting.map(|greeting| options(&greeting.options)).unwrap_or_default(),
        segments: manner.segments,
        data_segments: manner.data_segments,
        repeats: manner.repeats,
        largest: manner.largest,
        windows: (manner.most_window > 0).then_some((manner.least_window, manner.most_window)),
    }
}

/// Options in the notation of transcripts, without the times of timestamps: those are never the same.
fn options(list: &OptionList) -> String {
    let each = list.each().map(|option| match option {
        [kind::TIMESTAMPS, ..] => "TS".to_owned(),
        option => OptionList::from_octets(option).map(|option| option.to_string()).unwrap_or_default(),
    });
    each.collect::<Vec<_>>().join(",")
}

fn live_ends(account: &Account) -> Vec<(End, &'static str)> {
    let how = |close: Close| match close {
        Close::Fin => "fin",
        Close::Reset => "rst",
    };
    account.ends.iter().map(|(end, close)| (*end, how(*close))).collect()
}

fn recorded_ends(recording: &Recording) -> Vec<(End, &'static str)> {
    let closes = recording.steps.iter().filter_map(|step| match step.act {
        Act::Fin => Some((step.by, "fin")),
        Act::Reset => Some((step.by, "rst")),
        Act::Syn | Act::SynAck | Act::Data { .. } => None,
    });
    closes.collect()
}
