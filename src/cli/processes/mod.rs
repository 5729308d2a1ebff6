//! Whose the ends of live connections are.
//!
//! The kernel is asked for the socket of an end with the connection's first packet, since short
//! connections vanish; that takes microseconds. Who holds the socket is the question of a
//! [`Helper`], since that takes files which this process will not be able to open; it is waited
//! for a little and not often, and a late answer is told with a later packet.

mod helper;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use crate::capture::track::{ConnId, Ends, Role};
use crate::capture::{Conn, Observation, Packet};
use crate::report::process::{Owners, Process, Processes};
use crate::sys::diag::{Diag, Socket};
use crate::sys::interfaces::Addresses;
use crate::wire::{Endpoint, Protocol, Span, Timestamp};
use helper::Helper;
pub(super) use helper::{COMMAND, Holders};

/// Whether processes are looked up.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Lookup {
    /// Do not look up which processes of this machine own the connections
    #[arg(long, help_heading = "Output")]
    no_processes: bool,
}

impl Lookup {
    /// Makes ready to look processes up: to be called while there are rights to.
    pub(super) fn begin(self) -> Option<Box<dyn Processes>> {
        if self.no_processes {
            return None;
        }
        match Finder::new() {
            Ok(finder) => Some(Box::new(finder)),
            Err(error) => {
                // With a closed stderr there is nobody left to tell.
                let _ = writeln!(io::stderr(), "synfin: cannot tell which processes own connections: {error}");
                None
            }
        }
    }
}

/// Most questions to the kernel in a tenth of a second. A flood of connections is not to cost more.
const MOST_QUESTIONS: u32 = 1000;

/// How old the list of this machine's addresses may be.
const ADDRESSES_LAST: Span = Span::from_secs(5);

/// How long a question rests before it is asked again.
const ASK_AGAIN: Duration = helper::PAUSE;

/// How often it is asked: who may not know will not, and every time all processes are looked at.
const MOST_TIMES: u8 = 3;

/// Most processes remembered by their sockets.
const MOST_REMEMBERED: usize = 1 << 16;

/// Finds out, and remembers.
struct Finder {
    kernel: Diag,
    addresses: Addresses,
    local: HashSet<IpAddr>,
    local_until: Timestamp,
    helper: Helper,
    conns: HashMap<ConnId, Ends<End>>,
    /// By the inode of the socket.
    holders: HashMap<u32, Answer>,
    questions: u32,
    tenth: u64,
}

/// What is known of one end.
#[derive(Clone, Debug, Default)]
enum End {
    /// Nothing has been asked yet.
    #[default]
    New,
    /// It is not of this machine, or has no socket.
    Nobody,
    /// It has a socket; who holds that will be known.
    Open(Socket),
    /// Its owner; by way of a socket that serves anyone it may be the owner's parent.
    Known(Process, Socket),
}

/// What is known of a socket's holder.
enum Answer {
    /// Nothing yet: it was asked for, so many times, and then.
    Asked(u8, Instant),
    /// Nobody who may be seen; it was asked for, so many times, and then.
    Nobody(u8, Instant),
    Is(Process),
}

/// What came of looking for a socket's holder.
enum Found {
    Is(Process),
    Later,
    Never,
}

impl Finder {
    fn new() -> io::Result<Self> {
        Ok(Self {
            kernel: Diag::open()?,
            addresses: Addresses::open()?,
            local: HashSet::new(),
            local_until: Timestamp(0),
            helper: Helper::start()?,
            conns: HashMap::new(),
            holders: HashMap::new(),
            questions: 0,
            tenth: 0,
        })
    }

    /// Brings `end` up to date; tells whether its owner became known.
    fn look(&mut self, end: &mut End, role: Role, packet: &Packet<'_>, seen: &Observation, conn: &Conn) -> bool {
        // Once a socket of its own speaks, that one is more exact than the one that was called.
        let speaks = seen.from == role && !packet.payload().is_empty();
        let socket = match *end {
            End::New => self.socket(role, packet.record.time, conn),
            End::Known(_, called) | End::Open(called) if called.serves_anyone && speaks => {
                self.socket(role, packet.record.time, conn).or(Some(called))
            }
            End::Open(socket) => Some(socket),
            End::Nobody | End::Known(..) => return false,
        };
        let Some(socket) = socket else {
            *end = End::Nobody;
            return false;
        };
        let found = self.holder(socket);
        match (&*end, found) {
            (End::Known(before, _), Found::Is(process)) if *before == process => {
                *end = End::Known(process, Socket { serves_anyone: false, ..socket });
                false
            }
            (_, Found::Is(process)) => {
                *end = End::Known(process, socket);
                true
            }
            (End::Known(..), Found::Later | Found::Never) => false,
            (_, Found::Later) => {
                *end = End::Open(socket);
                false
            }
            (_, Found::Never) => {
                *end = End::Nobody;
                false
            }
        }
    }

