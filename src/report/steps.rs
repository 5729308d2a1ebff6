//! What a note means, in a few plain words.

use super::digits::Digits as _;
use crate::capture::track::{Fact, Note, Role};
use crate::capture::{Conn, Observation};
use crate::wire::ports::{PortClass, service};

/// Appends what `note` means in this packet: `client asks to open port 80 (http, well-known): step 1
/// of 3`.
pub fn write(out: &mut Vec<u8>, note: Note, seen: &Observation, conn: &Conn) {
    let mut rest = words(note);
    while let Some((before, after)) = rest.split_once('{') {
        out.text(before);
        let Some((slot, after)) = after.split_once('}') else { return };
        match slot {
            "from" => out.text(seen.from.name()),
            "peer" => out.text((!seen.from).name()),
            "port" => port(out, conn.endpoint(Role::Server).port),
            _ => {}
        }
        rest = after;
    }
    out.text(rest);
}

/// Appends `fact` as a clause about its knower, whose peer is `peer`: `it can receive`.
pub fn write_fact(out: &mut Vec<u8>, fact: Fact, peer: Role) {
    let (before, after) = match fact {
        Fact::Receives => return out.text("it can receive"),
        Fact::Sends => return out.text("it can send"),
        Fact::Dead => return out.text("the connection is over"),
        Fact::KnowsIss => ("the ", "'s ISN"),
        Fact::IssKnown => ("the ", " has its ISN"),
        Fact::PeerDone => ("the ", " will send no more"),
        Fact::AllDelivered => ("the ", " has all it sent"),
    };
    out.text(before);
    out.text(peer.name());
    out.text(after);
}

/// `port 80 (http, well-known)`, `port 8123 (registered)`.
pub fn port(out: &mut Vec<u8>, port: u16) {
    out.text("port ");
    out.dec(u64::from(port));
    out.text(" (");
    if let Some(service) = service(port) {
        out.text(service);
        out.text(", ");
    }
    out.text(PortClass::of(port).name());
    out.push(b')');
}

