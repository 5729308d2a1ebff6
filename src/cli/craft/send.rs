//! The packets of a plan onto the wire, within bounds.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use clap::error::ErrorKind;

use super::Macs;
use super::answers::Answers;
use super::source::Plan;
use crate::capture::{Link, Next, OwnedFrame, Source, SourceError};
use crate::cli::listen::duration;
use crate::cli::permit::{Permit, advise};
use crate::cli::signals::Signals;
use crate::cli::usage;
use crate::craft::inject::is_private;
use crate::craft::{Bounds, InjectError, Injector, LinkInjector, Pace, Pacer};
use crate::wire::Timestamp;

/// Frames that go in one call.
const BATCH: usize = 64;
/// How long nobody looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);
/// What a sleep may be too long by.
const OVERSLEEP: Duration = Duration::from_micros(60);

/// Whether and how packets are sent.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sending")]
#[group(skip)]
pub(super) struct Sending {
    /// Send the packets: as IP packets by the kernel's routes, or with -i as frames
    #[arg(long)]
    send: bool,

    /// Send frames on this interface, as they are
    #[arg(short = 'i', long, value_name = "IF")]
    interface: Option<String>,

    /// Say what --send would do, and do not do it
    #[arg(long)]
    dry_run: bool,

    /// Stop after a time: seconds, or with a unit (500ms, 90s, 5m)
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    max_time: Duration,

    /// Show what comes back, too, until a time after the last packet (500ms, 2s); not with -i
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["interface", "dry_run", "silent"])]
    answers: Option<Duration>,

    /// Show nothing of what is sent but how much it was; with -i, the fast way
    #[arg(long)]
    silent: bool,

    #[command(flatten)]
    permit: Permit,
}

/// Where packets go.
enum Outlet {
    Packets(Injector),
    Frames(LinkInjector),
}

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    packets: u64,
    asked: u64,
    octets: u64,
    took: Duration,
    /// Whether the time was over before all went.
    late: bool,
    answers: Option<u64>,
}

impl Sending {
    /// Whether anything is to be sent, or would be.
    pub(super) fn is_asked_for(&self) -> bool {
        self.send || self.dry_run
    }

    /// The Ethernet addresses of the interface that frames are sent on and of its only neighbour.
    pub(super) fn macs(&self) -> anyhow::Result<Option<Macs>> {
        let Some(name) = &self.interface else { return Ok(None) };
        let injector = LinkInjector::new(self.permit.policy(), name, false).map_err(advise)?;
        let ours = injector.mac().ok_or_else(|| anyhow!("{name} is no Ethernet interface: leave out the '-i'"))?;
        Ok(Some(Macs { ours, theirs: injector.neighbor_mac() }))
    }

    /// Sends what is planned; `tell` is handed the frames as they go. Gives back what that gave, and
    /// how it went.
    pub(super) fn run<T: Default>(
        &self,
        plan: Plan,
        tell: impl FnOnce(&mut dyn Source) -> anyhow::Result<T>,
    ) -> anyhow::Result<(T, Sent)> {
        let bounds = Bounds { count: plan.count, rate: plan.rate, time: self.max_time };
        bounds.judge(is_private()).map_err(|refusal| advise(refusal.into()))?;
        let mut outlet = self.outlet(&plan)?;
        let stop = Signals::taken()?.stop();
        match &mut outlet {
            Outlet::Frames(injector) if self.is_fast(&plan) => {
                Ok((T::default(), send_fast(plan, bounds, injector, &stop).map_err(advise)?))
            }
            _ => {
                let mut sender = Sender::new(plan, bounds, outlet, stop, self.dry_run);
                if let Some(patience) = self.answers {
                    sender.listen(patience)?;
                }
                let told = tell(&mut sender)?;
                Ok((told, sender.conclude()?))
            }
        }
    }

