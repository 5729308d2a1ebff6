//! Hearing conversations: from octets to sayings.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::announced::Announced;
use super::ear::Ear;
use super::guess::{self, Guess};
use super::said::{Act, Said};
use super::talk::{Mark, Question, Saying, Talk};
use super::{App, Confidence, Evidence, Step, tls};
use crate::capture::Conn;
use crate::capture::stream::{Above, Event, Hole, Interest, Octets};
use crate::capture::track::{ConnId, Role};
use crate::wire::{Protocol, Timestamp};

/// How much is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Conversations that are heard at once; what more there are is not listened to.
    pub conns: usize,
    /// Octets of one side that wait for the rest of their message.
    pub side: usize,
    /// Sayings of one conversation that are kept; the others are counted.
    pub sayings: usize,
    /// Octets of memory for the sayings of one conversation.
    pub talk: usize,
    /// Octets of memory for what waits and for sayings, over all conversations.
    pub total: usize,
}

impl Default for Limits {
    /// A million conversations; 24 KiB for a message that is not whole (a record of TLS has up to 18),
    /// 128 sayings and 16 KiB for a conversation, 64 MiB over all.
    fn default() -> Self {
        Self { conns: 1 << 20, side: 24 << 10, sayings: 128, talk: 16 << 10, total: 64 << 20 }
    }
}

/// Questions of one conversation that wait for an answer.
const OPEN: usize = 256;
/// Packets after a hole, or in the middle of a stream, whose beginning is looked at for something known.
const TRIES: u8 = 16;

/// Hears what runs on every conversation.
#[derive(Debug, Default)]
pub struct Apps {
    limits: Limits,
    entries: HashMap<ConnId, Box<Entry>>,
    announced: Announced,
    /// Conversations that were not listened to for want of room.
    passed_over: u64,
    desk: Desk,
}

/// What all conversations share.
#[derive(Debug, Default)]
struct Desk {
    limits: Limits,
    /// Octets of memory that waiting octets and sayings take.
    held: usize,
    /// What was said since somebody asked, where somebody does.
    news: Option<Vec<Saying>>,
}

/// A conversation that is heard.
#[derive(Debug, Default)]
struct Entry {
    talk: Talk,
    hearing: Hearing,
    /// The client's and the server's.
    inboxes: [Inbox; 2],
    open: VecDeque<(u64, Question)>,
    /// Octets of memory that its sayings take.
    cost: usize,
    /// Octets that the ear keeps.
    in_ear: usize,
}

#[derive(Debug, Default)]
enum Hearing {
    /// It is not known yet what runs there.
    #[default]
    Guessing,
    /// It is.
    By(Ear),
    /// There is nothing more to find out.
    Done,
}

/// What has come of one side and is not understood yet.
#[derive(Debug, Default)]
struct Inbox {
    waiting: Vec<u8>,
    /// When the last of it came.
    mark: Option<Mark>,
    /// Octets of a message that are passed over as they come.
    skip: u64,
    /// Nothing more is heard of this side.
    over: bool,
    /// There is a hole, or the stream began before the capture: where a message begins is not known.
    lost: bool,
    /// Packets that were tried since.
    tries: u8,
    /// Its octets are of no protocol that is known.
    unknown: bool,
    /// It has said something that fits the protocol.
    fits: bool,
}

impl Apps {
    /// Ears that keep within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, desk: Desk { limits, ..Desk::default() }, ..Self::default() }
    }

    /// The same, keeping what is said until [`news`](Self::news) is called, which has to be done
    /// after every packet.
    #[must_use]
    pub fn with_news(mut self) -> Self {
        self.desk.news = Some(Vec::new());
        self
    }

    /// What was said since this was called last; nothing without [`with_news`](Self::with_news).
    pub fn news(&mut self) -> impl Iterator<Item = Saying> + '_ {
        self.desk.news.iter_mut().flat_map(|news| news.drain(..))
    }

    /// What was heard of a conversation so far.
    pub fn talk(&self, conn: &Conn) -> Option<&Talk> {
        self.entries.get(&conn.id).map(|entry| &entry.talk)
    }

    /// What was heard of a conversation that has ended. Forgets it.
    pub fn take(&mut self, conn: &Conn) -> Option<Talk> {
        let Some(mut entry) = self.entries.remove(&conn.id) else {
            let (control, n) = self.announces(conn)?;
            return Some(Talk { app: Some(announced_app()), announced_by: Some((control, n)), ..Talk::default() });
        };
        self.desk.held -=
            entry.cost + entry.in_ear + entry.inboxes.iter().map(|inbox| inbox.waiting.len()).sum::<usize>();
        entry.talk.unknown |= entry.talk.app.is_none() && entry.inboxes.iter().any(|inbox| inbox.unknown);
        Some(entry.talk)
    }

    /// Conversations that were not listened to for want of room.
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Octets of memory that waiting octets and sayings take now.
    pub fn held(&self) -> usize {
        self.desk.held
    }

    /// Has `conn` be taken for what a user has declared, from now on.
    pub fn declare(&mut self, conn: &Conn, name: &str) {
        if let Some(entry) = self.entries.get_mut(&conn.id) {
            let name = Cow::Owned(name.to_owned());
            entry.talk.app = Some(App { name, evidence: Evidence::Declared, confidence: Confidence::High });
        }
    }

    /// The conversation that has announced this one, and the packet that did.
    fn announces(&mut self, conn: &Conn) -> Option<(ConnId, u64)> {
        let (control, n) = self.announced.claim(conn)?;
        if let Some(entry) = self.entries.get_mut(&control) {
            entry.talk.announced.push(conn.id);
        }
        Some((control, n))
    }
}

