//! What `explain` and `conns` write, word for word for a few short connections, and by rule for
//! every transcript.

use std::fs;
use std::path::Path;

use synfin::capture::{Aside, Checksums, Frame, Link, Next, Sink, Source, SourceError, Tracker, pump};
use synfin::craft::script::Medium;
use synfin::craft::{Script, Shot};
use synfin::report::conns::{self, Columns, Conns, Field, Format, Order};
use synfin::report::fields::Layout;
use synfin::report::paint::Paint;
use synfin::report::story::{Choice, Explain, Look, Parts};

const REFUSED: &str = "
    > S  0:0(0) <mss 1460>
    +0.0205 < R. !0:0(0) ack 1 win 0
";

const NORMAL: &str = "
    > S  0:0(0) <mss 1460,sackOK,nop,wscale 7>
    < S. 0:0(0) ack 1 <mss 1460,sackOK,nop,wscale 7>
    > .  1:1(0) ack 1
    > P. 1:11(10) ack 1
    < P. 1:21(20) ack 11
    > F. 11:11(0) ack 21
    < F. 21:21(0) ack 12
    > .  12:12(0) ack 22
";

#[test]
fn a_refusal_is_told_in_full() {
    assert_eq!(
        story(REFUSED, Parts::All),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 20.5 ms, 2 packets (#1 to #2), 1 there and 1 back
  Refused: the host 10.0.0.2 answered by itself, 20.5 ms after the SYN (#2), that no socket listens
  on port 80. (A firewall that rejects with RST looks the same.)

              client 10.0.0.1:40000                                        server 10.0.0.2:80 (http)
                   CLOSED~ │                                                          │ LISTEN~
#1  0.000000     SYN_SENT! │───────────── SYN seq 0 win 65535 mss 1460 ──────────────▶│ SYN_RCVD?
#2  0.020500       CLOSED? │◀────────────────── RST/ACK seq 0 ack 1 ──────────────────│ CLOSED!

The opening

   #1  client → server  SYN  seq 0  +0 ms
       The client asks to connect. Its initial sequence number is 4294967294, from which numbers
       here count; it offers MSS 1460.
       Once this arrives: the server knows “I can receive, the client can send”.
               state           I can send  I can receive  peer can send  peer can receive
       client  SYN_SENT!       ·           ·              ·              ·
       server  SYN_RCVD?       ·           ?              ?              ·
       (✓ #n: proven, by packet n. ?: true once this packet arrives. ~: assumed. ·: not known.
       Behind a state: ! proven, ? expected, ~ assumed.)
       │ What if nothing came back? The client would send the SYN again, at growing distances, and
       │ give up after about two minutes (Linux: 6 repeats).

   #2  server → client  RST/ACK  seq 0, ack 1  +20.5 ms
       Refused, by the host itself: no socket listens on port 80. The RST acknowledges the SYN (ack
       1), so it belongs to this attempt.
       Once this arrives: the client knows “the way there and back works; it is over”.
               state           I know that it is over
       client  CLOSED?         ?
       server  CLOSED!         ✓ says so
"
    );
}

#[test]
fn two_steps_are_not_enough_and_the_packet_says_why() {
    let text = story(NORMAL, Parts::Steps);
    assert_eq!(
        between(&text, "#2  server", "#3  client"),
        "   #2  server → client  SYN/ACK  seq 0, ack 1  +10.0 ms
       The server answers and asks back, both in one segment: ack 1 says that the SYN arrived, and
       its own SYN asks the same question the other way. Its initial sequence number is 4294967290,
       from which numbers here count; it offers MSS 1460, window scale 7, SACK.
       Now proven: the server knows “I can receive, the client can send”. Once this arrives: the
       client knows “I can send and receive, and so can the server”.
               state           I can send  I can receive  peer can send  peer can receive
       client  ESTABLISHED?    ?           ?              ?              ?
       server  SYN_RCVD!       ·           ✓ #2           ✓ #2           ·
       │ Why are two steps not enough? Once #2 arrives, the client has the answer to all four
       │ questions. The server has two: it heard the client, but nothing has told it that it is
       │ heard, and nobody has acknowledged its initial sequence number. For all it knows, the SYN
       │ was an old duplicate, or its source address forged (RFC 9293 section 3.5).
       │ What if the client vanished here? The server would keep this half-open entry and repeat its
       │ SYN/ACK (Linux: 5 times, after 1, 3, 7, 15 and 31 s) before it gave up after 63 s. Many
       │ such entries are a SYN flood.

"
    );
}

#[test]
fn the_figure_has_both_lifelines_and_their_states() {
    assert_eq!(
        story(NORMAL, Parts::Figure),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 70.0 ms, 8 packets (#1 to #8), 5 there and 3 back
  It opened in three steps, carried 10 B to the server and 20 B back and closed in three segments,
  the client first.
  Round trip 20.0 ms: 10.0 ms to the server and back, 10.0 ms to the client and back.

              client 10.0.0.1:40000                                        server 10.0.0.2:80 (http)
                   CLOSED~ │                                                          │ LISTEN~
#1  0.000000     SYN_SENT! │───── SYN seq 0 win 65535 mss 1460 wscale 7 sackOK ──────▶│ SYN_RCVD?
                           │                        ? I can receive, my peer can send │
#2  0.010000  ESTABLISHED? │◀──── SYN/ACK seq 0 ack 1 win 65535 mss 1460 wscale 7 ────│ SYN_RCVD!
                           │ ? send, receive        ✓ I can receive, my peer can send │
#3  0.020000  ESTABLISHED! │──────────────────── ACK seq 1 ack 1 ────────────────────▶│ ESTABLISHED?
                           │ ✓ send, receive        ? I can send, my peer can receive │
#4  0.030000               │────────────── PSH/ACK seq 1 ack 1 len 10 ───────────────▶│
#5  0.040000               │◀────────────── PSH/ACK seq 1 ack 11 len 20 ──────────────│ ESTABLISHED!
                           │                        ✓ I can send, my peer can receive │
#6  0.050000   FIN_WAIT_1! │───────────────── FIN/ACK seq 11 ack 21 ─────────────────▶│ CLOSE_WAIT?
                           │                              ? my peer will send no more │
#7  0.060000    TIME_WAIT? │◀───────────────── FIN/ACK seq 21 ack 12 ─────────────────│ LAST_ACK!
                           │ ? peer done; ? all arrived   ✓ my peer will send no more │
#8  0.070000    TIME_WAIT! │─────────────────── ACK seq 12 ack 22 ───────────────────▶│ CLOSED?
                           │ ✓ peer done; ✓ all arrived      ? all I sent has arrived │
"
    );
}

#[test]
fn a_simultaneous_open_needs_no_server() {
    let script = "
        > S  0:0(0)
        < S  0:0(0)
        > S. 0:0(0) ack 1
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
        < .  1:1(0) ack 1
    ";
    assert_eq!(
        story(script, Parts::Figure),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 50.0 ms, 6 packets (#1 to #6), 3 there and 3 back
  It was opened from both ends at once, carried no data and was still open when the capture ended.

              client 10.0.0.1:40000                                        server 10.0.0.2:80 (http)
                   CLOSED~ │                                                          │ LISTEN~
#1  0.000000     SYN_SENT! │────────────────── SYN seq 0 win 65535 ──────────────────▶│ SYN_RCVD?
                           │                        ? I can receive, my peer can send │
#2  0.010000     SYN_RCVD? │◀────────────────── SYN seq 0 win 65535 ──────────────────│ SYN_SENT!
                           │ ? I can receive, my peer can send                        │
#3  0.020000     SYN_RCVD! │───────────── SYN/ACK seq 0 ack 1 win 65535 ─────────────▶│ ESTABLISHED?
                           │ ✓ receive              ? I can send, my peer can receive │
#4  0.030000  ESTABLISHED? │◀───────────── SYN/ACK seq 0 ack 1 win 65535 ─────────────│
                           │ ? send             ✓ I can send and receive, my peer too │
#5  0.040000  ESTABLISHED! │──────────────────── ACK seq 1 ack 1 ────────────────────▶│
                           │ ✓ I can send, my peer can receive                        │
#6  0.050000               │◀──────────────────── ACK seq 1 ack 1 ────────────────────│ ESTABLISHED!
"
    );
}

#[test]
fn a_half_open_connection_waits_for_step_three() {
    let script = "
        > S  0:0(0)
        < S. 0:0(0) ack 1
        +1 < S. 0:0(0) ack 1
        +2 < S. 0:0(0) ack 1
    ";
    assert_eq!(
        story(script, Parts::Heading),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 3.01 s, 4 packets (#1 to #4), 1 there and 3 back
  Round trip: 10.0 ms to the server and back.
  Half open: the server answered (#2), and no step three came; the SYN/ACK was repeated twice over
  3.00 s. The client is gone, its address was forged, or the answer never reached it.
"
    );
}

#[test]
fn lost_syns_have_a_price() {
    let script = "
        > S  0:0(0)
        +1 > S  0:0(0)
        +2 > S  0:0(0)
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
    ";
    assert_eq!(
        story(script, Parts::Heading),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 3.02 s, 5 packets (#1 to #5), 4 there and 1 back
  It opened in three steps, carried no data and was still open when the capture ended.
  Round trip: 10.0 ms to the client and back; after a repeat it is not certain which copy was
  answered.
  Slow to open: 2 SYNs went unanswered (from #1 on); that cost 3.00 s of the 3.02 s that the opening
  took.
"
    );
}

#[test]
fn a_synack_that_comes_again_although_it_was_answered_tells_of_the_accept_queue() {
    let script = "
        > S  0:0(0)
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
        +1 < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
    ";
    assert_eq!(
        story(script, Parts::Heading),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 1.03 s, 5 packets (#1 to #5), 3 there and 2 back
  It opened in three steps, carried no data and was still open when the capture ended.
  Round trip 20.0 ms: 10.0 ms to the server and back, 10.0 ms to the client and back.
  The server sent its SYN/ACK again (#4) although the client had answered it (#3): that answer was
  lost behind the capture point, or the accept queue of the server was full; the server was never
  seen to take the connection in.
"
    );
}

#[test]
fn data_that_meets_a_closed_end_is_lost() {
    let script = "
        > S  0:0(0)
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
        > P. 1:11(10) ack 1
        < .  1:1(0) ack 11
        > F. 11:11(0) ack 1
        < .  1:1(0) ack 12
        < P. 1:5(4) ack 12
        > R  12:12(0) win 0
    ";
    assert_eq!(
        story(script, Parts::Heading),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 80.0 ms, 9 packets (#1 to #9), 5 there and 4 back
  It opened in three steps, carried 10 B to the server and 4 B back and was closed, then reset, by
  the client.
  Round trip 20.0 ms: 10.0 ms to the server and back, 10.0 ms to the client and back.
  Reset by the client (#9): it had closed, and data of the server still came: that data is lost.
"
    );
}

#[test]
fn a_slow_server_is_told_from_a_slow_network() {
    let script = "
        > S  0:0(0)
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
        > P. 1:11(10) ack 1
        < .  1:1(0) ack 11
        +2 < P. 1:5(4) ack 11
        > .  11:11(0) ack 5
    ";
    assert_eq!(
        story(script, Parts::Heading),
        "Connection 0: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP
  2026-01-01 00:00:00.000000 UTC, 2.05 s, 7 packets (#1 to #7), 4 there and 3 back
  It opened in three steps, carried 10 B to the server and 4 B back and was still open when the
  capture ended.
  Round trip 20.0 ms: 10.0 ms to the server and back, 10.0 ms to the client and back.
  Slow server: from the last of the request (#4) to the first of the answer (#6) passed 2.01 s, of
  which the network explains 10.0 ms.
"
    );
}

#[test]
fn a_new_connection_on_living_endpoints_has_its_syn() {
    let script = "
        > S  0:0(0)
        < S. 0:0(0) ack 1
        > .  1:1(0) ack 1
        > P. 1:11(10) ack 1
        < .  1:1(0) ack 11
        +1 > S  !5000000:5000000(0)
        < S. !9000000:9000000(0) ack !5000001
        > .  !5000001:5000001(0) ack !9000001
    ";
    let text = story(script, Parts::Figure);
    assert_eq!(
        between(&text, "Connection 1", "Connection 2"),
        "Connection 1: 10.0.0.1:40000 → 10.0.0.2:80 (http), TCP, use 2 of these endpoints
  2026-01-01 00:00:01.040000 UTC, 20.0 ms, 3 packets (#6 to #8), 2 there and 1 back
  It opened in three steps, carried no data and was still open when the capture ended.
  Round trip 20.0 ms: 10.0 ms to the server and back, 10.0 ms to the client and back.

              client 10.0.0.1:40000                                        server 10.0.0.2:80 (http)
                   CLOSED~ │                                                          │ LISTEN~
#6  0.000000     SYN_SENT! │────────────────── SYN seq 0 win 65535 ──────────────────▶│ SYN_RCVD?
                           │                        ? I can receive, my peer can send │
#7  0.010000  ESTABLISHED? │◀───────────── SYN/ACK seq 0 ack 1 win 65535 ─────────────│ SYN_RCVD!
                           │ ? send, receive        ✓ I can receive, my peer can send │
#8  0.020000  ESTABLISHED! │──────────────────── ACK seq 1 ack 1 ────────────────────▶│ ESTABLISHED?
                           │ ✓ send, receive        ? I can send, my peer can receive │
"
    );
}

#[test]
fn what_did_not_fail_is_not_told_where_only_failures_are_asked_for() {
    let mut out = Vec::new();
    let look = Look { width: 0, ascii: false, paint: Paint { on: false } };
    let choice = Choice { failed: true, ..Choice::default() };
    play(NORMAL, &mut Explain::new(&mut out, look, choice));
    assert_eq!(String::from_utf8_lossy(&out), "1 connection, and nothing went wrong or took long.\n");
}

#[test]
fn a_long_talk_is_folded_to_its_ends() {
    let mut script = String::from("> S 0:0(0)\n< S. 0:0(0) ack 1\n> . 1:1(0) ack 1\n");
    for at in 0..1000 {
        let (from, to) = (1 + at * 100, 101 + at * 100);
        script += &format!("> P. {from}:{to}(100) ack 1\n< . 1:1(0) ack {to}\n");
    }
    let text = story(&script, Parts::All);
    assert!(text.lines().count() < 120, "{} lines", text.lines().count());
    let folds: Vec<&str> = text.lines().filter(|line| line.contains('…')).collect();
    assert_eq!(
        folds,
        [
            "    …                          │      … 997 data segments, 99.7 kB →  ← 997 ACKs      │",
            "    … #8 to #2001, 19.9 s: 997 data packets, 99.7 kB client → server; 997 empty ACKs server →"
        ]
    );
}

#[test]
fn the_table_has_a_row_for_every_conversation() {
    assert_eq!(
        table(NORMAL, 80),
        "#  CLIENT          SERVER       OPEN    CLOSE  BY      BYTES>  <BYTES  DURATION
0  10.0.0.1:40000  10.0.0.2:80  normal  fin3   client      10      20   70.0 ms
"
    );
    assert_eq!(table(NORMAL, 0), "#  CLIENT          SERVER       SERVICE  OPEN    CLOSE  BY      CLIENT STATE  SERVER STATE  HISTORY  PKTS>  <PKTS  BYTES>  <BYTES  RTT SRV  RTT CLI  DURATION
0  10.0.0.1:40000  10.0.0.2:80  http     normal  fin3   client  TIME_WAIT!    CLOSED?       ShADdFf      5      3      10      20  10.0 ms  10.0 ms   70.0 ms
");
}

#[test]
fn a_zeek_log_has_its_header_and_zeeks_columns() {
    assert_eq!(
        lines(NORMAL, Format::Zeek, Order::Id),
        "#separator \\x09\n\
             #set_separator\t,\n\
             #empty_field\t(empty)\n\
             #unset_field\t-\n\
             #path\tconn\n\
             #open\t2026-01-01-00-00-00\n\
             #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\tip_proto\tcommunity_id\n\
             #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\tcount\tstring\n\
             1767225600.000000\tC2KMfAM3cqb2qBMBoB\t10.0.0.1\t40000\t10.0.0.2\t80\ttcp\t-\t0.070000\t10\t20\tSF\t-\t-\t0\tShADdFf\t5\t222\t3\t152\t-\t6\t1:3k1SoWXs/FltHw2aBCgUTgbDQF4=\n\
             #close\t2026-01-01-00-00-00\n"
    );
}

#[test]
fn chosen_fields_stand_as_tshark_writes_them() {
    let names = ["tcp.stream", "ip.src", "tcp.dstport", "synfin.open", "synfin.close", "synfin.history", "udp.srcport"];
    let fields: Vec<Field> = names.iter().map(|name| Field::find(name).expect("it exists")).collect();
    let layout = Layout::parse(&["header=y", "separator=,"]).expect("a layout");
    assert_eq!(
        lines(NORMAL, Format::Fields(fields, layout), Order::Id),
        "tcp.stream,ip.src,tcp.dstport,synfin.open,synfin.close,synfin.history,udp.srcport
0,10.0.0.1,80,normal,fin3,ShADdFf,
"
    );
    assert!(Field::find("tcp.nonsense").is_none());
}

#[test]
fn every_field_has_the_value_of_the_record() {
    let layout = Layout::parse(&["header=y", "separator=/t"]).expect("a layout");
    let text = lines(NORMAL, Format::Fields(Field::all(), layout), Order::Id);
    let record: serde_json::Value = serde_json::from_str(&lines(NORMAL, Format::Json, Order::Id)).expect("JSON");
    let (names, values) = text.split_once('\n').expect("a header");
    let values = values.trim_end_matches('\n');
    assert_eq!(names.split('\t').count(), values.split('\t').count());
    for (name, value) in names.split('\t').zip(values.split('\t')) {
        let found = name.split('.').try_fold(&record, |record, key| record.get(key));
        match found {
            Some(serde_json::Value::Object(facts)) => assert_eq!(facts.len(), value.split(',').count(), "{name}"),
            Some(serde_json::Value::String(text)) => assert_eq!(text, value, "{name}"),
            Some(other) => assert_eq!(other.to_string(), value, "{name}"),
            None => {
                let may = ["vlan", "exchange", "reply_ns"].contains(&name) || name.starts_with("process.");
                assert!(may && value.is_empty(), "{name}: {value}");
            }
        }
    }
}

#[test]
fn json_keeps_the_order_of_the_documentation() {
    assert_eq!(
        lines(REFUSED, Format::Json, Order::Id),
        r#"{"schema":1,"type":"connection","id":0,"proto":"tcp","ip_version":4,"client":{"addr":"10.0.0.1","port":40000},"server":{"addr":"10.0.0.2","port":80},"role_basis":"syn","incarnation":0,"first_n":1,"last_n":2,"start_ns":1767225600000000000,"end_ns":1767225600020500000,"open":"refused","close":"reset","closed_by":"server","syn_validated":false,"ack_validated":false,"state":{"client":"CLOSED?","server":"CLOSED!"},"history":"Sr","conn_state":"REJ","completeness":37,"stream":0,"packets":{"client":1,"server":1},"payload_bytes":{"client":0,"server":0},"unique_bytes":{"client":0,"server":0},"ip_bytes":{"client":44,"server":40},"retransmits":{"client":0,"server":0},"dup_acks":{"client":0,"server":0},"zero_windows":{"client":0,"server":0},"resets":{"client":0,"server":1},"missed_bytes":{"client":0,"server":0},"mss":{"client":1460,"server":null},"wscale":{"client":null,"server":null},"sack_ok":null,"ts_ok":null,"rtt_server_ns":null,"rtt_client_ns":null,"irtt_ns":null,"setup_ns":null,"syn_wait_ns":null,"facts":{"client":{"a":{"basis":"?","n":2},"b":{"basis":"?","n":2},"d":{"basis":"?","n":2}},"server":{"a":{"basis":"?","n":1},"i":{"basis":"?","n":1}}},"community_id":"1:3k1SoWXs/FltHw2aBCgUTgbDQF4="}
"#
    );
}

#[test]
fn every_transcript_makes_a_story_that_fits() {
    for (name, script) in transcripts() {
        for width in [60, 80, 100, 132, 200] {
            let look = Look { width, ascii: true, paint: Paint { on: false } };
            let text = told(&script, look, Parts::All);
            assert!(text.is_ascii(), "{name} is not all ASCII: {:?}", text.chars().find(|letter| !letter.is_ascii()));
            let below_titles = text.lines().filter(|line| !line.starts_with("Connection "));
            let longest = below_titles.max_by_key(|line| line.len()).unwrap_or_default();
            assert!(longest.len() <= width.max(76), "{name}, {width} columns: {longest}");
            assert_eq!(text.lines().find(|line| line.ends_with(' ')), None, "{name} has blanks at a line's end");
        }
    }
}

#[test]
fn every_transcript_makes_a_table_that_fits() {
    for (name, script) in transcripts() {
        for width in [80, 100, 120, 160] {
            let text = table(&script, width);
            let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
            assert!(longest.chars().count() <= width, "{name}, {width} columns: {longest}");
        }
    }
}

/// Names and texts of all transcripts.
fn transcripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let paths = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("read").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "tcp"));
    texts.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("text"))).collect()
}

/// The story of the connections that `script` makes, 100 columns wide.
fn story(script: &str, parts: Parts) -> String {
    let look = Look { width: 100, ascii: false, paint: Paint { on: false } };
    told(script, look, parts)
}

fn told(script: &str, look: Look, parts: Parts) -> String {
    let mut out = Vec::new();
    let choice = Choice { parts, ..Choice::default() };
    play(script, &mut Explain::new(&mut out, look, choice));
    String::from_utf8(out).expect("a story is UTF-8")
}

fn table(script: &str, width: usize) -> String {
    lines(
        script,
        Format::Table { width, ellipsis: "…", paint: Paint { on: false }, columns: Columns::default() },
        Order::Id,
    )
}

fn lines(script: &str, format: Format, order: Order) -> String {
    let mut out = Vec::new();
    let choice = conns::Choice {
        format,
        order,
        reverse: false,
        top: None,
        protocol: None,
        summary: false,
        apps: false,
        names: false,
    };
    play(script, &mut Conns::new(&mut out, choice));
    String::from_utf8(out).expect("lines are UTF-8")
}

/// The lines of `text` from the first that has `from` to before the first that has `to`.
fn between(text: &str, from: &str, to: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.contains(from)).take_while(|line| !line.contains(to));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Plays `script` into frames, and those into `sink`.
fn play(script: &str, sink: &mut dyn Sink) {
    let script: Script = script.parse().expect("a script");
    let mut shots = Shots(script.frames().expect("frames").into_iter(), None);
    pump(&mut shots, Checksums::Ignore, &mut Tracker::default(), sink).expect("memory can be written");
}

struct Shots(std::vec::IntoIter<Shot>, Option<Shot>);

impl Source for Shots {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        self.1 = self.0.next();
        Ok(self.1.as_ref().map_or(Next::End, |shot| {
            let link = match shot.medium {
                Medium::Ethernet => Link::Ethernet,
                Medium::Raw => Link::Raw,
            };
            let wire_len = shot.bytes.len() as u32;
            Next::Frame(Frame {
                time: shot.time,
                wire_len,
                link,
                interface: 0,
                bytes: &shot.bytes,
                comment: None,
                aside: Aside::NONE,
            })
        }))
    }
}
