//! The close: RFC 9293 §3.6.

use super::facts::Fact;
use super::half::Mark;
use super::notes::Note;
use super::pass::Pass;
use super::standing::{Basis, State};

/// An ACK, with or without data or FIN, as far as it closes.
pub(super) fn send(pass: &mut Pass<'_>) {
    let covers = pass.receiver.fin_covered_by(pass.segment.ack);
    if covers {
        acknowledge_fin(pass);
    }
    if pass.sender.is(State::FinWait2) && pass.sender.facts.basis(Fact::AllDelivered) == Some(Basis::Proven) {
        // It acknowledges what was sent along with, or after, the acknowledgement of its FIN.
        pass.sender.prove(State::FinWait2);
    }
    if pass.segment.fin_seq().is_some() {
        return send_fin(pass, covers);
    }
    let own_fin = pass.sender.fin();
    if pass.segment.len > 0 && own_fin.is_some_and(|fin| pass.segment.end().after(fin)) {
        pass.note(Note::DataAfterFin);
    } else if pass.segment.len > 0 && own_fin.is_none() && pass.receiver.fin_acked() && !pass.news.probe {
        pass.note(Note::HalfcloseData);
    }
}

/// A FIN, the first or again; `covers` says whether it acknowledges the receiver's.
pub(super) fn send_fin(pass: &mut Pass<'_>, covers: bool) {
    if pass.sender.fin().is_none() {
        first_fin(pass, covers);
    } else if pass.sender.fin() == pass.segment.fin_seq() {
        repeat_fin(pass, covers);
    } else {
        pass.note(Note::Unexpected);
    }
}

/// The sender has got the receiver's FIN.
fn acknowledge_fin(pass: &mut Pass<'_>) {
    let state = pass.sender.standing.state;
    let has_fin = pass.segment.fin_seq().is_some();
    let crossed = pass.life.has(Note::CloseSimultaneous);
    if !has_fin && pass.news.first_ack_of_fin {
        pass.note(match (crossed, pass.sender.fin().is_some()) {
            (true, _) => Note::CloseSimultaneousAck,
            (false, true) => Note::Close4,
            (false, false) => Note::Close2,
        });
    } else if !has_fin && pass.receiver.fins > 1 && pass.receiver.is_proven(State::LastAck) {
        pass.note(Note::Close4Repeat);
    }
    match state {
        State::Established | State::CloseWait if pass.sender.fin().is_none() => pass.sender.prove(State::CloseWait),
        State::FinWait1 | State::FinWait2 | State::Closing | State::TimeWait if !has_fin => {
            if pass.sender.facts.basis(Fact::AllDelivered) == Some(Basis::Proven) {
                pass.sender.prove(State::TimeWait);
            } else if state != State::TimeWait && !pass.sender.is_proven(State::TimeWait) {
                pass.sender.prove(State::Closing);
            }
        }
        _ => {}
    }
}

/// The first FIN of an end.
fn first_fin(pass: &mut Pass<'_>, covers: bool) {
    let asked = pass.sender.syns > 0 && pass.sender.synacks == 0;
    if (asked && !pass.sender.opened || pass.sender.is(State::Listen)) && !pass.sender.is(State::Closed) {
        pass.note(Note::FinBeforeHandshake);
        return;
    }
    if pass.sender.is_proven(State::Closed) {
        // It has reset the connection itself.
        pass.note(Note::Unexpected);
        return;
    }
    let with_data = pass.segment.len > 0;
    match pass.receiver.fin() {
        None => {
            pass.note(if with_data { Note::Close1Data } else { Note::Close1 });
            pass.life.first_fin = Some(pass.at.from);
        }
        Some(_) if !covers => pass.note(Note::CloseSimultaneous),
        Some(_) if pass.news.first_ack_of_fin => pass.note(Note::Close23),
        Some(_) => pass.note(Note::Close3),
    }
    pass.sender.put(Mark::Fin, pass.segment.fin_seq());
    pass.sender.acked_peer_fin = covers;
    match pass.sender.standing.state {
        State::CloseWait | State::Established if covers => pass.sender.prove(State::LastAck),
        State::CloseWait | State::Established => {
            let assumed = pass.sender.standing.basis == Basis::Assumed;
            pass.sender.prove(State::FinWait1);
            if assumed {
                pass.sender.standing.basis = Basis::Assumed;
            }
        }
        State::SynRcvd if pass.sender.synacks > 0 => pass.sender.prove(State::FinWait1),
        _ => {}
    }
}

/// The same FIN again: its acknowledgement did not arrive.
fn repeat_fin(pass: &mut Pass<'_>, covers: bool) {
    pass.note(Note::FinRetransmit);
    pass.nth = u32::from(pass.sender.fins);
    if pass.sender.is(State::Closed) && pass.life.reset_by.is_some() {
        return;
    }
    if pass.sender.facts.basis(Fact::AllDelivered) != Some(Basis::Proven) {
        pass.sender.facts.set(Fact::AllDelivered, None);
    }
    pass.sender.prove(match (pass.sender.acked_peer_fin, covers) {
        (true, _) => State::LastAck,
        (false, true) => State::Closing,
        (false, false) => State::FinWait1,
    });
}

/// The receiver, as far as the segment closes.
pub(super) fn receive(pass: &mut Pass<'_>) {
    if pass.receiver.fin_covered_by(pass.segment.ack) {
        hear_ack_of_fin(pass);
    }
    let fin_now = pass.segment.fin_seq().is_some();
    if !(fin_now || pass.sender.fin_waits) {
        return;
    }
    if pass.fin_delivered() {
        pass.sender.fin_waits = false;
        hear_fin(pass);
    } else {
        if fin_now && !pass.sender.fin_waits {
            pass.note(Note::FinBeyondGap);
        }
        pass.sender.fin_waits = true;
    }
}

fn hear_ack_of_fin(pass: &mut Pass<'_>) {
    let peer_closed = pass.sender.fin().is_some() && !pass.sender.fin_waits && pass.segment.fin_seq().is_none();
    match pass.receiver.standing.state {
        State::FinWait1 if peer_closed => pass.receiver.expect(State::TimeWait),
        State::FinWait1 => pass.receiver.expect(State::FinWait2),
        State::Closing => pass.receiver.expect(State::TimeWait),
        State::LastAck => pass.receiver.expect(State::Closed),
        _ => {}
    }
}

fn hear_fin(pass: &mut Pass<'_>) {
    match pass.receiver.standing.state {
        State::Established | State::SynRcvd => pass.receiver.expect(State::CloseWait),
        State::FinWait1 => pass.receiver.expect(State::Closing),
        State::FinWait2 => pass.receiver.expect(State::TimeWait),
        _ => return,
    }
    pass.receiver.teach(Fact::PeerDone, pass.at.after);
    pass.set_proof();
}
