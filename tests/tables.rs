//! Tables for other programs: CSV, TSV, Zeek's log and the Elastic Common Schema, each written to
//! memory.
//!
//! `UPDATE_GOLDEN=1 cargo test --test tables` writes the tables in `tests/tables/` anew; what changed
//! is then git's to show.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use synfin::capture::file::{Captures, Options};
use synfin::capture::{Checksums, Conn, Observation, Packet, PumpError, Sink, Summary, Tracker, pump};
use synfin::report::conns::{Choice, Conns, Field, Format, Order};
use synfin::report::fields::Layout;
use synfin::report::json::Json;
use synfin::report::tables::{Column, Packets};

const GOLDEN: [&str; 3] = ["http-get.pcap", "ping.pcap", "icmp-port-unreachable.pcap"];

#[test]
fn tables_read_as_before() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_GOLDEN would hide every change");
    for capture in GOLDEN {
        let written = Written::of(&root().join("captures").join(capture));
        for (kind, text) in written.tables() {
            let path = root().join("tests/tables").join(format!("{}.{kind}", capture.trim_end_matches(".pcap")));
            if update {
                fs::write(&path, text).expect("the folder can be written");
            }
            let before = fs::read(&path).unwrap_or_default();
            assert!(before == *text, "{}; if that is right: UPDATE_GOLDEN=1 cargo test --test tables", path.display());
        }
    }
}

#[test]
fn a_cell_says_what_the_json_record_says_under_the_same_name() {
    let mut told = std::collections::BTreeSet::new();
    for path in shipped() {
        let written = Written::of(&path);
        for (table, records) in
            [(&written.packets_csv, &written.packets_json), (&written.conns_csv, &written.conns_json)]
        {
            let (names, rows) = parsed(table, b',');
            let records: Vec<Value> = lines(records).map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(rows.len(), records.len(), "{}", path.display());
            for (row, record) in rows.iter().zip(&records) {
                let mut flat = BTreeMap::new();
                flatten("", record, &mut flat);
                for (name, cell) in names.iter().zip(row) {
                    let said = flat.remove(name).unwrap_or_default();
                    assert_eq!(*cell, said, "{name} in {}", path.display());
                    told.extend((!cell.is_empty()).then(|| name.clone()));
                }
                // Every table is of one kind of record, and one version of them.
                flat.retain(|name, said| !matches!(name.as_str(), "schema" | "type") && !said.is_empty());
                assert!(flat.is_empty(), "no column has {flat:?} of {}", path.display());
            }
        }
        assert_eq!(unescaped(&written.packets_csv, b','), unescaped(&written.packets_tsv, b'\t'), "{}", path.display());
        assert_eq!(unescaped(&written.conns_csv, b','), unescaped(&written.conns_tsv, b'\t'), "{}", path.display());
    }
    assert!(told.len() > 110, "only {} columns ever say something: {told:?}", told.len());
}

#[test]
fn zeeks_log_is_as_its_header_says() {
    for path in shipped() {
        let written = Written::of(&path);
        let log: Vec<&str> = lines(&written.zeek).collect();
        let head = |name: &str| log.iter().find_map(|line| line.strip_prefix(name)).expect("a line of the header");
        assert_eq!(log[0], "#separator \\x09");
        assert_eq!([head("#set_separator\t"), head("#empty_field\t"), head("#unset_field\t")], [",", "(empty)", "-"]);
        assert_eq!(head("#path\t"), "conn");
        assert_eq!([head("#open\t").len(), head("#close\t").len()], ["2026-11-22-16-33-00".len(); 2]);
        let names: Vec<&str> = head("#fields\t").split('\t').collect();
        let types: Vec<&str> = head("#types\t").split('\t').collect();
        assert_eq!((names.len(), names[0], names[22]), (types.len(), "ts", "community_id"));
        assert!(log.last().is_some_and(|line| line.starts_with("#close\t")));
        let rows: Vec<Vec<&str>> =
            log.iter().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
        assert_eq!(rows.len(), lines(&written.conns_json).count());
        for row in rows {
            assert_eq!(row.len(), names.len(), "{}", path.display());
            for ((name, kind), cell) in names.iter().zip(&types).zip(row) {
                let fits = match *kind {
                    _ if cell == "-" => !matches!(*name, "ts" | "uid" | "proto" | "conn_state"),
                    "count" | "port" => cell.parse::<u64>().is_ok(),
                    "time" | "interval" => cell.parse::<f64>().is_ok(),
                    "addr" => cell.parse::<std::net::IpAddr>().is_ok(),
                    _ => !cell.is_empty(),
                };
                assert!(fits, "{name} is {cell} in {}", path.display());
            }
        }
    }
}

