//! Segments by their numbers: what is new, repeated, missing or out of order (RFC 9293 §3.4,
//! §3.8, §3.10.7.4; RFC 5681; RFC 7323).

use super::coverage::Added;
use super::half::{Half, Mark, Probe};
use super::life::Times;
use super::notes::Note;
use super::open;
use super::pass::Pass;
use super::reset;
use super::standing::State;
use crate::wire::{Flags, Segment, Seq, Span, Timestamp, WindowScale};

/// Duplicate acknowledgements that make a sender repeat at once (RFC 5681 §3.2).
const FAST: u32 = 3;

/// How far a number may lie from what was said before; no loss explains a gigabyte.
pub(super) const WILD: i32 = 1 << 30;

/// Shortest retransmission timeout in use.
const MIN_RTO: Span = Span::from_millis(200);

/// Reads the numbers of a segment against what both ends have sent so far. Runs before the state
/// machine, which needs to know what is new.
pub(super) fn read(pass: &mut Pass<'_>) {
    reset::settle_doubt(pass);
    reset::suspect(pass);
    read_flags(pass);
    read_ack(pass);
    if pass.segment.flags.contains(Flags::RST) {
        return;
    }
    read_window(pass);
    read_timestamps(pass);
    read_octets(pass);
}

/// Takes down what the next segments are compared with. Runs after the state machine.
pub(super) fn remember(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    if let Some(ack) = segment.acked() {
        acknowledge(pass, ack);
    }
    let sender = &mut *pass.sender;
    sender.spoke |= !segment.flags.is_syn();
    sender.fins = sender.fins.saturating_add(u16::from(segment.flags.contains(Flags::FIN)));
    if !segment.flags.contains(Flags::RST) {
        sender.window = segment.window.0;
        if let Some((val, _)) = segment.options.timestamps()
            && sender.mark(Mark::TsVal).is_none_or(|last| !Seq(val).before(last))
        {
            sender.put(Mark::TsVal, Some(Seq(val)));
        }
    }
    sender.passed(segment.seq, pass.at.after, pass.at.time, pass.at.ip_id, pass.at.ttl);
}

fn read_flags(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let flags = segment.flags;
    let syn = flags.contains(Flags::SYN);
    if syn {
        open::check_options(pass);
        if flags.is_syn() && flags.contains(Flags::ECE | Flags::CWR) {
            pass.note(Note::EcnSetup);
        } else if flags.is_syn_ack() && flags.contains(Flags::ECE) {
            pass.note(Note::EcnAgreed);
        }
    } else {
        if flags.contains(Flags::ECE) {
            pass.note(Note::EcnEcho);
        }
        if flags.contains(Flags::CWR) {
            pass.note(Note::EcnCwr);
        }
        if segment.options.mss().is_some() {
            pass.note(Note::OptMssOutsideSyn);
        }
    }
    if segment.options.malformed() {
        pass.note(Note::OptMalformed);
    }
    if flags.contains(Flags::URG) {
        pass.note(Note::Urg);
    }
    if !flags.contains(Flags::ACK) && segment.ack != Seq(0) {
        pass.note(Note::FlagsAckNoflag);
    }
}

fn read_ack(pass: &mut Pass<'_>) {
    let Some(ack) = pass.segment.acked() else { return };
    read_sack(pass, ack);
    if pass.receiver.rare().repeated_to.is_some_and(|end| ack.after(end)) {
        // One repeat brought more than itself: what came after it had arrived, it had not.
        pass.note(Note::PathLostBeyond);
    }
    pass.news.first_ack_of_fin = pass.receiver.fin_covered_by(ack) && !pass.receiver.fin_acked();
    if pass.receiver.coverage.nxt().is_some()
        && ack.after(pass.receiver.nxt())
        && !pass.segment.flags.contains(Flags::RST)
    {
        pass.note(Note::AckUnseen);
        pass.news.gap = true;
    }
    if pass.receiver.una().is_some_and(|acked| ack.before(acked))
        && !pass.segment.flags.intersects(Flags::RST | Flags::SYN)
    {
        pass.note(Note::AckOld);
    }
}

