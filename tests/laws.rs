//! Laws of the tracker: what must hold of every capture, whatever it shows.
//!
//! Each is tried on the captures the project ships and, where they are at hand, on some 1,800 from
//! other projects.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use synfin::capture::file::{Capture, CaptureWriter, Captures, Format, Options};
use synfin::capture::track::{Basis, Conn, Observation, Role};
use synfin::capture::{Aside, Body, Checksums, Frame, Link, Next, OwnedFrame, Record, Source, Tracker, decode};
use synfin::wire::{Flags, Seq, Timestamp};

/// Captures larger than this are left to the conformance run.
const LARGEST: u64 = 4 << 20;

/// Every capture at hand, as the records of its frames.
fn captures() -> impl Iterator<Item = (PathBuf, Vec<Record>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("captures"), &mut files);
    assert!(files.len() > 20, "the project ships captures");
    let shared = root.join("../shared/captures");
    if shared.is_dir() {
        collect(&shared, &mut files);
    } else {
        assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", shared.display());
        eprintln!("tried on the shipped captures alone: {} is not there", shared.display());
    }
    files.sort();
    files.into_iter().map(|file| (file.clone(), records(&file))).filter(|(_, records)| !records.is_empty())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "oracle") {
                collect(&path, files);
            }
        } else if entry.metadata().is_ok_and(|meta| meta.len() <= LARGEST) {
            files.push(path);
        }
    }
}

fn records(file: &Path) -> Vec<Record> {
    Capture::open(file, Options::default()).map_or(Vec::new(), |mut capture| read_all(&mut capture))
}

fn read_all(source: &mut dyn Source) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        match source.next().expect("a file on a good disk") {
            Next::Frame(frame) => records.push(decode(&frame, Checksums::Ignore)),
            Next::Damage(_) | Next::LeftOut | Next::Idle(_) => {}
            Next::End => return records,
        }
    }
}

/// What a tracker says of each record; then of each connection.
fn say(records: &[Record]) -> (Vec<String>, Vec<String>) {
    let mut tracker = Tracker::default();
    let packets =
        (1..).zip(records).map(|(n, record)| tracker.observe(n, record).map_or(String::new(), packet)).collect();
    (packets, tracker.conns().map(|one| conn(&one)).collect())
}

fn packet(seen: Observation) -> String {
    let Observation { conn, from, notes, before, after, know, nth, about, .. } = seen;
    format!("{conn:?} {from:?} {notes} {before:?} {after:?} {know:?} {nth} {about:?}")
}

/// A connection's record without the frame numbers.
fn conn(conn: &Conn) -> String {
    let ends = Role::BOTH.map(|role| {
        let half = conn.half(role);
        format!("{} {:?} {:?} {:?}", half.standing, half.facts, half.counts(), half.offer)
    });
    format!(
        "{:?} {} {} {:?} {} {} {:?} {:?} {ends:?}",
        conn.id,
        conn.open(),
        conn.close(),
        conn.closed_by(),
        conn.history(),
        conn.zeek_state(),
        conn.timing(),
        conn.duration(),
    )
}

fn compare(law: &str, file: &Path, one: &[String], other: &[String]) {
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(one, other, "{law}: {} differs at {}", file.display(), at + 1);
    }
    assert_eq!(one.len(), other.len(), "{law}: {}", file.display());
}

#[test]
fn mirrored_addresses_change_nothing() {
    for (file, records) in captures() {
        let mirrored: Vec<_> = records.iter().map(|record| with_addrs(*record, mirror)).collect();
        let (one, other) = (say(&records), say(&mirrored));
        compare("mirrored", &file, &one.0, &other.0);
        compare("mirrored", &file, &one.1, &other.1);
    }
}

fn mirror(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(addr) => IpAddr::V4((!addr.to_bits()).into()),
        IpAddr::V6(addr) => IpAddr::V6((!addr.to_bits()).into()),
    }
}

