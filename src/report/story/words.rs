//! What each note means, said with the numbers of the packet at hand.

use super::scene::{Scene, offers, step_title};
use super::tale::{Said, Step};
use crate::capture::track::{Basis, Fact, Note, Open, Role, State};
use crate::report::human;
use crate::wire::{Segment, Side, Span};

/// The sentences for one packet, in the order in which they are best read.
pub(super) fn sentences(step: &Step, scene: &Scene<'_>) -> Vec<String> {
    let speaker = Speaker { step, scene, role: step.role(scene.conn) };
    let notes: Vec<Note> = step.notes.iter().collect();
    let mut sentences: Vec<String> = notes.into_iter().filter_map(|note| speaker.say(note)).collect();
    if sentences.is_empty() {
        sentences.extend(if step.moved() { speaker.of_state() } else { speaker.of_echo() });
    }
    sentences
}

/// What becomes known with this packet; nothing where nothing does.
pub(super) fn lesson(step: &Step, scene: &Scene<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (basis, beginning) in [(Basis::Proven, "Now proven"), (Basis::Expected, "Once this arrives")] {
        let known: Vec<String> = Role::BOTH
            .into_iter()
            .filter_map(|role| {
                let side = scene.conn.side(role);
                let has_basis = |fact: &Fact| step.know[side as usize].basis(*fact) == Some(basis);
                // A connection that opens again is not over, whatever was so before.
                let open = !matches!(step.after[side as usize].state, State::Closed | State::Listen);
                let learnt: Vec<Fact> =
                    step.learnt(side).filter(has_basis).filter(|fact| *fact != Fact::Dead || !open).collect();
                Some(format!("the {} knows “{}”", role.name(), spoken(&learnt, role)?))
            })
            .collect();
        if !known.is_empty() {
            parts.push(format!("{beginning}: {}.", known.join(", and ")));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `facts` in the words of `role`.
fn spoken(facts: &[Fact], role: Role) -> Option<String> {
    let peer = (!role).name();
    let has = |fact| facts.contains(&fact);
    let mut clauses: Vec<String> = Vec::new();
    match (has(Fact::Sends), has(Fact::Receives)) {
        (true, true) if has(Fact::Dead) => clauses.push("the way there and back works".to_owned()),
        (true, true) => clauses.push(format!("I can send and receive, and so can the {peer}")),
        (false, true) => clauses.push(format!("I can receive, the {peer} can send")),
        (true, false) => clauses.push(format!("I can send, the {peer} can receive")),
        (false, false) => {}
    }
    if has(Fact::PeerDone) {
        clauses.push(format!("the {peer} will send no more"));
    }
    if has(Fact::AllDelivered) {
        clauses.push("all I sent has arrived, my FIN too".to_owned());
    }
    if has(Fact::Dead) {
        clauses.push("it is over".to_owned());
    }
    (!clauses.is_empty()).then(|| clauses.join("; "))
}

/// No stack repeats a segment of the handshake sooner (RFC 6298 section 2 has a second).
pub(super) const SOONEST_TIMER: Span = Span::from_millis(200);

struct Speaker<'a> {
    step: &'a Step,
    scene: &'a Scene<'a>,
    role: Role,
}

impl Speaker<'_> {
    /// The sentence for one note; `None` for what another sentence says already.
    fn say(&self, note: Note) -> Option<String> {
        let x = self.role.name();
        let y = (!self.role).name();
        let len = human::octets(u64::from(self.step.len()));
        let ack = self.ack();
        let nth = self.step.nth;
        let text = match note {
            Note::Open1 => format!("The {x} asks to connect. {}", self.introduces()),
            Note::Open2 => format!(
                "The {x} answers and asks back, both in one segment: ack {ack} says that the SYN arrived, and its own SYN asks the same question the other way. {}",
                self.introduces()
            ),
            Note::Open3 | Note::Open3Data | Note::Open3Fin => self.third_step(note),
            Note::Open3Repeat => format!("The {x} says step three again, since the {y} had repeated step two."),
            Note::OpenConfirmed => self.confirmed(),
            Note::OpenRefused => format!(
                "Refused, by the host itself: no socket listens on port {}. The RST acknowledges the SYN (ack {ack}), so it belongs to this attempt.",
                self.port()
            ),
            Note::OpenUnreachable | Note::IcmpError | Note::IcmpUnverified | Note::UdpRefused => return self.icmp(note),
            Note::OpenRejectedByClient => format!(
                "The {x} resets what it was offered: no socket of its asked for it. A SYN scan ends like this; so does an old duplicate SYN (RFC 9293 figure 8), or a SYN with a forged source address."
            ),
            Note::OpenCrossed => "A SYN meets a SYN: both ends ask. Either both really opened at once, or the server turns the handshake round; what follows decides.".to_owned(),
            Note::OpenSimultaneous => "Both SYNs are acknowledged: a simultaneous open (RFC 9293 figure 7). Four segments, one connection, and nobody has to be the server.".to_owned(),
            Note::OpenSplit => format!("The {x} only acknowledges: it had made the {y} answer a SYN of its own. A split handshake; no ordinary stack opens like this, but it slips past some inspection devices."),
            Note::OpenSplitAck => format!("The {x} acknowledges the SYN alone; its own SYN comes apart. Step two in two segments."),
            Note::OpenSynackOnly => "A SYN/ACK whose SYN is not in the capture.".to_owned(),
            Note::SynRetransmit => self.syn_again(nth),
            Note::SynLate => "A SYN of this very connection after it had opened: an old copy that took long. It changes nothing.".to_owned(),
            Note::SynackRetransmit => self.synack_again(nth),
            Note::SynackLate => "An old copy of the SYN/ACK; the opening was proven before. It changes nothing.".to_owned(),
            Note::TfoRequest => "It asks for a fast open cookie, to send data on the SYN next time (RFC 7413).".to_owned(),
            Note::TfoData => format!("It carries {len} of data at once: its fast open cookie, from an earlier connection, vouches that answers reach this address (RFC 7413)."),
            Note::TfoAccepted => "The SYN/ACK acknowledges the data too: fast open worked and saved a round trip.".to_owned(),
            Note::TfoIgnored => "The SYN/ACK acknowledges the SYN alone: the data was not taken and has to be sent again.".to_owned(),
            Note::TfoPartial => "The SYN/ACK acknowledges only a part of the SYN's data; the rest has to be sent again.".to_owned(),
            Note::SynDataWithoutTfo => format!("It carries {len} of data, without a fast open cookie: legal, but the data may only be used once the handshake is done."),
            Note::HalfopenChallenge => format!("This acknowledges a number that the SYN never used: the {x} still believes in an older connection between the same endpoints (RFC 9293 figure 9)."),
            Note::HalfopenCleared => format!("The {x} knows of no such connection and resets it, with the very number that was acknowledged. The old connection is gone; the next SYN finds the door open."),
            Note::Midstream => "The capture begins in the middle: both ends are taken to be open.".to_owned(),
            Note::MidstreamPromoted => format!("It acknowledges what was seen here: the {x} is proven to be in this connection."),
            Note::Close1 => format!("The {x} has no more to send: FIN. This ends its direction only; the {y} may go on."),
            Note::Close1Data => format!("The {x} sends its last {len}, and FIN with it: it has no more to send. This ends its direction only; the {y} may go on."),
            Note::Close2 => format!("The {x} acknowledges the FIN (ack {ack}). The connection is half-closed: {y} to {x} is done, {x} to {y} still open."),
            Note::Close23 => format!("The {x} acknowledges the FIN (ack {ack}) and has no more to send itself: ACK and FIN share one segment."),
            Note::Close3 => format!("The {x} has no more to send either: its own FIN."),
            Note::Close4 => format!("The {x} acknowledges the FIN of the {y} (ack {ack}). {}", self.last_ack()),
            Note::Close4Repeat => "The last ACK again, as the FIN was repeated. The wait in TIME_WAIT begins anew: this is what it is for.".to_owned(),
            Note::CloseSimultaneous => format!("The FINs cross: the {x} sent its own before the other's arrived, since it does not acknowledge it. A simultaneous close (RFC 9293 figure 13)."),
            Note::CloseSimultaneousAck => format!("The {x} acknowledges the FIN that crossed its own."),
            Note::HalfcloseData => format!("{len} from the {x}, which has not closed, to the {y}, which has: a half-closed connection at work."),
            Note::FinRetransmit => self.fin_again(),
            Note::FinBeyondGap => "The FIN stands behind octets that were not seen: it counts once those are there.".to_owned(),
            Note::FinBeforeHandshake => "A FIN before the opening was done.".to_owned(),
            Note::DataAfterFin => format!("The {x} sends past its own FIN, which no stack should."),
            Note::ResetAbortLive => format!("RST with ACK, at the exact numbers: a socket of the {x} that was alive has been aborted (closed with data unread, with linger 0, or its process was killed). What was on its way is lost."),
            Note::ResetAbortNoSocket => format!("A bare RST with the number that was acknowledged to it: the {x} has no socket for this (any more)."),
            Note::ResetFinThenRst => format!("The {x} had closed and can take no more, so it answers what still comes with RST: data of the {y} was thrown away."),
            Note::ResetAfterClose => "A RST after both ends had closed: harmless.".to_owned(),
            Note::ResetHalfOpen => format!("The {x} knows nothing of this connection: it restarted, or dropped it in silence (RFC 9293 figure 10)."),
            Note::ResetIdle => format!("A RST after {} of silence. Something on the way (a NAT, a firewall, a load balancer) or the {x} had forgotten the connection.", self.pause()),
            Note::ResetInHandshake => format!("The {x} gives up in the middle of the handshake."),
            Note::ResetBackscatter => format!("The {x} never asked for that SYN/ACK: somebody used its address as a forged source."),
            Note::RstBlind => "A RST outside the window: without effect. Who sent it did not know the numbers.".to_owned(),
            Note::RstChallenged => "A RST inside the window but not at the exact number: the receiver asks back with a challenge ACK instead of believing it (RFC 5961 section 3).".to_owned(),
            Note::RstSuspect => "There are reasons to doubt that this RST comes from whom it claims.".to_owned(),
            Note::ReuseTimeWait => "The same pair of endpoints again, while the old connection was in TIME_WAIT; its numbers are beyond the old ones, so this is safe (RFC 6191).".to_owned(),
            Note::ReuseAfterClose => "The same pair of endpoints again, after the old connection had ended.".to_owned(),
            Note::ReuseSynSent => "A new attempt with a new initial sequence number; the old one was never answered.".to_owned(),
            Note::ReuseLive => "A new connection on a pair of endpoints that one end still thought in use.".to_owned(),
            Note::ReuseParked => "A SYN with other numbers on a connection that is alive: what the peer answers will decide what it is.".to_owned(),
            Note::RolesFlipped => "Client and server turn out to be the other way round.".to_owned(),
            _ => return self.say_of_segment(note),
        };
        Some(text)
    }

    /// The notes of ordinary segments, of options, and of the capture itself.
    fn say_of_segment(&self, note: Note) -> Option<String> {
        let x = self.role.name();
        let y = (!self.role).name();
        let repeats = self.step.about.map_or_else(String::new, |n| format!(" (of #{n})"));
        let text = match note {
            Note::Retransmit if self.retransmit_kind() => return None,
            Note::Retransmit => format!("Sent before{repeats}."),
            Note::RetransmitRto => format!("Sent again{repeats} after a timeout: nothing had acknowledged it."),
            Note::RetransmitFast => format!("Sent again{repeats} at once, because duplicate ACKs told of a hole."),
            Note::RetransmitTlp => {
                format!("Sent again{repeats} as a probe: the tail of a flight, unacknowledged (RFC 8985).")
            }
            Note::RetransmitSpurious => format!("Sent again{repeats} for nothing: it had arrived."),
            Note::RetransmitPartial => format!("Partly sent before{repeats}, partly new."),
            Note::Reorder => "Overtaken on the way: it was sent earlier than what came by before it.".to_owned(),
            Note::HoleFill => "Fills a hole: overtaken on the way, or sent again; this capture cannot tell.".to_owned(),
            Note::SeqAhead => "Starts past what was seen: something before it is missing here.".to_owned(),
            Note::Dupack => match self.step.nth {
                0 => format!("The same ACK again: the {x} got something, but not what comes next."),
                nth => format!("The same ACK again (repeat {nth}): the {x} got something, but not what comes next."),
            },
            Note::AckOld => "An ACK older than one seen before.".to_owned(),
            Note::AckUnseen => "It acknowledges octets that are not in this capture.".to_owned(),
            Note::Keepalive if self.scene.window_closed(self.step) => {
                format!("The {x} knocks at the closed window, with nothing new, to learn whether it has opened.")
            }
            Note::WinZero if self.step.notes.contains(Note::KeepaliveAck) => return None,
            Note::KeepaliveAck if self.step.segment().is_some_and(|segment| segment.window.0 == 0) => {
                format!("The {x} is there, and its window is still closed.")
            }
            Note::Keepalive => format!("A keep-alive: nothing new, only the question whether the {y} is still there."),
            Note::KeepaliveAck => format!("The {x} is still there."),
            Note::WinZero => format!("The {x} can take no more: its window is closed, the {y} has to wait."),
            Note::WinProbe => format!("The {x} knocks at the closed window."),
            Note::WinProbeAck => format!("The window of the {x} is still closed."),
            Note::WinUpdate => format!("Nothing new but the window of the {x}."),
            Note::WinFull => format!("This fills the window of the {y} to its edge; the {x} has to wait."),
            Note::WinShrunk => format!("The {x} takes back window it had offered."),
            Note::PawsFail => {
                "Its timestamp is older than the last: to be dropped as an old duplicate (RFC 7323 section 5)."
                    .to_owned()
            }
            Note::DataBeforeOpen => "Data before the opening was done.".to_owned(),
            Note::FlagsSynfin => "SYN and FIN at once, which no stack sends: a probe.".to_owned(),
            Note::FlagsSynrst => "SYN and RST at once, which no stack sends: a probe.".to_owned(),
            Note::FlagsNull => "No flag at all, which no stack sends: a probe.".to_owned(),
            Note::FlagsXmas => "FIN, PSH and URG without ACK, which no stack sends: a probe.".to_owned(),
            Note::FlagsFinNoack => "FIN without ACK, which no stack sends: a probe.".to_owned(),
            Note::FlagsDataNoack => "Data without ACK, which no stack sends after the SYN.".to_owned(),
            Note::FlagsAckNoflag => "An acknowledgment number without the ACK flag: it counts for nothing.".to_owned(),
            Note::ProbeClosedPort => format!("The answer to a probe: port {} is closed.", self.port()),
            Note::OptMalformed => "Its option list is broken.".to_owned(),
            Note::OptWscaleOver14 => {
                "It offers a window scale above 14, which counts as 14 (RFC 7323 section 2.3).".to_owned()
            }
            Note::OptMssAbsent => {
                "Its SYN names no MSS: the peer has to assume 536 octets (1220 over IPv6).".to_owned()
            }
            Note::OptMssOutsideSyn => "An MSS outside a SYN: it counts for nothing.".to_owned(),
            Note::EcnCe => "It met congestion on its way and was marked instead of dropped.".to_owned(),
            Note::EcnEcho => format!("The {x} tells the {y} that congestion was met."),
            Note::EcnCwr => format!("The {x} has slowed down."),
            Note::Urg => "It points at urgent data.".to_owned(),
            Note::CaptureDuplicate => match self.step.about {
                Some(n) => format!("The capture shows #{n} a second time; it counts once."),
                None => "The capture shows the same packet a second time; it counts once.".to_owned(),
            },
            Note::CaptureReordered => "The capture shows it later than it was sent.".to_owned(),
            Note::CaptureLost => "What it acknowledges is not all in this capture.".to_owned(),
            Note::CaptureLostSynack => {
                "The SYN/ACK it acknowledges is not in this capture; there must have been one.".to_owned()
            }
            Note::CaptureLostStep3 => "Step three is not in this capture; there must have been one.".to_owned(),
            Note::PathLost => "It had been lost before it came by here.".to_owned(),
            Note::PathLostBeyond => match self.step.about {
                Some(n) => format!("#{n} came by here and was lost behind, on the way to the {y}."),
                // An ACK tells it of what it acknowledges.
                None if self.step.len() == 0 => {
                    format!("The first copy came by here and was lost behind, on the way to the {x}.")
                }
                None => format!("The first copy came by here and was lost behind, on the way to the {y}."),
            },
            Note::ClockBackwards => "The clock of the capture went backwards here.".to_owned(),
            Note::ChecksumBad => "Its checksum is wrong.".to_owned(),
            Note::UdpRequest => format!("The {x} speaks first."),
            Note::UdpReply => match self.scene.tale.first_of(!self.step.from) {
                Some(first) => {
                    format!("The {x} answers, {} after #{}.", human::span(self.step.time - first.time), first.n)
                }
                None => format!("The {x} answers."),
            },
            Note::UdpSurplus => "The UDP length ends before the IP packet does.".to_owned(),
            Note::UdpBadLength => "The UDP length breaks a rule.".to_owned(),
            Note::Unexpected => format!("{} here is nothing that RFC 9293 foresees.", step_title(self.step)),
            _ => return None,
        };
        Some(text)
    }

    /// What to say of a packet that moved an end and has no note for it.
    fn of_state(&self) -> Option<String> {
        let flags = self.step.segment()?.flags;
        let (x, y) = (self.role.name(), (!self.role).name());
        if flags.is_syn_ack() {
            return Some(format!(
                "The {x} acknowledges the SYN of the {y} and says its own once more, in one segment."
            ));
        }
        let before = self.step.before[self.step.from as usize];
        let after = self.step.after[self.step.from as usize];
        (before.state == after.state && before.basis != after.basis && after.basis == Basis::Proven).then(|| {
            format!("Only an end that is in {} sends this: what was expected of the {x} is proven.", after.state.name())
        })
    }

    /// What to say of an echo reply: which request it answers.
    fn of_echo(&self) -> Option<String> {
        let Said::Icmp(reply, _) = self.step.said else {
            return None;
        };
        let asked = self.scene.steps().rev().find(|step| match step.said {
            Said::Icmp(icmp, _) => {
                step.n < self.step.n && step.from != self.step.from && icmp.echo_seq == reply.echo_seq
            }
            _ => false,
        })?;
        let answers = matches!((reply.version, reply.kind), (4, 0) | (6, 129));
        answers.then(|| format!("Answers #{} after {}.", asked.n, human::span(self.step.time - asked.time)))
    }

    /// The first segment after SYN_RCVD.
    fn confirmed(&self) -> String {
        let x = self.role.name();
        let arrived = match self.scene.conn.open() {
            Open::Simultaneous | Open::Split => "what acknowledged its SYN did reach it",
            _ => "step three did reach it",
        };
        format!(
            "The first segment of the {x} that is no copy of its SYN/ACK: it has left SYN_RCVD, so {arrived}. Until now \
             that was only expected."
        )
    }

    /// What a SYN tells about its sender.
    fn introduces(&self) -> String {
        let Some(segment) = self.step.segment() else {
            return String::new();
        };
        let offers = offers(segment);
        let seq = segment.seq;
        if offers.is_empty() {
            format!("Its initial sequence number is {seq}, from which numbers here count; it offers no options.")
        } else {
            format!(
                "Its initial sequence number is {seq}, from which numbers here count; it offers {}.",
                offers.join(", ")
            )
        }
    }

    fn third_step(&self, note: Note) -> String {
        let (x, y) = (self.role.name(), (!self.role).name());
        let synack = self.scene.tale.tally.synacks[!self.step.from as usize].first();
        let proof = match synack {
            Some(mark) => format!(
                "only who received #{} can know that number, so what was expected of the {x} is proven now",
                mark.n
            ),
            None => "the SYN/ACK it answers is not in this capture, but only who received it can know that number"
                .to_owned(),
        };
        let more = match note {
            Note::Open3Data => format!(
                " It carries {} already: step three need not be empty.",
                human::octets(u64::from(self.step.len()))
            ),
            Note::Open3Fin => " It carries a FIN already: step three may be the first step of the close.".to_owned(),
            _ => String::new(),
        };
        format!("The {x} acknowledges the SYN of the {y} (ack {}): {proof}.{more}", self.ack())
    }

    fn syn_again(&self, nth: u32) -> String {
        let x = self.role.name();
        let synack = self.scene.tale.tally.synacks[!self.step.from as usize].first();
        match synack.filter(|mark| mark.n < self.step.n) {
            Some(mark) => format!(
                "The SYN again{}, although #{} had answered it: that answer was lost between here and the {x}.",
                self.after_pause(nth),
                mark.n
            ),
            None if self.after_clearing() => {
                format!("The SYN again{}, now that the old connection is out of the way.", self.after_pause(nth))
            }
            None => format!("The SYN again{}: nothing has come back.", self.after_pause(nth)),
        }
    }

    /// Whether an older connection has been cleared away before this packet.
    fn after_clearing(&self) -> bool {
        self.scene.steps().any(|step| step.n < self.step.n && step.notes.contains(Note::HalfopenCleared))
    }

    fn synack_again(&self, nth: u32) -> String {
        let (x, y) = (self.role.name(), (!self.role).name());
        let again = self.after_pause(nth);
        if self.last_alike().is_some_and(|last| self.step.time - last.time < SOONEST_TIMER) {
            return format!(
                "SYN/ACK again{again}: too soon for a timer of the {x}. This segment, or the SYN, was doubled on its way."
            );
        }
        let answered = self.scene.steps().take_while(|step| step.n < self.step.n).filter(|step| {
            step.from != self.step.from
                && step.notes.intersects(&[Note::Open3, Note::Open3Data, Note::Open3Fin, Note::Open3Repeat])
        });
        match answered.last() {
            Some(step) => format!(
                "SYN/ACK again{again}, although #{} had answered it: that was lost behind the capture point, or the {x} cannot take the connection in (its accept queue is full).",
                step.n
            ),
            None => format!("SYN/ACK again{again}: the {x} still waits for step three, and the {y} is silent."),
        }
    }

    fn fin_again(&self) -> String {
        let (x, y) = (self.role.name(), (!self.role).name());
        let Some(fin) = self.step.segment().and_then(Segment::fin_seq) else {
            return "The same FIN again.".to_owned();
        };
        let acked = self.scene.steps().take_while(|step| step.n < self.step.n).find(|step| {
            let ack = step.segment().and_then(Segment::acked);
            step.from != self.step.from && ack.is_some_and(|ack| ack.after(fin))
        });
        match acked {
            Some(ack) => format!(
                "The same FIN again, although #{} had acknowledged it: that ACK was lost between here and the {x}.",
                ack.n
            ),
            None => format!("The same FIN again: no ACK of it has come back from the {y}."),
        }
    }

    fn icmp(&self, note: Note) -> Option<String> {
        let Said::Icmp(icmp, source) = self.step.said else {
            return None;
        };
        let by_itself = Role::BOTH.into_iter().find(|role| self.scene.conn.endpoint(*role).addr == source);
        let who = match by_itself {
            Some(role) => format!("the {} itself ({source})", role.name()),
            None => format!("a router on the way ({source})"),
        };
        let what = super::scene::icmp_name(icmp.version, icmp.kind, icmp.code);
        Some(match note {
            Note::IcmpUnverified => {
                "The sequence number it quotes does not fit: it may be forged (RFC 5927).".to_owned()
            }
            Note::IcmpError if self.step.notes.intersects(&[Note::OpenUnreachable, Note::UdpRefused]) => return None,
            Note::UdpRefused => format!("{what}, says {who}: no socket listens on port {}.", self.port()),
            _ => {
                let mtu = if icmp.mtu > 0 { format!(" (MTU {})", icmp.mtu) } else { String::new() };
                format!("“{what}”{mtu}, says {who}.")
            }
        })
    }

    fn last_ack(&self) -> String {
        let (x, y) = (self.role.name(), (!self.role).name());
        if self.after(self.step.from) == State::TimeWait {
            format!(
                "Nobody confirms this last ACK, so the {x} stays in TIME_WAIT, ready to repeat it if the FIN comes again; once it arrives, the {y} is done."
            )
        } else {
            format!("Once it arrives, the {y} is done.")
        }
    }

    fn after(&self, side: Side) -> State {
        self.step.after[side as usize].state
    }

    fn ack(&self) -> String {
        let acked = self.step.segment().and_then(Segment::acked);
        acked.map_or_else(|| "none".to_owned(), |ack| self.scene.relative(ack, !self.step.from))
    }

    fn port(&self) -> u16 {
        self.scene.conn.endpoint(Role::Server).port
    }

    /// The last packet that says the same.
    fn last_alike(&self) -> Option<&Step> {
        let like = |step: &&Step| {
            step.n < self.step.n
                && step.from == self.step.from
                && !step.notes.contains(Note::CaptureDuplicate)
                && match (step.segment(), self.step.segment()) {
                    (Some(a), Some(b)) => a.seq == b.seq && a.flags == b.flags,
                    _ => false,
                }
        };
        self.scene.steps().rev().find(like)
    }

    /// ` (repeat 2, 2.00 s after #3)`.
    fn after_pause(&self, nth: u32) -> String {
        match self.last_alike() {
            Some(last) => {
                format!(" (repeat {}, {} after #{})", nth.max(1), human::span(self.step.time - last.time), last.n)
            }
            None => format!(" (repeat {})", nth.max(1)),
        }
    }

    /// How long it was silent before this packet.
    fn pause(&self) -> String {
        let before = self.scene.steps().rev().find(|step| step.n < self.step.n);
        before.map_or_else(|| "a time".to_owned(), |before| human::span(self.step.time - before.time))
    }

    fn retransmit_kind(&self) -> bool {
        self.step.notes.intersects(&[
            Note::RetransmitRto,
            Note::RetransmitFast,
            Note::RetransmitTlp,
            Note::RetransmitSpurious,
            Note::RetransmitPartial,
        ])
    }
}