/// The first block tells of octets that arrived twice if it lies below the acknowledgement, or
/// inside the second (RFC 2883 §4).
fn read_sack(pass: &mut Pass<'_>, ack: Seq) {
    let double = match pass.segment.options.sack() {
        [(_, right), ..] if !right.after(ack) => true,
        [(left, right), (outer_left, outer_right), ..] => !left.before(*outer_left) && !right.after(*outer_right),
        _ => false,
    };
    if double {
        pass.note(Note::Dsack);
    }
}

/// Whether the segment is nothing but an acknowledgement at the sender's very next octet.
fn is_bare(pass: &Pass<'_>) -> bool {
    pass.segment.len == 0
        && !pass.segment.flags.intersects(Flags::SYN | Flags::FIN | Flags::RST)
        && pass.sender.coverage.nxt().is_some()
        && pass.segment.seq == pass.sender.nxt()
}

fn read_window(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let control = segment.flags.intersects(Flags::SYN | Flags::FIN);
    let window = segment.window.0;
    if window == 0 && !control {
        pass.note(Note::WinZero);
        pass.sender.rare_mut().zero_windows += 1;
    }
    if control {
        return;
    }
    let known = pass.sender.coverage.nxt().is_some();
    let same_ack = pass.receiver.una().is_some() && pass.receiver.una() == segment.acked();
    let closed = pass.receiver.window == 0 && pass.sender.una().is_some();
    if known && segment.len <= 1 && segment.seq == pass.sender.nxt() - 1 && pass.sender.una() == Some(pass.sender.nxt())
    {
        // An octet that arrived long ago asks for an ACK: whether anybody is there, or, as Linux
        // does, whether the window is still closed.
        pass.note(if closed { Note::WinProbe } else { Note::Keepalive });
        pass.news.probe = true;
        return;
    }
    if known && segment.len == 1 && segment.seq == pass.sender.nxt() && closed {
        pass.note(Note::WinProbe);
    }
    let last_octet = pass.sender.nxt() - 1;
    if known && segment.len == 1 && segment.seq == last_octet && pass.sender.una() == Some(last_octet) && closed {
        // The octet was not taken, and asks again.
        pass.note(Note::WinProbe);
        pass.news.probe = true;
        return;
    }
    if !(is_bare(pass) && same_ack) {
        if let Some(rare) = pass.sender.rare_if_any() {
            rare.dup_run = 0;
        }
        return;
    }
    if (pass.sender.syns > 0 || pass.sender.synacks > 0) && !pass.sender.opened {
        return;
    }
    let same_window = window == pass.sender.window;
    let outstanding = pass.receiver.coverage.nxt().is_some_and(|nxt| nxt.after(segment.ack));
    match pass.receiver.probe {
        Probe::Keepalive => pass.note(Note::KeepaliveAck),
        Probe::Window if window == 0 => pass.note(Note::WinProbeAck),
        _ if window != 0 && outstanding && (same_window || !segment.options.sack().is_empty()) => duplicate_ack(pass),
        _ if !same_window => pass.note(Note::WinUpdate),
        _ => {}
    }
}

/// The receiver of data says again what it waits for.
fn duplicate_ack(pass: &mut Pass<'_>) {
    pass.note(Note::Dupack);
    let rare = pass.sender.rare_mut();
    rare.dup_run += 1;
    rare.dup_acks += 1;
    pass.nth = rare.dup_run;
}

fn read_timestamps(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let agreed = |half: &Half| half.offer.map(|offer| offer.ts_ok);
    let both = agreed(pass.sender).zip(agreed(pass.receiver));
    let here = segment.options.timestamps();
    if !segment.flags.contains(Flags::SYN) {
        match (both, here) {
            (Some((true, true)), None)
                if !segment.options.present.contains(crate::wire::options::Present::TRUNCATED) =>
            {
                pass.note(Note::OptTsMissing);
            }
            (Some((false, _) | (_, false)), Some(_)) => pass.note(Note::OptTsUnexpected),
            _ => {}
        }
    }
    if let (Some((val, _)), Some(last)) = (here, pass.sender.mark(Mark::TsVal))
        && Seq(val).before(last)
        && pass.sender.standing.state.is_synchronized()
    {
        pass.note(Note::PawsFail);
    }
}

