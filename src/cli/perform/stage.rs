use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::margin::Margin;
use super::program::Program;
use super::turn::{Turn, frame};
use crate::capture::{Body, Checksums, Direction, Next, Packet, Record, Source, SourceError, decode};
use crate::craft::inject::{InjectError, is_private, source_for};
use crate::craft::player::{Action, Incoming, Manner, Outgoing};
use crate::craft::script::Speaker;
use crate::craft::{Ear, Guard, Injector, Player, Policy, Refusal, Script, Verdict, emit};
use crate::sys::now;
use crate::wire::{Endpoint, OptionList, Span, Timestamp};

/// The longest that nothing is looked at but the network: signals want an ear too.
const GLANCE: Duration = Duration::from_millis(100);

/// For how long the last words of the other end are listened for after the last line.
const EPILOGUE: Span = Span::from_millis(20);

/// A player, the wires it hangs on, and whoever is at the other end: as a source, all segments of
/// both ends as they go.
pub(in crate::cli) struct Stage {
    player: Player,
    injector: Injector,
    ear: Ear,
    /// Keeps the kernel from answering for us.
    guard: Guard,
    role: Speaker,
    local: Endpoint,
    /// Known to a server when the first SYN has come.
    remote: Option<Endpoint>,
    program: Program,
    margin: Margin,
    stop: Arc<AtomicBool>,
    /// The packet that goes by, and whether it was ours.
    packet: Vec<u8>,
    verdict: Option<Verdict>,
    /// When the last line was done.
    ended: Option<Timestamp>,
    /// The time of the last packet: what comes between packets takes none.
    last: Timestamp,
}

/// Where a play is set.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Place {
    /// As client of this server.
    To { server: SocketAddr, from: Option<IpAddr> },
    /// As server at this address.
    At(SocketAddr),
}

impl Stage {
    /// Sets the scene: all sockets are open then, and nothing is said yet.
    pub(in crate::cli) fn set(
        script: &Script,
        place: Place,
        manner: Manner,
        policy: Policy,
        program: Program,
        margin: Margin,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let role = place.role();
        let player = Player::new(script, role, manner)?;
        let mut injector = Injector::new(policy);
        let (local, port, remote) = match place {
            Place::To { server, from } => {
                let from = from.map_or_else(|| source_for(server.ip()), Ok).map_err(advise)?;
                (from, 0, Some(endpoint(server)))
            }
            Place::At(at) => (at.ip(), at.port(), None),
        };
        let towards = remote.map_or(local, |remote| remote.addr);
        injector.open(local, towards).map_err(advise)?;
        let ear = match place {
            Place::To { .. } => injector.ear(towards).map_err(advise)?,
            Place::At(at) => everywhere(at.ip())?,
        };
        let guard = Guard::new(local, port, is_private())?;
        let local = endpoint(guard.at());
        only_for(&ear, local)?;
        let (packet, verdict, ended, last) = (Vec::new(), None, None, Timestamp(0));
        Ok(Self {
            player,
            injector,
            ear,
            guard,
            role,
            local,
            remote,
            program,
            margin,
            stop,
            packet,
            verdict,
            ended,
            last,
        })
    }

    /// Where the player stands.
    pub(in crate::cli) fn local(&self) -> Endpoint {
        self.local
    }

    /// How it went; none when it was stopped before the end.
    pub(in crate::cli) fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// How many expectations have held.
    pub(in crate::cli) fn held(&self) -> usize {
        self.player.held()
    }

    /// What the program at the other end could not do.
    pub(in crate::cli) fn complaints(&self) -> Vec<String> {
        self.program.complaints()
    }