#[test]
fn an_event_keeps_to_the_common_schema() {
    for path in shipped() {
        for line in lines(&Written::of(&path).ecs) {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let mut flat = BTreeMap::new();
            flatten("", &event, &mut flat);
            for (name, said) in &flat {
                let known = ECS.iter().find(|(field, _)| field == name);
                let Some((_, kind)) = known else {
                    assert!(name.starts_with("synfin."), "{name} is no field of the schema");
                    continue;
                };
                let fits = match *kind {
                    "long" => said.parse::<u64>().is_ok(),
                    "date" => said.len() == "2026-11-22T16:33:00.000000000Z".len() && said.ends_with('Z'),
                    "ip" => said.split(' ').all(|ip| ip.parse::<std::net::IpAddr>().is_ok()),
                    "keyword" => !said.is_empty(),
                    allowed => said.split(' ').all(|word| allowed.split('|').any(|other| other == word)),
                };
                assert!(fits, "{name} is {said} in {}", path.display());
            }
            let number = |name: &str| flat[name].parse::<u64>().expect("a number");
            assert_eq!(number("network.bytes"), number("source.bytes") + number("destination.bytes"));
            assert_eq!(number("network.packets"), number("source.packets") + number("destination.packets"));
            assert_eq!(flat["source.ip"], flat["client.ip"]);
        }
    }
}

/// The fields of the schema that events have, with their types, or their values where the schema
/// names those.
const ECS: &[(&str, &str)] = &[
    ("@timestamp", "date"),
    ("ecs.version", "8.17.0"),
    ("event.id", "keyword"),
    ("event.kind", "alert|asset|enrichment|event|metric|state|pipeline_error|signal"),
    ("event.category", "network"),
    ("event.type", "access|allowed|connection|denied|end|info|protocol|start"),
    ("event.action", "keyword"),
    ("event.outcome", "failure|success|unknown"),
    ("event.module", "keyword"),
    ("event.dataset", "keyword"),
    ("event.start", "date"),
    ("event.end", "date"),
    ("event.duration", "long"),
    ("network.type", "ipv4|ipv6"),
    ("network.transport", "tcp|udp|icmp|ipv6-icmp"),
    ("network.iana_number", "keyword"),
    ("network.community_id", "keyword"),
    ("network.bytes", "long"),
    ("network.packets", "long"),
    ("network.vlan.id", "keyword"),
    ("network.inner.vlan.id", "keyword"),
    ("source.address", "keyword"),
    ("source.ip", "ip"),
    ("source.port", "long"),
    ("source.bytes", "long"),
    ("source.packets", "long"),
    ("destination.address", "keyword"),
    ("destination.ip", "ip"),
    ("destination.port", "long"),
    ("destination.bytes", "long"),
    ("destination.packets", "long"),
    ("client.address", "keyword"),
    ("client.ip", "ip"),
    ("client.port", "long"),
    ("client.bytes", "long"),
    ("client.packets", "long"),
    ("server.address", "keyword"),
    ("server.ip", "ip"),
    ("server.port", "long"),
    ("server.bytes", "long"),
    ("server.packets", "long"),
    ("related.ip", "ip"),
    ("observer.product", "keyword"),
    ("observer.type", "keyword"),
    ("observer.version", "keyword"),
    ("process.pid", "long"),
    ("process.name", "keyword"),
];

#[test]
fn no_table_refuses_a_capture_that_can_be_read() {
    let mut captures = shipped();
    let shared = root().join("../shared/captures");
    if shared.exists() {
        find(&shared, &mut captures);
        assert!(captures.len() > 1800, "only {} captures", captures.len());
    } else {
        let missing = format!("not run: tables of other projects' captures, for want of {}", shared.display());
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}");
    }
    let mut packets = 0;
    for path in captures {
        let Some(written) = Written::if_readable(&path) else { continue };
        packets += written.frames;
        let frames = written.frames as usize;
        for (table, separator) in [(&written.packets_csv, b','), (&written.packets_tsv, b'\t')] {
            let (names, rows) = parsed(table, separator);
            assert!(rows.len() == frames && rows.iter().all(|row| row.len() == names.len()), "{}", path.display());
        }
        let conns = lines(&written.conns_json).count();
        for (table, separator) in [(&written.conns_csv, b','), (&written.conns_tsv, b'\t')] {
            let (names, rows) = parsed(table, separator);
            assert!(rows.len() == conns && rows.iter().all(|row| row.len() == names.len()), "{}", path.display());
        }
        assert_eq!(lines(&written.ecs).count(), conns);
        assert_eq!(lines(&written.zeek).filter(|line| !line.starts_with('#')).count(), conns);
    }
    assert!(packets > 1000, "only {packets} packets");
}

/// Everything that is written of one capture.
#[derive(Default)]
struct Written {
    frames: u64,
    packets_csv: Vec<u8>,
    packets_tsv: Vec<u8>,
    packets_json: Vec<u8>,
    conns_csv: Vec<u8>,
    conns_tsv: Vec<u8>,
    conns_json: Vec<u8>,
    zeek: Vec<u8>,
    ecs: Vec<u8>,
}