/// What an announced connection is.
fn announced_app() -> App {
    App { name: Cow::Borrowed("ftp-data"), evidence: Evidence::Announced, confidence: Confidence::High }
}

impl Above for Apps {
    fn wants(&mut self, conn: &Conn) -> bool {
        if self.entries.len() >= self.limits.conns {
            self.passed_over += 1;
            return false;
        }
        let mut entry = Box::new(Entry::default());
        let announced = self.announces(conn);
        if announced.is_some() {
            entry.talk.app = Some(announced_app());
            entry.talk.announced_by = announced;
            entry.hearing = Hearing::Done;
        }
        for role in Role::BOTH {
            entry.inboxes[role as usize].lost = conn.protocol() == Protocol::Tcp && conn.half(role).iss().is_none();
        }
        self.entries.insert(conn.id, entry);
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let Some(entry) = self.entries.get_mut(&conn.id) else { return Interest::Enough };
        match event {
            Event::Octets(octets) => {
                let heard = entry.octets(conn, octets, &mut self.desk);
                for announcement in heard {
                    self.announced.expect(conn, announcement, octets.n);
                }
            }
            Event::Hole(hole) => entry.hole(hole, &mut self.desk),
            Event::End(end) => entry.inboxes[end.from as usize].close(&mut self.desk),
        }
        let from = match event {
            Event::Octets(Octets { from, .. }) | Event::Hole(Hole { from, .. }) => *from,
            Event::End(_) => return Interest::Enough,
        };
        entry.weigh(&mut self.desk);
        if entry.inboxes[from as usize].over { Interest::Enough } else { Interest::More }
    }
}

impl Entry {
    /// Hears octets; returns what they announce of other connections.
    fn octets(&mut self, conn: &Conn, octets: &Octets<'_>, desk: &mut Desk) -> Vec<super::ftp::Announcement> {
        let Octets { from, n, time, bytes, .. } = *octets;
        let mark = Mark { n, time };
        let first = match from {
            Role::Client => &mut self.talk.milestones.first.client,
            Role::Server => &mut self.talk.milestones.first.server,
        };
        first.get_or_insert(mark);
        let mut heard = Vec::new();
        let inbox = &mut self.inboxes[from as usize];
        if inbox.over {
            return heard;
        }
        let skipped = inbox.skip.min(bytes.len() as u64);
        inbox.skip -= skipped;
        let bytes = bytes.get(skipped as usize..).unwrap_or_default();
        if bytes.is_empty() {
            return heard;
        }
        let bytes = match (&mut self.hearing, inbox.lost) {
            (Hearing::By(ear), true) => {
                let app_role = if self.talk.asker() == Role::Client { from } else { !from };
                let Some(at) = ear.resume(app_role, bytes) else {
                    inbox.give_up_trying(desk);
                    return heard;
                };
                inbox.lost = false;
                bytes.get(at..).unwrap_or_default()
            }
            _ => bytes,
        };
        let datagram = conn.protocol() == Protocol::Udp;
        self.take_in(conn, from, bytes, mark, datagram, desk, &mut heard);
        heard
    }

