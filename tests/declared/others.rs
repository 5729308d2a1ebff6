//! What other programs make of a declaration, message by message.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use synfin::capture::declared::parse;
use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{Link, OwnedFrame};
use synfin::craft::Script;
use synfin::wire::declared::{Definition, Type};

use super::{root, run, scratch, synfin};

/// A conversation in messages of a protocol: some glued together, some in pieces, octets between them
/// that are no message, and one that the end cuts short.
fn conversation(of: &Definition, name: &str, port: u16, kinds: [&str; 2], key: &str) -> PathBuf {
    let quoted = |octets: &[u8]| {
        octets.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "\\x{octet:02x}");
            text
        })
    };
    let message = |kind: &str, id: i64, words: usize| {
        let body: Vec<u8> = (b'a'..=b'z').cycle().take(words * 4).collect();
        of.octets(Some(kind), &[(key, id)], &body).unwrap_or_else(|wrong| panic!("{}", wrong.what))
    };
    let [ask, tell] = kinds;
    let mut script =
        format!("server 10.0.0.2:{port}\n> S 0:0(0) <mss 1460>\n< S. 0:0(0) ack 1 <mss 1460>\n> . 1:1(0) ack 1\n");
    let mut say = |sign: char, octets: &[u8]| {
        // Scripts hold lines, and a line holds a segment.
        for part in octets.chunks(1400) {
            let _ = writeln!(script, "{sign} P. ...:...(...) ack ... \"{}\"", quoted(part));
        }
    };
    say('>', &[message(ask, 1, 0), message(ask, 2, 3)].concat());
    say('<', &message(tell, 1, 5));
    let long = message(tell, 2, 900);
    say('<', &long);
    let mut wrong = message(ask, 3, 1);
    wrong[0] ^= 1;
    say('>', &[message(ask, 4, 2), wrong, message(ask, 5, 2), message(ask, 6, 0)].concat());
    for part in message(tell, 4, 6).chunks(11) {
        say('<', part);
    }
    say('<', &[message(tell, 6, 0), message(tell, 5, 1)].concat());
    say('>', &message(ask, 7, 4)[..of.header + 3]);
    script += "> F. ...:...(0) ack ...\n< F. ...:...(0) ack ...\n> . ...:...(0) ack ...\n";
    let path = scratch(&format!("declared-{name}.pcap"));
    let script: Script = script.parse().unwrap_or_else(|error| panic!("{error}"));
    let mut file =
        CaptureWriter::new(File::create(&path).expect("a file"), Format::Pcap, Link::Ethernet).expect("a capture");
    for shot in script.frames().expect("frames") {
        file.write(&OwnedFrame::new(shot.time, Link::Ethernet, shot.bytes).as_frame()).expect("written");
    }
    file.finish().expect("written");
    path
}

/// The messages of a capture as synfin tells them, in order.
fn ours(capture: &Path, declaration: &str) -> Vec<Value> {
    let capture = capture.to_string_lossy();
    let records = synfin(&["read", "-T", "json", "--proto", declaration, &capture]);
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    records.filter(|record| record["type"] == "message").collect()
}

