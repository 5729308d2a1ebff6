//! Parquet files, read back by DuckDB: what they hold is what the JSON records say.
//!
//! Wants the feature `parquet`, and a Python with DuckDB: `target/duckdb/bin/python3`, as `.ci/run` makes
//! it, or the `python3` of the machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use synfin::capture::file::{Captures, Options};
use synfin::capture::{Checksums, PumpError, Tracker, pump};
use synfin::report::conns::{Choice, Conns, Field, Format, Order};
use synfin::report::tables::{Column, PacketParquet};

/// Compares rows and records, and fails with the first that differ.
const COMPARE: &str = r#"
import json, sys
import duckdb

def flat(path, value, out):
    if isinstance(value, dict):
        if path in ("facts.client", "facts.server"):
            letters = sorted(value, key="abijfgd".index)
            value = [f"{letter}{value[letter]['basis']}{value[letter]['n']}" for letter in letters]
            if value:
                out[path] = value
            return
        for name, inner in value.items():
            flat(f"{path}.{name}" if path else name, inner, out)
        return
    if isinstance(value, list):
        value = [f"{item[0]}-{item[1]}" if isinstance(item, list)
                 else f"{item['kind']}:{item['hex']}" if isinstance(item, dict) else item for item in value]
    # An empty text is a cell without a value: `tfo`, where a cookie is asked for (so say the notes).
    if value not in (None, [], ""):
        out[path] = value

rows_of, records_of = sys.argv[1:]
has_time = duckdb.sql(f"select column_name from (describe select * from '{rows_of}') where column_name = 'time'").fetchall()
columns = "* replace (epoch_ns(time) as time)" if has_time else "*"
table = duckdb.sql(f"select {columns} from '{rows_of}'")
rows = [dict(zip(table.columns, row)) for row in table.fetchall()]
records = [record for record in map(json.loads, open(records_of)) if record["type"] != "finding"]
assert len(rows) == len(records), f"{len(rows)} rows, {len(records)} records"
for row, record in zip(rows, records):
    del record["schema"], record["type"]
    if has_time:
        # Older versions of DuckDB keep microseconds of a moment; t_ns is exact in all.
        record["time"] = record["t_ns"] // 1000
        row["time"] //= 1000
    said, wanted = {}, {}
    flat("", row, said)
    flat("", record, wanted)
    assert said == wanted, f"{said}\nis not\n{wanted}"
print(len(rows))
"#;

#[test]
fn duckdb_reads_what_the_records_say() {
    let Some(python) = python() else {
        let missing = "not run: Parquet files read back, for want of a Python with DuckDB (pip install duckdb)";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}");
        return;
    };
    let made = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("parquet");
    fs::create_dir_all(&made).expect("the folder can be made");
    let many: Vec<String> = shipped().iter().map(|path| path.display().to_string()).collect();
    for (name, captures) in [
        ("http-get", vec!["captures/http-get.pcap".to_owned()]),
        ("ping", vec!["captures/ping.pcap".to_owned()]),
        ("unreachable", vec!["captures/icmp-port-unreachable.pcap".to_owned()]),
        ("all", many),
    ] {
        // What runs on connections has columns for its texts and numbers, but none for its lists of objects.
        for (command, without) in [("read", None), ("conns", Some("--no-apps"))] {
            let files = ["parquet", "json"].map(|form| {
                let file = made.join(format!("{name}.{command}.{form}"));
                let ran = Command::new(env!("CARGO_BIN_EXE_synfin"))
                    .current_dir(root())
                    .env("SYNFIN_CONFIG", "")
                    .args([command, "-T", form])
                    .args(without)
                    .args(&captures)
                    .stdout(fs::File::create(&file).expect("the folder can be written"))
                    .stderr(Stdio::null())
                    .status();
                assert!(ran.is_ok(), "{command} -T {form} of {name}");
                file
            });
            let ran = Command::new(&python).arg("-c").arg(COMPARE).args(&files).output().expect("Python is there");
            let told = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success(), "{command} of {name}: {told}");
            let rows: u64 = String::from_utf8_lossy(&ran.stdout).trim().parse().expect("a number of rows");
            assert!(rows > 0, "{command} of {name} has no rows");
        }
    }
}

#[test]
fn chosen_columns_are_the_columns_of_the_file() {
    let ran = Command::new(env!("CARGO_BIN_EXE_synfin"))
        .current_dir(root())
        .env("SYNFIN_CONFIG", "")
        .args("conns -T parquet -e client.addr -e id -e client.port -e id captures/http-get.pcap".split(' '))
        .output()
        .expect("the program is there");
    assert!(ran.status.success() && ran.stdout.starts_with(b"PAR1") && ran.stdout.ends_with(b"PAR1"));
}

#[test]
fn captures_that_can_be_read_are_not_refused() {
    let mut captures = shipped();
    let shared = root().join("../shared/captures");
    if shared.exists() {
        // All of them take minutes, and tests/tables.rs has every column read from every one.
        let mut others = Vec::new();
        find(&shared, &mut others);
        captures.extend(others.into_iter().step_by(16));
    } else {
        let missing = format!("not run: Parquet of other projects' captures, for want of {}", shared.display());
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}");
    }
    for path in captures {
        let (mut packets, mut conns) = (Vec::new(), Vec::new());
        let choice = Choice {
            format: Format::Parquet(Field::all()),
            order: Order::Packets,
            reverse: false,
            top: None,
            protocol: None,
            summary: false,
            apps: false,
            names: false,
        };
        let told = [
            write(&path, &mut PacketParquet::new(Column::all(), &mut packets)),
            write(&path, &mut Conns::new(&mut conns, choice)),
        ];
        if told.iter().all(Result::is_ok) {
            for file in [packets, conns] {
                assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"), "{}", path.display());
            }
        }
    }
}

/// Hands a capture to a sink; an error where it cannot be read.
fn write(path: &Path, sink: &mut dyn synfin::capture::Sink) -> Result<(), PumpError> {
    let mut source = Captures::open([path], Options::default())?;
    match pump(&mut source, Checksums::Ignore, &mut Tracker::default(), sink) {
        Err(PumpError::Sink(error)) => panic!("{}: {error}", path.display()),
        told => told.map(drop),
    }
}

/// A Python that has DuckDB.
fn python() -> Option<PathBuf> {
    let own = root().join("target/duckdb/bin/python3");
    [own, PathBuf::from("python3")].into_iter().find(|python| {
        let asked: io::Result<_> =
            Command::new(python).args(["-c", "import duckdb"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    })
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