/// The words for `note`; `{from}` and `{peer}` stand for who sent the packet and to whom, `{port}`
/// for the server's port.
const fn words(note: Note) -> &'static str {
    match note {
        Note::Open1 => "{from} asks to open: step 1 of 3",
        Note::Open2 => "{from} agrees and asks back: step 2 of 3",
        Note::Open3 => "{from} confirms: step 3 of 3",
        Note::Open3Data => "{from} confirms, with data: step 3 of 3",
        Note::Open3Fin => "{from} confirms, and closes: step 3 of 3",
        Note::Open3Repeat => "{from} confirms again, as {peer} asked again",
        Note::OpenConfirmed => "{from} shows that it is open too",
        Note::OpenRefused => "{from} refuses: nobody listens there",
        Note::OpenUnreachable => "an ICMP error bars the way",
        Note::OpenRejectedByClient => "{from} rejects what it never asked for",
        Note::OpenCrossed => "{from} asks too: the requests cross",
        Note::OpenSimultaneous => "both have agreed: opened at once",
        Note::OpenSplit => "{from} had the handshake turned round: split",
        Note::OpenSplitAck => "{from} acknowledges the SYN alone",
        Note::OpenSynackOnly => "{from} agrees to a SYN that was not seen",
        Note::SynRetransmit => "{from} asks again: it has no answer",
        Note::SynLate => "an old copy of the SYN, long answered",
        Note::SynackRetransmit => "{from} agrees again: it lacks step 3",
        Note::SynackLate => "an old copy of the SYN/ACK, long answered",
        Note::TfoRequest => "it asks for a fast open cookie",
        Note::TfoData => "data on the SYN, by a fast open cookie",
        Note::TfoAccepted => "fast open: the SYN's data was taken",
        Note::TfoIgnored => "fast open: the SYN's data was not taken",
        Note::TfoPartial => "fast open: a part of the SYN's data was taken",
        Note::SynDataWithoutTfo => "data on the SYN, without a fast open cookie",
        Note::HalfopenChallenge => "{from} still holds an older connection",
        Note::HalfopenCleared => "{from} resets that older connection",
        Note::Midstream => "it began before the capture",
        Note::MidstreamPromoted => "{from} proves to be there",
        Note::Close1 => "{from} has no more to send: step 1 of 4",
        Note::Close1Data => "{from} sends its last data: step 1 of 4",
        Note::Close2 => "{from} has heard, may still send: step 2 of 4",
        Note::Close23 => "{from} has heard, closes too: steps 2 and 3 of 4",
        Note::Close3 => "{from} has no more to send either: step 3 of 4",
        Note::Close4 => "{from} has heard, all is closed: step 4 of 4",
        Note::Close4Repeat => "{from} says so again, as the FIN came again",
        Note::CloseSimultaneous => "{from} closes too, both at once",
        Note::CloseSimultaneousAck => "{from} has heard",
        Note::HalfcloseData => "{from} still sends: half-closed",
        Note::FinRetransmit => "{from} closes again: it has no answer",
        Note::FinBeyondGap => "octets before this FIN are missing here",
        Note::FinBeforeHandshake => "a FIN before the opening was done",
        Note::DataAfterFin => "{from} sends past its own FIN",
        Note::ResetAbortLive => "{from} aborts the connection",
        Note::ResetAbortNoSocket => "{from} has no such connection (any more)",
        Note::ResetFinThenRst => "{from} had closed, takes no more",
        Note::ResetAfterClose => "after the close: harmless",
        Note::ResetHalfOpen => "{from} knows nothing of this connection: restarted?",
        Note::ResetIdle => "{from} resets after a long silence",
        Note::ResetInHandshake => "{from} gives up during the handshake",
        Note::ResetBackscatter => "{from} never asked: its address was forged",
        Note::RstBlind => "outside the window: without effect",
        Note::RstChallenged => "in the window but not exact: {peer} asks back",
        Note::RstSuspectSpeaksOn => "yet {from} goes on sending",
        Note::RstSuspectTtl => "its TTL is none that {from} had",
        Note::RstSuspectForm => "no stack forms a RST like this",
        Note::RstSuspectSeries => "one of a series that covers a window",
        Note::RstSuspect => "doubtful whether {from} sent this",
        Note::ReuseTimeWait => "the same ports again, the last use in TIME_WAIT",
        Note::ReuseAfterClose => "the same ports again, the last use over",
        Note::ReuseSynSent => "a new attempt with a new ISN, the last unanswered",
        Note::ReuseLive => "the same ports again, the last use not closed",
        Note::ReuseParked => "a SYN on a living connection: wait and see",
        Note::RolesFlipped => "client and server are the other way round",
        Note::Retransmit => "octets sent before",
        Note::RetransmitRto => "sent again after a timeout",
        Note::RetransmitFast => "sent again, asked for by duplicate ACKs",
        Note::RetransmitTlp => "sent again to probe for a lost tail",
        Note::RetransmitSpurious => "sent again needlessly: it had arrived",
        Note::RetransmitPartial => "in part sent before",
        Note::Reorder => "overtaken on the way",
        Note::HoleFill => "fills a hole: overtaken, or sent again",
        Note::SeqAhead => "something before this is missing here",
        Note::Dsack => "{from} has got octets twice",
        Note::Dupack => "{from} still waits for the same octet",
        Note::AckOld => "an older acknowledgement than the last",
        Note::AckUnseen => "acknowledges octets that are not in the capture",
        Note::Keepalive => "{from} asks whether {peer} is still there",
        Note::KeepaliveAck => "{from} is still there",
        Note::WinZero => "{from} can take no more for now",
        Note::WinProbe => "{from} probes the closed window",
        Note::WinProbeAck => "the window is still closed",
        Note::WinUpdate => "{from} tells a new window",
        Note::WinFull => "{from} fills the window to its edge",
        Note::WinShrunk => "{from} takes back a part of its window",
        Note::PawsFail => "a timestamp older than the last",
        Note::DataBeforeOpen => "data before the opening was done",
        Note::FlagsSynfin => "SYN and FIN together: no stack sends that, a probe",
        Note::FlagsSynrst => "SYN and RST together: no stack sends that, a probe",
        Note::FlagsNull => "no flags at all: a probe",
        Note::FlagsXmas => "FIN, PSH and URG without ACK: a probe",
        Note::FlagsFinNoack => "FIN without ACK: a probe",
        Note::FlagsDataNoack => "data without ACK",
        Note::FlagsAckNoflag => "an acknowledgment number without ACK",
        Note::ProbeClosedPort => "the answer to a probe: the port is closed",
        Note::OptMalformed => "broken TCP options",
        Note::OptWscaleOver14 => "a window scale above 14 counts as 14",
        Note::OptMssAbsent => "no MSS: {peer} has to assume the smallest",
        Note::OptMssOutsideSyn => "an MSS outside a SYN: to be ignored",
        Note::OptTsMissing => "timestamps were agreed and are missing",
        Note::OptTsUnexpected => "timestamps were not agreed and are there",
        Note::EcnSetup => "it offers ECN",
        Note::EcnAgreed => "it agrees to ECN",
        Note::EcnCe => "met congestion on the way",
        Note::EcnEcho => "{from} reports congestion",
        Note::EcnCwr => "{from} has slowed down",
        Note::Urg => "urgent data",
        Note::CaptureDuplicate => "the same packet again in the capture: not counted",
        Note::CaptureReordered => "captured out of order",
        Note::CaptureLost => "acknowledged octets are not in the capture",
        Note::CaptureLostSynack => "the SYN/ACK is not in the capture",
        Note::CaptureLostStep3 => "step 3 is not in the capture",
        Note::PathLost => "lost before it came by here, and sent again",
        Note::PathLostBeyond => "lost after it came by here",
        Note::ClockBackwards => "the capture's clock went backwards",
        Note::ChecksumBad => "a wrong checksum",
        Note::ChecksumOffload => "the checksum was left to the network card",
        Note::Truncated => "cut by the snap length",
        Note::FragmentOverlap => "its fragments overlap",
        Note::Fragment => "came in fragments",
        Note::IcmpError => "an ICMP error about this connection",
        Note::IcmpUnverified => "an ICMP error that fits no segment in flight",
        Note::UdpRequest => "{from} asks {port}",
        Note::UdpReply => "{from} answers",
        Note::UdpRefused => "nobody listens on {port}",
        Note::UdpSurplus => "the UDP length ends before the packet does",
        Note::UdpBadLength => "the UDP length breaks a rule",
        Note::Unexpected => "nothing that RFC 9293 foresees here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_short_words_with_known_slots() {
        for note in Note::ALL {
            let words = words(*note);
            assert!((8..=70).contains(&words.len()), "{}: {words}", note.id());
            for slot in words.split('{').skip(1) {
                let slot = slot.split('}').next().expect("split yields at least one part");
                assert!(matches!(slot, "from" | "peer" | "port"), "{}: {words}", note.id());
            }
        }
    }

    #[test]
    fn ports_are_told_by_service_and_class() {
        let told = |number| {
            let mut out = Vec::new();
            port(&mut out, number);
            String::from_utf8(out).expect("port names are ASCII")
        };
        assert_eq!(told(80), "port 80 (http, well-known)");
        assert_eq!(told(8123), "port 8123 (registered)");
        assert_eq!(told(54321), "port 54321 (dynamic)");
    }
}
