//! Files that are made to do harm: what they claim is not believed, what they cost is bounded, and what
//! was left out is told. And real captures with damage of every kind, which take nothing from what
//! stands before it.

#![allow(unsafe_code)] // An allocator is unsafe by its nature; this one counts and hands on.

mod files;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Cursor, Read, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use files::build::{Order, START, enhanced, interface, option, packet, plain_header, plain_pcap, record, section};
use synfin::capture::defrag::Defrag;
use synfin::capture::file::{Capture, Options};
use synfin::capture::{
    Body, Checksums, Damage, Link, Next, OwnedFrame, Packet, Sink, Skip, Source, SourceError, Summary, Tracker, decode,
    pump,
};
use synfin::report::json::Json;
use synfin::report::text::{Listing, Text};
use synfin::wire::Timestamp;

const MIB: usize = 1 << 20;

#[test]
fn a_gzip_bomb_is_read_in_little_memory() {
    let _alone = alone();
    // A thousand to one: 64 MiB of packets without octets, in 64 KiB.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&plain_header()).expect("memory");
    io::copy(&mut io::repeat(0).take(64 << 20), &mut encoder).expect("memory");
    let bomb = encoder.finish().expect("memory");
    assert!(bomb.len() < 80 << 10, "{}", bomb.len());
    let (ran, octets) = measured(|| read(bomb));
    assert_eq!((ran.frames, ran.damage.len()), ((64 << 20) / 16, 0));
    assert!(octets < 4 * MIB, "{octets} octets at once");
}

#[test]
fn a_zstd_bomb_is_read_in_the_memory_of_its_window() {
    let _alone = alone();
    let whole = plain_header().into_iter().chain(std::iter::repeat_n(0, 64 << 20)).collect::<Vec<_>>();
    let bomb = zstd::encode_all(&whole[..], 19).expect("memory");
    drop(whole);
    assert!(bomb.len() < 64 << 10, "{}", bomb.len());
    let (ran, octets) = measured(|| read(bomb));
    assert_eq!((ran.frames, ran.damage.len()), ((64 << 20) / 16, 0));
    assert!(octets < 4 * MIB, "{octets} octets at once, beside those of the library");
}

#[test]
fn a_zstd_window_larger_than_128_mib_is_refused_and_told() {
    let _alone = alone();
    // A frame header that asks for a window of 2 GiB, and a block of one octet said over and over.
    let bomb = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x03, 0, 0, 0];
    let refused = Capture::from_reader("bomb", Cursor::new(bomb), Options::default());
    let Err(SourceError::NotACapture { what, .. }) = refused else { panic!("it was believed") };
    assert!(what.contains("the zstd stream is broken"), "{what}");
}

#[test]
fn an_lz4_bomb_is_read_in_little_memory() {
    let _alone = alone();
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(&plain_header()).expect("memory");
    io::copy(&mut io::repeat(0).take(64 << 20), &mut encoder).expect("memory");
    let bomb = encoder.finish().expect("memory");
    let (ran, octets) = measured(|| read(bomb));
    assert_eq!((ran.frames, ran.damage.len()), ((64 << 20) / 16, 0));
    assert!(octets < 16 * MIB, "{octets} octets at once");
}

#[test]
fn a_bomb_in_a_bomb_is_not_opened() {
    let _alone = alone();
    let refused = Capture::from_reader("bomb", Cursor::new(gzip(&gzip(&plain_pcap(3)))), Options::default());
    let Err(SourceError::NotACapture { what, .. }) = refused else { panic!("it was opened") };
    assert!(what.contains("a second layer of gzip"), "{what}");
}

#[test]
fn a_million_members_of_nothing_are_gone_through() {
    let _alone = alone();
    let empty = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best()).finish().expect("memory");
    let file = [empty.repeat(100_000), gzip(&plain_pcap(3)), empty.repeat(100)].concat();
    let (ran, octets) = measured(|| read(file));
    assert_eq!((ran.frames, ran.damage.len()), (3, 0));
    assert!(octets < 4 * MIB, "{octets} octets at once");
}

