//! What went wrong, or took long, each in one sentence with the packets that show it.

use super::scene::{Scene, icmp_name};
use super::tally::{Alone, Mark, Sightings, Stretch};
use super::words::SOONEST_TIMER;
use crate::capture::track::{Close, Note, Open, Role};
use crate::report::human;
use crate::wire::{Protocol, Span};

/// An answer that takes longer than this, and several round trips, keeps people waiting.
const LONG: Span = Span::from_millis(200);

/// The forms of step three.
const STEP_THREE: &[Note] = &[Note::Open3, Note::Open3Data, Note::Open3Fin];

/// One thing that went wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::report) struct Cause {
    /// How bad.
    pub(in crate::report) grade: Grade,
    /// What kind of thing, in a word or two.
    pub(in crate::report) topic: &'static str,
    /// What, and how we know.
    pub(in crate::report) text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::report) enum Grade {
    /// It did not do what it was there for, or lost data.
    Failed,
    /// It took longer than it had to.
    Slow,
    /// The capture does not show all.
    Unseen,
}

/// Everything that went wrong, worst first.
pub(super) fn causes(scene: &Scene<'_>) -> Vec<Cause> {
    let finder = Finder { scene };
    let mut causes = Vec::new();
    let mut found = |grade, topic, text: Option<String>| causes.extend(text.map(|text| Cause { grade, topic, text }));
    if scene.conn.protocol() == Protocol::Tcp {
        found(Grade::Failed, "not opened", finder.opening());
        found(Grade::Failed, "answer not taken", finder.full_queue());
        found(Grade::Failed, "reset", finder.reset());
        found(Grade::Failed, "close unanswered", finder.unanswered_close());
        found(Grade::Failed, "peer silent", finder.silent_peer());
        found(Grade::Failed, "ICMP error", finder.icmp_later());
        found(Grade::Slow, "slow to open", finder.slow_opening());
        found(Grade::Slow, "loss", finder.retransmissions());
        found(Grade::Slow, "window closed", finder.closed_window(Role::Client));
        found(Grade::Slow, "window closed", finder.closed_window(Role::Server));
        found(Grade::Slow, "slow server", finder.thinking());
        found(Grade::Unseen, "capture incomplete", finder.holes());
    } else {
        found(Grade::Failed, "no reply", finder.no_reply());
    }
    causes.sort_by_key(|cause| cause.grade);
    causes
}

struct Finder<'a> {
    scene: &'a Scene<'a>,
}

