//! Rows that are written at once where they will stand.
//!
//! How wide the columns of a part have to be is known when its last row is. But nearly every row
//! fits into columns that are wide enough for those before it. So it is written as a line of such
//! columns, and nothing has to be measured or moved; for the few rows that do not fit, which are
//! fewer the longer a table is, the lines so far are set anew. And where a row is like one before it in
//! all but numbers and endpoints, its words are copied from there.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::Beside;
use super::columns::{self, Columns};
use super::pen::Pen;
use super::row::{Kind, Row};
use crate::capture::Conn;
use crate::capture::track::{ConnId, Ended, Role, Unanswered};
use crate::capture::wish;
use crate::report::digits;
use crate::report::paint::Paint;
use crate::report::short::Short;
use crate::report::table::{Align, Column, Fit, Shown, Table};
use crate::wire::Endpoint;

/// The lines of a part of a table.
#[derive(Debug)]
pub(super) struct Lines {
    text: Vec<u8>,
    held: Vec<Line>,
    /// Whether they stand in order.
    sorted: bool,
    /// The columns that they stand in; none before the first.
    fit: Option<Fit>,
    places: [Place; MOST],
    /// A row that did not fit, and a cell of many octets, or a line.
    row: Vec<u8>,
    cell: Vec<u8>,
    /// SYNs without answer, by why they were given up.
    asked: [Option<Asked>; 3],
    /// Lines by their kinds.
    likes: Vec<Like>,
    /// Where in a line those cells stand in which others of the kind are alike.
    alike: Range<usize>,
    /// Where the columns begin behind those in which a SYN without answer differs from another that asks the
    /// same, and from any other.
    rests: [usize; 2],
}

/// A line: whose it is, and where it begins.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Line {
    id: u32,
    start: u32,
}

/// The line of a SYN without answer: others differ from it in little.
#[derive(Clone, Copy, Debug)]
struct Asked {
    line: usize,
    server: Endpoint,
}

impl Asked {
    /// Whether `syn` asks the same server.
    fn is_asked_by(&self, syn: &Unanswered<'_>) -> bool {
        match (self.server.addr, syn.endpoint_v4(Role::Server)) {
            (IpAddr::V4(server), Some((addr, port))) => addr == server && port == self.server.port,
            (IpAddr::V4(_), None) | (IpAddr::V6(_), Some(_)) => false,
            (IpAddr::V6(_), None) => syn.endpoint(Role::Server) == self.server,
        }
    }
}

/// The line of a connection: others of its kind differ from it in their handles, endpoints, counts and
/// times.
#[derive(Clone, Copy, Debug, Default)]
struct Like {
    kind: Kind,
    line: u32,
}

/// How many are remembered.
const LIKES: usize = 1024;

/// Where the cells of a column go: into so many octets of a line.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u32,
    width: u32,
    /// All bits where they are flush right, else none.
    right: u32,
    /// What they are that have no room here.
    dull: Option<Short>,
}

/// Places that are known; there are fewer columns.
const MOST: usize = 32;

const _: () = assert!(columns::COLUMNS.len() <= MOST);

/// With so many lines it is likely that a part becomes full.
const MANY: usize = super::PART / 16;

/// Lines that are put in order at a time.
const WRITTEN: usize = 256;

/// Octets that may be written where a cell begins, and those behind a line.
const WINDOW: usize = digits::ENDPOINT;
const SLACK: usize = WINDOW;

/// Most octets of a cell.
const LONGEST: usize = u8::MAX as usize;

impl Default for Lines {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            held: Vec::new(),
            sorted: true,
            fit: None,
            places: [Place::of(None, 0); MOST],
            row: Vec::new(),
            cell: Vec::new(),
            asked: [None; 3],
            likes: vec![Like::default(); LIKES],
            alike: 0..0,
            rests: [0; 2],
        }
    }
}

impl Lines {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Adds the row of `conn`.
    pub(super) fn add(&mut self, table: &mut Table, conn: &Conn, beside: Beside<'_>, columns: &Columns) {
        let kind = if columns.wants_apps() || !beside.is_nothing() { None } else { Kind::of(conn) };
        if kind.is_some_and(|kind| self.add_of_kind(conn, kind)) {
            return;
        }
        let put = |pen: &mut Pencil<'_>| columns::put(pen, conn, beside, columns);
        let (mut start, room) = (self.text.len(), self.fit.as_ref().map_or(0, Fit::room));
        if room > 0 && self.write(room, put) {
            self.end_line(start, room);
        } else {
            self.text.truncate(start);
            start = self.add_wide(table, |row| columns::write(row, conn, beside, columns));
        }
        self.hold(conn.id, start);
        if let Some(kind) = kind {
            self.remember_kind(kind);
        }
    }