impl Written {
    fn of(path: &Path) -> Self {
        Self::if_readable(path).expect("a capture that can be read")
    }

    /// `None` where the file is no capture.
    fn if_readable(path: &Path) -> Option<Self> {
        let mut written = Self::default();
        let mut source = Captures::open([path], Options::default()).ok()?;
        let csv = Layout::csv::<&str>(&[]).expect("no settings");
        let tsv = Layout::tsv::<&str>(&[]).expect("no settings");
        let conns = |format| Choice {
            format,
            order: Order::Id,
            reverse: false,
            top: None,
            protocol: None,
            summary: false,
            apps: false,
            names: false,
        };
        let columns = || Column::all().to_vec();
        let mut all = All(vec![
            Box::new(Packets::new(columns(), csv, &mut written.packets_csv)),
            Box::new(Packets::new(columns(), tsv, &mut written.packets_tsv)),
            Box::new(Json::new(false, &mut written.packets_json)),
            Box::new(Conns::new(&mut written.conns_csv, conns(Format::Fields(Field::all(), csv)))),
            Box::new(Conns::new(&mut written.conns_tsv, conns(Format::Fields(Field::all(), tsv)))),
            Box::new(Conns::new(&mut written.conns_json, conns(Format::Json))),
            Box::new(Conns::new(&mut written.zeek, conns(Format::Zeek))),
            Box::new(Conns::new(&mut written.ecs, conns(Format::Ecs))),
        ]);
        let frames = match pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut all) {
            Ok(summary) => summary.frames,
            Err(PumpError::Source(_)) => return None,
            Err(error @ PumpError::Sink(_)) => panic!("{}: {error}", path.display()),
        };
        drop(all);
        written.frames = frames;
        Some(written)
    }

    fn tables(&self) -> [(&'static str, &Vec<u8>); 6] {
        [
            ("packets.csv", &self.packets_csv),
            ("packets.tsv", &self.packets_tsv),
            ("conns.csv", &self.conns_csv),
            ("conns.tsv", &self.conns_tsv),
            ("conn.log", &self.zeek),
            ("ecs.json", &self.ecs),
        ]
    }
}

/// Hands everything to several sinks.
struct All<'a>(Vec<Box<dyn Sink + 'a>>);

impl Sink for All<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.packet(packet, told))
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.ended(conn))
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.finish(summary))
    }
}

/// The header and the rows, read as RFC 4180 says.
fn parsed(table: &[u8], separator: u8) -> (Vec<String>, Vec<Vec<String>>) {
    let text = std::str::from_utf8(table).expect("tables are UTF-8");
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().expect("a row");
        let cell = row.last_mut().expect("a cell");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            '\n' if !quoted => rows.push(vec![String::new()]),
            letter if letter == separator as char && !quoted => row.push(String::new()),
            letter => cell.push(letter),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line has an end");
    let names = rows.remove(0);
    (names, rows)
}

/// The rows, with lists as other forms have them.
fn unescaped(table: &[u8], separator: u8) -> Vec<Vec<String>> {
    let between = if separator == b'\t' { "," } else { " " };
    let (_, rows) = parsed(table, separator);
    rows.into_iter().map(|row| row.into_iter().map(|cell| cell.replace(between, " ")).collect()).collect()
}

/// The members of a record by their paths, as cells of a table say them.
fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let joined = match value {
        Value::Null => String::new(),
        Value::Object(members) if path == "facts.client" || path == "facts.server" => {
            let fact = |(letter, fact): (&String, &Value)| format!("{letter}{}{}", word(&fact["basis"]), fact["n"]);
            // In the order in which life teaches them, which a map does not keep.
            let order = |letter: &String| "abijfgd".find(letter.as_str());
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(letter, _)| order(letter));
            members.into_iter().map(fact).collect::<Vec<_>>().join(" ")
        }
        Value::Object(members) => {
            return members.iter().for_each(|(name, value)| flatten(&below(name), value, flat));
        }
        Value::Array(items) => {
            let item = |item: &Value| match item {
                Value::Array(edges) => edges.iter().map(word).collect::<Vec<_>>().join("-"),
                Value::Object(option) => format!("{}:{}", option["kind"], word(&option["hex"])),
                item => word(item),
            };
            items.iter().map(item).collect::<Vec<_>>().join(" ")
        }
        value => word(value),
    };
    flat.insert(path.to_owned(), joined);
}

fn lines(text: &[u8]) -> impl Iterator<Item = &str> {
    std::str::from_utf8(text).expect("UTF-8").lines()
}

fn shipped() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    find(&root().join("captures"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "pcap" || kind == "pcapng"));
    assert!(paths.len() > 50);
    paths
}

/// Every file below a folder, in order.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { find(&path, files) } else { files.push(path) }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
