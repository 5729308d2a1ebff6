//! Resets: RFC 9293 §3.5.2 and §3.5.3, RFC 5961 §3. Who sent it, and does it take effect?

use super::facts::Fact;
use super::half::Mark;
use super::notes::{Note, Notes};
use super::pass::Pass;
use super::standing::State;
use crate::wire::{Flags, Seq, Span};

/// Silence after which a reset is more likely a middlebox's or a restarted host's than an answer.
const IDLE: Span = Span::from_secs(60);

/// Silence after which a reset without a socket speaks of an end that is gone.
const GONE: Span = Span::from_secs(1);

/// A RST, with or without ACK.
pub(super) fn rst(pass: &mut Pass<'_>) {
    doubt(pass);
    if pass.receiver.is(State::SynSent) && pass.sender.synacks == 0 {
        answer_to_syn(pass);
    } else if pass.life.challenge.is_some() && pass.sender.is(State::SynSent) {
        clear_half_open(pass);
    } else if pass.sender.synacks == 0 && pass.receiver.synacks > 0 && !pass.sender.opened {
        reject(pass);
    } else {
        judge(pass);
    }
}

/// In SYN_SENT only a RST that acknowledges the SYN counts (RFC 9293 §3.10.7.3).
fn answer_to_syn(pass: &mut Pass<'_>) {
    let ack = pass.segment.acked();
    let fits =
        ack.is_some_and(|ack| pass.receiver.iss().is_some_and(|iss| ack.after(iss) && !ack.after(pass.receiver.nxt())));
    if !fits {
        pass.note(Note::RstBlind);
        return;
    }
    pass.note(Note::OpenRefused);
    let after = pass.at.after;
    for fact in [Fact::Receives, Fact::Sends, Fact::Dead] {
        pass.receiver.teach(fact, after);
    }
    take_effect(pass, State::Closed);
}

/// The client, asked about a connection it does not have, says so; then it asks again.
fn clear_half_open(pass: &mut Pass<'_>) {
    if pass.life.challenge != Some(pass.segment.seq) {
        pass.note(Note::RstBlind);
        return;
    }
    pass.note(Note::HalfopenCleared);
    pass.life.challenge = None;
    pass.receiver.expect(State::Closed);
    pass.receiver.teach(Fact::Dead, pass.at.after);
}

/// The client does not want what the server offers.
fn reject(pass: &mut Pass<'_>) {
    let answers = pass.sender.una() == Some(pass.segment.seq) || pass.sender.coverage.nxt() == Some(pass.segment.seq);
    if !answers && !in_window(pass) {
        pass.note(Note::RstBlind);
        return;
    }
    let after = pass.at.after;
    pass.receiver.teach(Fact::Sends, after);
    pass.receiver.teach(Fact::Dead, after);
    if pass.sender.syns == 0 && pass.life.has(Note::OpenSynackOnly) {
        pass.note(Note::ResetBackscatter);
        take_effect(pass, State::Closed);
    } else {
        pass.note(Note::OpenRejectedByClient);
        take_effect(pass, State::Listen);
    }
}

fn judge(pass: &mut Pass<'_>) {
    let both_closed = pass.sender.fin_acked() && pass.receiver.fin_acked();
    if both_closed || pass.life.reset_by.is_some() && pass.receiver.is(State::Closed) {
        pass.note(Note::ResetAfterClose);
        if !pass.receiver.is(State::Closed) {
            pass.receiver.expect(State::Closed);
        }
        pass.sender.prove(State::Closed);
        return;
    }
    if !is_exact(pass) {
        pass.note(Note::RstBlind);
        if in_window(pass) {
            pass.life.doubtful = Some(pass.at.from);
        }
        return;
    }
    let silence = pass.sender.last.get().max(pass.receiver.last.get()).map_or(Span(0), |last| pass.at.time - last);
    if silence > IDLE {
        pass.note(Note::ResetIdle);
    }
    let bare = !pass.segment.flags.contains(Flags::ACK);
    let opening = !pass.sender.standing.state.is_synchronized() && !pass.sender.is(State::Closed);
    if pass.sender.fin().is_some() {
        pass.note(Note::ResetFinThenRst);
    } else if opening {
        pass.note(Note::ResetInHandshake);
    } else if bare {
        pass.note(Note::ResetAbortNoSocket);
        let own_silence = pass.sender.last.get().map_or(Span(0), |last| pass.at.time - last);
        if own_silence > GONE && pass.sender.una() == Some(pass.segment.seq) {
            pass.note(Note::ResetHalfOpen);
        }
    } else {
        pass.note(Note::ResetAbortLive);
    }
    pass.receiver.teach(Fact::Dead, pass.at.after);
    take_effect(pass, State::Closed);
}

