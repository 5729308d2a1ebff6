//! Signals as flags that are looked at when there is time: the door of signal-hook.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

/// What the user asked for from outside.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    tell: Arc<AtomicBool>,
}

impl Signals {
    /// Takes over Ctrl-C, SIGTERM, SIGHUP and SIGUSR1. Who asks twice to stop is not kept waiting:
    /// the second time ends the program at once.
    pub(super) fn taken() -> anyhow::Result<Self> {
        let signals = Self { stop: Arc::default(), tell: Arc::default() };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&signals.stop))
                .and_then(|_| flag::register(signal, Arc::clone(&signals.stop)))
                .context("cannot take over the signals to stop")?;
        }
        flag::register(SIGUSR1, Arc::clone(&signals.tell)).context("cannot take over SIGUSR1")?;
        Ok(signals)
    }

    /// Becomes true when it is time to stop.
    pub(super) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether the account was asked for since.
    pub(super) fn tell(&self) -> bool {
        self.tell.load(Ordering::Relaxed) && self.tell.swap(false, Ordering::Relaxed)
    }
}
