//! What each end of a conversation said, in order: what comes early, late, twice or not at all, and
//! how a stream begins and ends.

use std::io;

use synfin::capture::stream::{Above, Both, Ending, Event, Interest, Limits, Missing, Streams};
use synfin::capture::track::{Role, Tracker};
use synfin::capture::{Checksums, Conn, Link, MemorySource, Observation, OwnedFrame, Packet, Sink, pump};
use synfin::craft::Script;

const OPENING: &str = "
    > S  0:0(0) <mss 1460,sackOK,nop,wscale 7>
    < S. 0:0(0) ack 1 win 1000 <mss 1400>
    > .  1:1(0) ack 1
";

const CLOSE: &str = "
    > F. 10:10(0) ack 1
    < F. 1:1(0) ack 11
    > .  11:11(0) ack 2
";

#[test]
fn octets_in_order_are_handed_on_as_they_come() {
    let heard = hear(
        "> P. 1:6(5) ack 1 \"GET /\"
         < .  1:1(0) ack 6
         < P. 1:4(3) ack 6 \"200\"
         < F. 4:4(0) ack 6
         > .  6:6(0) ack 5
         > F. 6:6(0) ack 5
         < .  5:5(0) ack 7",
    );
    assert_eq!(heard, ["> 0 #4 GET /", "< 0 #6 200", "< 3 #7 end fin", "> 5 #9 end fin"]);
}

#[test]
fn what_comes_early_waits_and_keeps_its_own_packet() {
    let heard = hear(
        "> P. 4:7(3) ack 1 \"def\"
         > P. 1:4(3) ack 1 \"abc\"
         > P. 7:10(3) ack 1 \"ghi\"",
    );
    assert_eq!(said(&heard), ["> 0 #5 abc", "> 3 #4 def", "> 6 #6 ghi"]);
}

#[test]
fn repeats_add_nothing_and_overlaps_only_what_is_new() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 7:10(3) ack 1 \"ghi\"
         > P. 3:8(5) ack 1 \"cdefg\"
         > P. 1:4(3) ack 1 \"abc\"
         > P. 1:10(9) ack 1 \"abcdefghi\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #6 def", "> 6 #5 ghi"]);
}

#[test]
fn of_octets_that_differ_those_seen_first_count() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 5:7(2) ack 1 \"ef\"
         > P. 3:9(6) ack 1 \"XdXXgh\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #6 d", "> 4 #5 ef", "> 6 #6 gh"]);
    let early = hear(
        "> P. 3:5(2) ack 1 \"cd\"
         > P. 2:7(5) ack 1 \"bXXef\"
         > P. 1:8(7) ack 1 \"aXXXXXg\"",
    );
    assert_eq!(said(&early), ["> 0 #6 a", "> 1 #5 b", "> 2 #4 cd", "> 4 #5 ef", "> 6 #6 g"]);
}

#[test]
fn a_hole_is_given_up_when_the_other_end_has_what_lies_behind_it() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 6:9(3) ack 1 \"fgh\"
         < .  1:1(0) ack 4
         < .  1:1(0) ack 9
         > P. 4:6(2) ack 1 \"de\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #7 hole 2 not captured", "> 5 #5 fgh"]);
}

#[test]
fn holes_are_told_at_the_end_with_what_was_acknowledged_and_never_seen() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 6:9(3) ack 1 \"fgh\"
         < .  1:1(0) ack 4
         < P. 1:3(2) ack 4 \"ok\"
         > .  9:9(0) ack 13",
    );
    assert_eq!(
        heard,
        [
            "> 0 #4 abc",
            "< 0 #7 ok",
            "> 3 #8 hole 2 not captured",
            "> 5 #5 fgh",
            "> 8 #8 end capture",
            "< 2 #8 hole 10 not captured",
            "< 12 #8 end capture"
        ]
    );
}

#[test]
fn a_fin_behind_a_hole_waits_for_it() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > F. 6:6(0) ack 1
         > P. 4:6(2) ack 1 \"de\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #6 de", "> 5 #5 end fin"]);
    let lost = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > F. 6:6(0) ack 1
         < .  1:1(0) ack 7",
    );
    assert_eq!(said(&lost), ["> 0 #4 abc", "> 3 #6 hole 2 not captured", "> 5 #5 end fin"]);
}