    /// Adds the row of a SYN without answer, given one that differs in nothing else; tells whether
    /// there is one.
    pub(super) fn add_like(&mut self, syn: &Unanswered<'_>) -> bool {
        let Some(asked) = self.asked[index(syn.ended())] else { return false };
        let (count, rest) = if asked.is_asked_by(syn) { (columns::ASKER, 0) } else { (columns::ASKED, 1) };
        let (like, rest, start) = (self.range(asked.line), self.rests[rest], self.text.len());
        let put = |pen: &mut Pencil<'_>| columns::put_asked(pen, syn, count);
        if like.start + rest + 1 >= like.end || !self.write(rest, put) {
            self.text.truncate(start);
            return false;
        }
        self.text.truncate(start + rest);
        self.text.extend_from_within(like.start + rest..like.end);
        self.hold(syn.id(), start);
        true
    }

    /// The last row was that of a SYN without answer.
    pub(super) fn remember(&mut self, syn: &Unanswered<'_>) {
        let server = syn.endpoint(Role::Server);
        self.asked[index(syn.ended())] = self.held.len().checked_sub(1).map(|line| Asked { line, server });
    }

    /// Adds a row of this kind, given another of it; tells whether there is one. To copy its words, and to have
    /// made no [`Conn`], takes 1,100 instructions instead of 2,900 (callgrind, a tenth of W2).
    #[inline]
    pub(super) fn add_of_kind(&mut self, row: &impl Row, kind: Kind) -> bool {
        let find = |kind: Kind| self.likes.get(kind.place(LIKES)).filter(|like| like.kind == kind).copied();
        let Some(Like { kind, line: like }) = find(kind).or_else(|| find(kind.known())) else { return false };
        let (start, room) = (self.text.len(), self.fit.as_ref().map_or(0, Fit::room));
        let (like, alike) = (self.range(like as usize).start, self.alike.clone());
        self.text.resize(start + room + SLACK, b' ');
        let Some((before, line)) = self.text.split_at_mut_checked(start) else { return false };
        let mut pencil = Pencil { line, places: &self.places, next: 0, fits: true, cell: &mut self.cell };
        columns::put_front(&mut pencil, row);
        // What was written before reaches into this.
        if let Some(to) = pencil.line.get_mut(alike.clone())
            && let Some(from) = before.get(like + alike.start..like + alike.end)
        {
            to.copy_from_slice(from);
        }
        pencil.next = columns::ALIKE.end;
        columns::put_back(&mut pencil, row);
        let fits = pencil.fits;
        self.text.truncate(if fits { start + room } else { start });
        if fits {
            self.text.push(b'\n');
            self.hold(row.id(), start);
            self.put_kind(kind);
        }
        fits
    }

    /// The last row was one of this kind.
    pub(super) fn remember_kind(&mut self, kind: Kind) {
        self.put_kind(kind.known());
    }

    #[inline]
    fn put_kind(&mut self, kind: Kind) {
        if let (Some(line), Some(like)) = (self.held.len().checked_sub(1), self.likes.get_mut(kind.place(LIKES))) {
            *like = Like { kind, line: line as u32 };
        }
    }

    /// Writes the lines in order, under a header unless they look like those `above`; forgets them,
    /// and gives back how their columns stand.
    pub(super) fn write_to(
        &mut self,
        out: &mut dyn Write,
        above: Option<Fit>,
        paint: Paint,
    ) -> io::Result<Option<Fit>> {
        let Some(fit) = self.fit.as_ref().filter(|_| !self.held.is_empty()) else { return Ok(above) };
        if !above.is_some_and(|above| above.looks_like(fit)) {
            self.row.clear();
            fit.head(&mut self.row, "", paint);
            out.write_all(&self.row)?;
        }
        if self.sorted {
            out.write_all(&self.text)?;
        } else {
            let numbered = self.held.iter().zip(0_u32..);
            let mut order: Vec<(u32, u32)> = numbered.map(|(line, at)| (line.id, at)).collect();
            order.sort_unstable();
            // Some at a time: what is written over again is in the caches.
            for some in order.chunks(WRITTEN) {
                self.row.clear();
                for (_, at) in some {
                    let range = self.range(*at as usize);
                    self.row.extend_from_slice(self.text.get(range).unwrap_or_default());
                }
                out.write_all(&self.row)?;
            }
        }
        self.text.clear();
        self.held.clear();
        self.asked = [None; 3];
        self.likes.fill(Like::default());
        Ok(self.fit.clone())
    }