#[test]
fn a_length_that_is_not_there_costs_nothing_and_is_told() {
    let _alone = alone();
    let order = Order::Little;
    let before = [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 0, &packet(0), &[])].concat();
    for kind in [1, 2, 3, 4, 5, 6, 10, 0x0a0d_0d0a, 0xbad, 77] {
        for len in [
            0_u32,
            4,
            8,
            11,
            13,
            1 << 20,
            (16 << 20) - 4,
            16 << 20,
            (16 << 20) + 4,
            64 << 20,
            1 << 31,
            u32::MAX - 3,
            u32::MAX,
        ] {
            let file = [before.clone(), order.u32(kind).to_vec(), order.u32(len).to_vec(), vec![0x1a; 64]].concat();
            let (ran, octets) = measured(|| read(file));
            assert_eq!((ran.frames, ran.damage.len()), (1, 1), "block {kind} of {len}");
            assert_eq!(ran.damage[0].offset, before.len() as u64, "block {kind} of {len}: {}", ran.damage[0]);
            assert!(octets < 2 * MIB, "block {kind} of {len}: {octets} octets at once");
        }
    }
    for len in [262_145_u32, 1 << 24, 1 << 31, u32::MAX] {
        let file = [plain_pcap(2), record(order, (START, 0), (len, len), &[7; 64])].concat();
        let (ran, octets) = measured(|| read(file));
        assert_eq!((ran.frames, ran.damage.len()), (2, 1), "a record of {len}");
        assert!(octets < 2 * MIB, "a record of {len}: {octets} octets at once");
    }
}

#[test]
fn a_million_interfaces_are_bounded_and_told() {
    let _alone = alone();
    let order = Order::Little;
    let one = interface(order, 1, 0, &option(order, 2, b"eth0"));
    let first = [section(order), one.clone(), enhanced(order, 0, 0, &packet(0), &[])].concat();
    let file = [first.clone(), one.repeat(1_000_000)].concat();
    let (ran, octets) = measured(|| read(file));
    assert_eq!((ran.frames, ran.damage.len()), (1, 1));
    assert!(ran.damage[0].what.contains("more than 65536 interfaces"), "{}", ran.damage[0]);
    assert!(octets < 8 * MIB, "{octets} octets at once");
    // In sections of their own, they follow each other.
    let file = first.repeat(200_000);
    let (ran, octets) = measured(|| read(file));
    assert_eq!((ran.frames, ran.damage.len()), (200_000, 0));
    assert!(octets < 8 * MIB, "{octets} octets at once");
}

#[test]
fn ten_thousand_options_and_comments_are_gone_through() {
    let _alone = alone();
    let order = Order::Little;
    let options = [
        option(order, 2, &[]).repeat(100_000),
        option(order, 1, b"the comment"),
        option(order, 1, &vec![b'x'; 65_535]),
    ];
    let file =
        [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 0, &packet(0), &options.concat())].concat();
    let (ran, octets) = measured(|| read(file));
    assert_eq!((ran.frames, ran.damage.len()), (1, 0));
    assert!(octets < 4 * MIB, "{octets} octets at once");
}

#[test]
fn options_without_a_length_end_the_list_and_not_the_program() {
    let _alone = alone();
    for options in [&[2, 0, 2, 0][..], &[8, 0, 0, 0], &[5, 1, 5, 1], &[3, 255, 0, 0]] {
        let mut bytes = vec![0x45, 0, 0, 44, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0, 0, 0, 0, 0, 0]);
        bytes.extend(options);
        let frame = OwnedFrame::new(Timestamp(0), Link::Raw, bytes);
        let record = decode(&frame.as_frame(), Checksums::Ignore);
        assert!(matches!(record.body, Body::Tcp(tcp) if tcp.segment.options.malformed()), "{options:?}");
    }
    // The same of IP: it says nothing of what is behind it.
    let mut bytes = vec![0x47, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 131, 0, 0, 0, 7, 1, 0, 0];
    bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
    let record = decode(&OwnedFrame::new(Timestamp(0), Link::Raw, bytes).as_frame(), Checksums::Ignore);
    assert!(matches!(record.body, Body::Tcp(_)));
}

#[test]
fn a_tower_of_tags_or_extension_headers_has_an_end() {
    let _alone = alone();
    for (tower, link) in [
        ([vec![2; 12], [0x81, 0, 0, 1].repeat(16_000)].concat(), Link::Ethernet),
        ([vec![2; 12], vec![0x88, 0x47], [0, 0, 0x10, 64].repeat(16_000)].concat(), Link::Ethernet),
        ([vec![0x60, 0, 0, 0, 0xff, 0xff, 0, 64], vec![1; 32], [0; 8].repeat(8_000)].concat(), Link::Raw),
        (
            [vec![0x60, 0, 0, 0, 0xff, 0xff, 60, 64], vec![1; 32], [60, 0, 0, 0, 0, 0, 0, 0].repeat(8_000)].concat(),
            Link::Raw,
        ),
        (
            [vec![0x60, 0, 0, 0, 0xff, 0xff, 43, 64], vec![1; 32], [43, 0, 0, 0, 0, 0, 0, 0].repeat(8_000)].concat(),
            Link::Raw,
        ),
        (
            [vec![0x60, 0, 0, 0, 0xff, 0xff, 51, 64], vec![1; 32], [51, 0, 0, 0, 0, 0, 0, 0].repeat(8_000)].concat(),
            Link::Raw,
        ),
    ] {
        let frame = OwnedFrame::new(Timestamp(0), link, tower);
        let since = Instant::now();
        for _ in 0..100 {
            let record = decode(&frame.as_frame(), Checksums::Verify);
            assert!(matches!(record.body, Body::Skip(_)), "{:?}", record.body);
        }
        assert!(since.elapsed() < Duration::from_secs(2), "{:?} for a hundred", since.elapsed());
    }
}

