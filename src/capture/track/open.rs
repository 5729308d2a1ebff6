//! The opening: RFC 9293 §3.5.

use super::facts::Fact;
use super::half::Mark;
use super::notes::Note;
use super::pass::Pass;
use super::standing::{Basis, State};
use crate::wire::{Seq, Span, options::Present};

/// A SYN without ACK.
pub(super) fn syn(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    if pass.sender.syns > 0 {
        repeated_syn(pass);
    } else if pass.sender.synacks == 0 && pass.sender.iss() == Some(segment.seq) && pass.receiver.synacks > 0 {
        swapped_syn(pass);
    } else if pass.receiver.syns > 0 && pass.receiver.is(State::SynSent) {
        crossing_syn(pass);
    } else {
        first_syn(pass);
    }
    if segment.len > 0 || segment.options.fast_open().is_some() {
        fast_open(pass);
    }
    pass.sender.syns = pass.sender.syns.saturating_add(1);
    pass.life.times.last_syn = pass.at.time.into();
    pass.life.times.last_syn_ts_val = segment.options.timestamps().map(|(val, _)| val);
}

/// The client asks, and shows its initial sequence number.
fn first_syn(pass: &mut Pass<'_>) {
    pass.note(Note::Open1);
    pass.life.times.first_syn = pass.at.time.into();
    begin(pass);
    pass.sender.prove(State::SynSent);
    pass.receiver.expect(State::SynRcvd);
    teach_iss(pass);
}

/// The same SYN again. What was expected of the other end did not happen, or its answer was
/// lost on the way back.
fn repeated_syn(pass: &mut Pass<'_>) {
    if pass.sender.standing.state.is_synchronized() && pass.sender.standing.basis == Basis::Proven {
        pass.note(Note::SynLate);
        return;
    }
    pass.note(Note::SynRetransmit);
    pass.nth = u32::from(pass.sender.syns);
    pass.sender.prove(State::SynSent);
    pass.sender.unlearn_expected();
    if pass.receiver.is(State::Closed) {
        // The older connection is cleared away, or the port was closed when asked before.
        pass.receiver.expect(State::SynRcvd);
        pass.sender.revive();
        pass.receiver.revive();
        teach_iss(pass);
    } else if !pass.receiver.spoke {
        pass.receiver.standing = super::Standing::assumed(State::Listen);
        pass.receiver.unlearn_expected();
    }
}

/// The capture shows the SYN after the SYN/ACK that answers it.
fn swapped_syn(pass: &mut Pass<'_>) {
    pass.note(Note::CaptureReordered);
    pass.life.times.first_syn = pass.at.time.into();
    begin(pass);
    if pass.sender.is(State::SynSent) {
        pass.sender.expect(State::Established);
        let after = pass.at.after;
        for fact in [Fact::Receives, Fact::Sends, Fact::KnowsIss, Fact::IssKnown] {
            pass.sender.teach(fact, after);
        }
        // Step three acknowledges the SYN/ACK: that proves them all.
        pass.sender.put(Mark::Proof, pass.receiver.iss().map(|iss| iss + 1));
    }
    pass.life.syn_validated = true;
}

/// A SYN meets a SYN. Simultaneous or split is not decided yet.
fn crossing_syn(pass: &mut Pass<'_>) {
    pass.note(Note::OpenCrossed);
    if pass.life.split_ack {
        pass.note(Note::OpenSplitAck);
    }
    pass.life.crossed = true;
    begin(pass);
    pass.sender.prove(State::SynSent);
    pass.receiver.expect(State::SynRcvd);
    teach_iss(pass);
}

fn begin(pass: &mut Pass<'_>) {
    pass.sender.put(Mark::Iss, Some(pass.segment.seq));
    pass.sender.take_offer(pass.segment);
}

fn teach_iss(pass: &mut Pass<'_>) {
    let after = pass.at.after;
    pass.receiver.teach(Fact::Receives, after);
    pass.receiver.teach(Fact::KnowsIss, after);
    pass.set_proof();
}

/// What the SYN asks of fast open (RFC 7413 §4.2).
fn fast_open(pass: &mut Pass<'_>) {
    let options = &pass.segment.options;
    match (options.fast_open(), pass.segment.len) {
        (Some(_), 1..) => pass.note(Note::TfoData),
        (Some(_), 0) => pass.note(Note::TfoRequest),
        (None, _) => pass.note(Note::SynDataWithoutTfo),
    }
}

