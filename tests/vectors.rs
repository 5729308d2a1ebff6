//! Textbook captures: the notes each must and must not give, and where both ends stand.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use synfin::capture::file::{Capture, Options};
use synfin::capture::track::{Conn, Observation};
use synfin::capture::{Checksums, Packet, Sink, Tracker, pump};

/// The folder of captures that is not shipped with the project.
fn vectors() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/vectors");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", folder.display());
    eprintln!("not run: {} is not there", folder.display());
    None
}

/// What a capture's packets were told to mean.
#[derive(Default)]
struct Told {
    limit: Option<u64>,
    packets: u64,
    notes: BTreeSet<&'static str>,
    last: Option<(String, String)>,
    log: String,
}

impl Sink for Told {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.packets += 1;
        let Some((seen, _)) = told else { return Ok(()) };
        self.notes.extend(seen.notes.iter().map(synfin::capture::track::Note::id));
        let (client, server) = (seen.after.client.to_string(), seen.after.server.to_string());
        self.log += &format!("  {} {:?} {} ({client}, {server})\n", packet.n, seen.from, seen.notes);
        self.last = Some((client, server));
        Ok(())
    }

    fn full(&self) -> bool {
        self.limit == Some(self.packets)
    }
}

fn told(capture: &Path, limit: Option<u64>) -> Told {
    let mut source = Capture::open(capture, Options::default()).expect("a readable capture");
    let mut told = Told { limit, ..Told::default() };
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut told).expect("nothing is written");
    told
}

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|row| row.split('\t').collect())
}

#[test]
fn every_vector_gives_its_notes_and_no_others() {
    let Some(folder) = vectors() else { return };
    let table = fs::read_to_string(folder.join("expected.tsv")).expect("the table is there");
    let mut faults = String::new();
    for row in rows(&table) {
        let [name, must, must_not, client, server] = row[..] else { panic!("{row:?}") };
        let told = told(&folder.join(name), None);
        let mut fault = String::new();
        for note in must.split_whitespace().filter(|note| !told.notes.contains(note)) {
            fault += &format!(" lacks {note}");
        }
        for note in must_not.split_whitespace().filter(|note| told.notes.contains(note)) {
            fault += &format!(" has {note}");
        }
        let (last_client, last_server) = told.last.clone().unwrap_or_default();
        if !client.is_empty() && (client, server) != (&last_client, &last_server) {
            fault += &format!(" ends in ({last_client}, {last_server}), not ({client}, {server})");
        }
        if !fault.is_empty() {
            faults += &format!("{name}:{fault}\n{}", told.log);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn every_vector_stands_right_halfway() {
    let Some(folder) = vectors() else { return };
    let table = fs::read_to_string(folder.join("halfway.tsv")).expect("the table is there");
    for row in rows(&table) {
        let [name, packets, client, server] = row[..] else { panic!("{row:?}") };
        let told = told(&folder.join(name), packets.parse().ok());
        assert_eq!(told.last, Some((client.into(), server.into())), "{name} after {packets}\n{}", told.log);
    }
}
