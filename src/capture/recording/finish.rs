use super::super::track::{Conn, Open, Role};
use super::draft::{Draft, DraftEnd, Moment, Piece};
use crate::wire::recording::{Act, End, Gap, Manner, RecordedEnd, Recording, Step};
use crate::wire::{Flags, Options, Seq, Side, Timestamp, WindowScale};

/// The most octets of a hole that are put in as zeros where nobody acknowledged what lies behind:
/// farther off it is nothing that belongs to the stream.
const NEAR: u64 = 1 << 20;

/// Makes a recording of what is known of a connection, with at most `room` octets of zeros in its
/// holes; tells how many there are, too.
pub(super) fn finish(mut draft: Draft, conn: &Conn, room: u64) -> (Recording, u64) {
    let mut gaps = Vec::new();
    let zeros: u64 = End::BOTH.map(|end| settle(&mut draft, conn, end, room / 2, &mut gaps)).iter().sum();
    let extents = End::BOTH.map(|end| extent(&draft.ends[side(conn, end) as usize]));
    let deeds = End::BOTH.map(|end| deeds(&draft.ends[side(conn, end) as usize]));
    let steps = merge(deeds, extents, draft.began);
    for end in End::BOTH {
        oversized(&draft, conn, end, &mut gaps);
        let peer = &draft.ends[side(conn, !end) as usize];
        let own = &draft.ends[side(conn, end) as usize];
        if own.fin.is_none() && own.reset.is_none() && peer.reset.is_none() {
            gaps.push(Gap::NoEnd { of: end });
        }
    }
    let [client, server] = End::BOTH.map(|end| recorded(&mut draft, conn, end));
    (Recording { number: conn.id.0, began: draft.began, client, server, steps, gaps }, zeros)
}

fn role(end: End) -> Role {
    match end {
        End::Client => Role::Client,
        End::Server => Role::Server,
    }
}

fn side(conn: &Conn, end: End) -> Side {
    conn.side(role(end))
}

/// Brings one end's stream to an end, and tells what it lacks; returns how many zeros stand in it,
/// which are at most `room`.
fn settle(draft: &mut Draft, conn: &Conn, of: End, room: u64, gaps: &mut Vec<Gap>) -> u64 {
    let heard_of = acked(draft, conn, of);
    let peer_spoke = draft.ends[side(conn, !of) as usize].counts.data_segments > 0;
    let end = draft.end(side(conn, of));
    let never_opened = matches!(conn.open(), Open::Refused | Open::NoAnswer | Open::Unreachable | Open::Superseded);
    if end.greeting.is_none() && !(never_opened && of == End::Server) && (end.counts.segments > 0 || peer_spoke) {
        gaps.push(Gap::NoHandshake { of });
    }
    // What somebody sends who speaks on after a reset, he did not reset.
    let last = end.pieces.iter().map(|piece| piece.moment.n).chain(end.fin.map(|(_, moment)| moment.n)).max();
    end.reset = end.reset.filter(|reset| last.is_none_or(|last| last < reset.n));
    if let Some((fin, _)) = end.fin {
        end.stream.truncate(fin);
        end.pieces.retain(|piece| piece.from < fin);
        end.cuts.retain(|piece| piece.from < fin);
        for piece in end.pieces.iter_mut().chain(&mut end.cuts) {
            piece.to = piece.to.min(fin);
        }
    }
    let mut zeros = 0;
    for (from, to) in missing(end) {
        let octets = to - from;
        // What nobody acknowledged, far behind a hole, was nothing that anybody could take.
        let far = octets > NEAR && heard_of < to;
        if far || zeros + octets > room {
            end.full |= !far;
            end.stream.truncate(from);
            end.pieces.retain(|piece| piece.to <= from);
            end.fin = end.fin.filter(|(fin, _)| *fin <= from);
            break;
        }
        zeros += octets;
        fill(end, of, from, to, gaps);
    }
    let reach = end.stream.reach().max(end.pieces.iter().map(|piece| piece.to).max().unwrap_or(0));
    let told = heard_of.min(end.fin.map_or(u64::MAX, |(fin, _)| fin));
    if end.full {
        gaps.push(Gap::TooLong { of, kept: reach });
        end.fin = None;
    } else if told > reach {
        gaps.push(Gap::Hole { of, from: reach, to: told });
    }
    if let Some(at) = end.stream.conflict() {
        gaps.push(Gap::Conflict { of, at });
    }
    end.pieces.sort_by_key(|piece| piece.from);
    zeros
}