    /// The socket of an end, if it is of this machine.
    fn socket(&mut self, role: Role, now: Timestamp, conn: &Conn) -> Option<Socket> {
        let (own, other) = (conn.endpoint(role), conn.endpoint(!role));
        if !self.is_local(own.addr, now) || !self.may_ask(now) {
            return None;
        }
        let protocol = conn.protocol();
        let socket = self.kernel.socket(protocol, own, other).ok().flatten();
        if socket.is_some() || role == Role::Client || protocol != Protocol::Tcp {
            return socket;
        }
        // It is closed already; the one that took it in is there still.
        let anyone = Endpoint { addr: own.addr, port: 0 };
        self.kernel.socket(protocol, own, anyone).ok().flatten().filter(|socket| socket.serves_anyone)
    }

    fn is_local(&mut self, addr: IpAddr, now: Timestamp) -> bool {
        if now >= self.local_until {
            self.local_until = now + ADDRESSES_LAST;
            // What was true a moment ago is better than nothing.
            if let Ok(addresses) = self.addresses.list() {
                self.local = addresses.into_iter().collect();
            }
        }
        addr.is_loopback() || addr == IpAddr::V4(Ipv4Addr::UNSPECIFIED) || self.local.contains(&addr)
    }

    fn may_ask(&mut self, now: Timestamp) -> bool {
        let tenth = now.0 / 100_000_000;
        if tenth != self.tenth {
            (self.tenth, self.questions) = (tenth, 0);
        }
        self.questions += 1;
        self.questions <= MOST_QUESTIONS
    }

    /// The process that holds a socket, if that is known or can be soon.
    fn holder(&mut self, socket: Socket) -> Found {
        let now = Instant::now();
        let rests = |when: Instant| now - when < ASK_AGAIN;
        let asked = match self.holders.get(&socket.inode) {
            Some(Answer::Is(process)) => return Found::Is(process.clone()),
            Some(Answer::Nobody(times, _)) if *times >= MOST_TIMES => return Found::Never,
            Some(Answer::Nobody(_, when)) if rests(*when) => return Found::Later,
            Some(Answer::Asked(_, when)) if rests(*when) => None,
            Some(Answer::Nobody(times, _) | Answer::Asked(times, _)) => Some(times.saturating_add(1)),
            None => Some(1),
        };
        if let Some(times) = asked {
            if self.holders.len() >= MOST_REMEMBERED {
                self.holders.clear();
            }
            self.holders.insert(socket.inode, Answer::Asked(times, now));
            self.helper.ask(socket.inode, socket.uid);
        }
        let holders = &mut self.holders;
        self.helper.hear(now, |inode, process| {
            let times = match holders.get(&inode) {
                Some(Answer::Asked(times, _) | Answer::Nobody(times, _)) => *times,
                Some(Answer::Is(_)) | None => 1,
            };
            holders.insert(inode, process.map_or(Answer::Nobody(times, now), Answer::Is));
            inode == socket.inode
        });
        match self.holders.get(&socket.inode) {
            Some(Answer::Is(process)) => Found::Is(process.clone()),
            _ => Found::Later,
        }
    }
}

impl Processes for Finder {
    fn of(&mut self, packet: &Packet<'_>, seen: &Observation, conn: &Conn) -> Owners<'_> {
        let known = self.conns.get(&conn.id);
        let news = if known.is_some_and(|ends| ends.client.is_settled() && ends.server.is_settled()) {
            false
        } else {
            let mut ends = self.conns.remove(&conn.id).unwrap_or_default();
            let client = self.look(&mut ends.client, Role::Client, packet, seen, conn);
            let server = self.look(&mut ends.server, Role::Server, packet, seen, conn);
            self.conns.insert(conn.id, ends);
            client || server
        };
        let ends = self.conns.get(&conn.id);
        let owner = |role| ends.and_then(|ends| ends.of(role).owner());
        Owners { ends: Ends { client: owner(Role::Client), server: owner(Role::Server) }, news }
    }

    fn known(&mut self, conn: &Conn) -> Ends<Option<&Process>> {
        let mut ends = self.conns.remove(&conn.id).unwrap_or_default();
        for end in [&mut ends.client, &mut ends.server] {
            // The answer may have come since.
            if let End::Open(socket) = *end
                && let Found::Is(process) = self.holder(socket)
            {
                *end = End::Known(process, socket);
            }
        }
        let ends = self.conns.entry(conn.id).insert_entry(ends).into_mut();
        Ends { client: ends.client.owner(), server: ends.server.owner() }
    }

    fn forget(&mut self, conn: &Conn) {
        self.conns.remove(&conn.id);
    }
}

impl End {
    /// Whether nothing more will be learnt of it.
    fn is_settled(&self) -> bool {
        match self {
            Self::New | Self::Open(_) => false,
            Self::Nobody => true,
            Self::Known(_, socket) => !socket.serves_anyone,
        }
    }

    fn owner(&self) -> Option<&Process> {
        match self {
            Self::Known(process, _) => Some(process),
            Self::New | Self::Nobody | Self::Open(_) => None,
        }
    }
}