    /// What is to be shown next.
    fn turn(&mut self) -> anyhow::Result<Turn> {
        loop {
            let now = now();
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Turn::Over);
            }
            if let Some(ended) = self.ended {
                let rest = now.until(ended + EPILOGUE);
                return match self.hear(rest)? {
                    _ if rest.0 <= 0 => Ok(Turn::Over),
                    Some((_, time)) => Ok(Turn::Frame(time, Direction::In)),
                    None => Ok(Turn::Over),
                };
            }
            match self.player.poll(now) {
                Action::Send(outgoing) => {
                    self.send(&outgoing)?;
                    return Ok(Turn::Frame(now, Direction::Out));
                }
                Action::Remark(text) => {
                    self.margin.remark(&text);
                    return Ok(Turn::Idle);
                }
                Action::Call(call) => {
                    self.margin.call(!self.role, &call, &self.program);
                    self.program.ask(call, self.guard.at());
                    return Ok(Turn::Idle);
                }
                Action::Reconnect => self.reconnect()?,
                Action::Wait(until) => {
                    if let Some((incoming, time)) = self.hear(now.until(until))? {
                        self.player.hear(incoming, time);
                        return Ok(Turn::Frame(time, Direction::In));
                    }
                    return Ok(Turn::Idle);
                }
                Action::Done(verdict) => {
                    self.verdict = Some(verdict);
                    self.ended = Some(now);
                }
            }
        }
    }

    fn send(&mut self, outgoing: &Outgoing) -> anyhow::Result<()> {
        let to = self
            .remote
            .ok_or_else(|| anyhow!("line {}: nobody has come yet to whom this could be said", outgoing.line))?;
        self.packet.clear();
        emit(&outgoing.spec(self.local, to), &mut self.packet)
            .with_context(|| format!("cannot build what line {} says", outgoing.line))?;
        self.injector
            .send(&self.packet)
            .map_err(advise)
            .with_context(|| format!("cannot send what line {} says", outgoing.line))
    }

    /// Listens for the next segment of the other end, for at most so long and no longer than a
    /// glance; it is then the packet that goes by.
    fn hear(&mut self, at_most: Span) -> anyhow::Result<Option<(Incoming, Timestamp)>> {
        let timeout = Duration::from_nanos(u64::try_from(at_most.0).unwrap_or(0)).min(GLANCE);
        let Some(heard) = self.ear.hear(timeout).context("cannot hear what comes")? else {
            return Ok(None);
        };
        let time = heard.time;
        let record = decode(&frame(time, heard.packet, Direction::In), Checksums::Ignore);
        let from = match (record.ip, record.body) {
            (Some(ip), Body::Tcp(tcp)) => {
                let from = Endpoint { addr: ip.src, port: tcp.src_port };
                let to = Endpoint { addr: ip.dst, port: tcp.dst_port };
                // A stranger begins with a SYN; the rest is left over from somebody who was here.
                let known = self.remote.map_or(tcp.segment.flags.is_syn(), |remote| remote == from);
                Some(from).filter(|_| known && to == self.local)
            }
            _ => None,
        };
        let Some(from) = from else {
            return Ok(None);
        };
        self.remote = Some(from);
        self.packet.clear();
        self.packet.extend_from_slice(heard.packet);
        Ok(incoming(&record, &self.packet, time).map(|incoming| (incoming, time)))
    }

    /// Another connection: from another port, or with whoever comes next.
    fn reconnect(&mut self) -> anyhow::Result<()> {
        match self.role {
            Speaker::Client => {
                self.guard = Guard::new(self.local.addr, 0, is_private())?;
                self.local = endpoint(self.guard.at());
                only_for(&self.ear, self.local)?;
            }
            Speaker::Server => self.remote = None,
        }
        Ok(())
    }
}

impl Place {
    /// Which end is played.
    pub(in crate::cli) const fn role(&self) -> Speaker {
        match self {
            Self::To { .. } => Speaker::Client,
            Self::At(_) => Speaker::Server,
        }
    }
}

impl Source for Stage {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let turn = self.turn();
        Turn::said(turn, &self.packet, &mut self.last, "the play")
    }
}

/// The segment in a packet, as a player hears it.
fn incoming(record: &Record, datagram: &[u8], time: Timestamp) -> Option<Incoming> {
    let (Some(ip), Body::Tcp(tcp)) = (record.ip, record.body) else {
        return None;
    };
    let packet = Packet { n: 0, frame: frame(time, datagram, Direction::In), record, datagram };
    let options = OptionList::from_octets(packet.tcp_options()).unwrap_or_default();
    let payload = packet.payload().to_vec();
    Some(Incoming { segment: tcp.segment, options, payload, ttl: ip.ttl, tos: ip.tos })
}

/// An ear on all interfaces: nobody knows whence a client will come.
fn everywhere(addr: IpAddr) -> anyhow::Result<Ear> {
    let ethertype = if addr.is_ipv4() { 0x0800 } else { 0x86dd };
    Ear::open(0, ethertype).context("cannot open a packet socket")
}

fn only_for(ear: &Ear, local: Endpoint) -> anyhow::Result<()> {
    ear.only_for_port(local.port).context("cannot choose what to hear")
}

pub(in crate::cli) fn endpoint(at: SocketAddr) -> Endpoint {
    Endpoint { addr: at.ip(), port: at.port() }
}

/// What went wrong, and what can be done about it.
fn advise(error: InjectError) -> anyhow::Error {
    let advice = match &error {
        InjectError::Denied { error: cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
            let program = std::env::current_exe().unwrap_or_else(|_| "synfin".into());
            format!(
                "to send packets of one's own making takes a right: run it with sudo, or give it that right for good \
                 (`sudo setcap cap_net_raw+ep {}`); `synfin demo` does without, where it can have a network namespace of its own",
                program.display()
            )
        }
        InjectError::Refused(Refusal::Remote { to, .. }) => {
            let bits = if to.is_ipv4() { 32 } else { 128 };
            format!("if you mean it and may, allow it with `--allow-remote {to}/{bits}`")
        }
        _ => return error.into(),
    };
    anyhow!("{:#}; {advice}", anyhow::Error::from(error))
}