/// The sender is gone; the receiver will be, if it arrives.
fn take_effect(pass: &mut Pass<'_>, receiver_goes_to: State) {
    if !pass.sender.is(State::Closed) {
        pass.sender.rare_mut().before_reset = pass.sender.standing.state;
    }
    pass.receiver.rare_mut().before_reset = pass.receiver.standing.state;
    pass.sender.prove(State::Closed);
    pass.receiver.expect(receiver_goes_to);
    if pass.life.reset_by.is_none() {
        pass.life.reset_by = Some(pass.at.from);
    }
}

/// Whether the number can be what the receiver expects next: between the last it acknowledged and
/// the last that was sent to it.
fn is_exact(pass: &Pass<'_>) -> bool {
    let seq = pass.segment.seq;
    let sent = pass.sender.coverage.base().zip(pass.sender.coverage.nxt());
    match (pass.sender.una(), sent) {
        (Some(lo), Some((_, hi))) => seq.within(lo, hi.latest(lo)) || lies_ahead(pass, hi),
        (Some(lo), None) => seq == lo,
        (None, Some((base, hi))) => seq.within(base, hi) || lies_ahead(pass, hi),
        (None, None) => true,
    }
}

/// Whether both its numbers lie ahead of what was seen: who knows what the capture does not have
/// took part in it.
fn lies_ahead(pass: &Pass<'_>, nxt: Seq) -> bool {
    let ahead = |number: Seq, seen: Seq| (1..1 << 24).contains(&number.offset_from(seen));
    let heard = pass.receiver.coverage.nxt();
    ahead(pass.segment.seq, nxt) && pass.segment.acked().zip(heard).is_some_and(|(ack, heard)| ahead(ack, heard))
}

fn in_window(pass: &Pass<'_>) -> bool {
    let seq = pass.segment.seq;
    let lo: Option<Seq> = pass.sender.una();
    let hi = pass.receiver.mark(Mark::Edge).map(|edge| pass.sender.coverage.nxt().map_or(edge, |nxt| edge.latest(nxt)));
    matches!((lo, hi), (Some(lo), Some(hi)) if !seq.before(lo) && seq.before(hi))
}

/// Reasons to doubt who sent it (Weaver, Sommer and Paxson, "Detecting Forged TCP Reset Packets",
/// 2009). Reasons, no verdict: each has honest causes too.
fn doubt(pass: &mut Pass<'_>) {
    let segment = pass.segment;
    let mut reasons = Notes::NONE;
    // One hop more or less is a path that changed; a middlebox sits further off.
    if pass
        .sender
        .ttl
        .is_some_and(|(low, high)| low.saturating_sub(pass.at.ttl) >= 2 || pass.at.ttl.saturating_sub(high) > 2)
    {
        reasons.add(Note::RstSuspectTtl);
    }
    // A living socket says in its RST what it received; no stack acknowledges less than before.
    let stale = segment.acked().zip(pass.receiver.una()).is_some_and(|(ack, before)| ack.before(before));
    if stale && pass.sender.opened {
        reasons.add(Note::RstSuspectForm);
    }
    let again = pass.sender.rare().last_rst.is_some_and(|last| segment.seq.after(last));
    if again && pass.sender.una().is_some_and(|acked| segment.seq.after(acked)) {
        reasons.add(Note::RstSuspectSeries);
    }
    if !reasons.is_empty() {
        pass.notes |= reasons | Note::RstSuspect.into();
    }
    pass.sender.rare_mut().last_rst = Some(segment.seq);
}

/// After a RST in the window that was not exact: a stack of today answers it with a challenge ACK
/// and lives on; an older one falls silent.
pub(super) fn settle_doubt(pass: &mut Pass<'_>) {
    let Some(by) = pass.life.doubtful else { return };
    if pass.segment.flags.contains(Flags::RST) {
        return;
    }
    pass.life.doubtful = None;
    let bare = pass.segment.len == 0 && pass.segment.acked() == pass.receiver.una();
    if by != pass.at.from && bare {
        pass.note(Note::RstChallenged);
    }
}

/// An end that has reset the connection sends on: was it really its RST?
pub(super) fn suspect(pass: &mut Pass<'_>) {
    let speaks_on = pass.life.reset_by == Some(pass.at.from)
        && pass.sender.is(State::Closed)
        && pass.sender.rare().before_reset.is_synchronized()
        && !pass.segment.flags.contains(Flags::RST)
        && !pass.segment.flags.contains(Flags::SYN);
    // Of a connection that begins in the middle with its reset, nothing is known: all is new.
    let known = pass.sender.coverage.nxt().or(pass.sender.una());
    let new = pass.segment.len > 0 && known.is_none_or(|nxt| !pass.segment.seq.before(nxt))
        || pass.segment.acked().is_some_and(|ack| pass.receiver.una().is_some_and(|acked| ack.after(acked)));
    if speaks_on && new {
        pass.note(Note::RstSuspect);
        pass.note(Note::RstSuspectSpeaksOn);
        pass.sender.prove(pass.sender.rare().before_reset);
        pass.receiver.revive();
        if pass.receiver.is(State::Closed) && pass.receiver.expects() {
            pass.receiver.expect(pass.receiver.rare().before_reset);
        }
        pass.life.reset_by = None;
    }
}