fn read_octets(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let is_syn = segment.flags.contains(Flags::SYN);
    let synchronized = pass.sender.standing.state.is_synchronized();
    // A SYN of another incarnation, or a new offer in the same opening, begins another space.
    let other_space = is_syn && pass.sender.coverage.nxt().is_some() && pass.sender.iss() != Some(segment.seq);
    if pass.news.probe || other_space && synchronized {
        return;
    }
    let began = pass.sender.syns > 0 || pass.sender.synacks > 0;
    if began && !is_syn && pass.sender.iss().is_some_and(|iss| segment.seq.before(iss)) {
        // Nothing of this connection comes before its SYN.
        return pass.note(Note::Unexpected);
    }
    if other_space {
        pass.sender.coverage.restart(segment.seq);
    }
    let had_holes = pass.sender.coverage.has_holes();
    let moves_on = pass.sender.coverage.nxt().is_none_or(|nxt| segment.seq.after(nxt));
    if segment.span() > 0 || moves_on {
        let added = pass.sender.coverage.add(segment.seq, segment.span());
        note_octets(pass, added, had_holes);
    }
}

fn note_octets(pass: &mut Pass<'_>, added: Added, had_holes: bool) {
    let segment = pass.segment;
    if added.skipped > 0 {
        pass.note(Note::SeqAhead);
    }
    let control = segment.span() - segment.len;
    let new = (added.beyond + added.filled).saturating_sub(control).min(segment.len);
    pass.sender.sent.unique_bytes += u64::from(new);
    if !segment.flags.contains(Flags::SYN) {
        if new < segment.len && added.repeated > 0 {
            repeated(pass, new > 0);
        }
        if added.filled > 0 && had_holes {
            filled(pass);
        }
        if new > 0 {
            pass.sender.fresh = pass.at.time.into();
            time_answer(pass.sender, pass.receiver, &mut pass.life.times, pass.at.time);
        }
        full_window(pass);
    }
    time_octets(pass, added);
}

/// Times the first answer to the first request.
pub(super) fn time_answer(sender: &Half, receiver: &Half, times: &mut Times, now: Timestamp) {
    let asks = |half: &Half| half.syns > 0 && half.synacks == 0;
    if times.answered.get().is_some() {
        return;
    }
    if asks(sender) {
        times.asked = now.into();
    } else if asks(receiver) && times.asked.get().is_some() {
        times.answered = now.into();
    }
}

/// Octets that were seen before: why were they sent again?
fn repeated(pass: &mut Pass<'_>, partly: bool) {
    let segment = pass.segment;
    pass.note(Note::Retransmit);
    pass.sender.rare_mut().retransmits += 1;
    pass.sender.put(Mark::Timed, None);
    pass.news.repeat = !partly;
    let silence = pass.sender.fresh.get().map_or(Span(i64::MAX), |fresh| pass.at.time - fresh);
    let srtt = i64::from(pass.sender.srtt_ns);
    let acked = pass.sender.una().is_some_and(|una| !una.before(segment.end()));
    let tail = segment.end() == pass.sender.nxt();
    if !acked && pass.sender.una() == Some(segment.seq) && !tail {
        pass.sender.rare_mut().repeated_to = Some(segment.end());
    }
    let kind = if partly {
        Note::RetransmitPartial
    } else if acked {
        Note::RetransmitSpurious
    } else if pass.receiver.rare().dup_run >= FAST && pass.sender.una() == Some(segment.seq) {
        // The duplicate ACKs say that it has not arrived.
        pass.note(Note::PathLostBeyond);
        Note::RetransmitFast
    } else if tail && srtt > 0 && silence < Span(2 * srtt + MIN_RTO.0 / 20) {
        Note::RetransmitTlp
    } else {
        Note::RetransmitRto
    };
    pass.note(kind);
}