    fn hold(&mut self, id: ConnId, start: usize) {
        self.sorted = self.held.last().is_none_or(|last| self.sorted && last.id < id.0);
        self.held.push(Line { id: id.0, start: start as u32 });
        if self.held.len() == MANY {
            self.make_room(self.text.len() / MANY);
        }
    }

    /// Makes room for a part that is full, of lines of so many octets, if there are many already: else the
    /// kernel has to be asked for thousands of pages, one after the other; a third of those of W1
    /// (`/usr/bin/time -v synfin conns`).
    #[cold]
    fn make_room(&mut self, line: usize) {
        let all = (line + 1) * super::PART + SLACK;
        if self.held.len() >= MANY && self.text.capacity() < all {
            // Some more, for columns that become wider; what is never written takes no memory.
            let mut text = Vec::with_capacity(all + all / 4);
            wish::prefer_large_pages(text.spare_capacity_mut());
            text.extend_from_slice(&self.text);
            self.text = text;
        }
    }

    /// Where a line is.
    fn range(&self, at: usize) -> Range<usize> {
        let start = |at: usize| self.held.get(at).map_or(self.text.len(), |line| line.start as usize);
        start(at)..start(at + 1)
    }

    /// Writes cells of a line where the columns are, those that begin before `room`; tells whether they fit.
    #[inline]
    fn write(&mut self, room: usize, put: impl FnOnce(&mut Pencil<'_>)) -> bool {
        let start = self.text.len();
        self.text.resize(start + room + SLACK, b' ');
        let Some(line) = self.text.get_mut(start..) else { return false };
        let mut pencil = Pencil { line, places: &self.places, next: 0, fits: true, cell: &mut self.cell };
        put(&mut pencil);
        pencil.fits
    }

    /// Ends the line that begins at `start` behind what was written into its `room`.
    fn end_line(&mut self, start: usize, room: usize) {
        let len = self.text.get(start..start + room).unwrap_or_default().trim_ascii_end().len();
        self.text.truncate(start + len);
        self.text.push(b'\n');
    }

    /// Writes a row that needs other columns; tells where.
    #[cold]
    fn add_wide(&mut self, table: &mut Table, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        self.row.clear();
        write(&mut self.row);
        table.measure(&self.row);
        let fit = table.fitted(0);
        if let Some(old) = &self.fit {
            self.set_anew(&moves(old, &fit), fit.room());
        }
        let mut columns = fit.columns();
        self.places = std::array::from_fn(|_| Place::of(columns.next(), fit.room()));
        drop(columns);
        let shown = |from: usize| fit.columns().skip(from).find_map(|(_, shown)| shown).map_or(0, |shown| shown.at);
        self.alike = shown(columns::ALIKE.start)..shown(columns::ALIKE.end);
        self.rests = [columns::ASKER, columns::ASKED].map(shown);
        let start = self.text.len();
        fit.row(&mut self.text, &self.row, "");
        self.fit = Some(fit);
        start
    }

    /// Sets all lines in other columns, in which none is shorter: the last one first, since each moves back.
    fn set_anew(&mut self, moves: &[Move], room: usize) {
        self.make_room(room);
        let mut end = self.text.len();
        self.text.resize((self.held.len() * (room + 1)).max(end), b' ');
        for at in (0..self.held.len()).rev() {
            let start = self.held[at].start as usize;
            let line = self.text.get(start..end).unwrap_or_default().trim_ascii_end();
            self.cell.clear();
            self.cell.resize(room, b' ');
            for Move { from, to } in moves {
                let text = match from {
                    From::Line(from) => line.get(from.start..from.end.min(line.len())).unwrap_or_default(),
                    From::Words(words) => words.as_bytes(),
                };
                if let Some(place) = self.cell.get_mut(*to..to + text.len()) {
                    place.copy_from_slice(text);
                }
            }
            if let Some(place) = self.text.get_mut(at * (room + 1)..at * (room + 1) + room) {
                place.copy_from_slice(&self.cell);
            }
            end = start;
        }
        // Spaces at the end of a line are left off.
        for (at, held) in self.held.iter_mut().enumerate() {
            let start = at * (room + 1);
            let len = self.text.get(start..start + room).unwrap_or_default().trim_ascii_end().len();
            self.text.copy_within(start..start + len, end);
            held.start = end as u32;
            end += len;
            if let Some(place) = self.text.get_mut(end) {
                *place = b'\n';
            }
            end += 1;
        }
        self.text.truncate(end);
    }
}

fn index(why: Option<Ended>) -> usize {
    match why {
        None => 0,
        Some(Ended::Timeout) => 1,
        Some(Ended::Evicted) => 2,
    }
}

/// Something of a line that stands elsewhere in other columns.
#[derive(Debug)]
struct Move {
    from: From,
    to: usize,
}

#[derive(Debug)]
enum From {
    /// So many octets of a line.
    Line(Range<usize>),
    /// What a column that was not shown says.
    Words(&'static str),
}

/// How lines in the columns of `old` become lines in those of `new`, in which all of them are that
/// were shown, and as wide at least.
fn moves(old: &Fit, new: &Fit) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    for ((column, old), (_, new)) in old.columns().zip(new.columns()) {
        let Some(new) = new else { continue };
        let width = old.map_or(column.dull.len(), |old| old.width);
        let to = if new.align == Align::Right { new.at + new.width.saturating_sub(width) } else { new.at };
        let Some(old) = old else {
            moves.push(Move { from: From::Words(column.dull), to });
            continue;
        };
        let end = old.at + old.width;
        match moves.last_mut() {
            // Between both there are only spaces.
            Some(Move { from: From::Line(before), to: at }) if to - *at == old.at - before.start => before.end = end,
            _ => moves.push(Move { from: From::Line(old.at..end), to }),
        }
    }
    moves
}

impl Place {
    /// That of a column, or of one too many, in lines of so much room.
    fn of(column: Option<(&Column, Option<Shown>)>, room: usize) -> Self {
        match column {
            Some((_, Some(Shown { at, width, align }))) => {
                let right = if align == Align::Right { u32::MAX } else { 0 };
                Self { at: at as u32, width: width as u32, right, dull: None }
            }
            // What is empty may be written behind the line.
            Some((column, None)) => {
                Self { at: room as u32, width: 0, right: 0, dull: Short::of(column.dull.as_bytes()) }
            }
            None => Self { at: room as u32, width: 0, right: 0, dull: None },
        }
    }
}

/// Writes the cells of a row into a line of spaces. What it writes behind a cell is spaces again,
/// or written over by the next.
struct Pencil<'a> {
    line: &'a mut [u8],
    places: &'a [Place; MOST],
    next: usize,
    /// Whether all of them fit.
    fits: bool,
    /// Room for a cell of many octets.
    cell: &'a mut Vec<u8>,
}

