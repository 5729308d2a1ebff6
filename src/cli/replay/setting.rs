//! Where recorded connections are performed without a peer somewhere: by both of their ends, or in a
//! namespace of their own with the addresses they had.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use clap::error::ErrorKind;

use super::duets::Duets;
use super::rewrite::Rewrite;
use crate::capture::tee::Tee;
use crate::capture::{Next, Sink, Source};
use crate::cli::perform::margin::Margin;
use crate::cli::permit::{Permit, advise};
use crate::cli::play::Recorder;
use crate::cli::usage;
use crate::craft::LinkInjector;
use crate::craft::emit::Link;
use crate::craft::replay::Conduct;
use crate::sys::process::terminate_group;
use crate::sys::space::Space;
use crate::wire::recording::Recording;

/// How long a server program may take before it listens.
const SERVER_STARTS: Duration = Duration::from_secs(10);

/// How long it may take to stop when it is asked to.
const SERVER_STOPS: Duration = Duration::from_secs(2);

/// Where the connections are performed, if not against a peer that is named.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Replay")]
#[group(skip)]
pub(super) struct Setting {
    /// Perform both ends, without a peer: into a capture (-w FILE), or onto an interface (-i IF)
    #[arg(long, conflicts_with_all = ["to", "serve", "original"])]
    pub(super) stage: bool,

    /// With --stage: send both ends' segments on this interface, when their time has come
    #[arg(short = 'i', long, value_name = "IF", requires = "stage")]
    interface: Option<String>,

    /// With --stage: other addresses for the recorded ones: an address, an address with a port, or a
    /// network; may be repeated, the first that fits counts
    #[arg(long, value_name = "OLD=NEW", requires = "stage")]
    rewrite: Vec<Rewrite>,

    /// Perform the recorded clients with the addresses and ports they had, against the server program
    /// that COMMAND starts, in a network namespace of their own in which every address is here
    #[arg(long, conflicts_with_all = ["to", "serve"], requires = "program")]
    pub(super) original: bool,

    /// With --original: the server program, which stays in the foreground
    #[arg(last = true, value_name = "COMMAND", requires = "original")]
    program: Vec<OsString>,
}

impl Setting {
    /// Goes where every address is here. To be called while the program has one thread.
    pub(super) fn enter(&self) -> anyhow::Result<()> {
        if !self.original {
            return Ok(());
        }
        let space = Space { loopback_mtu: Some(1500), every_address_is_local: true, ..Space::default() };
        space.enter().map_err(|error| anyhow!("{error}")).context("there is no place for the recorded addresses")
    }

    /// Starts the server program, and waits until it listens where the first recorded server did.
    pub(super) fn start(&self, recordings: &[Recording], stop: &AtomicBool) -> anyhow::Result<Option<Server>> {
        let [name, arguments @ ..] = &*self.program else { return Ok(None) };
        let program = Path::new(name).display();
        // What others listen on, they may only do later, as for the data of FTP.
        let first = recordings.iter().min_by_key(|recording| recording.began);
        let Some(port) = first.map(|recording| recording.server.endpoint.port) else { return Ok(None) };
        let child = Command::new(name)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut server = Server(child);
        let until = Instant::now() + SERVER_STARTS;
        while !listens(port) {
            if let Some(status) = server.0.try_wait().context("cannot ask after the server program")?
                && !status.success()
            {
                bail!("{program} has ended ({status}) before it listened on port {port}");
            }
            if Instant::now() > until || stop.load(Ordering::Relaxed) {
                bail!("{program} does not listen on port {port}, where a recorded server did");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Some(server))
    }

    /// Performs both ends of all `recordings`.
    pub(super) fn perform(
        &self,
        recordings: Vec<Recording>,
        conduct: Conduct,
        write: Option<&Path>,
        permit: &Permit,
        stop: Arc<AtomicBool>,
        sink: &mut dyn Sink,
    ) -> anyhow::Result<bool> {
        if write.is_none() && self.interface.is_none() {
            let what = "say where to: '--stage' writes a capture ('-w FILE') or sends on an interface ('-i IF')";
            return Err(usage(ErrorKind::MissingRequiredArgument, what).into());
        }
        let mut injector = match &self.interface {
            Some(name) => Some(LinkInjector::new(permit.policy(), name, false).map_err(advise)?),
            None => None,
        };
        let link = match &injector {
            None => Link::Raw,
            Some(injector) => {
                let src = injector.mac().ok_or_else(|| anyhow!("that is no Ethernet interface"))?;
                let dst = injector.neighbor_mac().unwrap_or([0xff; 6]);
                Link::Ethernet { src, dst, vlans: crate::wire::Vlans::default() }
            }
        };
        let all = recordings.len() as u64;
        let mut duets = Duets::new(recordings, &self.rewrite, conduct, link, stop);
        if let Some(injector) = &mut injector {
            duets = duets.live();
            if write.is_some() {
                let what = "'-w' and '-i' are two places to go; 'synfin sniff -i IF -w FILE' keeps what passes there";
                return Err(usage(ErrorKind::ArgumentConflict, what).into());
            }
            while let Next::Frame(frame) = duets.next()? {
                injector.send(frame.bytes).map_err(advise)?;
            }
        } else {
            let recorder = write.map(|path| Recorder::open(path, Margin::default())).transpose()?;
            let mut tee = Tee::new(duets, recorder);
            super::pump(&mut tee, sink)?;
            let (performed, recorder) = tee.into_parts();
            duets = performed;
            if let Some(recorder) = recorder {
                recorder.finish()?;
            }
        }
        if let Some(what) = duets.failure() {
            bail!("{what}");
        }
        let counts = duets.counts;
        let _ = writeln!(
            io::stderr(),
            "staged {} of {all} connections, {} segments; {} heard at both ends what was recorded",
            counts.conns,
            counts.segments,
            counts.equal
        );
        Ok(counts.equal == all)
    }
}

/// A server program; it ends with this.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        terminate_group(self.0.id());
        let until = Instant::now() + SERVER_STOPS;
        while Instant::now() < until {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether somebody in this network listens on a TCP port.
fn listens(port: u16) -> bool {
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].iter().any(|table| {
        fs::read_to_string(table).unwrap_or_default().lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, state) = (words.next().unwrap_or_default(), words.nth(1));
            // State 10 is LISTEN.
            state == Some("0A") && local.rsplit(':').next() == Some(format!("{port:04X}").as_str())
        })
    })
}