    /// Takes in what `from` says next, and what the other side had said before it was known what runs.
    #[expect(clippy::too_many_arguments, reason = "one packet, and who keeps what of it")]
    fn take_in(
        &mut self,
        conn: &Conn,
        from: Role,
        bytes: &[u8],
        mark: Mark,
        datagram: bool,
        desk: &mut Desk,
        heard: &mut Vec<super::ftp::Announcement>,
    ) {
        let guessing = matches!(self.hearing, Hearing::Guessing);
        if guessing {
            self.guess(conn, from, bytes, datagram, desk);
            let other = &mut self.inboxes[!from as usize];
            if !matches!(self.hearing, Hearing::Guessing) && !other.waiting.is_empty() {
                // Said first: heard first.
                let waiting = other.let_go(desk);
                let at = other.mark.unwrap_or(mark);
                self.cut(!from, &waiting, at, false, desk, heard);
            }
        }
        let inbox = &mut self.inboxes[from as usize];
        if inbox.over {
            return;
        }
        let mut waiting = inbox.let_go(desk);
        if waiting.is_empty() {
            self.cut(from, bytes, mark, datagram, desk, heard);
        } else {
            waiting.extend_from_slice(bytes);
            self.cut(from, &waiting, mark, datagram, desk, heard);
        }
    }

    /// Finds out what runs here, if these octets, behind those that wait, tell.
    fn guess(&mut self, conn: &Conn, from: Role, bytes: &[u8], datagram: bool, desk: &mut Desk) {
        let [client, server] = &mut self.inboxes;
        let (inbox, other) = if from == Role::Client { (client, &*server) } else { (server, &*client) };
        if inbox.unknown {
            return;
        }
        let joined =
            if inbox.waiting.is_empty() { Cow::Borrowed(bytes) } else { Cow::Owned([&*inbox.waiting, bytes].concat()) };
        match guess::guess(conn, from, &joined, &other.waiting, datagram) {
            Guess::Wait => {}
            Guess::Is { ear, asker, confidence } => {
                let app = App { name: Cow::Borrowed(ear.name()), evidence: Evidence::Payload, confidence };
                self.talk.app.get_or_insert(app);
                self.talk.asker = Some(asker);
                self.hearing = Hearing::By(ear);
                inbox.lost = false;
            }
            Guess::Named { name, confidence } => {
                let app = App { name: Cow::Borrowed(name), evidence: Evidence::Payload, confidence };
                self.talk.app.get_or_insert(app);
                self.hearing = Hearing::Done;
            }
            Guess::Unknown if inbox.lost && inbox.tries < TRIES => {
                // The middle of something: another packet may begin where a message does.
                inbox.tries += 1;
                inbox.let_go(desk);
                inbox.skip = bytes.len() as u64;
            }
            Guess::Unknown if datagram && inbox.tries < 3 => {
                inbox.tries += 1;
                inbox.skip = bytes.len() as u64;
            }
            Guess::Unknown => {
                inbox.unknown = true;
                inbox.close(desk);
                if self.inboxes.iter().all(|inbox| inbox.unknown) {
                    self.hearing = Hearing::Done;
                }
            }
        }
    }

    /// Cuts what `from` says into messages, and keeps what is left of it.
    fn cut(
        &mut self,
        from: Role,
        bytes: &[u8],
        mark: Mark,
        datagram: bool,
        desk: &mut Desk,
        heard: &mut Vec<super::ftp::Announcement>,
    ) {
        let skipped = self.inboxes[from as usize].skip.min(bytes.len() as u64);
        self.inboxes[from as usize].skip -= skipped;
        let mut rest = bytes.get(skipped as usize..).unwrap_or_default();
        while !rest.is_empty() {
            let Hearing::By(ear) = &mut self.hearing else { break };
            let app_role = if self.talk.asker == Some(Role::Server) { !from } else { from };
            let (len, said, then) = match ear.step(app_role, rest) {
                Step::Short => break,
                Step::Over => {
                    self.inboxes[from as usize].close(desk);
                    self.settle();
                    return;
                }
                Step::Message(len, said) => (len, said, None),
                Step::ThenTls(len, said) => (len, said, Some(Hearing::By(Ear::Tls(Box::default())))),
                Step::ThenOther(len, said) => (len, said, Some(Hearing::Guessing)),
            };
            if len == 0 && said.is_empty() && then.is_none() {
                break;
            }
            self.inboxes[from as usize].fits |= !said.is_empty();
            for said in said {
                if let Said::Ftp(line) = &said {
                    heard.extend(line.announces());
                }
                self.say(from, said, mark, desk);
            }
            let taken = len.min(rest.len() as u64);
            self.inboxes[from as usize].skip = if datagram { 0 } else { len - taken };
            rest = rest.get(taken as usize..).unwrap_or_default();
            if let Some(then) = then {
                // What may stand behind it is of the next protocol, and comes with the next packet as a rule.
                self.hearing = then;
                self.inboxes.iter_mut().for_each(|inbox| inbox.unknown = false);
            }
        }
        let inbox = &mut self.inboxes[from as usize];
        if datagram || matches!(self.hearing, Hearing::Done) {
            inbox.over |= matches!(self.hearing, Hearing::Done);
            return;
        }
        if rest.is_empty() || inbox.over || inbox.skip > 0 {
            return;
        }
        if rest.len() > desk.limits.side || desk.held + rest.len() > desk.limits.total {
            inbox.close(desk);
            self.settle();
            return;
        }
        desk.held += rest.len();
        inbox.waiting = rest.to_vec();
        inbox.mark = Some(mark);
    }