/// What is not there, as far as the stream reaches: holes between what is, and before its FIN.
fn missing(end: &DraftEnd) -> Vec<(u64, u64)> {
    let mut missing = end.stream.holes();
    let reach = end.stream.reach();
    let cut_to = end.cuts.iter().map(|cut| cut.to).max().unwrap_or(0);
    let to = end.fin.map_or(cut_to, |(fin, _)| fin);
    if to > reach {
        missing.push((reach, to));
    }
    missing
}

/// Puts zeros where octets are missing, and tells why they are.
fn fill(end: &mut DraftEnd, of: End, from: u64, to: u64, gaps: &mut Vec<Gap>) {
    let mut cuts: Vec<Piece> = end.cuts.iter().filter(|cut| cut.from < to && cut.to > from).copied().collect();
    cuts.sort_by_key(|cut| cut.from);
    let mut at = from;
    for cut in cuts {
        let (cut_from, cut_to) = (cut.from.max(at), cut.to.min(to));
        if cut_from >= cut_to {
            continue;
        }
        lack(end, of, at, cut_from, gaps);
        end.pieces.push(Piece { from: cut_from, to: cut_to, ..cut });
        match gaps.last_mut() {
            Some(Gap::Cut { of: before, to, .. }) if *before == of && *to == cut_from => *to = cut_to,
            _ => gaps.push(Gap::Cut { of, from: cut_from, to: cut_to }),
        }
        at = cut_to;
    }
    lack(end, of, at, to, gaps);
}

/// Octets that were never captured: said when what follows them was.
fn lack(end: &mut DraftEnd, of: End, from: u64, to: u64, gaps: &mut Vec<Gap>) {
    if from >= to {
        return;
    }
    let behind = end.pieces.iter().chain(&end.cuts).filter(|piece| piece.from >= to).min_by_key(|piece| piece.from);
    let moment = behind.map(|piece| piece.moment).or(end.fin.map(|(_, moment)| moment));
    if let Some(moment) = moment {
        end.pieces.push(Piece { from, to, push: false, moment });
        gaps.push(Gap::Hole { of, from, to });
    }
}

/// How far the other end has acknowledged `of`'s stream.
fn acked(draft: &Draft, conn: &Conn, of: End) -> u64 {
    let end = &draft.ends[side(conn, of) as usize];
    let una = conn.half(role(of)).una();
    let acked = una.zip(end.base).map_or(0, |(una, base)| {
        let reach = end.stream.reach();
        reach.checked_add_signed(i64::from(una.offset_from(base + reach as u32))).unwrap_or(0)
    });
    // Half the circle away is no acknowledgment of this.
    if acked > end.stream.reach() + (1 << 30) { 0 } else { acked }
}

fn extent(end: &DraftEnd) -> u64 {
    let octets = end.pieces.iter().map(|piece| piece.to).max().unwrap_or(0);
    octets + u64::from(end.fin.is_some())
}

/// Something an end did, not yet among what the other did.
#[derive(Clone, Copy, Debug)]
struct Deed {
    act: Act,
    moment: Moment,
}

/// What one end did, in the order of its stream: what is behind in the stream was not said earlier,
/// whatever the capture shows.
fn deeds(end: &DraftEnd) -> Vec<Deed> {
    let mut deeds = Vec::with_capacity(end.pieces.len() + 3);
    if let Some((greeting, moment)) = end.greeting {
        let act = if greeting.flags.contains(Flags::ACK) { Act::SynAck } else { Act::Syn };
        deeds.push(Deed { act, moment: Moment { heard: 0, ..moment } });
    }
    deeds.extend(end.pieces.iter().map(|&Piece { from, to, push, moment }| {
        let act = Act::Data { from, to, push };
        Deed { act, moment }
    }));
    deeds.extend(end.fin.map(|(_, moment)| Deed { act: Act::Fin, moment }));
    deeds.extend(end.reset.map(|moment| Deed { act: Act::Reset, moment }));
    let mut later: Option<Moment> = None;
    for deed in deeds.iter_mut().rev() {
        if let Some(later) = later {
            if later.n < deed.moment.n {
                (deed.moment.n, deed.moment.time) = (later.n, later.time);
            }
            deed.moment.heard = deed.moment.heard.min(later.heard);
        }
        later = Some(deed.moment);
    }
    deeds
}