/// The same as tshark tells them by the exported dissector: for each message the packet, then the
/// fields. `None`, said aloud, where tshark is not installed.
fn tsharks(capture: &Path, declaration: &str, of: &Definition) -> Option<Vec<Vec<String>>> {
    let name = &of.name;
    let script = scratch(&format!("declared-{name}.lua"));
    fs::write(&script, synfin(&["proto", "export", "lua", declaration, name])).expect("written");
    let mut fields = vec!["frame.number".to_owned(), format!("{name}.message.size")];
    fields.extend(of.fields.iter().map(|field| format!("{name}.{}", field.name)));
    if of.checksum.is_some() {
        fields.push(format!("{name}.message.checksum_ok"));
    }
    let mut command = Command::new("tshark");
    command.args(["-n", "-X", &format!("lua_script:{}", script.display()), "-r"]).arg(capture);
    command.args(["-Y", name, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"]);
    for field in &fields {
        command.args(["-e", field]);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "tshark is needed and is not there: {error}");
            eprintln!("not run: what tshark makes of a declared protocol (it is not installed)");
            return None;
        }
    };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !told.contains("Lua"), "tshark: {told}");
    let mut messages = Vec::new();
    for line in String::from_utf8(output.stdout).expect("text").lines() {
        let columns: Vec<Vec<&str>> = line.split('\t').map(|cell| cell.split(';').collect()).collect();
        let count = if columns[1][0].is_empty() { 0 } else { columns[1].len() };
        for nth in 0..count {
            let cell = |column: &Vec<&str>| if column.len() == 1 { column[0] } else { column[nth] }.to_owned();
            messages.push(columns.iter().map(cell).collect());
        }
    }
    Some(messages)
}

/// A record of ours in tshark's columns.
fn in_columns(record: &Value, of: &Definition) -> Vec<String> {
    let mut columns = vec![record["n"].to_string(), record["len"].to_string()];
    for field in &of.fields {
        let value = &record["fields"][&field.name];
        columns.push(match (field.kind, value) {
            (Type::Unsigned(octets), Value::Number(number)) if !field.bits.is_empty() => {
                format!("0x{:0width$x}", number.as_u64().expect("a number"), width = usize::from(octets) * 2)
            }
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        });
    }
    if of.checksum.is_some() {
        columns.push(if record["checksum_ok"] == true { "1" } else { "0" }.to_owned());
    }
    columns
}

#[track_caller]
fn agrees_with_tshark(capture: &Path, declaration: &str, of: &Definition, least: usize) {
    let Some(theirs) = tsharks(capture, declaration, of) else { return };
    let ours: Vec<Vec<String>> = ours(capture, declaration).iter().map(|record| in_columns(record, of)).collect();
    assert!(ours.len() >= least, "only {} messages in {}", ours.len(), capture.display());
    assert_eq!(ours, theirs, "synfin, then tshark, of {}", capture.display());
}

fn declared(declaration: &str, name: &str) -> Definition {
    let text = fs::read_to_string(root().join(declaration)).expect("a declaration");
    parse(&text).expect("no mistake").into_iter().find(|of| of.name == name).expect("it is declared")
}

const ACME: &str = "examples/acme/acme.toml";
const ALL: &str = "tests/declared/all.toml";

#[test]
fn the_exported_dissector_tells_the_messages_of_the_example() {
    agrees_with_tshark(&root().join("captures/acme.pcap"), ACME, &declared(ACME, "acme"), 8);
}

#[test]
fn the_exported_dissector_cuts_as_synfin_does_where_a_stream_goes_wrong() {
    for (declaration, name, kinds, key) in
        [(ACME, "acme", ["get", "reply"], "id"), (ALL, "every", ["ask", "tell"], "key")]
    {
        let of = declared(declaration, name);
        let port = of.ports[0];
        agrees_with_tshark(&conversation(&of, name, port, kinds, key), declaration, &of, 10);
        // On a port that nobody told of it is known by its magic.
        let elsewhere = conversation(&of, &format!("{name}-elsewhere"), 7777, kinds, key);
        agrees_with_tshark(&elsewhere, declaration, &of, 10);
    }
}

#[test]
fn the_exported_dissector_finds_the_request_of_a_response() {
    let capture = root().join("captures/acme.pcap");
    let of = declared(ACME, "acme");
    if tsharks(&capture, ACME, &of).is_none() {
        return;
    }
    let script = format!("lua_script:{}", scratch("declared-acme.lua").display());
    let output = Command::new("tshark")
        .args(["-n", "-X", &script, "-r"])
        .arg(&capture)
        .args(["-Y", "acme.message.request_in", "-T", "fields", "-e", "frame.number", "-e", "acme.message.request_in"])
        .output()
        .expect("it is there");
    let theirs = String::from_utf8(output.stdout).expect("text");
    let ours = ours(&capture, ACME);
    let by_number = |number: &Value| ours.iter().find(|record| record["message"] == *number).expect("the request");
    let asked = ours.iter().filter(|record| record["part"] == "response");
    let lines: Vec<String> =
        asked.map(|record| format!("{}\t{}", record["n"], by_number(&record["request"])["n"])).collect();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), lines);
}

