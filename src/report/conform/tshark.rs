//! Answers made on the spot, by the tshark of this machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;

use super::apps;
use super::dns;
use super::table::Table;
use super::tally::Tally;
use super::{Answers, CompareError, Recorded};
use crate::capture::file::{Capture, Options};
use crate::capture::{Checksums, Tracker, pump};

/// Fields of the packet table, in the order they are asked for.
const FIELDS: &[&str] = &[
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.encap_type",
    "frame.protocols",
    "_ws.malformed",
    "_ws.short",
    "eth.src",
    "eth.dst",
    "vlan.id",
    "arp.opcode",
    "ip.src",
    "ip.dst",
    "ip.proto",
    "ip.ttl",
    "ip.id",
    "ip.hdr_len",
    "ip.dsfield",
    "ip.len",
    "ip.flags",
    "ip.frag_offset",
    "ip.checksum",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "ipv6.tclass",
    "ipv6.plen",
    "ipv6.fraghdr.offset",
    "ipv6.fraghdr.more",
    "icmp.type",
    "icmp.code",
    "icmpv6.type",
    "icmpv6.code",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.hdr_len",
    "tcp.len",
    "tcp.checksum",
    "tcp.urgent_pointer",
    "tcp.options",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr",
    "tcp.options.sack_le",
    "tcp.options.sack_re",
    "tcp.options.mptcp.subtype",
    "tcp.stream",
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.spurious_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe",
    "tcp.analysis.zero_window_probe_ack",
    "tcp.analysis.window_full",
    "tcp.analysis.window_update",
    "tcp.analysis.keep_alive",
    "tcp.analysis.keep_alive_ack",
    "tcp.analysis.reused_ports",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "udp.checksum",
    "udp.stream",
];

/// Fields that keep all their values; of the others the first, outermost one counts.
const LISTS: &[&str] = &["vlan.id", "tcp.options.sack_le", "tcp.options.sack_re"];

const CHECKSUMS: &[&str] = &[
    "frame.number",
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "icmp.checksum.status",
    "icmpv6.checksum.status",
];

/// Asks tshark about a capture, and compares.
///
/// # Errors
///
/// When tshark is not there or fails, or the capture cannot be read.
pub fn compare(capture: &Path, tally: &mut Tally) -> Result<(), CompareError> {
    let ignore = ["tcp.check_checksum:FALSE", "udp.check_checksum:FALSE", "ip.check_checksum:FALSE"];
    let verify = [
        "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "ip.check_checksum:TRUE",
        "tcp.desegment_tcp_streams:FALSE",
    ];
    let packets = tidy(&ask(capture, FIELDS, &ignore, &[], ',')?, FIELDS);
    let complete = ask(capture, &["tcp.stream", "tcp.completeness"], &ignore, &["-2"], ',')?;
    let checksums = words(&ask(capture, CHECKSUMS, &verify, &[], ',')?);
    let apps = above(capture)?;
    let streams = streams(&packets, &complete);
    let name = capture.display().to_string();
    let recorded = Recorded {
        packets: Table::of(packets, '\t'),
        streams: Some(Table::of(streams, '\t')),
        checksums: Some(Table::of(checksums, '\t')),
        apps: Some(Table::of(apps, '\t')),
        ..Recorded::default()
    };
    recorded.compare(capture, &name, &Answers::default(), tally)
}

/// What tshark reads above TCP.
fn above(capture: &Path) -> io::Result<String> {
    let fields: Vec<&str> = apps::ENDS.iter().chain(apps::FIELDS).chain(dns::FIELDS).copied().collect();
    let preferences = ["tcp.reassemble_out_of_order:TRUE"];
    let filter =
        ["-Y", "dns || mdns || llmnr || quic || tcp && (tls || http || ssh || ftp || smtp || pgsql || mysql || mqtt)"];
    ask(capture, &fields, &preferences, &filter, apps::AGGREGATOR)
}

/// Asks tshark what it reads above TCP in a capture, and compares that alone.
///
/// # Errors
///
/// When tshark is not there or fails, or the capture cannot be read.
pub fn compare_apps(capture: &Path, tally: &mut Tally) -> Result<(), CompareError> {
    let mut heard = apps::Heard::default();
    let mut source = Capture::open(capture, Options::default())?;
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut heard)?;
    let table = Table::of(above(capture)?, '\t');
    heard.compare(&capture.display().to_string(), &table, tally);
    Ok(())
}