#[test]
fn fragments_that_overlap_and_never_end_are_bounded() {
    let _alone = alone();
    let mut defrag = Defrag::default();
    let ((), octets) = measured(|| {
        for n in 0..200_000_u32 {
            // Pieces of eight octets with holes between them, of ever more datagrams.
            let (id, place) = (n / 4_000, n % 4_000 * 2);
            let mut packet = vec![0x45, 0, 0, 28];
            packet.extend((id as u16).to_be_bytes());
            packet.extend((0x2000 | place as u16).to_be_bytes());
            packet.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            packet.extend([n as u8; 8]);
            let frame = OwnedFrame::new(Timestamp(u64::from(n)), Link::Raw, packet);
            let record = decode(&frame.as_frame(), Checksums::Ignore);
            assert!(matches!(record.body, Body::Skip(Skip::Fragment)));
            assert!(defrag.take(&record, &frame.bytes).is_none());
        }
    });
    assert!(octets < 64 * MIB, "{octets} octets at once");
}

/// Where a capture is cut, frames are lost that lie behind, and the place is told.
#[test]
fn a_capture_cut_anywhere_keeps_what_stands_before() {
    let _alone = alone();
    for file in some_captures() {
        let whole = frames(file.clone()).0;
        for cut in (0..file.len()).step_by(1 + file.len() / 200) {
            let Some((frames, damages)) = try_frames(file[..cut].to_vec()) else { continue };
            assert!(whole.starts_with(&frames), "cut at {cut}");
            assert!(damages.len() <= 1, "cut at {cut}");
            if let Some(damage) = damages.first() {
                assert!(damage.offset <= cut as u64, "{damage}");
            } else {
                assert!(frames.len() <= whole.len());
            }
        }
    }
}

/// What stands before the first octet that was changed is read as it was, whatever comes of the rest.
#[test]
fn damage_takes_nothing_from_what_stands_before_it() {
    let _alone = alone();
    let captures = some_captures();
    let since = Instant::now();
    let mut random = Random(0x5eed);
    for round in 0..2_000 {
        let file = &captures[random.below(captures.len())];
        let whole = frames(file.clone()).0;
        let (damaged, at) = mutate(file, &captures, &mut random);
        let sound = frames_before(file, at);
        for resync in [false, true] {
            let Ok(mut capture) = Capture::from_reader("it", Cursor::new(damaged.clone()), Options { resync }) else {
                assert!(at < 24, "round {round}: changed at {at}, and no capture any more");
                continue;
            };
            let (read, _) = drain(&mut capture);
            // Resync may doubt the last record before something odd.
            let sound = if resync { sound.saturating_sub(1) } else { sound };
            let same = read.iter().zip(&whole).take_while(|(one, other)| one == other).count();
            assert!(same >= sound, "round {round}: {same} frames as before, of {sound} before the damage at {at}");
        }
        if round % 10 == 0 {
            let mut out = Vec::new();
            tell(damaged.clone(), &mut Json::new(true, &mut out));
            assert!(out.is_empty() || out.ends_with(b"}\n"));
            tell(damaged, &mut Text::new(Listing::default(), &mut out));
        }
    }
    assert!(since.elapsed() < Duration::from_mins(2), "{:?}", since.elapsed());
}

/// The packets of a capture in another order, twice, or some of them: nothing is assumed of their order.
#[test]
fn packets_in_any_order_are_followed() {
    let _alone = alone();
    let mut random = Random(7);
    for file in some_captures() {
        let (mut frames, _) = frames(file);
        for _ in 0..8 {
            for at in (1..frames.len()).rev() {
                frames.swap(at, random.below(at + 1));
            }
            let twice = frames.len() / 3;
            let again: Vec<_> = frames[..twice].to_vec();
            frames.splice(twice..twice, again);
            frames.truncate(400);
            let mut tracker = Tracker::default();
            for (n, frame) in (1..).zip(&frames) {
                tracker.observe(n, &decode(&frame.as_frame(), Checksums::Verify));
            }
            tracker.settle();
            assert!(tracker.begun() <= frames.len() as u64);
        }
    }
}