    /// Keeps what was said, and what it means for the whole.
    fn say(&mut self, from: Role, said: Said, at: Mark, desk: &mut Desk) {
        let talk = &mut self.talk;
        let index = talk.said;
        talk.said += 1;
        if let (Some(app), true) = (&mut talk.app, self.inboxes.iter().all(|inbox| inbox.fits)) {
            app.confidence = Confidence::High;
        }
        // The hellos of TLS are a question and its answer, but not what anybody came for.
        let counts = !matches!(said, Said::Tls(_));
        let answers = match said.act() {
            // The same question once more, as no answer came.
            Act::Asks if said.key() != 0 && self.open.iter().any(|(key, _)| *key == said.key()) => None,
            Act::Asks => {
                talk.asked += u32::from(counts);
                if self.open.len() < OPEN {
                    self.open.push_back((said.key(), Question { index, at }));
                }
                None
            }
            Act::Answers => {
                let open = self.open.iter().position(|(key, _)| *key == said.key());
                open.and_then(|open| self.open.remove(open)).map(|(_, question)| question)
            }
            Act::Puts => self.open.iter().find(|(key, _)| *key == said.key()).map(|(_, question)| *question),
            Act::Tells => None,
        };
        if let (Act::Answers, Some(question), true) = (said.act(), answers, counts) {
            talk.answered += 1;
            let took = at.time - question.at.time;
            if talk.slowest.is_none_or(|(_, slowest)| took > slowest) {
                talk.slowest = Some((question, took));
            }
        }
        if let Said::Tls(message) = &said {
            tls::note(talk, message, from, at);
        }
        let saying = Saying { at, from, said, answers };
        let cost = size_of::<Saying>() + saying.said.cost();
        let room = talk.sayings.len() < desk.limits.sayings
            && self.cost + cost <= desk.limits.talk
            && desk.held + cost <= desk.limits.total;
        // What is kept are the first ones, so that numbers stay places.
        let keeps = room && talk.sayings.len() as u32 == index;
        match &mut desk.news {
            Some(news) if keeps => news.push(saying.clone()),
            Some(news) => return news.push(saying),
            None => {}
        }
        if keeps {
            desk.held += cost;
            self.cost += cost;
            talk.sayings.push(saying);
        }
    }

    /// Octets of a side are not there.
    fn hole(&mut self, hole: &Hole, desk: &mut Desk) {
        let inbox = &mut self.inboxes[hole.from as usize];
        if hole.len <= inbox.skip {
            inbox.skip -= hole.len;
            return;
        }
        inbox.let_go(desk);
        inbox.skip = 0;
        inbox.lost = true;
        inbox.tries = 0;
        // A question or an answer may be what is missing: what comes in order cannot be paired any more.
        self.open.retain(|(key, _)| *key != 0);
    }

    /// Counts what the ear keeps, and takes it away where that is too much for all of them.
    fn weigh(&mut self, desk: &mut Desk) {
        let in_ear = match &self.hearing {
            Hearing::By(ear) => ear.held(),
            Hearing::Guessing | Hearing::Done => 0,
        };
        desk.held = desk.held + in_ear - self.in_ear;
        self.in_ear = in_ear;
        if in_ear > 0 && desk.held > desk.limits.total {
            self.hearing = Hearing::Done;
            self.inboxes.iter_mut().for_each(|inbox| inbox.close(desk));
            desk.held -= std::mem::take(&mut self.in_ear);
        }
    }

    /// Where both sides have been heard to their end, the ear is not needed any more.
    fn settle(&mut self) {
        if self.inboxes.iter().all(|inbox| inbox.over) {
            self.hearing = Hearing::Done;
            self.open = VecDeque::new();
        }
    }
}

impl Inbox {
    /// Hands out what waits.
    fn let_go(&mut self, desk: &mut Desk) -> Vec<u8> {
        desk.held -= self.waiting.len();
        std::mem::take(&mut self.waiting)
    }

    /// Hears no more.
    fn close(&mut self, desk: &mut Desk) {
        self.let_go(desk);
        self.over = true;
    }

    /// Another packet in which no message begins.
    fn give_up_trying(&mut self, desk: &mut Desk) {
        self.tries = self.tries.saturating_add(1);
        if self.tries > TRIES {
            self.close(desk);
        }
    }
}

/// A mark of nothing, for tests and defaults.
impl Default for Mark {
    fn default() -> Self {
        Self { n: 0, time: Timestamp(0) }
    }
}