    /// Whether nobody looks on.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    fn is_fast(&self, plan: &Plan) -> bool {
        self.silent && !self.dry_run && plan.mtu.is_none()
    }

    fn outlet(&self, plan: &Plan) -> anyhow::Result<Outlet> {
        match (&self.interface, plan.link) {
            (Some(name), _) => {
                let injector = LinkInjector::new(self.permit.policy(), name, self.silent).map_err(advise)?;
                Ok(Outlet::Frames(injector))
            }
            (None, Link::Raw) => Ok(Outlet::Packets(Injector::new(self.permit.policy()))),
            (None, _) => Err(usage(
                ErrorKind::MissingRequiredArgument,
                "an Ethernet frame is sent on an interface: which one does `-i IF` say",
            )
            .into()),
        }
    }

    /// Says on stderr how it went.
    ///
    /// # Errors
    ///
    /// When the time was over before all was sent.
    pub(super) fn conclude(&self, sent: Sent) -> anyhow::Result<()> {
        let Sent { packets, asked, octets, took, late, answers } = sent;
        let seconds = took.as_secs_f64();
        let rate = if seconds > 0.0 { packets as f64 / seconds } else { 0.0 };
        let plural = if packets == 1 { "" } else { "s" };
        // With a closed stderr there is nobody left to tell.
        let _ = if self.dry_run {
            writeln!(io::stderr(), "{packets} packet{plural} would be sent, {octets} octets; nothing was")
        } else {
            let pace = if packets > 1 { format!(", in {seconds:.3} s ({rate:.0} a second)") } else { String::new() };
            let answers = answers.map(|answers| format!("; {answers} came back")).unwrap_or_default();
            writeln!(io::stderr(), "{packets} packet{plural} sent, {octets} octets{pace}{answers}")
        };
        if late {
            let left = asked - packets;
            return Err(anyhow!("the time is over: {left} of {asked} packets were not sent; `--max-time` gives more"));
        }
        Ok(())
    }
}

/// Frames that are sent as they are asked for.
struct Sender {
    plan: Plan,
    outlet: Outlet,
    pacer: Pacer,
    dry_run: bool,
    stop: Arc<AtomicBool>,
    start: Instant,
    waiting: VecDeque<Vec<u8>>,
    frame: OwnedFrame,
    octets: u64,
    /// When the last packet went.
    last: Duration,
    /// Whether the time was over before all went.
    late: bool,
    answers: Option<Answers>,
    failure: Option<anyhow::Error>,
}

impl Sender {
    fn new(plan: Plan, bounds: Bounds, outlet: Outlet, stop: Arc<AtomicBool>, dry_run: bool) -> Self {
        let frame = OwnedFrame::new(Timestamp(0), plan.link, Vec::new());
        Self {
            plan,
            outlet,
            pacer: Pacer::new(bounds),
            dry_run,
            stop,
            start: Instant::now(),
            waiting: VecDeque::new(),
            frame,
            octets: 0,
            last: Duration::ZERO,
            late: false,
            answers: None,
            failure: None,
        }
    }

    /// Listens for answers from now on, until `patience` after the last packet.
    fn listen(&mut self, patience: Duration) -> anyhow::Result<()> {
        if let Outlet::Packets(injector) = &self.outlet {
            self.answers = Some(Answers::open(injector, self.plan.packet(0), patience)?);
        }
        Ok(())
    }

