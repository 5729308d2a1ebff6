use std::net::Ipv4Addr;

use super::books::{Books, letters};
use super::{About, Act, Extras, IcmpError, Line, Medium, Saying, Script, Setting, Speaker, Step, Unresolved};
use crate::craft::emit::{EmitError, Field, Ip, Link, Spec, Transport, emit};
use crate::wire::{Endpoint, OptionList, Segment, Seq, Span, Timestamp, Vlans};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: Timestamp = Timestamp(1_767_225_600_000_000_000);

/// A frame of a script that was played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shot {
    /// When it comes by.
    pub time: Timestamp,
    /// What its octets begin with.
    pub medium: Medium,
    /// The whole frame.
    pub bytes: Vec<u8>,
    /// The line of the script it comes from, counted from 1.
    pub line: usize,
}

/// Why a script cannot be played into frames.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct FramesError {
    /// The line of the script, counted from 1.
    pub line: usize,
    /// What is wrong with its step.
    pub cause: StepError,
}

/// What is wrong with a step.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StepError {
    /// There is no such packet.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The step leaves open what nobody can know.
    #[error(transparent)]
    Open(#[from] Unresolved),
}

impl Script {
    /// Plays the script: one frame for each step in which somebody says something.
    ///
    /// Deterministic to the octet. Checksums are right, identifications count up for each end,
    /// and payload is a function of its place in its direction's stream, so that octets sent
    /// again are the same octets. What a step leaves open is whatever is right. Programs
    /// ([`Line::Call`]) are not run.
    ///
    /// # Errors
    ///
    /// When a step can't be built: it has no length, or a name that nothing before it has.
    pub fn frames(&self) -> Result<Vec<Shot>, FramesError> {
        let mut scene = Scene::default();
        let mut shots: Vec<Shot> = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            match line {
                Line::Blank | Line::Comment(_) | Line::Claim(_) | Line::Call(..) => {}
                Line::Set(setting) => scene.set(setting),
                Line::Step(Step { when, act }) => {
                    scene.wait(when.span());
                    let bytes = match act {
                        Act::Say(speaker, saying, extras) => {
                            scene.say(*speaker, saying, extras).map_err(|cause| FramesError { line: at + 1, cause })?
                        }
                        Act::Again => shots.last().map(|shot| shot.bytes.clone()).unwrap_or_default(),
                        Act::Silence(_) => continue,
                    };
                    shots.push(Shot { time: scene.now, medium: scene.medium, bytes, line: at + 1 });
                }
            }
        }
        Ok(shots)
    }
}

/// Who talks, from where, with which numbers, and when.
#[derive(Debug)]
pub(super) struct Scene {
    now: Timestamp,
    started: bool,
    medium: Medium,
    client: End,
    server: End,
    books: Books,
}

#[derive(Debug)]
struct End {
    speaker: Speaker,
    endpoint: Endpoint,
    mac: [u8; 6],
    /// Just below 2^32, so that every script crosses the wrap.
    isn: Seq,
    ttl: u8,
    vlans: Vlans,
    next_id: u16,
}

impl Default for Scene {
    fn default() -> Self {
        let end = |speaker, host, port, isn, next_id| End {
            speaker,
            endpoint: Endpoint { addr: Ipv4Addr::new(10, 0, 0, host).into(), port },
            mac: [2, 0, 0, 0, 0, host],
            isn: Seq(isn),
            ttl: 64,
            vlans: Vlans::default(),
            next_id,
        };
        let mut scene = Self {
            now: NEW_YEAR,
            started: false,
            medium: Medium::Ethernet,
            client: end(Speaker::Client, 1, 40_000, u32::MAX - 1, 0x1000),
            server: end(Speaker::Server, 2, 80, u32::MAX - 5, 0x8000),
            books: Books::default(),
        };
        scene.begin();
        scene
    }
}