/// Runs tshark once; its table, all values of a field separated by `aggregator`.
fn ask(capture: &Path, fields: &[&str], preferences: &[&str], more: &[&str], aggregator: char) -> io::Result<String> {
    let mut tshark = Command::new("tshark");
    // Nobody's own preferences.
    tshark.env("WIRESHARK_CONFIG_DIR", std::env::temp_dir().join("synfin-no-such-profile"));
    tshark.env("TZ", "UTC").env("LC_ALL", "C");
    tshark.args(more).arg("-n").arg("-r").arg(capture);
    for preference in preferences.iter().chain(&["tcp.relative_sequence_numbers:FALSE"]) {
        tshark.args(["-o", preference]);
    }
    tshark.args(["-T", "fields", "-E", "header=y", "-E", "separator=/t", "-E", "occurrence=a"]);
    tshark.arg("-E").arg(format!("aggregator={aggregator}"));
    for field in fields {
        tshark.args(["-e", field]);
    }
    let done = tshark.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(
            error.kind(),
            "there is no `tshark` here; install it (Debian: `apt install tshark`) or compare with recorded answers",
        ),
        _ => error,
    })?;
    let table = String::from_utf8_lossy(&done.stdout).into_owned();
    if table.is_empty() {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.lines().rfind(|line| !line.is_empty()).unwrap_or("nothing");
        return Err(io::Error::other(format!("tshark has no answer, and says: {last}")));
    }
    Ok(table)
}

/// Keeps the outermost value of every field, and adds what is derived.
fn tidy(raw: &str, fields: &[&str]) -> String {
    let mut tidied = format!("{}\tip_layers\tshort\tmalformed\n", fields.join("\t"));
    for line in raw.lines().skip(1) {
        let mut protocols = "";
        let (mut malformed, mut short) = ("", "");
        for (field, cell) in fields.iter().zip(line.split('\t')) {
            let first = cell.split(',').next().unwrap_or_default();
            match *field {
                "frame.protocols" => protocols = cell,
                "_ws.malformed" => malformed = cell,
                "_ws.short" => short = cell,
                _ => {}
            }
            tidied.push_str(if LISTS.contains(field) { cell } else { first });
            tidied.push('\t');
        }
        let layers = protocols.split(':').filter(|protocol| matches!(*protocol, "ip" | "ipv6")).count();
        let yes = |said: &str| if said.is_empty() { "" } else { "1" };
        let _ = writeln!(tidied, "{layers}\t{}\t{}", yes(short), yes(malformed));
    }
    tidied
}

/// Says the verdicts on checksums in words.
fn words(raw: &str) -> String {
    let mut said = CHECKSUMS.join("\t") + "\n";
    for line in raw.lines().skip(1) {
        for (at, cell) in line.split('\t').enumerate() {
            let first = cell.split(',').next().unwrap_or_default();
            if at > 0 {
                said.push('\t');
            }
            said.push_str(match first {
                _ if at == 0 => first,
                "0" => "bad",
                "1" => "good",
                "2" => "unverified",
                "3" => "not-present",
                _ => "",
            });
        }
        said.push('\n');
    }
    said
}

/// The table of streams: how many packets each has, and its completeness by its last packet.
fn streams(packets: &str, complete: &str) -> String {
    let mut streams: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let stream = FIELDS.iter().position(|field| *field == "tcp.stream").unwrap_or_default();
    for (packet, line) in packets.lines().zip(complete.lines()).skip(1) {
        let number = packet.split('\t').nth(stream).unwrap_or_default();
        let value = line.split('\t').nth(1).and_then(|cell| cell.split(',').next()).unwrap_or_default();
        if !number.is_empty() {
            let entry = streams.entry(number).or_default();
            *entry = (entry.0 + 1, value);
        }
    }
    let mut table = "tcp.stream\tctx\tcompleteness\tpkts_ab\tpkts_ba\n".to_owned();
    for (number, (packets, value)) in streams {
        let _ = writeln!(table, "{number}\tdirect\t{value}\t{packets}\t0");
    }
    table
}
