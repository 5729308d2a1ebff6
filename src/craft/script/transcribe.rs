use super::pattern::{Number, OptionPattern, OptionsPattern, Pattern, Value};
use super::{Act, Extras, Line, Saying, Script, Setting, Speaker, Step, When};
use crate::wire::notation::Origin;
use crate::wire::options::kind;
use crate::wire::recording::{self, End, Gap, Recording};
use crate::wire::{Flags, OptionList, Seq, Span, Window};

/// How a recording is written down as a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transcription {
    /// The end that is going to be played: its SYN and its segments are written with everything
    /// they need to be sent; the other's with what a peer of flesh and blood can be held to.
    pub plays: Speaker,
    /// Whether the recorded times are written down, too.
    pub times: bool,
}

/// Octets in a segment where the capture does not tell what the other end takes: Ethernet's.
const USUAL_MSS: u32 = 1460;

/// Octets that timestamps take in a header.
const TIMESTAMPS: u32 = 12;

/// The longest that a receiver waits with an acknowledgment that nothing else carries, nearly
/// (Linux: 40 ms): a sender who has none for longer begins to repeat himself.
const ACK_DELAY_NS: u64 = 40_000_000;

/// A time between two steps that is worth writing down.
const TELLING_NS: u64 = 1_000_000;

/// What `patience` is before a script says it.
const PATIENCE: Span = Span::from_secs(2);

impl Script {
    /// Writes a recording down: both ends' octets in the segments they came in, without repeats, and
    /// with those acknowledgments that the play needs.
    ///
    /// What the capture lacks stands on top as comments; octets that were not captured have no
    /// payload written down.
    pub fn transcribe(recording: &Recording, how: Transcription) -> Self {
        let mut pen = Pen::new(recording, how);
        pen.head();
        for (at, step) in recording.steps.iter().enumerate() {
            pen.step(step, recording.steps.get(at + 1));
        }
        pen.close();
        Self { lines: pen.lines }
    }
}

struct Pen<'a> {
    recording: &'a Recording,
    how: Transcription,
    lines: Vec<Line>,
    /// The time of the last line.
    last_ns: u64,
    /// How far each end has come, a FIN counted; and what it has acknowledged of the other.
    said: [u64; 2],
    acked: [u64; 2],
    /// Segments that each end was sent since it last acknowledged anything.
    waiting: [u32; 2],
    /// Whether both ends use timestamps.
    timestamps: bool,
    /// Whether somebody broke it off.
    reset: bool,
}

impl<'a> Pen<'a> {
    fn new(recording: &'a Recording, how: Transcription) -> Self {
        let timestamps = End::BOTH.into_iter().all(|end| recording.end(end).offered().timestamps().is_some());
        let (lines, said, acked, waiting) = (Vec::new(), [0; 2], [0; 2], [0; 2]);
        Self { recording, how, lines, last_ns: 0, said, acked, waiting, timestamps, reset: false }
    }

    fn head(&mut self) {
        let Recording { number, client, server, gaps, .. } = self.recording;
        self.remark(&format!("Connection {number} of a capture: {} to {}.", client.endpoint, server.endpoint));
        let (plays, call) = match self.how.plays {
            Speaker::Client => ("client", "--to ADDR:PORT"),
            Speaker::Server => ("server", "--listen PORT"),
        };
        self.remark(&format!("Written for its {plays} to be played: `synfin play FILE {call}`."));
        for gap in gaps {
            let text = gap.to_string();
            let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
            self.remark(&format!("{}{rest}.", first.to_uppercase()));
        }
        self.lines.push(Line::Set(Setting::Endpoint(Speaker::Client, client.endpoint)));
        self.lines.push(Line::Set(Setting::Endpoint(Speaker::Server, server.endpoint)));
        let longest = self.longest_wait();
        if longest > PATIENCE {
            // Twice what it took, in whole seconds.
            let seconds = longest.0 / 1_000_000_000 * 2 + 2;
            self.lines.push(Line::Set(Setting::Patience(Span::from_secs(seconds))));
        }
        self.lines.push(Line::Blank);
    }

    /// The longest that the end that is played waited for the other.
    fn longest_wait(&self) -> Span {
        let steps = &self.recording.steps;
        let waits = steps.iter().zip(steps.iter().skip(1)).filter(|(_, next)| speaker(next.by) != self.how.plays);
        Span(waits.map(|(step, next)| (next.at_ns - step.at_ns) as i64).max().unwrap_or(0))
    }

