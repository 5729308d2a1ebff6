//! Going on after damage: what is found again, what is left out, and what isn't fallen for.

mod files;

use std::fs;
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use files::build::{
    Order, START, enhanced, interface, packet, plain_enhanced, plain_header, plain_pcap, plain_pcapng, plain_record,
    record, section,
};
use files::{read, read_bytes, read_bytes_resync, shared};
use synfin::capture::file::{Capture, Options};
use synfin::capture::{Damage, DamageKind, OwnedFrame};

/// Packets 0 to 9 with `bad` in the place of packet 4, and where that is.
fn with_bad_record(bad: &[u8]) -> (Vec<u8>, u64) {
    let mut file = plain_pcap(4);
    let offset = file.len() as u64;
    file.extend(bad);
    file.extend((5..10).flat_map(plain_record));
    (file, offset)
}

fn with_bad_block(bad: &[u8]) -> (Vec<u8>, u64) {
    let mut file = plain_pcapng(4);
    let offset = file.len() as u64;
    file.extend(bad);
    file.extend((5..10).flat_map(plain_enhanced));
    (file, offset)
}

#[track_caller]
fn assert_all_but_the_fifth((frames, damages): &(Vec<OwnedFrame>, Vec<Damage>), offset: u64, skipped: usize) {
    let contents: Vec<_> = frames.iter().map(|frame| frame.bytes.clone()).collect();
    let expected: Vec<_> = (0..4).chain(5..10).map(packet).collect();
    assert_eq!(contents, expected, "{damages:?}");
    let [damage] = &damages[..] else { panic!("{damages:?}") };
    assert_eq!((damage.offset, damage.kind, damage.skipped), (offset, DamageKind::Corrupt, Some(skipped as u64)));
}

#[test]
fn the_record_after_a_bad_one_is_found() {
    let order = Order::Little;
    let too_long = record(order, (START, 4), (u32::MAX, 60), &packet(4));
    let past_the_end = record(order, (START, 4), (200_000, 200_000), &packet(4));
    for bad in [too_long, past_the_end, vec![0; 160], vec![0xff; 7], b"a sector of something else ".repeat(20)] {
        let (file, offset) = with_bad_record(&bad);
        assert_all_but_the_fifth(&read_bytes_resync(&file), offset, bad.len());
        assert_eq!(read_bytes(&file).1.iter().filter(|damage| damage.skipped.is_some()).count(), 0);
    }
}

/// A record whose header had not all arrived was taken for an odd one, and left out.
#[test]
fn what_comes_in_pieces_is_found_as_what_comes_at_once() {
    struct Pieces(Cursor<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            let len = bytes.len().min(7);
            self.0.read(&mut bytes[..len])
        }
    }

    let (file, offset) = with_bad_record(&record(Order::Little, (START, 4), (u32::MAX, 60), &packet(4)));
    let pieces = Pieces(Cursor::new(file.clone()));
    let mut capture = Capture::from_reader("test", pieces, Options { resync: true }).expect("it is a capture");
    let read = read(&mut capture);
    assert_all_but_the_fifth(&read, offset, 16 + packet(4).len());
    assert_eq!(read, read_bytes_resync(&file));
}

#[test]
fn the_block_after_a_bad_one_is_found() {
    let order = Order::Little;
    let mut bad_trailer = plain_enhanced(4);
    *bad_trailer.last_mut().expect("not empty") ^= 0x80;
    let bad_interface = enhanced(order, 9, 0, &packet(4), &[]);
    let past_the_end = [order.u32(6), order.u32(1 << 20), order.u32(0)].concat();
    for bad in [bad_trailer, bad_interface, past_the_end, vec![0; 160], vec![0xff; 13], b"not a block, ".repeat(20)] {
        let (file, offset) = with_bad_block(&bad);
        assert_all_but_the_fifth(&read_bytes_resync(&file), offset, bad.len());
    }
}

#[test]
fn a_section_and_an_interface_after_damage_are_found() {
    let order = Order::Big;
    let mut file = plain_pcapng(2);
    file.extend(b"garbage garbage garbage");
    file.extend(section(order));
    file.extend(interface(order, 1, 0, &[]));
    file.extend(enhanced(order, 0, u64::from(START) * 1_000_000, &packet(2), &[]));
    file.extend(b"garbage garbage garbage");
    file.extend(interface(order, 101, 0, &[]));
    file.extend(enhanced(order, 1, u64::from(START) * 1_000_000, &packet(3), &[]));
    file.extend(enhanced(order, 1, u64::from(START) * 1_000_000, &packet(4), &[]));
    let (frames, damages) = read_bytes_resync(&file);
    assert_eq!(frames.iter().map(|frame| frame.interface).collect::<Vec<_>>(), [0, 0, 1, 2, 2]);
    assert_eq!(damages.iter().map(|damage| damage.skipped).collect::<Vec<_>>(), [Some(23), Some(23)]);
}

#[test]
fn every_damaged_stretch_is_told() {
    let mut file = plain_header();
    for n in 0..30 {
        file.extend(plain_record(n));
        if n % 10 == 4 {
            file.extend(b"a piece of something else");
        }
    }
    file.extend(&plain_record(30)[..40]);
    let (frames, damages) = read_bytes_resync(&file);
    assert_eq!(frames.len(), 30);
    let told: Vec<_> = damages.iter().map(|damage| (damage.kind, damage.skipped)).collect();
    let corrupt = (DamageKind::Corrupt, Some(25));
    assert_eq!(told, [corrupt, corrupt, corrupt, (DamageKind::CutShort, None)]);
}