#[test]
fn octets_past_the_fin_are_not_told() {
    let heard = hear(
        "> P. 8:12(4) ack 1 \"hijk\"
         > F. 10:10(0) ack 1
         > P. 1:12(11) ack 1",
    );
    assert_eq!(said(&heard), ["> 0 #6 abcdefg", "> 7 #4 hi", "> 9 #5 end fin"]);
}

#[test]
fn without_room_the_hole_is_given_up_first() {
    let limits = Limits { side: 250, total: 1000 };
    let heard = hear_within(
        limits,
        "> P. 1:2(1) ack 1 \"a\"
         > P. 4:6(2) ack 1 \"de\"
         > P. 8:10(2) ack 1 \"hi\"
         > P. 12:14(2) ack 1 \"lm\"
         > P. 2:15(13) ack 1",
    );
    let wanted = [
        "> 0 #4 a",
        "> 1 #7 hole 2 no room",
        "> 3 #5 de",
        "> 5 #8 fg",
        "> 7 #6 hi",
        "> 9 #8 jk",
        "> 11 #7 lm",
        "> 13 #8 n",
    ];
    assert_eq!(said(&heard), wanted);
    let tiny = hear_within(Limits { side: 0, total: 0 }, "> P. 3:5(2) ack 1 \"cd\"");
    assert_eq!(said(&tiny), ["> 0 #4 hole 2 no room", "> 2 #4 cd"]);
}

#[test]
fn one_segment_around_many_takes_no_more_room_than_there_is() {
    let limits = Limits { side: 500, total: 500 };
    let heard = hear_within(
        limits,
        "> P. 3:4(1) ack 1
         > P. 5:6(1) ack 1
         > P. 7:8(1) ack 1
         > P. 2:10(8) ack 1
         > P. 1:2(1) ack 1",
    );
    // Of the fourth, two stretches fit between the others, and then there is no room.
    let wanted =
        ["> 0 #7 hole 1 no room", "> 1 #7 b", "> 2 #4 c", "> 3 #7 d", "> 4 #5 e", "> 5 #7 f", "> 6 #6 g", "> 7 #7 hi"];
    assert_eq!(said(&heard), wanted);
}

#[test]
fn in_the_middle_the_first_octet_seen_begins_the_stream() {
    let heard = hear_bare(
        "> P. 101:104(3) ack 51 \"abc\"
         < .  51:51(0) ack 104
         > P. 104:106(2) ack 51 \"de\"
         < P. 51:53(2) ack 106 \"ok\"",
    );
    assert_eq!(said(&heard), ["> 0 #1 abc", "> 3 #3 de", "< 0 #4 ok"]);
}

#[test]
fn a_beginning_that_was_lost_is_a_hole() {
    let heard = hear(
        "> P. 4:7(3) ack 1 \"def\"
         < .  1:1(0) ack 7",
    );
    assert_eq!(said(&heard), ["> 0 #5 hole 3 not captured", "> 3 #4 def"]);
}

#[test]
fn probes_add_no_octets() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         < .  1:1(0) ack 4 win 0
         +60 > . 3:4(1) ack 1 \"X\"
         < .  1:1(0) ack 4 win 0
         > .  4:5(1) ack 1 \"d\"
         < .  1:1(0) ack 4 win 0
         > .  4:5(1) ack 1 \"d\"
         < .  1:1(0) ack 5 win 512
         +60 > . 4:5(1) ack 1 \"\\0\"
         < .  1:1(0) ack 5 win 512
         > P. 5:6(1) ack 1 \"e\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #8 d", "> 4 #14 e"]);
}

#[test]
fn a_reset_ends_both_and_its_text_is_no_part_of_the_stream() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 5:7(2) ack 1 \"ef\"
         < P. 1:3(2) ack 4 \"ok\"
         > R. 7:12(5) ack 3 \"sorry\"",
    );
    assert_eq!(
        heard,
        ["> 0 #4 abc", "< 0 #6 ok", "> 3 #7 hole 1 not captured", "> 4 #5 ef", "> 6 #7 end reset", "< 2 #7 end reset"]
    );
}

#[test]
fn a_reset_out_of_the_window_ends_nothing() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         < .  1:1(0) ack 4
         > R  900000:900000(0)
         > P. 4:6(2) ack 1 \"de\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #7 de"]);
}