/// Where `.ci/run` puts the compiler and its runtime.
fn kaitai() -> Option<(PathBuf, PathBuf)> {
    let modules = root().join("target/kaitai/node_modules");
    let own = root().join("target/kaitai/bin/node");
    let node = if own.exists() { own } else { PathBuf::from("node") };
    let runs = Command::new(&node).arg("--version").output().is_ok_and(|output| output.status.success());
    if modules.join("kaitai-struct-compiler").is_dir() && runs {
        return Some((node, modules));
    }
    assert!(std::env::var_os("CI").is_none(), "the compiler of Kaitai Struct is needed and is not there");
    eprintln!("not run: what Kaitai Struct makes of a declared protocol (no target/kaitai, see .ci/run)");
    None
}

#[test]
fn the_exported_specification_reads_the_same_messages() {
    let Some((node, modules)) = kaitai() else { return };
    for (declaration, name, kinds, key) in
        [(ACME, "acme", ["get", "reply"], "id"), (ALL, "every", ["ask", "tell"], "key")]
    {
        let of = declared(declaration, name);
        let specification = scratch(&format!("declared-{name}.ksy"));
        fs::write(&specification, synfin(&["proto", "export", "ksy", declaration, name])).expect("written");
        // The side that answers goes by the book; Kaitai knows no other way.
        let records = ours(&conversation(&of, &format!("{name}-kaitai"), of.ports[0], kinds, key), declaration);
        let records: Vec<&Value> = records.iter().filter(|record| record["from"] == "server").collect();
        let stream: Vec<u8> = records.iter().flat_map(|record| octets_of(&of, record)).collect();
        let file = scratch(&format!("declared-{name}.stream"));
        fs::write(&file, stream).expect("written");

        let names: Vec<&str> = of.fields.iter().map(|field| field.name.as_str()).collect();
        let output = Command::new(&node)
            .env("NODE_PATH", &modules)
            .arg(root().join("tests/declared/kaitai.js"))
            .args([specification.as_os_str(), names.join(",").as_ref(), file.as_os_str()])
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("text");
        let theirs: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(theirs.len(), records.len());
        for (theirs, ours) in theirs.iter().zip(records) {
            for field in &names {
                assert_eq!(theirs[field], ours["fields"][field], "{name}.{field} of {ours}");
            }
            assert_eq!(theirs["body"].as_str().unwrap_or_default(), ours["body"].as_str().unwrap_or_default());
        }
    }
}

/// A message as it was on the wire, from its record: every field is in it.
fn octets_of(of: &Definition, record: &Value) -> Vec<u8> {
    let kind = record["kind"].as_str();
    let number = |name: &str| record["fields"][name].as_i64().expect("a number");
    let key = if of.name == "acme" { "id" } else { "key" };
    let body = record["body"].as_str().unwrap_or_default();
    let body = match of.body {
        synfin::wire::declared::Body::Text => body.as_bytes().to_vec(),
        synfin::wire::declared::Body::Bytes => {
            let octet = |at| u8::from_str_radix(&body[at..at + 2], 16).expect("hexadecimal");
            (0..body.len()).step_by(2).map(octet).collect()
        }
    };
    of.octets(kind, &[(key, number(key))], &body).expect("a message")
}

#[test]
fn what_cannot_be_exported_is_said() {
    let (_, told, fine) = run(&["proto", "export", "lua", ALL]);
    assert!(!fine && told.contains("it declares every, least: name one behind the file"), "{told}");
}