/// A SYN with ACK.
pub(super) fn synack(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    if pass.sender.synacks > 0 && pass.sender.iss() == Some(segment.seq) {
        if is_swapped_synack(pass) {
            return swapped_synack(pass);
        }
        repeated_synack(pass);
    } else if pass.sender.standing.state.is_synchronized() && pass.sender.standing.basis == Basis::Proven {
        pass.note(Note::Unexpected);
        return;
    } else if pass.life.crossed {
        crossing_synack(pass);
    } else if pass.receiver.iss().is_none() {
        lonely_synack(pass);
    } else {
        first_synack(pass);
    }
    pass.sender.synacks = pass.sender.synacks.saturating_add(1);
    pass.life.times.last_synack = pass.at.time.into();
}

/// Whether the acknowledgement covers the receiver's SYN and nothing it has not sent.
fn fits(pass: &Pass<'_>, ack: Seq) -> bool {
    pass.receiver.iss().is_some_and(|iss| ack.after(iss) && !ack.after(pass.receiver.nxt()))
}

/// An answer and a question of its own, in one segment.
fn first_synack(pass: &mut Pass<'_>) {
    let ack = pass.segment.ack;
    if !fits(pass, ack) {
        // It answers a SYN this client did not send: an old duplicate (RFC 9293 figure 8).
        pass.note(Note::Unexpected);
        begin(pass);
        pass.sender.prove(State::SynRcvd);
        return;
    }
    pass.note(Note::Open2);
    if pass.receiver.is(State::Closed) && pass.life.has(Note::OpenRefused) {
        // Who refused now agrees: the RST was another's, or a lie.
        pass.note(Note::RstSuspect);
        pass.note(Note::RstSuspectSpeaksOn);
        pass.life.reset_by = None;
        pass.receiver.prove(State::SynSent);
        pass.receiver.unlearn_expected();
    }
    begin(pass);
    answer_fast_open(pass, ack);
    pass.life.syn_validated = true;
    time_server(pass);
    pass.learn();
    pass.sender.prove(State::SynRcvd);
    if pass.receiver.is(State::SynSent) {
        pass.receiver.expect(State::Established);
    }
    pass.receiver.teach(Fact::KnowsIss, pass.at.after);
    pass.set_proof();
}

/// What the SYN/ACK says of data on the SYN (RFC 7413 §4.2).
fn answer_fast_open(pass: &mut Pass<'_>, ack: Seq) {
    if !pass.life.seen.intersects(&[Note::TfoData, Note::SynDataWithoutTfo]) {
        return;
    }
    let Some(iss) = pass.receiver.iss() else { return };
    if ack == iss + 1 {
        pass.note(Note::TfoIgnored);
        // The octets will be sent again, and that will be no fault: they never counted.
        pass.receiver.coverage.rewind(ack);
    } else if ack == pass.receiver.nxt() {
        pass.note(Note::TfoAccepted);
    } else {
        pass.note(Note::TfoPartial);
        pass.receiver.coverage.rewind(ack);
    }
}

/// Longest time by which a capture point puts two packets in the wrong order.
const SWAPPED: Span = Span::from_millis(10);

/// Whether this is the SYN/ACK that step three, captured a moment before it, answers.
fn is_swapped_synack(pass: &Pass<'_>) -> bool {
    let step3 = pass.life.times.step3.get();
    pass.sender.offer.is_none() && step3.is_some_and(|step3| pass.at.time - step3 <= SWAPPED)
}

/// The capture shows the SYN/ACK after the step three that answers it.
fn swapped_synack(pass: &mut Pass<'_>) {
    pass.note(Note::CaptureReordered);
    begin(pass);
    pass.life.syn_validated = fits(pass, pass.segment.ack);
    pass.life.ack_validated = true;
    pass.life.times.last_synack = pass.at.time.into();
}

/// The server asks again. Either the client is silent, or its step three was lost behind the
/// capture point, or the server cannot take it.
fn repeated_synack(pass: &mut Pass<'_>) {
    if pass.sender.is_proven(State::Established) || pass.sender.standing.state.is_synchronized() && pass.sender.fins > 0
    {
        pass.note(Note::SynackLate);
        return;
    }
    pass.note(Note::SynackRetransmit);
    if pass.sender.offer.is_none() {
        // The first was not captured.
        begin(pass);
    }
    pass.nth = u32::from(pass.sender.synacks);
    pass.sender.prove(State::SynRcvd);
    pass.sender.unlearn_expected();
    if pass.receiver.is(State::SynSent) && pass.receiver.syns > 0 && fits(pass, pass.segment.ack) {
        pass.receiver.expect(State::Established);
        pass.learn();
        pass.receiver.teach(Fact::KnowsIss, pass.at.after);
        pass.set_proof();
    }
}