#[test]
fn a_header_of_nonsense_with_a_reset_among_its_flags_ends_nothing() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         > SFRP. 4:4(0) ack 1
         > P. 4:6(2) ack 1 \"de\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #6 de"]);
}

#[test]
fn two_gigabytes_may_be_missing_where_the_other_end_has_them() {
    let heard = hear(
        "> P. 1:4(3) ack 1 \"abc\"
         < .  1:1(0) ack 4
         > P. 2000000001:2000000004(3) ack 1 \"def\"
         < .  1:1(0) ack 3000000001
         > P. 3000000001:3000000004(3) ack 1 \"ghi\"",
    );
    assert_eq!(said(&heard), ["> 0 #4 abc", "> 3 #8 hole 2999999997 not captured", "> 3000000000 #8 ghi"]);
}

#[test]
fn the_same_endpoints_again_are_other_streams() {
    let again = "isn client 70000\nisn server 90000\n+10 > S 0:0(0)\n< S. 0:0(0) ack 1\n> . 1:1(0) ack 1";
    let script = format!("{OPENING}> P. 1:10(9) ack 1 \"first one\"\n{CLOSE}{again}\n> P. 1:4(3) ack 1 \"two\"");
    let heard = listen(&script, Limits::default(), |_| {}).said;
    let wanted = ["0> 0 #4 first one", "0> 9 #5 end fin", "0< 0 #6 end fin", "1> 0 #11 two"];
    assert_eq!(heard[..4], wanted);
}

#[test]
fn datagrams_are_handed_on_one_by_one() {
    let heard = listen("> udp (4)\n< udp (3)\n> udp (2)\n> udp (0)", Limits::default(), |_| {}).said;
    let wanted = ["0> 0 #1 abcd", "0< 0 #2 ABC", "0> 4 #3 ab", "0> 6 #4 end capture", "0< 3 #4 end capture"];
    assert_eq!(heard, wanted);
}

#[test]
fn what_the_snap_length_cut_off_is_a_hole_in_its_place() {
    let script = format!("{OPENING}> P. 5:9(4) ack 1\n> P. 1:5(4) ack 1\n> P. 9:12(3) ack 1");
    let heard = listen(&script, Limits::default(), |frame| {
        let whole = frame.bytes.len();
        frame.bytes.truncate(whole.min(54 + 3));
        frame.wire_len = whole as u32;
    });
    let wanted = ["> 0 #5 abc", "> 3 #5 hole 1 cut", "> 4 #4 efg", "> 7 #4 hole 1 cut", "> 8 #6 ijk"];
    assert_eq!(said(&heard.plain()), wanted);
}

#[test]
fn who_has_heard_enough_hears_no_more_of_that_side() {
    let script = format!(
        "{OPENING}> P. 1:4(3) ack 1\n> P. 7:10(3) ack 1\n> P. 4:7(3) ack 1\n< P. 1:4(3) ack 10\n> F. 10:10(0) ack 4\n< F. 4:4(0) ack 11\n> . 11:11(0) ack 5"
    );
    let mut listener = Listener { enough: Some(Role::Client), ..Listener::default() };
    pump_to(frames(&script), &mut Streams::default(), &mut listener);
    assert_eq!(listener.plain(), ["> 0 #4 abc", "< 0 #7 ABC", "< 3 #9 end fin"]);
    assert_eq!(listener.asked, 1);
}

#[test]
fn who_wants_nothing_is_asked_once_and_hears_nothing() {
    let script = format!("{OPENING}> P. 1:4(3) ack 1\n> P. 7:10(3) ack 1\n< P. 1:4(3) ack 4");
    let mut listener = Listener { deaf: true, ..Listener::default() };
    pump_to(frames(&script), &mut Streams::default(), &mut listener);
    assert_eq!((listener.said.len(), listener.asked), (0, 1));
    let mut unasked = Listener::default();
    pump_to(frames(OPENING), &mut Streams::default(), &mut unasked);
    assert_eq!((unasked.said.len(), unasked.asked), (0, 0));
}