    /// How it went, or why no further.
    fn conclude(self) -> anyhow::Result<Sent> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Sent {
                packets: self.pacer.sent(),
                asked: self.plan.count,
                octets: self.octets,
                took: self.last,
                late: self.late,
                answers: self.answers.map(|answers| answers.count()),
            }),
        }
    }

    /// Sends the next frame; tells whether there is another after a wait, or at all.
    fn step(&mut self) -> anyhow::Result<Step> {
        if self.waiting.is_empty() {
            let now = self.start.elapsed();
            match self.pacer.poll(now) {
                _ if self.stop.load(Ordering::Relaxed) => return Ok(Step::End),
                Pace::Done => return self.hear_the_rest(now),
                Pace::Late => {
                    self.late = true;
                    return self.hear_the_rest(now);
                }
                // A dry run need not wait for what it does not do.
                Pace::Wait(span) if !self.dry_run => return self.hear_or_rest(span),
                Pace::Wait(_) | Pace::Send(_) => {
                    self.waiting = self.plan.frames(self.pacer.sent())?.into();
                    self.pacer.went(1, now);
                    self.last = now;
                }
            }
        }
        let Some(bytes) = self.waiting.pop_front() else { return Ok(Step::End) };
        let done = match (&mut self.outlet, self.dry_run) {
            (Outlet::Packets(injector), false) => injector.send(&bytes),
            (Outlet::Packets(injector), true) => injector.check(&bytes),
            (Outlet::Frames(injector), false) => injector.send(&bytes),
            (Outlet::Frames(injector), true) => injector.check(&bytes),
        };
        done.map_err(advise)?;
        self.octets += bytes.len() as u64;
        self.frame = OwnedFrame::new(now(), self.plan.link, bytes);
        if let Some(answers) = &mut self.answers {
            answers.asked(&self.frame);
        }
        Ok(Step::Frame)
    }

    /// Waits, with an ear open where answers are wanted.
    fn hear_or_rest(&mut self, span: Duration) -> anyhow::Result<Step> {
        let Some(answers) = &mut self.answers else {
            rest(span);
            return Ok(Step::Waited);
        };
        let heard = answers.hear(span.min(GLANCE))?;
        Ok(heard.map_or(Step::Waited, |frame| {
            self.frame = frame;
            Step::Frame
        }))
    }

    /// All is sent: listens on for as long as is asked.
    fn hear_the_rest(&mut self, now: Duration) -> anyhow::Result<Step> {
        let patience = self.answers.as_ref().map(Answers::patience).unwrap_or_default();
        match (self.last + patience).checked_sub(now) {
            Some(left) if !left.is_zero() => self.hear_or_rest(left),
            _ => Ok(Step::End),
        }
    }
}

enum Step {
    Frame,
    Waited,
    End,
}

impl Source for Sender {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        match self.step() {
            Ok(Step::Frame) => Ok(Next::Frame(self.frame.as_frame())),
            Ok(Step::Waited) => Ok(Next::Idle(now())),
            Ok(Step::End) => Ok(Next::End),
            Err(failure) => {
                self.failure = Some(failure);
                Ok(Next::End)
            }
        }
    }
}

/// Sends frames in batches, as fast as their rate says.
fn send_fast(
    mut plan: Plan,
    bounds: Bounds,
    injector: &mut LinkInjector,
    stop: &AtomicBool,
) -> Result<Sent, InjectError> {
    let len = plan.template.octets().len();
    let mut frames = vec![0; len * BATCH];
    let mut pacer = Pacer::new(bounds);
    let start = Instant::now();
    let mut late = false;
    while !stop.load(Ordering::Relaxed) {
        let now = start.elapsed();
        let due = match pacer.poll(now) {
            Pace::Done => break,
            Pace::Late => {
                late = true;
                break;
            }
            Pace::Wait(span) => {
                rest(span);
                continue;
            }
            Pace::Send(due) => (due as usize).min(BATCH),
        };
        for (at, frame) in frames.chunks_exact_mut(len).take(due).enumerate() {
            frame.copy_from_slice(plan.packet(pacer.sent() + at as u64));
        }
        match injector.send_batch(&frames[..len * due], len) {
            Ok(sent) => pacer.went(sent as u64, now),
            // The interface takes no more just now.
            Err(InjectError::Send(error)) if is_busy(&error) => thread::yield_now(),
            Err(error) => return Err(error),
        }
    }
    Ok(Sent {
        packets: pacer.sent(),
        asked: plan.count,
        octets: pacer.sent() * len as u64,
        took: start.elapsed(),
        late,
        answers: None,
    })
}

fn is_busy(error: &io::Error) -> bool {
    /// No buffer space available.
    const ENOBUFS: i32 = 105;
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(ENOBUFS)
}

/// Waits, but not so long that nobody could stop it, and not for what is shorter than falling
/// asleep.
fn rest(span: Duration) {
    match span.checked_sub(OVERSLEEP) {
        Some(span) if !span.is_zero() => thread::sleep(span.min(GLANCE)),
        _ => std::hint::spin_loop(),
    }
}

/// The time, to a microsecond.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_micros() as u64 * 1_000)
}