impl Scene {
    pub(super) fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::At(time) => {
                self.now = *time;
                self.started = false;
            }
            Setting::Link(medium) => self.medium = *medium,
            Setting::Endpoint(speaker, endpoint) => self.end(*speaker).endpoint = *endpoint,
            Setting::Isn(speaker, isn) => {
                self.end(*speaker).isn = *isn;
                self.books.begin(*speaker, Some(*isn));
            }
            Setting::Ttl(which, ttl) => self.ends(*which).for_each(|end| end.ttl = *ttl),
            Setting::Vlan(which, vlans) => self.ends(*which).for_each(|end| end.vlans = *vlans),
            Setting::NextConnection => {
                self.client.endpoint.port = self.client.endpoint.port.checked_add(1).unwrap_or(1024);
                self.ends(None).for_each(|end| end.isn += 1 << 20);
                self.begin();
            }
            Setting::Patience(_) | Setting::Strict(_) | Setting::Resend(_) => {}
        }
    }

    /// Opens the books anew.
    fn begin(&mut self) {
        self.books.begin(Speaker::Client, Some(self.client.isn));
        self.books.begin(Speaker::Server, Some(self.server.isn));
    }

    /// Whether both ends have addresses of the same family.
    pub(super) fn is_one_family(&self) -> bool {
        self.client.endpoint.addr.is_ipv4() == self.server.endpoint.addr.is_ipv4()
    }

    /// Lets time pass; not before the first step, which is when the script begins.
    fn wait(&mut self, span: Span) {
        if self.started {
            self.now = self.now + span;
        }
        self.started = true;
    }

    fn say(&mut self, speaker: Speaker, saying: &Saying, extras: &Extras) -> Result<Vec<u8>, StepError> {
        let id = self.end(speaker).take_id();
        let clock = (self.now.0 / 1_000_000) as u32;
        let said = match saying {
            Saying::Tcp(pattern) => {
                let said = self.books.resolve(speaker, pattern, clock)?;
                self.books.take_down(speaker, &said.segment);
                Some(said)
            }
            Saying::Udp(_) | Saying::Message(_) | Saying::Icmp(_) => None,
        };
        let ((from, to), medium) = (self.pair(speaker), self.medium);
        let link = match medium {
            Medium::Raw => Link::Raw,
            Medium::Ethernet => Link::Ethernet { src: from.mac, dst: to.mac, vlans: from.vlans },
        };
        let ip = Ip {
            ttl: extras.ttl.unwrap_or(from.ttl),
            tos: extras.tos.unwrap_or(0),
            id: extras.id.unwrap_or(id),
            ..Ip::default()
        };
        let checksum = extras.sum.map_or(Field::Right, Field::Wrong);
        let bare =
            |transport, payload| Spec { link, ip, from: from.endpoint, to: to.endpoint, transport, checksum, payload };

        let mut frame = Vec::new();
        match (saying, &said) {
            (Saying::Tcp(_), None) => {}
            (_, Some(said)) => emit(&bare(tcp(&said.segment, &said.options), &said.payload), &mut frame)?,
            (Saying::Udp(len), None) => {
                let payload = from.payload(from.isn + 1, u32::from(*len));
                emit(&bare(Transport::Udp { len: Field::Right }, &payload), &mut frame)?;
            }
            (Saying::Message(message), None) => {
                emit(&bare(Transport::Udp { len: Field::Right }, &message.written.octets), &mut frame)?;
            }
            (Saying::Icmp(error), None) => {
                let quote = to.quoted(from, error.about)?;
                let transport = Transport::Icmp { kind: error.kind, code: error.code, word: error.word() };
                let mut spec = bare(transport, &quote);
                spec.from.addr = error.from.unwrap_or(spec.from.addr);
                emit(&spec, &mut frame)?;
            }
        }
        Ok(frame)
    }

    fn end(&mut self, speaker: Speaker) -> &mut End {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }

    fn ends(&mut self, which: Option<Speaker>) -> impl Iterator<Item = &mut End> {
        let (client, server) = match which {
            None => (Some(&mut self.client), Some(&mut self.server)),
            Some(Speaker::Client) => (Some(&mut self.client), None),
            Some(Speaker::Server) => (None, Some(&mut self.server)),
        };
        client.into_iter().chain(server)
    }

    /// Who speaks, and who is spoken to.
    fn pair(&self, speaker: Speaker) -> (&End, &End) {
        match speaker {
            Speaker::Client => (&self.client, &self.server),
            Speaker::Server => (&self.server, &self.client),
        }
    }
}

impl End {
    fn take_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1).max(1);
        id
    }

    fn payload(&self, seq: Seq, len: u32) -> Vec<u8> {
        letters(self.speaker, seq.offset_from(self.isn + 1), len)
    }

    /// The first octets of what this end sent to `to`: IP header, and eight octets after it.
    fn quoted(&self, to: &Self, about: About) -> Result<Vec<u8>, EmitError> {
        let datagram = Spec {
            link: Link::Raw,
            ip: Ip { ttl: 1, id: self.next_id, ..Ip::default() },
            from: self.endpoint,
            to: to.endpoint,
            transport: Transport::Udp { len: Field::Right },
            checksum: Field::Right,
            payload: &[],
        };
        let mut packet = Vec::new();
        match about {
            About::Tcp(seq, origin, len) => {
                let segment = Segment { seq: origin.on_the_wire(seq, self.isn), ..Segment::default() };
                let payload = self.payload(segment.seq, len);
                let transport = tcp(&segment, &OptionList::EMPTY);
                emit(&Spec { transport, payload: &payload, ..datagram }, &mut packet)?;
            }
            About::Udp(len) => {
                let payload = self.payload(self.isn + 1, u32::from(len));
                emit(&Spec { payload: &payload, ..datagram }, &mut packet)?;
            }
        }
        let header = if self.endpoint.addr.is_ipv4() { 20 } else { 40 };
        packet.truncate(header + 8);
        Ok(packet)
    }
}

impl IcmpError {
    /// The second word of the header. ICMP has the MTU in its lower half (RFC 1191 §4), ICMPv6 in
    /// all of it (RFC 4443 §3.2): for an MTU of 16 bits the same octets.
    fn word(&self) -> u32 {
        u32::from(self.mtu)
    }
}

fn tcp<'a>(segment: &'a Segment, options: &'a OptionList) -> Transport<'a> {
    Transport::Tcp { segment, options, data_offset: Field::Right }
}
