//! A bar on stderr while a large capture is read: the door of indicatif.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::capture::file::Progress;
use crate::capture::{Frame, Lent, Link, Next, Source, SourceError};

/// `captures`, which come as far as `progress` tells, with a bar where `wanted` and of use: once they
/// take longer than a second, where stderr is a terminal and the inputs are regular files.
pub(super) fn watched<'a, S: Source + 'a>(captures: S, progress: Progress, wanted: bool) -> Box<dyn Source + 'a> {
    match progress.total() {
        Some(total) if wanted && !ProgressDrawTarget::stderr().is_hidden() => {
            let watch = Watch { progress, total, since: Instant::now(), frames: 0, bar: None };
            Box::new(Watched { captures, watch: Some(watch) })
        }
        _ => Box::new(captures),
    }
}

/// Captures that show how far they have been read.
struct Watched<S> {
    captures: S,
    watch: Option<Watch>,
}

struct Watch {
    progress: Progress,
    total: u64,
    since: Instant,
    frames: u32,
    bar: Option<ProgressBar>,
}

impl<S: Source> Source for Watched<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let Some(watch) = &mut self.watch else { return self.captures.next() };
        let next = self.captures.next();
        match &next {
            Ok(Next::Frame(_)) => watch.look(),
            Ok(Next::Idle(_) | Next::LeftOut | Next::Damage(_)) => {}
            Ok(Next::End) | Err(_) => self.watch = None,
        }
        next
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.captures.peek(most, show);
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        let Some(watch) = &mut self.watch else { return self.captures.lend(take) };
        self.captures.lend(&mut |frame| {
            let lent = take(frame);
            if lent != Lent::Refused {
                watch.look();
            }
            lent
        });
    }
}

impl Watch {
    /// Brings the bar up to date, every few thousand frames.
    fn look(&mut self) {
        self.frames += 1;
        if self.frames < 4096 {
            return;
        }
        self.frames = 0;
        if self.bar.is_none() && self.since.elapsed() >= Duration::from_secs(1) {
            self.bar = Some(bar(self.total));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.progress.read());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3} % of {total_bytes}, {binary_bytes_per_sec}, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