    fn step(&mut self, step: &recording::Step, next: Option<&recording::Step>) {
        let end = step.by;
        match step.act {
            recording::Act::Syn | recording::Act::SynAck => self.greet(step),
            recording::Act::Data { from, to, push } => self.data(step, from, to, push, next),
            recording::Act::Fin => {
                if !self.fin_was_said(end) {
                    self.say(step.at_ns, end, Flags::FIN | Flags::ACK, 0, step.heard, None);
                }
                self.said[end as usize] = self.recording.end(end).extent();
                self.waiting[!end as usize] += 1;
            }
            recording::Act::Reset => {
                self.reset(step);
                return;
            }
        }
        self.acknowledge(step, next);
    }

    fn greet(&mut self, step: &recording::Step) {
        let end = step.by;
        let Some(greeting) = self.recording.end(end).greeting else { return };
        let ours = speaker(end) == self.how.plays;
        let pattern = Pattern {
            window: Some(greeting.window).filter(|window| ours && *window != Window(u16::MAX)),
            options: ours.then(|| offered(&greeting.options)).filter(|options| !options.items.is_empty()),
            flags: Some(greeting.flags),
            ..segment(0, 0, greeting.flags.contains(Flags::ACK).then_some(1))
        };
        self.write(step.at_ns, end, pattern);
        if greeting.flags.contains(Flags::ACK) {
            self.say(step.at_ns, !end, Flags::ACK, 0, 0, None);
        }
    }

    fn data(&mut self, step: &recording::Step, from: u64, to: u64, push: bool, next: Option<&recording::Step>) {
        let end = step.by;
        let peer = self.recording.end(!end).offered();
        let most = peer.mss().map_or(USUAL_MSS, u32::from).max(TIMESTAMPS + 1);
        let most = u64::from(if self.timestamps { most - TIMESTAMPS } else { most });
        let with_fin = next.is_some_and(|next| {
            next.act == recording::Act::Fin && next.by == end && next.at_ns == step.at_ns && next.heard == step.heard
        });
        let lacking = self.recording.gaps.iter().any(|gap| match *gap {
            Gap::Hole { of, from: first, to: last } | Gap::Cut { of, from: first, to: last } => {
                of == end && first < to && from < last
            }
            _ => false,
        });
        if lacking {
            self.remark(&format!("These {} octets were not captured.", to - from));
        }
        let mut at = from;
        while at < to {
            let behind = to.min(at + most);
            let octets = self.recording.end(end).octets(at, behind).to_vec();
            let last = behind == to;
            let mut flags = Flags::ACK;
            if last && push {
                flags |= Flags::PSH;
            }
            if last && with_fin {
                flags |= Flags::FIN;
            }
            let payload = if lacking { None } else { Some(octets) };
            self.said[end as usize] = at;
            self.say(step.at_ns, end, flags, (behind - at) as u32, step.heard, payload);
            self.said[end as usize] = behind;
            self.waiting[!end as usize] += 1;
            if !last {
                self.acknowledge_if_due(end, step.at_ns);
            }
            at = behind;
        }
        if with_fin {
            self.said[end as usize] = self.recording.end(end).extent();
        }
    }

    fn fin_was_said(&self, end: End) -> bool {
        self.said[end as usize] == self.recording.end(end).extent()
    }

    fn reset(&mut self, step: &recording::Step) {
        let end = step.by;
        self.reset = true;
        if self.recording.end(end).greeting.is_none() && step.heard == 0 {
            // Nobody is there, so its sequence number is a literal zero (RFC 9293 §3.10.7.1).
            let pattern = Pattern { flags: Some(Flags::RST | Flags::ACK), ..segment(0, 0, Some(1)) };
            let seq = Number::At(Origin::Zero, Seq(0));
            return self.write(step.at_ns, end, Pattern { seq, ..pattern });
        }
        self.say(step.at_ns, end, Flags::RST | Flags::ACK, 0, step.heard, None);
    }

    /// What was just sent is acknowledged, unless the next step does that in time.
    fn acknowledge(&mut self, step: &recording::Step, next: Option<&recording::Step>) {
        let (end, peer) = (step.by, !step.by);
        if self.waiting[peer as usize] == 0 {
            return;
        }
        match next {
            None => {}
            Some(next) if next.by == peer && next.at_ns - step.at_ns <= ACK_DELAY_NS => {}
            Some(next) if next.at_ns - step.at_ns > ACK_DELAY_NS => self.acknowledge_now(peer, step.at_ns),
            Some(_) => self.acknowledge_if_due(end, step.at_ns),
        }
    }