/// Both ends' deeds in one order that can have happened: as captured, but nothing before what its
/// sender had heard.
fn merge(deeds: [Vec<Deed>; 2], extents: [u64; 2], began: Timestamp) -> Vec<Step> {
    let [client, server] = deeds;
    let mut steps = Vec::with_capacity(client.len() + server.len());
    let mut rest = [client.as_slice(), server.as_slice()];
    let mut said = [0, 0];
    let mut last_ns = 0;
    loop {
        let ready = |at: usize| {
            rest[at].first().is_some_and(|deed: &Deed| deed.moment.heard.min(extents[1 - at]) <= said[1 - at])
        };
        let n = |at: usize| rest[at].first().map_or(u64::MAX, |deed| deed.moment.n);
        let first = usize::from(n(1) < n(0));
        // Where each has heard what the other is still to say, the capture contradicts itself.
        let at = if ready(first) || !ready(1 - first) { first } else { 1 - first };
        let [deed, later @ ..] = rest[at] else { break };
        let heard = deed.moment.heard.min(said[1 - at]);
        rest[at] = later;
        said[at] = match deed.act {
            Act::Data { to, .. } => to,
            Act::Fin => said[at] + 1,
            Act::Syn | Act::SynAck | Act::Reset => said[at],
        };
        let ns = u64::try_from(began.until(deed.moment.time).0).unwrap_or(0);
        last_ns = last_ns.max(ns);
        let by = if at == 0 { End::Client } else { End::Server };
        steps.push(Step { at_ns: last_ns, by, act: deed.act, heard });
    }
    steps
}

/// Frames that are larger than the other end can have asked for.
fn oversized(draft: &Draft, conn: &Conn, of: End, gaps: &mut Vec<Gap>) {
    let end = &draft.ends[side(conn, of) as usize];
    let mss = options(&draft.ends[side(conn, !of) as usize]).mss();
    let beyond = |piece: &&Piece| mss.is_some_and(|mss| piece.to - piece.from > u64::from(mss));
    let frames = end.pieces.iter().filter(beyond).count() as u32;
    let frames = frames.max(end.counts.oversized);
    if frames > 0 {
        gaps.push(Gap::Oversized { of, frames, largest: end.counts.largest });
    }
}

fn options(end: &DraftEnd) -> Options {
    end.greeting.map_or_else(Options::default, |(greeting, _)| greeting.options.meaning())
}

fn recorded(draft: &mut Draft, conn: &Conn, of: End) -> RecordedEnd {
    let acked = acked(draft, conn, of);
    let (began, peer) = (draft.began, options(&draft.ends[side(conn, !of) as usize]));
    let end = std::mem::take(draft.end(side(conn, of)));
    let own = options(&end);
    let scale = own.window_scale().zip(peer.window_scale()).map_or(0, |(own, _)| WindowScale::clamped(own).count());
    let window = |field: u16| u32::from(field) << scale;
    let timing = conn.timing();
    let extent = extent(&end);
    let octets = usize::try_from(extent - u64::from(end.fin.is_some())).unwrap_or(usize::MAX);
    let first = end.pieces.first().map(|piece| began.until(piece.moment.time));
    let manner = Manner {
        segments: end.counts.segments,
        data_segments: end.counts.data_segments,
        repeats: end.counts.repeats,
        largest: end.counts.largest,
        least_window: end.counts.windows.map_or(0, |(least, _)| window(least)),
        most_window: end.counts.windows.map_or(0, |(_, most)| window(most)),
        round_trip: match of {
            End::Client => timing.rtt_client,
            End::Server => timing.rtt_server,
        },
        first_octet: first,
    };
    let mut stream = end.stream.into_stream();
    stream.resize(octets, 0);
    RecordedEnd {
        endpoint: conn.endpoint(role(of)),
        iss: end.base.map_or(Seq(0), |base| base - 1),
        greeting: end.greeting.map(|(greeting, _)| greeting),
        stream,
        acked: acked.min(extent),
        fin: end.fin.is_some(),
        reset: end.reset.is_some(),
        manner,
    }
}
