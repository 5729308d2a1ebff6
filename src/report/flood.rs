//! What a SYN flood does, told to someone who learns it, with the numbers of the capture at hand.

use std::io::{self, Write};

use super::clock::{Clock, Precision, TimeStyle};
use super::finding::{self, Findings, grouped};
use crate::capture::findings::{Finding, Kind};
use crate::capture::track::Open;
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::wire::Protocol;

/// What Linux keeps of a connection that it has answered and that waits for step three, in octets:
/// about, and by how much a socket is larger.
const REQUEST: u64 = 300;

/// How long Linux waits for step three: five repeats of the SYN/ACK, after 1, 3, 7, 15 and 31 s.
const PATIENCE: u64 = 63;

/// Tells of floods instead of connections.
pub struct Flood<'a> {
    out: &'a mut dyn Write,
    width: usize,
    findings: Findings,
    opened: u64,
    half_open: u64,
    unanswered: u64,
    refused: u64,
    tcp: u64,
}

impl<'a> Flood<'a> {
    /// A sink that writes to `out`, in lines of at most `width` columns; 0 is no limit.
    pub fn new(out: &'a mut dyn Write, width: usize) -> Self {
        let width = if width == 0 { 100 } else { width.clamp(40, 100) };
        Self { out, width, findings: Findings::default(), opened: 0, half_open: 0, unanswered: 0, refused: 0, tcp: 0 }
    }
}