    /// Every second segment is acknowledged (RFC 9293 §3.8.6.3). A peer of flesh and blood may do as
    /// it likes.
    fn acknowledge_if_due(&mut self, sender: End, at_ns: u64) {
        if self.waiting[!sender as usize] >= 2 {
            self.acknowledge_now(!sender, at_ns);
        }
    }

    fn acknowledge_now(&mut self, end: End, at_ns: u64) {
        if speaker(end) == self.how.plays {
            self.say(at_ns, end, Flags::ACK, 0, self.said[!end as usize], None);
        }
    }

    /// The last words of each end are acknowledged.
    fn close(&mut self) {
        if self.reset {
            return;
        }
        let mut ends = End::BOTH;
        if speaker(ends[0]) != self.how.plays {
            ends.reverse();
        }
        for end in ends {
            let heard = self.said[!end as usize];
            let spoke = self.recording.end(end).greeting.is_some() || self.recording.end(end).manner.segments > 0;
            if self.waiting[end as usize] > 0 && self.acked[end as usize] < heard && spoke {
                self.say(self.last_ns, end, Flags::ACK, 0, heard, None);
            }
        }
    }

    /// Writes a segment at the place its sender has come to.
    fn say(&mut self, at_ns: u64, end: End, flags: Flags, len: u32, heard: u64, data: Option<Vec<u8>>) {
        let at = end as usize;
        let heard = heard.max(self.acked[at]);
        self.acked[at] = heard;
        if heard == self.said[!end as usize] {
            self.waiting[at] = 0;
        }
        let ours = speaker(end) == self.how.plays;
        let pattern = Pattern {
            flags: Some(flags),
            data,
            options: (ours && self.timestamps).then(stamped),
            ..segment(number(self.said[at]), len, Some(number(heard)))
        };
        self.write(at_ns, end, pattern);
    }

    fn write(&mut self, at_ns: u64, end: End, pattern: Pattern) {
        let since = at_ns.saturating_sub(self.last_ns);
        self.last_ns = at_ns;
        // To the microsecond: more nobody keeps to.
        let span = Span((since / 1_000 * 1_000) as i64);
        let when = if self.how.times && since >= TELLING_NS { When::After(span) } else { When::Unsaid };
        let act = Act::Say(speaker(end), Saying::Tcp(pattern), Extras::default());
        self.lines.push(Line::Step(Step { when, act }));
    }

    fn remark(&mut self, text: &str) {
        self.lines.push(Line::Comment(format!("// {text}")));
    }
}

const fn speaker(end: End) -> Speaker {
    match end {
        End::Client => Speaker::Client,
        End::Server => Speaker::Server,
    }
}

/// The number of the octet at an offset, counted from the initial sequence number.
fn number(offset: u64) -> u32 {
    (offset as u32).wrapping_add(1)
}

fn segment(seq: u32, len: u32, ack: Option<u32>) -> Pattern {
    Pattern {
        flags: Some(Flags::ACK),
        seq: Number::at(seq),
        end: None,
        len: Some(len),
        ack: ack.map(Number::at),
        window: None,
        urgent: None,
        options: None,
        data: None,
        message: None,
    }
}

/// The options of a SYN as they were, with a timestamp of its own; what fills the list up is left
/// off.
fn offered(options: &OptionList) -> OptionsPattern {
    let mut items: Vec<OptionPattern> = options
        .each()
        .filter_map(|option| match option {
            [kind::TIMESTAMPS, ..] => Some(OptionPattern::Timestamps(Value::Any, Value::Any)),
            option => OptionList::from_octets(option).ok().map(OptionPattern::Exactly),
        })
        .collect();
    let end = OptionList::from_octets(&[kind::END]).map(OptionPattern::Exactly).ok();
    while items.last().is_some() && items.last() == end.as_ref() {
        items.pop();
    }
    OptionsPattern { items, more: false }
}

/// `<nop,nop,TS val ... ecr ...>`
fn stamped() -> OptionsPattern {
    let nop = || OptionList::from_octets(&[kind::NOP]).unwrap_or_default();
    let items = vec![
        OptionPattern::Exactly(nop()),
        OptionPattern::Exactly(nop()),
        OptionPattern::Timestamps(Value::Any, Value::Any),
    ];
    OptionsPattern { items, more: false }
}