/// Changes a file somewhere; gives back where the first change is.
fn mutate(file: &[u8], others: &[Vec<u8>], random: &mut Random) -> (Vec<u8>, usize) {
    let mut changed = file.to_vec();
    let at = random.below(file.len());
    let to = (at + 1 + random.below(300)).min(file.len());
    match random.below(7) {
        0 => changed.truncate(at),
        1 => changed[at] ^= 1 << random.below(8),
        2 => (at..to).for_each(|at| changed[at] = random.next() as u8),
        // A piece of another file, in the place of a piece of this one.
        3 => {
            let other = &others[random.below(others.len())];
            let from = random.below(other.len());
            changed.splice(at..to, other[from..(from + 200).min(other.len())].iter().copied());
        }
        // A piece twice; a piece not at all; zeros, as of a block that never reached the disk.
        4 => {
            changed.splice(at..at, file[at..to].iter().copied());
        }
        5 => drop(changed.drain(at..to)),
        _ => changed[at..to].fill(0),
    }
    (changed, at)
}

/// How many frames end before an octet of a file: those that a file which ends there has.
fn frames_before(file: &[u8], at: usize) -> usize {
    try_frames(file[..at].to_vec()).map_or(0, |(frames, _)| frames.len())
}

/// Captures of every kind, none of them large.
fn some_captures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let names = [
        "http-get.pcap",
        "close-three-segments.pcapng",
        "qinq.pcap",
        "ping-ipv6.pcap",
        "udp-dns-like.pcapng",
        "fast-open.pcap",
    ];
    names.map(|name| std::fs::read(folder.join(name)).expect("shipped with the project")).to_vec()
}

fn frames(file: Vec<u8>) -> (Vec<OwnedFrame>, Vec<Damage>) {
    try_frames(file).expect("it is a capture")
}

fn try_frames(file: Vec<u8>) -> Option<(Vec<OwnedFrame>, Vec<Damage>)> {
    Capture::from_reader("it", Cursor::new(file), Options::default()).ok().map(|mut capture| drain(&mut capture))
}

fn drain(capture: &mut Capture) -> (Vec<OwnedFrame>, Vec<Damage>) {
    let (mut frames, mut damages) = (Vec::new(), Vec::new());
    loop {
        match capture.next().expect("memory can be read") {
            Next::Frame(frame) => frames.push(OwnedFrame::from(&frame)),
            Next::Damage(damage) => damages.push(damage),
            Next::Idle(_) | Next::LeftOut => {}
            Next::End => return (frames, damages),
        }
    }
}

/// Reads a file as a program does, and forgets every packet.
fn read(file: Vec<u8>) -> Summary {
    struct Forget;

    impl Sink for Forget {
        fn packet(
            &mut self,
            _: &Packet<'_>,
            _: Option<(&synfin::capture::Observation, &synfin::capture::Conn)>,
        ) -> io::Result<()> {
            Ok(())
        }
    }

    let mut capture = Capture::from_reader("it", Cursor::new(file), Options::default()).expect("it is a capture");
    pump(&mut capture, Checksums::Ignore, &mut Tracker::default(), &mut Forget).expect("memory can be read")
}

fn tell(file: Vec<u8>, sink: &mut dyn Sink) {
    if let Ok(mut capture) = Capture::from_reader("it", Cursor::new(file), Options { resync: true }) {
        pump(&mut capture, Checksums::Verify, &mut Tracker::default(), sink).expect("memory can be read and written");
    }
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(octets).expect("memory");
    encoder.finish().expect("memory")
}

/// A small generator of numbers, the same every time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// The system's allocator, how much of it is in use, and the most since this was last asked.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Does something; with the most octets that it had at once beyond those that were there before. No
/// other test has any meanwhile.
fn measured<T>(deed: impl FnOnce() -> T) -> (T, usize) {
    let before = USED.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let done = deed();
    let most = MOST.load(Ordering::Relaxed);
    (done, most.saturating_sub(before))
}

/// Keeps other tests waiting.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn took(octets: usize) {
    let used = USED.fetch_add(octets, Ordering::Relaxed) + octets;
    MOST.fetch_max(used, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator with what it was called with; counting touches
// no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        took(size);
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(memory, layout, size) }
    }
}