impl Sink for Flood<'_> {
    fn packet(&mut self, _: &Packet<'_>, _: Option<(&Observation, &Conn)>) -> io::Result<()> {
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if conn.protocol() == Protocol::Tcp {
            self.tcp += 1;
            match conn.open() {
                Open::NoAnswer => self.unanswered += 1,
                Open::HalfOpen => self.half_open += 1,
                Open::Refused => self.refused += 1,
                _ => self.opened += 1,
            }
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.findings.take(finding);
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        let floods: Vec<Finding> =
            self.findings.all().iter().copied().filter(|finding| finding.kind == Kind::SynFlood).collect();
        let mut text = Vec::new();
        self.what_is_here(&floods, &mut text);
        self.why_it_remembers(floods.first(), &mut text);
        self.how_long(floods.first(), &mut text);
        self.what_a_cookie_changes(floods.first(), &mut text);
        self.how_to_tell(&floods, &mut text);
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl Flood<'_> {
    fn what_is_here(&self, floods: &[Finding], out: &mut Vec<u8>) {
        heading(out, "What this capture shows");
        let counts = format!(
            "{} TCP connections: {} opened, {} refused, {} left half-open, {} never answered.",
            grouped(self.tcp),
            grouped(self.opened),
            grouped(self.refused),
            grouped(self.half_open),
            grouped(self.unanswered),
        );
        self.say(out, &counts);
        let mut clock = Clock::local(TimeStyle::TimeOfDay, Precision::AsCaptured);
        for finding in self.findings.all() {
            let mut words = finding::sentence(finding, &mut |out, time| clock.write(out, time));
            words.push('.');
            self.say(out, &words);
        }
        if floods.is_empty() {
            self.say(out, "No SYN flood among them: what follows tells how one would work.");
        }
    }

    fn why_it_remembers(&self, flood: Option<&Finding>, out: &mut Vec<u8>) {
        heading(out, "Why a server has to remember each SYN");
        self.say(
            out,
            "A SYN asks for a connection and names the number the client will count from. The server answers with a \
             number of its own. Step three will bring both numbers back, but only who has written them down can tell \
             that they are the right ones; and what the SYN offered (window scale, largest segment, SACK) is said in the \
             SYN and never again. So the server writes down addresses, ports, numbers and offers, and waits in \
             SYN_RCVD: the connection is half-open.",
        );
        self.say(
            out,
            "Nothing in a SYN proves who sent it. Step three does: only who got the SYN/ACK can acknowledge its number. \
             A flood sends the first and never the third, from addresses that are not its own; and whoever gets the \
             SYN/ACK there knows nothing of it.",
        );
        if let Some(flood) = flood {
            let n = &flood.numbers;
            let each = format!(
                "Here {} SYNs came from some {} addresses, {} for each; {} of them were answered, and {} ever took step \
                 three.",
                grouped(n.asked),
                grouped(n.sources),
                one_decimal(n.asked, n.sources.max(1)),
                grouped(n.answered),
                grouped(n.completed),
            );
            self.say(out, &each);
        }
    }

    fn how_long(&self, flood: Option<&Finding>, out: &mut Vec<u8>) {
        heading(out, "For how long, and how many");
        self.say(
            out,
            "The answer may have been lost, so it is repeated: Linux does that five times, 1, 3, 7, 15 and 31 seconds \
             after the first, and gives up after 63. Until then each SYN holds its place. There are as many places as \
             the backlog of the listener says (128 to 4,096 as a rule; `ss -ltn` shows it); who comes when they are \
             all taken is not heard, whoever it is.",
        );
        if let Some(flood) = flood {
            let n = &flood.numbers;
            let seconds = ((flood.end.unwrap_or(flood.time) - flood.start).as_secs_f64()).max(0.001);
            let rate = (n.asked as f64 / seconds) as u64;
            let mut words = format!(
                "Here some {} SYNs came a second. To hold each for {PATIENCE} s a server would need {} places, some {} MB; \
                 a backlog of 4,096 is full after {:.3} s.",
                grouped(rate),
                grouped(rate * PATIENCE),
                grouped((rate * PATIENCE * REQUEST).div_ceil(1_000_000)),
                4096.0 / (rate.max(1) as f64),
            );
            if n.half_open_peak > 0 {
                words += &format!(
                    " It held up to {} at once, and repeated its SYN/ACK {} times.",
                    grouped(n.half_open_peak),
                    grouped(n.answered_again)
                );
            }
            match flood.backlog {
                Some(backlog) => {
                    words += &format!(" It began to answer less at about {}: that is its backlog.", grouped(backlog));
                }
                None if n.answered == 0 => {
                    words += " No SYN/ACK is in the capture: they went another way, or there was none.";
                }
                None => {}
            }
            self.say(out, &words);
        }
    }

    fn what_a_cookie_changes(&self, flood: Option<&Finding>, out: &mut Vec<u8>) {
        heading(out, "What a SYN cookie changes");
        self.say(
            out,
            "A server that is out of places can answer without remembering: it chooses its own number so that it is the \
             note. In its 32 bits go a hash of the addresses, ports and the client's number under a secret, a counter \
             of minutes, and one of a few segment sizes (RFC 4987 §3.6). Step three brings that number back, one \
             higher; if the hash fits, there was a SYN, and the connection opens. Nothing was held, so nothing can be \
             filled.",
        );
        self.say(
            out,
            "The price: what the SYN offered is forgotten but for the segment size (with timestamps, a few bits more are \
             hidden there); a SYN/ACK that is lost is not repeated, since nobody knows of it; and no fast open.",
        );
        if let Some(flood) = flood {
            let words = if flood.cookies {
                "Here the server shows signs of it: it repeats no SYN/ACK, or takes up nothing that a cookie has no room \
                 for."
            } else if flood.numbers.answered == 0 {
                "Here no answer was seen that could be one."
            } else {
                "Here are no signs of it: the server repeats its SYN/ACKs, or takes up what the SYNs offer."
            };
            self.say(out, words);
        }
    }

    fn how_to_tell(&self, floods: &[Finding], out: &mut Vec<u8>) {
        heading(out, "What still gets through, and what it is not");
        self.say(
            out,
            "A flood is not many SYNs: a busy server has those. It is many that stay half-open, from many that never come \
             back. A server that does not keep up looks different: its clients repeat their SYN, or their step three is \
             ignored. One client that tries again and again is impatience; one that tries many ports is a scan; and a \
             host that answers what was never asked is flooded somewhere else, under our address.",
        );
        for flood in floods {
            let n = &flood.numbers;
            if let Some(percent) = (n.through * 100).checked_div(n.through_of) {
                let words = format!(
                    "Here, of the last {} that were asked for, {} opened: {percent}%.",
                    grouped(n.through_of),
                    grouped(n.through)
                );
                self.say(out, &words);
            }
        }
    }

    /// Appends a paragraph, in lines that fit.
    fn say(&self, out: &mut Vec<u8>, words: &str) {
        let mut column = 0;
        for word in words.split_whitespace() {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > self.width {
                out.push(b'\n');
                column = 0;
            }
            if column > 0 {
                out.push(b' ');
                column += 1;
            }
            out.extend_from_slice(word.as_bytes());
            column += len;
        }
        out.extend_from_slice(b"\n\n");
    }
}

fn heading(out: &mut Vec<u8>, words: &str) {
    out.extend_from_slice(words.as_bytes());
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b'-', words.chars().count()));
    out.push(b'\n');
}

/// `1.3`.
fn one_decimal(number: u64, of: u64) -> String {
    let tenths = number * 10 / of;
    format!("{}.{}", tenths / 10, tenths % 10)
}
