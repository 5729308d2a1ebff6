//! What the fuzzer found and was repaired, each by its name.

use super::{files, script, track, words};
use synfin::craft::Script;
use synfin::craft::player::{Action, Incoming, Manner, Player, Verdict};
use synfin::craft::script::Speaker;
use synfin::wire::{OptionList, Segment, Seq, Timestamp};

#[test]
fn no_options_are_a_list_too() {
    words::check(b"");
}

#[test]
fn a_record_whose_header_arrives_in_pieces_is_not_odd() {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0".to_vec();
    for len in [6_u32, 6, u32::MAX, 6, 6] {
        file.extend([[0, 0xf1, 0x53, 0x65], [0; 4], len.to_le_bytes(), 6_u32.to_le_bytes()].as_flattened());
        file.extend([0x5a; 6]);
    }
    files::check(&file);
}

/// The octets that a call put out before it failed were lost: of a small file, all of them.
#[test]
fn what_stands_before_a_break_in_a_packed_file_is_read() {
    files::check_packed(include_bytes!("../../fuzz/corpus/unpack/gzip-broken-in-the-first-block"));
}

/// Data was compared with a number that no packet had shown.
#[test]
fn what_follows_a_reset_in_the_middle_is_new_whatever_its_number() {
    track::check(b"\x00\x05\x00\x03\x00\x00\x33\x00\x0b\x00\x00\x00\x00");
}

/// What an end had sent was not known from what the other acknowledged: its packets are not seen.
#[test]
fn an_error_about_an_end_that_is_not_seen_is_held_against_what_was_acknowledged() {
    track::check(
        b"\0\x1a\x1a\xb6\xb6\xb6\xb6\0\0\0\x01\x1d\x1c\0\x28\0\x05\xb6\xb6\xb6\xb6\xb6\xea\x0e\x9d\x86\xe0\xff\xff\x9d\x79\x1f\0",
    );
}

/// `raw` with several options in it was held against each option that was heard, and fitted none.
#[test]
fn raw_options_are_one_item_each() {
    script::check(b"> S 0:0(0) <mss 1460,raw 0003>");
    let script = "> S 0:0(0) <mss 1460>\n< S. 0:0(0) ack 1 <raw 020405b40402>\n";
    script::check(script.as_bytes());
    let script: Script = script.parse().expect("a script");
    let mut player = Player::new(&script, Speaker::Client, Manner::new(Seq(5))).expect("it can be performed");
    assert!(matches!(player.poll(Timestamp(0)), Action::Send(_)));
    let segment: Segment = "S. 7:7(0) ack 6 <mss 1460,sackOK>".parse().expect("a segment");
    let options = OptionList::from(&segment.options);
    player.hear(Incoming { segment, options, payload: Vec::new(), ttl: 64, tos: 0 }, Timestamp(1));
    assert_eq!(player.poll(Timestamp(2)), Action::Done(Verdict::Held { expectations: 1 }));
}
