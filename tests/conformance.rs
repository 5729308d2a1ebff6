//! Real captures, and what other tools said of every packet in them: where synfin says something
//! else, a rule has to say why.

use std::path::Path;

use synfin::report::conform::{Answers, Peer, Tally};

/// How many of a thousand answers have to be equal, explained ones left aside, so that rules do not
/// come to explain everything.
const FLOORS: &[(Peer, &str, u64)] = &[
    (Peer::Tshark, "decoded", 990),
    (Peer::Tshark, "tcp.seq_raw", 1000),
    (Peer::Tshark, "tcp.len", 997),
    (Peer::Tshark, "tcp.checksum.status", 997),
    (Peer::Tshark, "tcp.stream", 998),
    (Peer::Tshark, "tcp.completeness", 915),
    (Peer::Tshark, "tcp.analysis.keep_alive", 920),
    (Peer::Tshark, "tcp.analysis.window_full", 990),
    (Peer::Zeek, "conn_state", 910),
    (Peer::Zeek, "history", 900),
    (Peer::ZeekTests, "conn_state", 980),
    (Peer::ZeekTests, "history", 960),
    (Peer::Suricata, "tcp.state", 1000),
    (Peer::Tcptrace, "packets each way", 997),
    (Peer::Arkime, "packets each way", 990),
    (Peer::Ndpi, "packets each way", 990),
];

#[test]
fn every_difference_from_another_tool_has_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/real");
    if !folder.exists() {
        let missing = format!("not run: comparison with other tools, for want of {}", folder.display());
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}");
        return;
    }
    let answers = Answers::open(&folder).expect("recorded answers");
    let mut tally = Tally::new(20);
    for capture in answers.captures() {
        answers.compare(capture, &mut tally).unwrap_or_else(|error| panic!("{capture}: {error}"));
    }
    let mut told = Vec::new();
    tally.write_text(&mut told).expect("memory");
    let [equal, different, _] = tally.sums();
    assert!(equal > 6_000_000, "only {equal} answers were compared");
    assert!(different == 0, "{}", String::from_utf8_lossy(&told));
    for (peer, field, line) in tally.lines() {
        let floor = FLOORS.iter().find(|(of, name, _)| *of == peer && *name == field).map_or(0, |(_, _, floor)| *floor);
        let share = 1000 * line.equal / line.total();
        assert!(share >= floor, "{} {field}: {share} of 1000 are equal, and were {floor}", peer.name());
    }
}