impl<'a> Pencil<'a> {
    /// The place of the next cell.
    #[inline]
    fn place(&mut self) -> &'a Place {
        let places = self.places;
        let place = &places[self.next % MOST];
        self.next += 1;
        place
    }

    /// What may be written where a cell of `len` octets goes, which its place has room for.
    #[inline]
    fn window(&mut self, place: &Place, len: usize) -> Option<&mut [u8; WINDOW]> {
        let at = (place.at + ((place.width - len as u32) & place.right)) as usize;
        self.line.get_mut(at..at + WINDOW)?.first_chunk_mut()
    }
}

impl Pencil<'_> {
    #[inline]
    fn put_endpoint(&mut self, put: impl FnOnce(&mut [u8; WINDOW]) -> usize) {
        let place = self.place();
        // Nobody sees what is written over the next columns where it does not fit.
        if let Some(window) = self.window(place, 0) {
            let len = put(window);
            window[len % 64..len % 64 + 16].copy_from_slice(&[b' '; 16]);
            self.fits &= len <= place.width as usize && place.right == 0;
        }
    }
}

impl Pen for Pencil<'_> {
    #[inline]
    fn short(&mut self, cell: Short) {
        let place = self.place();
        if cell.len() > place.width as usize {
            self.fits &= place.dull == Some(cell);
            return;
        }
        // Whole words, with spaces over what is too much: a call to copy a few octets takes longer.
        if let Some(window) = self.window(place, cell.len()) {
            window[..16].copy_from_slice(&cell.octets());
            let end = cell.len() % 16;
            window[end..end + 16].copy_from_slice(&[b' '; 16]);
        }
    }

    #[inline(never)]
    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let place = self.place();
        self.cell.clear();
        write(self.cell);
        self.cell.truncate(LONGEST);
        let len = self.cell.len();
        if len > place.width as usize {
            self.fits &= place.dull.is_some() && place.dull == Short::of(self.cell);
            return;
        }
        let at = (place.at + ((place.width - len as u32) & place.right)) as usize;
        if let Some(to) = self.line.get_mut(at..at + len) {
            to.copy_from_slice(self.cell);
        }
    }

    #[inline]
    fn endpoint_v4(&mut self, addr: Ipv4Addr, port: u16) {
        self.put_endpoint(|window| digits::put_endpoint_v4(window, addr, b':', port));
    }

    fn endpoint_v6(&mut self, addr: Ipv6Addr, port: u16) {
        self.put_endpoint(|window| digits::put_endpoint_v6(window, addr, port));
    }
}