/// Each end answers the other's SYN.
fn crossing_synack(pass: &mut Pass<'_>) {
    let answered = pass.receiver.synacks > 0;
    pass.sender.take_offer(pass.segment);
    pass.learn();
    if answered {
        pass.note(Note::OpenSimultaneous);
        pass.sender.expect(State::Established);
    } else {
        pass.sender.prove(State::SynRcvd);
    }
    pass.receiver.expect(State::Established);
    pass.set_proof();
}

/// A SYN/ACK whose SYN was not seen.
fn lonely_synack(pass: &mut Pass<'_>) {
    pass.note(Note::OpenSynackOnly);
    begin(pass);
    let ack = pass.segment.ack;
    pass.receiver.put(Mark::Iss, Some(ack - 1));
    pass.receiver.coverage.expect(ack);
    pass.sender.prove(State::SynRcvd);
    pass.receiver.standing = super::Standing::assumed(State::SynSent);
    pass.sender.prove_fact(Fact::Receives, pass.at.after);
    pass.sender.prove_fact(Fact::KnowsIss, pass.at.after);
}

fn time_server(pass: &mut Pass<'_>) {
    let times = &mut pass.life.times;
    let Some(last_syn) = times.last_syn.get() else { return };
    let echoed = pass.segment.options.timestamps().map(|(_, ecr)| ecr);
    let repeated = pass.receiver.syns > 1;
    // Karn: after a repeat only the echoed timestamp tells which SYN was answered.
    if repeated && (echoed.is_none() || echoed != times.last_syn_ts_val) {
        times.ambiguous = true;
        return;
    }
    let span = pass.at.time - last_syn;
    if span >= Span(0) {
        times.rtt_server_ns = Some(span.0);
    }
}

/// An ACK, with or without data or FIN, as far as it opens.
pub(super) fn send(pass: &mut Pass<'_>) {
    match pass.sender.standing.state {
        State::Listen => speak_unasked(pass),
        State::SynRcvd if pass.sender.synacks == 0 && !pass.life.crossed => speak_unasked(pass),
        State::SynSent => answer_unseen(pass),
        State::SynRcvd => confirm(pass),
        State::Established if pass.sender.standing.basis == Basis::Assumed => promote(pass),
        State::Established | State::CloseWait if pass.sender.expects() && !pass.sender.opened => {
            if pass.sender.synacks > 0 {
                confirm(pass);
            } else {
                step3(pass);
            }
        }
        // It was open, a reset was to close it, and it is still there.
        State::Established if pass.sender.expects() => pass.sender.prove(State::Established),
        State::Established if pass.receiver.is_proven(State::SynRcvd) && pass.receiver.synacks > 1 => {
            // The server had asked again.
            pass.note(Note::Open3Repeat);
        }
        _ => {}
    }
    if pass.segment.len > 0 && !pass.sender.standing.state.is_synchronized() && !pass.sender.is(State::Closed) {
        pass.note(Note::DataBeforeOpen);
    }
}

/// The client has got the answer, and says so.
fn step3(pass: &mut Pass<'_>) {
    let ack = pass.segment.ack;
    if !fits(pass, ack) {
        return;
    }
    if pass.life.crossed {
        // The other end answered the SYN/ACK with a plain ACK.
        pass.note(Note::OpenSplit);
    } else if pass.life.saw_step3() {
        pass.note(Note::Open3Repeat);
    } else {
        pass.note(step3_form(pass));
        pass.life.ack_validated = true;
        time_client(pass);
    }
    open_up(pass);
}

/// The sender is open. What was expected of it beyond that (a FIN is on its way) still is.
fn open_up(pass: &mut Pass<'_>) {
    pass.sender.opened = true;
    if !pass.sender.is(State::CloseWait) {
        pass.sender.prove(State::Established);
    }
}

fn step3_form(pass: &Pass<'_>) -> Note {
    match (pass.segment.fin_seq(), pass.segment.len) {
        (Some(_), _) => Note::Open3Fin,
        (None, 0) => Note::Open3,
        (None, _) => Note::Open3Data,
    }
}

fn time_client(pass: &mut Pass<'_>) {
    let times = &mut pass.life.times;
    times.step3 = pass.at.time.into();
    if pass.receiver.synacks > 1 {
        times.ambiguous = true;
        return;
    }
    if let Some(synack) = times.last_synack.get() {
        let span = pass.at.time - synack;
        if span >= Span(0) {
            times.rtt_client_ns = Some(span.0);
        }
    }
}