impl Finder<'_> {
    fn by<'t>(&self, pair: &'t [Sightings; 2], role: Role) -> &'t Sightings {
        &pair[self.scene.conn.side(role) as usize]
    }

    fn opening(&self) -> Option<String> {
        let Self { scene } = self;
        let tally = &scene.tale.tally;
        let server = scene.conn.endpoint(Role::Server);
        let syns = self.by(&tally.syns, Role::Client);
        Some(match scene.conn.open() {
            Open::Refused => {
                let reset = self.by(&tally.resets, Role::Server).first()?;
                let asked = syns.first().map_or(Span(0), |syn| reset.time - syn.time);
                format!(
                    "Refused: the host {} answered by itself, {} after the SYN (#{}), that no socket listens on port {}. \
                     (A firewall that rejects with RST looks the same.)",
                    server.addr,
                    human::span(asked),
                    reset.n,
                    server.port
                )
            }
            Open::NoAnswer => {
                let (first, last) = syns.ends?;
                let tries = if syns.count == 1 {
                    format!("the SYN (#{}) was not answered", first.n)
                } else {
                    format!(
                        "the SYN was sent {} times over {} (#{} to #{}) and nothing came back",
                        syns.count,
                        human::span(syns.span()),
                        first.n,
                        last.n
                    )
                };
                format!(
                    "No answer: {tries}. There is no such host, something on the way drops without a word, or the \
                     queue of the listener is full."
                )
            }
            Open::Unreachable => {
                let (icmp, from) = tally.icmp_first?;
                let mark = tally.icmp.first()?;
                let who = if from == server.addr { "the host itself" } else { "a router on the way" };
                format!(
                    "Unreachable: “{}”, says {who} ({from}, #{}); {}.",
                    icmp_name(icmp.version, icmp.kind, icmp.code),
                    mark.n,
                    human::plural(syns.count, "SYN") + " had been sent"
                )
            }
            Open::HalfOpen => {
                let synacks = self.by(&tally.synacks, Role::Server);
                let first = synacks.first()?;
                let repeats = match synacks.count {
                    0 | 1 => "the SYN/ACK has not been repeated in this capture".to_owned(),
                    count => {
                        format!("the SYN/ACK was repeated {} over {}", times(count - 1), human::span(synacks.span()))
                    }
                };
                format!(
                    "Half open: the server answered (#{}), and no step three came; {repeats}. The client is gone, its \
                     address was forged, or the answer never reached it.",
                    first.n
                )
            }
            Open::RejectedByClient => {
                let reset = self.by(&tally.resets, Role::Client).first()?;
                format!(
                    "Given up: the client reset (#{}) what the server had offered. A port scan looks like this; so does \
                     a client that had stopped waiting.",
                    reset.n
                )
            }
            Open::SynackOnly => {
                let synack = self.by(&tally.synacks, Role::Server).first()?;
                format!(
                    "A SYN/ACK (#{}) to a SYN that is not in this capture: it took another way, or somebody forged the \
                     address it answers to.",
                    synack.n
                )
            }
            _ => return None,
        })
    }

    /// SYN/ACKs that came again although they had been answered.
    fn full_queue(&self) -> Option<String> {
        let third = self.scene.steps().find(|step| step.notes.intersects(STEP_THREE))?;
        let again: Vec<u64> = self
            .scene
            .steps()
            .filter(|step| step.n > third.n && step.notes.contains(Note::SynackRetransmit))
            .filter(|step| step.time - third.time >= SOONEST_TIMER)
            .map(|step| step.n)
            .collect();
        let (first, count) = (again.first()?, again.len() as u64);
        let ending = if self.scene.tale.tally.notes.contains(Note::OpenConfirmed) {
            "in the end it got through"
        } else {
            "the server was never seen to take the connection in"
        };
        Some(format!(
            "The server sent its SYN/ACK again ({}) although the client had answered it (#{}): that answer was lost \
             behind the capture point, or the accept queue of the server was full; {ending}.",
            if count == 1 { format!("#{first}") } else { format!("{}, first #{first}", times(count)) },
            third.n
        ))
    }

    fn reset(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let refused = matches!(self.scene.conn.open(), Open::Refused | Open::RejectedByClient | Open::SynackOnly);
        if refused || !matches!(self.scene.conn.close(), Close::Reset | Close::FinThenReset) {
            return None;
        }
        let by = self.scene.conn.closed_by()?;
        let n = self.by(&tally.resets, by).first()?.n;
        let (x, y) = (by.name(), (!by).name());
        let notes = tally.notes;
        let why = if notes.contains(Note::HalfopenCleared) {
            "it no longer knew this connection, had asked for a new one, and was told of the old".to_owned()
        } else if let Some(alone) = self.left_alone().filter(|alone| alone.side == self.scene.conn.side(by)) {
            format!(
                "it gave up, after {} packets from #{} on had found no answer",
                alone.repeats + 1,
                alone.stretch.from.n
            )
        } else if notes.contains(Note::ResetFinThenRst) {
            format!("it had closed, and data of the {y} still came: that data is lost")
        } else if notes.contains(Note::ResetIdle) {
            let silence = tally.silence.filter(|stretch| stretch.to.n == n);
            let silence = silence
                .map_or_else(String::new, |stretch| format!(" after {} of silence", human::span(stretch.span())));
            format!("its end, or something on the way, had forgotten the connection{silence}")
        } else if notes.contains(Note::ResetHalfOpen) {
            "it knows nothing of this connection (it restarted, or dropped it in silence)".to_owned()
        } else if notes.contains(Note::ResetAbortLive) {
            "a living socket was aborted: closed with data unread, with linger 0, or its process killed".to_owned()
        } else if notes.contains(Note::ResetAbortNoSocket) && by == Role::Server && !notes.contains(Note::OpenConfirmed)
        {
            "right after step three, without a word before; a full accept queue that is set to reset \
             (tcp_abort_on_overflow) looks like this"
                .to_owned()
        } else if notes.contains(Note::ResetAbortNoSocket) {
            "it had no socket for this connection any more".to_owned()
        } else if notes.contains(Note::ResetInHandshake) {
            "in the middle of the handshake".to_owned()
        } else {
            "the form of the RST does not tell why".to_owned()
        };
        let doubt = if notes.contains(Note::RstSuspect) { " There are reasons to doubt who sent it." } else { "" };
        Some(format!("Reset by the {x} (#{n}): {why}.{doubt}"))
    }

    fn unanswered_close(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let by = self.scene.conn.closed_by()?;
        let fins = self.by(&tally.fins, by);
        let first = fins.first()?;
        let (x, y) = (by.name(), (!by).name());
        match self.scene.conn.close() {
            Close::FinUnanswered => Some(format!(
                "The {x} closed (#{}) and the {y} did not acknowledge it; the FIN was sent {}.",
                first.n,
                times(fins.count)
            )),
            Close::HalfClosed => Some(format!(
                "The {x} closed (#{}) and the {y} never did: half closed to the end of the capture.",
                first.n
            )),
            _ => None,
        }
    }

    /// One end goes on asking, the other says nothing more.
    fn silent_peer(&self) -> Option<String> {
        let alone = self.left_alone()?;
        if matches!(self.scene.conn.close(), Close::Reset | Close::FinThenReset) {
            return None;
        }
        let Stretch { from, to } = alone.stretch;
        let x = self.scene.conn.role(alone.side);
        Some(format!(
            "The {} fell silent: from #{} to #{}, {}, the {} repeated itself {} without an answer.",
            (!x).name(),
            from.n,
            to.n,
            human::span(to.time - from.time),
            x.name(),
            times(alone.repeats),
        ))
    }

    /// The end that went on asking without an answer, once the connection was open.
    fn left_alone(&self) -> Option<Alone> {
        let opening = matches!(self.scene.conn.open(), Open::NoAnswer | Open::HalfOpen | Open::Unreachable);
        self.scene.tale.tally.alone.filter(|alone| alone.repeats >= 2 && !opening)
    }

    /// An ICMP error after the opening.
    fn icmp_later(&self) -> Option<String> {
        if self.scene.conn.open() == Open::Unreachable {
            return None;
        }
        let tally = &self.scene.tale.tally;
        let (icmp, from) = tally.icmp_first?;
        let Mark { n, .. } = tally.icmp.first()?;
        let mtu = if icmp.mtu > 0 { format!(", MTU {}", icmp.mtu) } else { String::new() };
        Some(format!("ICMP from {from}: “{}”{mtu} (#{n}).", icmp_name(icmp.version, icmp.kind, icmp.code)))
    }

    /// What a SYN, a SYN/ACK or a step three cost that had to be said again.
    fn slow_opening(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let (syns, synacks) = (self.by(&tally.syns, Role::Client), self.by(&tally.synacks, Role::Server));
        let third = self.scene.steps().find(|step| step.notes.intersects(STEP_THREE))?;
        let ((asked, asked_last), (answered, answered_last)) = (syns.ends?, synacks.ends?);
        let setup = self.scene.conn.timing().setup?;
        let (what, wait) = if syns.count >= 2 && answered.n > asked_last.n {
            let lost = match syns.count {
                2 => format!("the SYN (#{}) went unanswered until it was repeated (#{})", asked.n, asked_last.n),
                count => format!("{} SYNs went unanswered (from #{} on)", count - 1, asked.n),
            };
            // Where it is not certain which SYN was answered, it was the last, most likely.
            (lost, self.scene.conn.timing().syn_wait().unwrap_or(syns.span()))
        } else if syns.count >= 2 && answered.n < asked_last.n {
            let lost =
                format!("the answer (#{}) to the SYN was lost between the capture point and the client", answered.n);
            (lost, asked_last.time - asked.time)
        } else if synacks.count >= 2 && answered_last.n < third.n {
            let lost = format!(
                "no step three came until the SYN/ACK (#{}) was repeated (#{}): that, or the answer to it, was lost \
                 between the capture point and the client",
                answered.n, answered_last.n
            );
            (lost, answered_last.time - answered.time)
        } else {
            return None;
        };
        (wait >= SOONEST_TIMER).then(|| {
            format!(
                "Slow to open: {what}; that cost {} of the {} that the opening took.",
                human::span(wait),
                human::span(setup)
            )
        })
    }

    fn retransmissions(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let mut parts = Vec::new();
        for role in Role::BOTH {
            let (again, data) = (self.by(&tally.retransmits, role), self.by(&tally.data, role));
            if let Some(first) = again.first() {
                let of = again.count + data.count;
                let percent = again.count as f64 * 100.0 / of.max(1) as f64;
                let share = if of >= 20 { format!(", {percent:.1} %") } else { String::new() };
                parts.push(format!(
                    "the {} sent {} of {} data segments again (first #{}{share})",
                    role.name(),
                    human::count(again.count),
                    human::count(of),
                    first.n
                ));
            }
        }
        if parts.is_empty() {
            return None;
        }
        let place = match (tally.notes.contains(Note::PathLost), tally.notes.contains(Note::PathLostBeyond)) {
            (true, false) => "; they had been lost before they came by here",
            (false, true) => "; they were lost behind the capture point",
            _ => "",
        };
        let stall = match tally.stall {
            Some(stall) if stall.span().0 >= 100_000_000 => {
                format!(
                    "; the longest wait for one was {} (#{} to #{})",
                    human::span(stall.span()),
                    stall.from.n,
                    stall.to.n
                )
            }
            _ => String::new(),
        };
        Some(format!("Loss: {}{place}{stall}.", parts.join(", ")))
    }

    fn closed_window(&self, role: Role) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let side = self.scene.conn.side(role) as usize;
        let longest = tally.zero_window_longest[side]?;
        Some(format!(
            "The {} had its window closed for {} in all (longest #{} to #{}): its application did not read, and the {} \
             had to wait.",
            role.name(),
            human::span(tally.zero_window[side]),
            longest.from.n,
            longest.to.n,
            (!role).name()
        ))
    }

    fn thinking(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let stretch = tally.think[self.scene.conn.side(Role::Server) as usize]?;
        let network = self.scene.conn.timing().rtt_server.unwrap_or(Span(0));
        let think = Span(stretch.span().0 - network.0);
        (think >= LONG && think.0 >= network.0.saturating_mul(4)).then(|| {
            format!(
                "Slow server: from the last of the request (#{}) to the first of the answer (#{}) passed {}, of which \
                 the network explains {}.",
                stretch.from.n,
                stretch.to.n,
                human::span(stretch.span()),
                human::span(network)
            )
        })
    }

    fn holes(&self) -> Option<String> {
        let missed: u64 = Role::BOTH.iter().map(|role| self.scene.conn.half(*role).counts().missed_bytes).sum();
        (missed > 0).then(|| {
            format!("The capture is not complete: {} were acknowledged and are not in it.", human::octets(missed))
        })
    }

    /// A datagram that nothing answered.
    fn no_reply(&self) -> Option<String> {
        let tally = &self.scene.tale.tally;
        let (icmp, from) = tally.icmp_first?;
        let mark = tally.icmp.first()?;
        let server = self.scene.conn.endpoint(Role::Server);
        let who = if from == server.addr { "the host itself" } else { "a router on the way" };
        Some(format!("“{}”, says {who} ({from}, #{}).", icmp_name(icmp.version, icmp.kind, icmp.code), mark.n))
    }
}

/// `once`, `twice`, `5 times`.
fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", human::count(count)),
    }
}