#[test]
fn two_listeners_each_hear_what_they_want() {
    let script = format!(
        "{OPENING}> P. 1:4(3) ack 1\n> P. 4:7(3) ack 1\n< P. 1:4(3) ack 7\n> F. 10:10(0) ack 4\n< F. 4:4(0) ack 11\n> . 11:11(0) ack 5"
    );
    let mut ears = Both::new(
        Listener { enough: Some(Role::Client), ..Listener::default() },
        Listener { enough: Some(Role::Server), ..Listener::default() },
    );
    let mut streams = Streams::default();
    pump_to(frames(&script), &mut streams, &mut ears);
    assert_eq!(ears.one.said, ["0> 0 #4 abc", "0< 0 #6 ABC", "0< 3 #8 end fin"]);
    assert_eq!(
        ears.other.said,
        ["0> 0 #4 abc", "0> 3 #5 def", "0< 0 #6 ABC", "0> 6 #8 hole 3 not captured", "0> 9 #7 end fin"]
    );
}

/// Writes down what it hears.
#[derive(Default)]
struct Listener {
    said: Vec<String>,
    asked: u32,
    deaf: bool,
    enough: Option<Role>,
}

impl Above for Listener {
    fn wants(&mut self, _: &Conn) -> bool {
        self.asked += 1;
        !self.deaf
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let (at, n, what) = match event {
            Event::Octets(octets) => (octets.at, octets.n, String::from_utf8_lossy(octets.bytes).into_owned()),
            Event::Hole(hole) => {
                let why = match hole.why {
                    Missing::NotCaptured => "not captured",
                    Missing::Cut => "cut",
                    Missing::NoRoom => "no room",
                };
                (hole.at, hole.n, format!("hole {} {why}", hole.len))
            }
            Event::End(end) => {
                let how = match end.how {
                    Ending::Fin => "end fin",
                    Ending::Reset => "end reset",
                    Ending::CaptureEnd => "end capture",
                    Ending::GivenUp => "end given up",
                };
                (end.at, end.n, how.to_owned())
            }
        };
        let arrow = if event.from() == Role::Client { '>' } else { '<' };
        self.said.push(format!("{}{arrow} {at} #{n} {what}", conn.id.0));
        if self.enough == Some(event.from()) { Interest::Enough } else { Interest::More }
    }
}

impl Listener {
    /// What was said, without the connection's number.
    fn plain(&self) -> Vec<String> {
        self.said.iter().map(|said| said.trim_start_matches('0').to_owned()).collect()
    }
}

fn hear(after_the_opening: &str) -> Vec<String> {
    hear_within(Limits::default(), after_the_opening)
}

fn hear_within(limits: Limits, after_the_opening: &str) -> Vec<String> {
    listen(&format!("{OPENING}{after_the_opening}"), limits, |_| {}).plain()
}

fn hear_bare(script: &str) -> Vec<String> {
    listen(script, Limits::default(), |_| {}).plain()
}

/// All but that the capture ends.
fn said(heard: &[String]) -> Vec<&str> {
    heard.iter().map(String::as_str).filter(|said| !said.ends_with("end capture")).collect()
}

fn listen(script: &str, limits: Limits, cut: impl FnMut(&mut OwnedFrame)) -> Listener {
    let mut frames = frames(script);
    frames.iter_mut().for_each(cut);
    let mut listener = Listener::default();
    let mut streams = Streams::new(limits);
    pump_within(limits, frames, &mut streams, &mut listener);
    listener
}

fn pump_to(frames: Vec<OwnedFrame>, streams: &mut Streams, above: &mut dyn Above) {
    pump_within(Limits::default(), frames, streams, above);
}

fn pump_within(limits: Limits, frames: Vec<OwnedFrame>, streams: &mut Streams, above: &mut dyn Above) {
    let mut joint = Joint { streams, most: limits.total, above };
    pump(&mut MemorySource::new(frames), Checksums::Ignore, &mut Tracker::default(), &mut joint).expect("a run");
    assert_eq!(streams.held(), 0, "something is kept of what has ended");
}

fn frames(script: &str) -> Vec<OwnedFrame> {
    let script: Script = script.parse().unwrap_or_else(|error| panic!("{error}"));
    let shots = script.frames().unwrap_or_else(|error| panic!("{error}"));
    shots.into_iter().map(|shot| OwnedFrame::new(shot.time, Link::Ethernet, shot.bytes)).collect()
}

/// Hands what a pump brings to streams.
struct Joint<'a> {
    streams: &'a mut Streams,
    most: usize,
    above: &'a mut dyn Above,
}

impl Sink for Joint<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, self.above);
            assert!(self.streams.held() <= self.most, "more is kept than may be");
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.streams.ended(conn, self.above);
        Ok(())
    }
}
