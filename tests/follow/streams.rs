//! The streams of a capture as synfin puts them together.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use synfin::capture::file::{Captures, Options};
use synfin::capture::stream::{Above, Event, Interest, Limits, Missing, Streams};
use synfin::capture::track::{ConnId, Role, Tracker};
use synfin::capture::{Body, Checksums, Conn, Observation, Packet, Sink, pump};

/// One connection: what it is, and what both ends said.
#[derive(Default)]
pub(crate) struct Told {
    /// `10.0.0.1:80`, client first.
    pub(crate) ends: [String; 2],
    /// Wireshark's numbers for the streams that its packets count to.
    pub(crate) numbers: BTreeSet<u32>,
    /// Wireshark's `tcp.completeness`.
    pub(crate) completeness: u8,
    /// What each end said, with tshark's words in the place of holes.
    pub(crate) said: [Vec<u8>; 2],
    /// Octets before which a hole was told that the snap length had cut.
    pub(crate) cut: bool,
    /// Octets that are missing for other reasons.
    pub(crate) missing: u64,
    /// Some of its packets failed the test of their timestamps, were oddly flagged, and so on.
    pub(crate) notes: String,
}

impl Told {
    /// From SYN to FIN or RST, with data.
    pub(crate) fn is_complete(&self) -> bool {
        self.completeness & 0x0f == 0x0f && self.completeness & 0x30 != 0
    }

    /// Whether it carried octets.
    pub(crate) fn has_octets(&self) -> bool {
        self.said.iter().any(|said| !said.is_empty())
    }
}

/// What was told of each TCP connection of a capture, in order of first packet; nothing where it
/// cannot be read.
pub(crate) fn of(path: &Path) -> Vec<Told> {
    let Ok(mut captures) = Captures::open(&[path.to_owned()], Options::default()) else {
        return Vec::new();
    };
    let mut collector = Collector { streams: Streams::new(Limits::default()), book: Book::default() };
    // Damage is the business of other tests.
    let _ = pump(&mut captures, Checksums::Ignore, &mut Tracker::default(), &mut collector);
    collector.book.conns.into_values().collect()
}

#[derive(Default)]
struct Book {
    conns: BTreeMap<ConnId, Told>,
    /// What was missing last, if nothing came after it: tshark is silent of that.
    tails: BTreeMap<(ConnId, usize), usize>,
    /// The capture has ended: holes that are given up now tshark waits for, and what lies behind them.
    ending: bool,
    waits: [bool; 2],
}

struct Collector {
    streams: Streams,
    book: Book,
}

impl Sink for Collector {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let (Some((seen, conn)), Body::Tcp(_)) = (told, packet.record.body) {
            self.book.conns.entry(conn.id).or_default().numbers.insert(seen.stream);
            self.streams.take(packet, seen, conn, &mut self.book);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        (self.book.ending, self.book.waits) = (true, [false; 2]);
        self.streams.ended(conn, &mut self.book);
        self.book.ending = false;
        if let Some(told) = self.book.conns.get_mut(&conn.id) {
            told.completeness = conn.completeness();
            told.ends = Role::BOTH.map(|role| conn.endpoint(role).to_string());
            told.notes = conn.notes().to_string();
            for (at, role) in Role::BOTH.into_iter().enumerate() {
                if let Some(whole) = self.book.tails.remove(&(conn.id, role as usize)) {
                    told.said[at].truncate(whole);
                }
            }
        }
        Ok(())
    }
}

impl Above for Book {
    fn wants(&mut self, _: &Conn) -> bool {
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let at = event.from() as usize;
        if self.ending && self.waits[at] {
            return Interest::More;
        }
        let told = self.conns.entry(conn.id).or_default();
        match event {
            Event::Octets(octets) => {
                self.tails.remove(&(conn.id, at));
                told.said[at].extend_from_slice(octets.bytes);
            }
            Event::Hole(hole) => {
                self.tails.entry((conn.id, at)).or_insert(told.said[at].len());
                self.waits[at] = self.ending;
                match hole.why {
                    Missing::Cut => told.cut = true,
                    Missing::NotCaptured | Missing::NoRoom => told.missing += hole.len,
                }
                told.said[at].extend_from_slice(format!("[{} bytes missing in capture file]\0", hole.len).as_bytes());
            }
            Event::End(_) => {}
        }
        Interest::More
    }
}