#[test]
fn a_file_damaged_all_over_is_given_up_in_the_end() {
    let mut file = plain_header();
    for n in 0..5_000 {
        file.extend(plain_record(n));
        if n % 3 == 2 {
            file.extend([0xff; 5]);
        }
    }
    let (frames, damages) = read_bytes_resync(&file);
    assert_eq!((frames.len(), damages.len()), (3_000, 1_000));
    let last = damages.last().expect("a thousand");
    assert!(last.skipped.is_none() && last.what.ends_with("the rest is given up"), "{last}");
}

/// Someone downloaded a capture, and the record that carried a piece of it is damaged.
#[test]
fn a_capture_inside_a_packet_is_not_taken_for_records() {
    let order = Order::Little;
    let years_before = START - 100_000_000;
    let inner: Vec<u8> = (0..12).flat_map(|n| record(order, (years_before, n), (60, 60), &packet(0))).collect();
    let bad = record(order, (START, 4), (u32::MAX, 0), &inner);
    let (file, offset) = with_bad_record(&bad);
    assert_all_but_the_fifth(&read_bytes_resync(&file), offset, bad.len());
}

#[test]
fn damage_in_the_first_record_is_survived_too() {
    let mut file = plain_header();
    file.extend([0xff; 99]);
    file.extend((0..3).flat_map(plain_record));
    let (frames, damages) = read_bytes_resync(&file);
    assert_eq!(frames.len(), 3);
    assert_eq!(damages.iter().map(|damage| (damage.offset, damage.skipped)).collect::<Vec<_>>(), [(24, Some(99))]);
}

/// A length that became smaller makes a record of what is none, here one that would swallow all
/// that follows.
#[test]
fn a_record_that_would_swallow_others_is_not_believed() {
    let order = Order::Little;
    let nonsense = record(order, (0x0504_0302, 0x0908_0706), (900, 0x0d0c_0b0a), &[]);
    let (file, offset) = with_bad_record(&nonsense);
    let file = [file, (10..20).flat_map(plain_record).collect()].concat();
    let (frames, damages) = read_bytes_resync(&file);
    assert_eq!(frames.len(), 19);
    let [damage] = &damages[..] else { panic!("{damages:?}") };
    assert_eq!((damage.offset, damage.skipped), (offset, Some(16)));
    assert!(damage.what.contains("a record of 916 bytes, after which there is none"), "{damage}");
}

/// Odd is not damaged: times that jump, lengths that contradict each other.
#[test]
fn an_odd_file_reads_the_same_with_resync() {
    let order = Order::Little;
    let mut file = plain_pcap(5);
    for (time, lengths) in [((0, 0), (60, 60)), ((START, 5_000_000), (60, 1)), ((9, 9), (60, 60)), ((9, 9), (60, 60))] {
        file.extend(record(order, time, lengths, &packet(0)));
    }
    file.extend((5..9).flat_map(plain_record));
    file.extend(record(order, (1, 1), (60, 60), &packet(0)));
    assert_eq!(read_bytes_resync(&file), read_bytes(&file));
    assert_eq!(read_bytes(&file).0.len(), 14);
}

#[test]
fn a_good_file_reads_the_same_with_resync() {
    for file in [plain_pcap(50), plain_pcapng(50)] {
        assert_eq!(read_bytes_resync(&file), read_bytes(&file));
    }
}

#[test]
fn real_captures_without_damage_read_the_same_with_resync() {
    let Some(folder) = shared("real captures with resync").map(|shared| shared.join("real")) else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the list is there");
    let mut compared = 0;
    for row in manifest.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        if !columns[6].starts_with("pcap") {
            continue;
        }
        let file = fs::read(folder.join(columns[0])).expect("a file of the list");
        let (frames, damages) = read_bytes(&file);
        // Resync takes records of zeros for a hole in the file.
        let zeros = frames.iter().any(|frame| frame.time.0 == 0 && frame.wire_len == 0);
        if damages.is_empty() && !zeros {
            assert_eq!(read_bytes_resync(&file), (frames, damages), "{}", columns[0]);
            compared += 1;
        }
    }
    assert!(compared > 1_800, "only {compared} files were compared");
}

/// Twice the garbage may take twice the time, and not four times.
#[test]
fn garbage_is_searched_in_time_in_proportion() {
    let records: Vec<u8> = (0..3).flat_map(plain_record).collect();
    let search = |garbage: &[u8], len: usize| {
        let begun = Instant::now();
        let noise = Cursor::new(garbage.to_vec()).chain(Cursor::new(records.clone()));
        let file = Cursor::new(plain_header()).chain(noise);
        let (frames, damages) =
            read(&mut Capture::from_reader("noise", file, Options { resync: true }).expect("a pcap"));
        assert_eq!((frames.len(), damages.len(), damages[0].skipped), (3, 1, Some(len as u64)));
        begun.elapsed()
    };
    // Every 16 octets look like a long record, at the end of which there is none.
    let hopeful: Vec<u8> = record(Order::Little, (START, 0), (260_005, 260_005), &[]).repeat(1 << 17);
    let noise: Vec<u8> =
        (0..hopeful.len() as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    for garbage in [noise, hopeful] {
        let garbage = [&[0xff; 16], &garbage[..]].concat();
        let (half, len) = (garbage.len() / 2, garbage.len());
        let (short, long) = (search(&garbage[..half], half), search(&garbage, len));
        assert!(long < short * 10 + Duration::from_secs(1), "{half} bytes took {short:?}, {len} took {long:?}");
    }
}
