//! How the cells of a row are written, whoever keeps them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::capture::Conn;
use crate::capture::track::{Basis, Close, Open, Standing, State};
use crate::report::digits::{self, Digits as _, append};
use crate::report::human;
use crate::report::short::Short;
use crate::report::table::Cells;
use crate::wire::{Endpoint, Span};

/// Takes down the cells of a row, one after the other.
pub(super) trait Pen {
    /// The next cell, of a few octets.
    fn short(&mut self, cell: Short);

    /// The next cell, of any length; it is cut after 255 octets.
    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>));

    /// An address and a port. Not as one value, which would be written piece by piece and read whole
    /// at once: the processor then waits until all that was written before is in its caches, a sixth of
    /// the time of a flood (`perf annotate`, W3).
    fn endpoint_v4(&mut self, addr: Ipv4Addr, port: u16);

    /// The same over IPv6.
    fn endpoint_v6(&mut self, addr: Ipv6Addr, port: u16);

    /// The same over either.
    #[inline]
    fn endpoint(&mut self, Endpoint { addr, port }: Endpoint) {
        match addr {
            IpAddr::V4(addr) => self.endpoint_v4(addr, port),
            IpAddr::V6(addr) => self.endpoint_v6(addr, port),
        }
    }

    /// A `-`.
    #[inline]
    fn dash(&mut self) {
        self.short(Short::DASH);
    }

    /// A word.
    #[inline(never)]
    fn word(&mut self, word: &str) {
        match Short::of(word.as_bytes()) {
            Some(short) => self.short(short),
            None => self.text(|out| out.text(word)),
        }
    }

    /// A number.
    #[inline]
    fn number(&mut self, number: u64) {
        match Short::dec(number) {
            Some(short) => self.short(short),
            None => self.text(|out| out.dec(number)),
        }
    }

    /// A number in few digits.
    #[inline]
    fn brief(&mut self, number: u64) {
        match Short::dec(number).filter(|_| number < 100_000) {
            Some(short) => self.short(short),
            None => self.text(|out| human::write_brief(out, number)),
        }
    }

    /// A stretch of time, if there is one.
    #[inline]
    fn span(&mut self, span: Option<Span>) {
        let Some(span) = span else { return self.dash() };
        match human::short_span(span) {
            Some(short) => self.short(short),
            None => self.text(|out| human::write_span(out, span)),
        }
    }

    /// `ESTABLISHED!`
    #[inline]
    fn standing(&mut self, Standing { state, basis }: Standing) {
        match STANDINGS[state as usize][basis as usize] {
            Some(short) => self.short(short),
            None => self.text(|out| {
                out.text(state.name());
                out.push(basis.mark() as u8);
            }),
        }
    }

    /// How a connection opened.
    #[inline]
    fn open(&mut self, open: Open) {
        match OPENINGS.get(open as usize) {
            Some(Some(short)) => self.short(*short),
            _ => self.word(open.name()),
        }
    }

    /// How it closed, where that is one of the words for it.
    #[inline]
    fn close(&mut self, close: Close) {
        match CLOSES.get(close as usize) {
            Some(Some(short)) => self.short(*short),
            _ => self.word(close.name()),
        }
    }

    /// Zeek's letters.
    #[inline]
    fn history(&mut self, conn: &Conn) {
        match conn.few_history_letters().and_then(|(letters, count)| Short::new(letters, count)) {
            Some(short) => self.short(short),
            None => self.text(|out| out.extend(conn.history_letters())),
        }
    }
}

/// `SYN_SENT!` and the like, by the numbers of state and basis.
static STANDINGS: [[Option<Short>; 3]; 11] = {
    const STATES: [State; 11] = [
        State::Closed,
        State::Listen,
        State::SynSent,
        State::SynRcvd,
        State::Established,
        State::FinWait1,
        State::FinWait2,
        State::CloseWait,
        State::Closing,
        State::LastAck,
        State::TimeWait,
    ];
    const BASES: [Basis; 3] = [Basis::Assumed, Basis::Expected, Basis::Proven];
    let mut words = [[None; 3]; 11];
    let mut at = 0;
    while at < 33 {
        let (state, basis) = (STATES[at / 3], BASES[at % 3]);
        words[state as usize][basis as usize] = Short::constant(state.name(), Some(basis.mark() as u8));
        at += 1;
    }
    words
};

/// What is common of how connections open, by number.
static OPENINGS: [Option<Short>; 20] = {
    const COMMON: [Open; 10] = [
        Open::Normal,
        Open::DataOn3rd,
        Open::MissingSyn,
        Open::Refused,
        Open::Unreachable,
        Open::NoAnswer,
        Open::HalfOpen,
        Open::Midstream,
        Open::Answered,
        Open::Unanswered,
    ];
    let mut words = [None; 20];
    let mut at = 0;
    while at < COMMON.len() {
        words[COMMON[at] as usize] = Short::constant(COMMON[at].name(), None);
        at += 1;
    }
    words
};

/// What is common of how they close, by number. One that was still opening is no word.
static CLOSES: [Option<Short>; 13] = {
    const COMMON: [Close; 8] = [
        Close::Fin4,
        Close::Fin3,
        Close::HalfClosed,
        Close::FinUnanswered,
        Close::Reset,
        Close::OpenAtEnd,
        Close::Timeout,
        Close::Evicted,
    ];
    let mut words = [None; 13];
    words[Close::CaptureEnd as usize] = Some(Short::DASH);
    let mut at = 0;
    while at < COMMON.len() {
        words[COMMON[at] as usize] = Short::constant(COMMON[at].name(), None);
        at += 1;
    }
    words
};

impl Pen for Cells<'_> {
    fn short(&mut self, cell: Short) {
        self.cell(|out| append(out, &cell.octets(), cell.len()));
    }

    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.cell(write);
    }

    fn endpoint_v4(&mut self, addr: Ipv4Addr, port: u16) {
        self.cell(|out| digits::endpoint_v4(out, addr, b':', port));
    }

    fn endpoint_v6(&mut self, addr: Ipv6Addr, port: u16) {
        self.cell(|out| digits::endpoint_v6(out, addr, port));
    }
}