/// Octets that were missing: overtaken on the way, or lost before the capture point and sent
/// again?
fn filled(pass: &mut Pass<'_>) {
    let older_id = pass.at.ip_id != 0
        && pass.sender.ip_id != 0
        && (pass.at.ip_id as u16).wrapping_sub(pass.sender.ip_id as u16) > 0x8000;
    let stamp = pass.segment.options.timestamps().map(|(val, _)| Seq(val)).zip(pass.sender.mark(Mark::TsVal));
    let older_stamp = stamp.is_some_and(|(val, last)| val.before(last));
    let newer_stamp = stamp.is_some_and(|(val, last)| val.after(last));
    let since = pass.sender.fresh.get().map_or(Span(0), |fresh| pass.at.time - fresh);
    let asked = pass.receiver.rare().dup_run >= FAST;
    pass.note(if older_stamp || (older_id && !newer_stamp && !asked) {
        Note::Reorder
    } else if newer_stamp || asked || since > MIN_RTO {
        Note::PathLost
    } else {
        Note::HoleFill
    });
}

fn full_window(pass: &mut Pass<'_>) {
    let scale_known = pass.receiver.offer.is_some();
    if scale_known
        && pass.segment.len > 0
        && pass.receiver.mark(Mark::Edge) == Some(pass.segment.seq + pass.segment.len)
    {
        pass.note(Note::WinFull);
    }
}

/// Times one octet at a time from its first sending to its acknowledgement (Karn).
fn time_octets(pass: &mut Pass<'_>, added: Added) {
    if added.beyond > 0 && added.repeated == 0 {
        pass.sender.time(pass.segment.end(), pass.at.time);
    }
}

fn acknowledge(pass: &mut Pass<'_>, ack: Seq) {
    let reset = pass.segment.flags.contains(Flags::RST);
    let receiver = &mut *pass.receiver;
    if reset {
        return;
    }
    if let Some(rare) = receiver.rare_if_any().filter(|rare| rare.repeated_to.is_some_and(|end| !ack.before(end))) {
        rare.repeated_to = None;
    }
    if !receiver.acknowledged(ack, pass.at.time) {
        return;
    }
    receiver.coverage.expect(receiver.una().unwrap_or(ack));
    let mut missed = receiver.coverage.close_below(ack);
    if receiver.coverage.nxt().is_some() && ack.after(receiver.nxt()) {
        missed += ack.offset_from(receiver.nxt()) as u32;
        receiver.coverage.extend_to(ack);
    }
    if missed > 0 {
        receiver.rare_mut().missed_bytes += u64::from(missed);
        pass.notes.add(Note::CaptureLost);
    }
    remember_edge(pass);
}

/// The shift of the windows that the sender offers. Scales count where both ends offered one, and
/// never for the window of a SYN (RFC 7323 §2.2).
fn scale(segment: &Segment, sender: &Half, receiver: &Half) -> WindowScale {
    match (sender.offer, receiver.offer) {
        (Some(own), Some(peer))
            if own.wscale.is_some() && peer.wscale.is_some() && !segment.flags.contains(Flags::SYN) =>
        {
            own.scale()
        }
        _ => WindowScale::default(),
    }
}

/// The number after the last that the sender is willing to receive.
pub(super) fn edge(segment: &Segment, sender: &Half, receiver: &Half) -> Seq {
    segment.ack + (segment.window << scale(segment, sender, receiver))
}

/// Whether `edge`, the segment's, takes back octets that its sender was willing to receive.
pub(super) fn shrinks(edge: Seq, segment: &Segment, sender: &Half, receiver: &Half) -> bool {
    let unit = 1 << scale(segment, sender, receiver).count();
    sender.mark(Mark::Edge).is_some_and(|old| old.offset_from(edge) >= unit)
        && !segment.flags.contains(Flags::SYN)
        && sender.offer.is_some()
        && receiver.offer.is_some()
        && sender.is_proven(State::Established)
}

/// Takes down how far the sender is willing to receive, and what its probe asked.
fn remember_edge(pass: &mut Pass<'_>) {
    let edge = edge(pass.segment, pass.sender, pass.receiver);
    if shrinks(edge, pass.segment, pass.sender, pass.receiver) {
        pass.notes.add(Note::WinShrunk);
    }
    let sender = &mut *pass.sender;
    sender.put(Mark::Edge, Some(sender.mark(Mark::Edge).map_or(edge, |old| old.latest(edge))));
    sender.probe = match (pass.notes.contains(Note::Keepalive), pass.notes.contains(Note::WinProbe)) {
        (true, _) => Probe::Keepalive,
        (false, true) => Probe::Window,
        (false, false) => Probe::None,
    };
}