/// The client acknowledges a SYN/ACK that was not seen; only one that arrived lets it.
fn answer_unseen(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let in_sequence =
        pass.sender.iss().is_some_and(|iss| segment.seq.after(iss) && !segment.seq.after(pass.sender.nxt()));
    if !in_sequence {
        pass.note(Note::Unexpected);
        return;
    }
    if pass.receiver.iss().is_some() {
        if fits(pass, segment.ack) {
            step3(pass);
        }
        return;
    }
    if segment.fin_seq().is_some() && segment.len == 0 {
        // Nothing shows that it ever got an answer.
        return;
    }
    pass.note(step3_form(pass));
    pass.note(Note::CaptureLostSynack);
    pass.life.times.step3 = pass.at.time.into();
    let after = pass.at.after;
    pass.receiver.put(Mark::Iss, Some(segment.ack - 1));
    pass.receiver.coverage.expect(segment.ack);
    pass.receiver.expect(State::SynRcvd);
    pass.receiver.synacks = 1;
    for fact in [Fact::Receives, Fact::Sends, Fact::KnowsIss, Fact::IssKnown] {
        pass.sender.prove_fact(fact, after);
    }
    for fact in [Fact::Receives, Fact::KnowsIss] {
        pass.receiver.prove_fact(fact, after);
    }
    open_up(pass);
}

/// Only an end that got the acknowledgement of its SYN sends this.
fn confirm(pass: &mut Pass<'_>) {
    if pass.life.has(Note::TfoAccepted)
        && !pass.life.saw_step3()
        && pass.receiver.is(State::Established)
        && pass.receiver.expects()
    {
        // A fast open server may send before step three.
        return;
    }
    if !pass.life.crossed && !pass.life.saw_step3() {
        pass.note(Note::CaptureLostStep3);
        pass.receiver.opened = true;
        if pass.receiver.is(State::Established) {
            pass.receiver.prove(State::Established);
        }
    }
    pass.note(Note::OpenConfirmed);
    open_up(pass);
    for fact in [Fact::Receives, Fact::Sends, Fact::KnowsIss, Fact::IssKnown] {
        pass.sender.prove_fact(fact, pass.at.after);
    }
}

/// An end that sent no SYN answers one with numbers of an older connection.
pub(super) fn is_challenge(pass: &Pass<'_>) -> bool {
    pass.receiver.is(State::SynSent)
        && pass.receiver.syns > 0
        && pass.sender.iss().is_none()
        && !fits(pass, pass.segment.ack)
}

/// It still believes in the older connection. Its numbers are not this one's.
pub(super) fn challenge(pass: &mut Pass<'_>) {
    pass.note(Note::HalfopenChallenge);
    pass.life.challenge = Some(pass.segment.ack);
    pass.sender.prove(State::Established);
}

/// The other end of a SYN sends something that is no SYN.
fn speak_unasked(pass: &mut Pass<'_>) {
    let ack = pass.segment.ack;
    if pass.segment.len == 0 && !pass.life.split_ack && pass.receiver.iss().is_some_and(|iss| ack == iss + 1) {
        pass.life.split_ack = true;
        pass.sender.standing = super::Standing::assumed(State::SynRcvd);
    } else {
        pass.note(Note::CaptureLostSynack);
        pass.sender.put(Mark::Iss, Some(pass.segment.seq - 1));
        pass.sender.prove(State::Established);
        pass.receiver.expect(State::Established);
    }
}

/// An end of a connection that was open before the capture proves that it is there.
fn promote(pass: &mut Pass<'_>) {
    let heard = pass.receiver.coverage.base().is_some_and(|base| pass.segment.ack.after(base));
    if heard {
        pass.note(Note::MidstreamPromoted);
        pass.sender.prove(State::Established);
    }
}

/// The receiver, as far as the segment opens.
pub(super) fn receive(pass: &mut Pass<'_>) {
    if pass.receiver.is(State::SynRcvd) && pass.receiver.synacks > 0 && fits(pass, pass.segment.ack) {
        pass.receiver.expect(State::Established);
    }
}

/// Faults of a SYN's options.
pub(super) fn check_options(pass: &mut Pass<'_>) {
    let options = pass.segment.options;
    if options.mss().is_none() && !options.present.contains(Present::TRUNCATED) {
        pass.note(Note::OptMssAbsent);
    }
    if options.window_scale().is_some_and(|shift| shift > 14) {
        pass.note(Note::OptWscaleOver14);
    }
}