fn with_addrs(mut record: Record, map: impl Fn(IpAddr) -> IpAddr) -> Record {
    if let Some(ip) = &mut record.ip {
        ip.src = map(ip.src);
        ip.dst = map(ip.dst);
    }
    if let Body::Icmp(icmp) = &mut record.body
        && let Some(quoted) = &mut icmp.quoted
    {
        quoted.src = map(quoted.src);
        quoted.dst = map(quoted.dst);
    }
    record
}

#[test]
fn a_capture_with_every_packet_doubled_gives_the_same_connections() {
    for (file, records) in captures() {
        let mut tracker = Tracker::default();
        for (n, record) in (1..).zip(&records) {
            tracker.observe(n, record);
        }
        let copies = tracker.duplicates();
        let doubled: Vec<_> = records.iter().flat_map(|record| [*record, later(*record)]).collect();
        let (one, other) = (say(&records), say(&doubled));
        if copies == 0 {
            compare("doubled", &file, &one.1, &other.1);
        }
    }
}

/// The same packet seen 3 microseconds later.
fn later(mut record: Record) -> Record {
    record.time = Timestamp(record.time.0 + 3_000);
    record
}

#[test]
fn shifted_sequence_numbers_change_nothing() {
    for (file, records) in captures() {
        let shifted: Vec<_> = records.iter().map(|record| shift(*record)).collect();
        let (one, other) = (say(&records), say(&shifted));
        compare("shifted", &file, &one.0, &other.0);
        compare("shifted", &file, &one.1, &other.1);
    }
}

/// Adds a constant to each sender's sequence space. Literal zeros stay: the number of a reset that
/// refuses a SYN, and the acknowledgement of a segment without ACK.
fn shift(mut record: Record) -> Record {
    let Some((src, dst, _)) = record.endpoints() else { return record };
    let by = |endpoint: synfin::wire::Endpoint| match endpoint.addr {
        IpAddr::V4(addr) => addr.to_bits().wrapping_mul(0x9e37_79b9) ^ u32::from(endpoint.port) << 7,
        IpAddr::V6(addr) => (addr.to_bits() as u32).wrapping_mul(0x9e37_79b9) ^ u32::from(endpoint.port) << 7,
    };
    match &mut record.body {
        Body::Tcp(tcp) => {
            let segment = &mut tcp.segment;
            if !(segment.flags.contains(Flags::RST | Flags::ACK) && segment.seq == Seq(0)) {
                segment.seq += by(src);
            }
            if segment.flags.contains(Flags::ACK) {
                segment.ack += by(dst);
            }
            segment.options.shift_sack(by(dst));
        }
        Body::Icmp(icmp) => {
            if let Some(quoted) = &mut icmp.quoted
                && let (Some(seq), Some((port, _))) = (&mut quoted.seq, quoted.ports)
            {
                *seq = seq.wrapping_add(by(synfin::wire::Endpoint { addr: quoted.src, port }));
            }
        }
        Body::Udp(_) | Body::Arp(_) | Body::Skip(_) => {}
    }
    record
}

#[test]
fn a_later_day_changes_nothing() {
    for (file, records) in captures() {
        let tomorrow: Vec<_> = records
            .iter()
            .map(|record| Record { time: Timestamp(record.time.0 + 86_400_000_000_000), ..*record })
            .collect();
        let (one, other) = (say(&records), say(&tomorrow));
        compare("a day later", &file, &one.0, &other.0);
        compare("a day later", &file, &one.1, &other.1);
    }
}

#[test]
fn a_proven_fact_stays_proven() {
    for (file, records) in captures() {
        let mut tracker = Tracker::default();
        for (n, record) in (1..).zip(&records) {
            let Some(seen) = tracker.observe(n, record) else { continue };
            for role in Role::BOTH {
                for (fact, basis) in seen.knew.of(role).iter() {
                    let still = seen.know.of(role).basis(fact);
                    assert!(
                        basis != Basis::Proven || still == Some(Basis::Proven),
                        "{} frame {n}: {role:?} forgot {fact:?}",
                        file.display()
                    );
                }
            }
        }
    }
}

