//! Signals as flags that are looked at when there is time: the door of signal-hook.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that ask to stop.
const STOPS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// What the user asked for from outside.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    #[cfg(all(feature = "live", target_os = "linux"))]
    tell: Arc<AtomicBool>,
    /// The signal that asked to stop.
    which: Arc<AtomicUsize>,
}

impl Signals {
    /// Takes over Ctrl-C, SIGTERM, SIGHUP and SIGUSR1. Who asks twice to stop is not kept waiting:
    /// the second time ends the program at once.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn taken() -> anyhow::Result<Self> {
        let signals = Self::taken_to_stop(Arc::default())?;
        let tell = Arc::clone(&signals.tell);
        flag::register(signal_hook::consts::SIGUSR1, tell).context("cannot take over SIGUSR1")?;
        Ok(signals)
    }

    /// Takes over Ctrl-C, SIGTERM and SIGHUP alone, in the same way: they set `stop`, and break off a
    /// wait for input.
    pub(super) fn taken_for_reading(stop: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let signals = Self::taken_to_stop(stop)?;
        #[cfg(all(feature = "live", target_os = "linux"))]
        for signal in STOPS {
            crate::sys::interrupt::breaks_waits(signal).context("cannot take over the signals to stop")?;
        }
        Ok(signals)
    }

    fn taken_to_stop(stop: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let signals = Self {
            stop,
            #[cfg(all(feature = "live", target_os = "linux"))]
            tell: Arc::default(),
            which: Arc::default(),
        };
        for signal in STOPS {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&signals.stop))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&signals.which), signal as usize))
                .and_then(|_| flag::register(signal, Arc::clone(&signals.stop)))
                .context("cannot take over the signals to stop")?;
        }
        Ok(signals)
    }

    /// Becomes true when it is time to stop.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether the account was asked for since.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn tell(&self) -> bool {
        self.tell.load(Ordering::Relaxed) && self.tell.swap(false, Ordering::Relaxed)
    }

    /// Takes note of a signal to stop that has come, for [`ended`].
    pub(super) fn note(&self) {
        if self.stop.load(Ordering::Relaxed) {
            ENDED.store(self.which.load(Ordering::Relaxed) as i32, Ordering::Relaxed);
        }
    }
}

/// The signal that ended the reading of a capture; 0 where none did.
static ENDED: AtomicI32 = AtomicI32::new(0);

/// The signal that ended the reading of a capture before its end, if one did.
pub(super) fn ended() -> Option<Stop> {
    Some(ENDED.load(Ordering::Relaxed)).filter(|signal| *signal != 0).map(Stop)
}

/// A signal to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stop(i32);

impl Stop {
    /// The exit code that says so, as a shell would.
    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(u8::try_from(128 + self.0).unwrap_or(1))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SIGINT => "SIGINT",
            SIGTERM => "SIGTERM",
            SIGHUP => "SIGHUP",
            other => return write!(f, "signal {other}"),
        })
    }
}
