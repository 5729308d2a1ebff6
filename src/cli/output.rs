//! Where a command's data goes.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::Color;

/// Standard output, buffered, and what is known of who looks at it.
pub(super) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    color: bool,
    size: Option<(usize, usize)>,
    flush: bool,
}

impl Output {
    /// Standard output, coloured as `color` and the environment say.
    pub(super) fn stdout(color: Color) -> Self {
        ColorChoice::from(color).write_global();
        let stdout = io::stdout().lock();
        let color = AutoStream::choice(&stdout) != ColorChoice::Never;
        let size = if stdout.is_terminal() { terminal_size::terminal_size() } else { None };
        let size = size.map(|(width, height)| (usize::from(width.0), usize::from(height.0)));
        Self { to: BufWriter::with_capacity(64 * 1024, stdout), color, size, flush: false }
    }

    /// Lets nothing wait: each packet's text is seen as soon as it is written.
    pub(super) fn flush_every_write(&mut self) {
        self.flush = true;
    }

    /// Whether to colour. The writers put the colour codes in themselves.
    pub(super) fn color(&self) -> bool {
        self.color
    }

    /// Columns of the terminal; `None` where the output goes elsewhere and lines may be as long as
    /// they like.
    pub(super) fn width(&self) -> Option<usize> {
        self.size.map(|(width, _)| width)
    }

    /// Lines of the terminal; `None` where the output goes elsewhere.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn height(&self) -> Option<usize> {
        self.size.map(|(_, height)| height)
    }
}

/// What is told of Parquet where there is none.
#[cfg(not(feature = "parquet"))]
pub(super) const NO_PARQUET: &str = "this synfin was built without Parquet: cargo install --features parquet";

/// Refuses to write what is no text to a terminal.
#[cfg(feature = "parquet")]
pub(super) fn no_terminal() -> Result<(), clap::Error> {
    if io::stdout().is_terminal() {
        let message =
            "a Parquet file is nothing for a terminal: send it to a file, as in '-T parquet ... > conns.parquet'";
        return Err(super::usage(clap::error::ErrorKind::InvalidValue, message));
    }
    Ok(())
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.to.write(octets)
    }

    fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        self.to.write_all(octets)?;
        if self.flush { self.to.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