#[test]
fn a_capture_cut_in_two_files_is_one_capture() {
    let folder = std::env::temp_dir().join(format!("synfin-laws-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the pieces");
    let mut stories = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"), &mut stories);
    for story in stories {
        let whole = records(&story);
        let Ok(capture) = Capture::open(&story, Options::default()) else { continue };
        let frames = frames(capture);
        for cut in (0..=frames.len()).step_by(1 + frames.len() / 7) {
            let pieces = [folder.join("1.pcap"), folder.join("2.pcap")];
            let (one, two) = frames.split_at(cut);
            for (piece, frames) in pieces.iter().zip([one, two]) {
                write(piece, frames);
            }
            let read = read_all(&mut Captures::open(pieces, Options::default()).expect("two captures"));
            compare("cut in two", &story, &say(&whole).1, &say(&read).1);
        }
    }
    std::fs::remove_dir_all(folder).expect("it was made here");
}

fn frames(mut capture: Capture) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) = capture.next().expect("a file on a good disk") {
        frames.push(OwnedFrame::from(&frame));
    }
    frames
}

fn write(path: &Path, frames: &[OwnedFrame]) {
    let link = frames.first().map_or(Link::Ethernet, |frame| frame.link);
    let file = std::fs::File::create(path).expect("a writable folder");
    let mut writer = CaptureWriter::new(file, Format::PcapNanoseconds, link).expect("a header");
    for frame in frames {
        writer.write(&frame.as_frame()).expect("a frame");
    }
    writer.finish().expect("flushed");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..40)) {
        let mut tracker = Tracker::default();
        for (n, bytes) in (1..).zip(&packets) {
            let frame = OwnedFrame::new(Timestamp(n * 1000), Link::Raw, bytes.clone());
            tracker.observe(n, &decode(&frame.as_frame(), Checksums::Verify));
        }
        tracker.conns().map(|one| conn(&one)).for_each(drop);
    }

    /// Random flags and numbers between two ends: nothing but the state machine's own corners.
    #[test]
    fn no_segments_make_it_panic(segments in prop::collection::vec((any::<bool>(), 0_u16..0x40, -3_i32..8, -3_i32..8, 0_u8..4), 0..60)) {
        let mut tracker = Tracker::default();
        for (n, (forth, flags, seq, ack, len)) in (1_u64..).zip(segments) {
            let bytes = segment(forth, flags, seq.wrapping_add(-2) as u32, ack.wrapping_add(-2) as u32, len);
            let frame = Frame {
                time: Timestamp(n * 1_000_000_000),
                wire_len: bytes.len() as u32,
                link: Link::Raw,
                interface: 0,
                bytes: &bytes,
                comment: None,
                aside: Aside::NONE,
            };
            tracker.observe(n, &decode(&frame, Checksums::Ignore));
        }
        tracker.conns().map(|one| conn(&one)).for_each(drop);
    }
}

/// An IPv4 packet with a TCP header of 20 octets.
fn segment(forth: bool, flags: u16, seq: u32, ack: u32, len: u8) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 40 + len, 0, 0, 0x40, 0, 64, 6, 0, 0];
    let (src, dst, sport, dport) = if forth {
        ([10, 0, 0, 1], [10, 0, 0, 2], 40_000_u16, 80_u16)
    } else {
        ([10, 0, 0, 2], [10, 0, 0, 1], 80, 40_000)
    };
    bytes.extend(src);
    bytes.extend(dst);
    bytes.extend(sport.to_be_bytes());
    bytes.extend(dport.to_be_bytes());
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([0x50, flags as u8, 0x10, 0, 0, 0, 0, 0]);
    bytes.extend(std::iter::repeat_n(b'x', usize::from(len)));
    bytes
}
