//! Declared protocols as a user meets them: what is written is cut back to itself whatever the
//! segments, and what Wireshark and Kaitai Struct make of the same declaration is the same.

mod commands;
mod others;

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use synfin::capture::declared::{Cut, Cutter, Piece, parse};
use synfin::wire::Timestamp;
use synfin::wire::declared::Definition;

/// A message as it was meant, and as it was cut.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Sent {
    key: i64,
    body: Vec<u8>,
}

fn every() -> Definition {
    parse(include_str!("all.toml")).expect("no mistake").remove(0)
}

fn acme() -> Definition {
    parse(include_str!("../../examples/acme/acme.toml")).expect("no mistake").remove(0)
}

/// Both, and the field that tells their messages apart.
fn protocols() -> [(Definition, &'static str); 2] {
    [(acme(), "id"), (every(), "key")]
}

fn octets(of: &Definition, key: &str, sent: &Sent) -> Vec<u8> {
    of.octets(None, &[(key, sent.key)], &sent.body).unwrap_or_else(|wrong| panic!("{}", wrong.what))
}

/// Cuts a stream in pieces of these lengths, the last of them again and again.
fn cut(of: &Definition, key: &str, stream: &[u8], lengths: &[usize], lost: &mut u64) -> Vec<Sent> {
    let mut cutter = Cutter::new(usize::MAX / 2);
    let mut got = Vec::new();
    let place = of.field(key).expect("a field").0;
    let mut tell = |cut: Cut<'_>| match cut {
        Cut::Message(message) => {
            assert_ne!(message.right, Some(false), "a checksum is wrong");
            let key = of.number(message.header, place).expect("a number") as i64;
            got.push(Sent { key, body: message.body.to_vec() });
        }
        Cut::Lost(stretch) => *lost += stretch.len,
    };
    let (mut at, mut n) = (0, 0);
    while at < stream.len() {
        let len = lengths.get(n).or(lengths.last()).copied().unwrap_or(1).clamp(1, stream.len() - at);
        let bytes = &stream[at..at + len];
        cutter.push(of, Piece { at: at as u64, n: n as u64 + 1, time: Timestamp(0), bytes }, &mut tell);
        (at, n) = (at + len, n + 1);
    }
    cutter.end(of, &mut tell);
    got
}

fn sent() -> impl Strategy<Value = Sent> {
    // Of the second protocol, a body has words of four octets and two.
    let body = prop_oneof![Just(0usize), 0..4usize, 0..400usize]
        .prop_flat_map(|words| proptest::collection::vec(any::<u8>(), words * 4));
    (0..i64::from(u32::MAX), body).prop_map(|(key, body)| Sent { key, body })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_written_is_cut_back_to_itself_whatever_the_segments(
        all in proptest::collection::vec(sent(), 1..12),
        lengths in proptest::collection::vec(1..200usize, 1..20),
    ) {
        for (of, key) in protocols() {
            let stream: Vec<u8> = all.iter().flat_map(|sent| octets(&of, key, sent)).collect();
            let mut lost = 0;
            let got = cut(&of, key, &stream, &lengths, &mut lost);
            prop_assert_eq!((&got, lost), (&all, 0), "{}", of.name);
        }
    }

    #[test]
    fn noise_before_messages_costs_no_more_than_itself(
        noise in proptest::collection::vec(any::<u8>(), 1..300),
        all in proptest::collection::vec(sent(), 2..6),
        lengths in proptest::collection::vec(1..200usize, 1..20),
    ) {
        // A first octet that no magic begins with, and none of them further on.
        let noise: Vec<u8> = noise.into_iter().map(|octet| if [0xac, b'E'].contains(&octet) { 0 } else { octet }).collect();
        for (of, key) in protocols() {
            let messages: Vec<u8> = all.iter().flat_map(|sent| octets(&of, key, sent)).collect();
            let mut lost = 0;
            let got = cut(&of, key, &[&noise[..], &messages].concat(), &lengths, &mut lost);
            prop_assert_eq!((&got, lost), (&all, noise.len() as u64), "{}", of.name);
        }
    }

    #[test]
    fn no_octets_make_anything_panic_and_every_one_is_in_a_message_or_lost(
        stream in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xac), Just(0x4d), Just(0)], 0..600),
        lengths in proptest::collection::vec(1..200usize, 1..20),
    ) {
        let of = Definition { checksum: None, ..acme() };
        let mut lost = 0;
        let got = cut(&of, "id", &stream, &lengths, &mut lost);
        let told: u64 = got.iter().map(|sent| sent.body.len() as u64 + 14).sum();
        prop_assert_eq!(told + lost, stream.len() as u64);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// What the program prints, and what it says beside; it has to succeed.
#[track_caller]
fn synfin(args: &[&str]) -> String {
    let (out, told, fine) = run(args);
    assert!(fine, "synfin {args:?}: {told}");
    out
}

/// What the program prints, what it says beside, and whether it succeeds.
fn run(args: &[&str]) -> (String, String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_synfin"))
        .args(args)
        .current_dir(root())
        .env_clear()
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("it starts");
    let text = |octets| String::from_utf8(octets).expect("text");
    (text(output.stdout), text(output.stderr), output.status.success())
}
