//! The rules of the house that no compiler checks: which way the arrows point, where each
//! third-party crate may be named, and what does not belong in the source at all.
//! `docs/ARCHITECTURE.md` draws the picture.

use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms each room may speak of, beside itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("sys", &["wire"]),
    ("capture", &["wire", "sys"]),
    ("craft", &["wire", "sys"]),
    ("report", &["capture", "wire"]),
    ("cli", &["report", "capture", "craft", "wire", "sys"]),
    ("main", &["cli"]),
    ("lib", &["cli", "report", "capture", "craft", "wire", "sys"]),
];

/// Where each dependency may be named: a file or a folder under `src`.
const DOORS: &[(&str, &[&str])] = &[
    ("anstream", &["cli", "main.rs"]),
    ("anyhow", &["cli", "main.rs"]),
    ("caps", &["sys/sandbox/user.rs"]),
    ("clap", &["cli", "main.rs"]),
    ("clap_complete", &["cli/pages.rs"]),
    ("clap_mangen", &["cli/pages.rs"]),
    ("etherparse", &["craft/packet/sum.rs"]),
    ("flate2", &["capture/file"]),
    ("foldhash", &["capture/track"]),
    ("getrandom", &["capture/track"]),
    ("httparse", &["capture/apps/http.rs"]),
    ("indicatif", &["cli"]),
    ("jiff", &["report/clock.rs"]),
    ("landlock", &["sys/sandbox/files.rs"]),
    ("libc", &["sys"]),
    ("lz4_flex", &["capture/file"]),
    ("parquet", &["report/tables/columnar.rs"]),
    ("pcap_file", &["capture/file"]),
    ("regex", &["craft/replay/mask.rs"]),
    ("ring", &["capture/apps/initial.rs"]),
    ("seccompiler", &["sys/sandbox/calls.rs"]),
    ("serde_json", &["report"]),
    ("sha2", &["capture/apps/ja4.rs"]),
    ("signal_hook", &["cli/signals.rs"]),
    ("terminal_size", &["cli"]),
    ("thiserror", &["capture", "craft", "report", "sys", "wire"]),
    ("tls_parser", &["capture/apps/tls.rs"]),
    ("toml", &["capture/declared/parse.rs", "cli/config/parse.rs"]),
    ("x509_parser", &["capture/apps/certificate.rs"]),
    ("zstd", &["capture/file"]),
];

/// Where `unsafe` may stand; every block says why.
const UNSAFE: &[&str] = &["sys"];

/// The most lines a file may have: beyond that there is more than one idea in it.
const MOST_LINES: usize = 600;

#[test]
fn no_arrow_points_back() {
    judge(|source| {
        let room = source.room();
        let allowed = ARROWS.iter().find(|(from, _)| *from == room).map(|(_, to)| *to);
        let Some(allowed) = allowed else {
            return vec![format!("`{room}` is a room without arrows: give it some in this test")];
        };
        if source.code.contains(&"super::".repeat(source.depth())) {
            return vec!["climbs to the root by `super::`: say `crate::` for that".to_owned()];
        }
        let spoken_of = rooms_named(&source.code);
        let wrong = spoken_of.into_iter().filter(|to| *to != room && !allowed.contains(&to.as_str()));
        wrong.map(|to| format!("`{room}` speaks of `{to}`")).collect()
    });
}

#[test]
fn every_crate_comes_in_by_its_door() {
    judge(|source| {
        let outside = DOORS.iter().filter(|(_, doors)| !doors.iter().any(|door| source.path.starts_with(door)));
        outside
            .filter(|(name, _)| names(&source.code, name))
            .map(|(name, _)| format!("names `{name}` outside its door"))
            .collect()
    });
}

#[test]
fn every_dependency_has_a_door() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there");
    let section =
        manifest.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next()).expect("dependencies");
    let named =
        section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().replace('-', "_"));
    let mut missing: Vec<String> = named.filter(|name| !DOORS.iter().any(|(door, _)| door == name)).collect();
    missing.retain(|name| !name.starts_with('#'));
    assert!(missing.is_empty(), "no door for {missing:?}: give them one in this test");
}

#[test]
fn nothing_is_depended_on_in_vain() {
    let sources = sources();
    let unused = DOORS.iter().filter(|(name, _)| !sources.iter().any(|source| names(&source.code, name)));
    let unused: Vec<&str> = unused.map(|(name, _)| *name).collect();
    assert!(unused.is_empty(), "{unused:?} are named nowhere");
}

#[test]
fn no_file_has_more_than_one_idea() {
    judge(|source| {
        let lines = source.text.lines().count();
        if lines > MOST_LINES { vec![format!("has {lines} lines, more than {MOST_LINES}")] } else { Vec::new() }
    });
}

#[test]
fn unsafe_stays_where_it_is_allowed() {
    judge(|source| {
        let wrong = has_word(&source.code, "unsafe") && !UNSAFE.iter().any(|door| source.path.starts_with(door));
        complain(wrong, "has `unsafe`")
    });
}

#[test]
fn nothing_unwraps_or_is_left_unfinished() {
    judge(|source| {
        let found =
            [".unwrap()", "todo!(", "unimplemented!(", "dbg!("].into_iter().filter(|call| source.code.contains(call));
        found.map(|call| format!("calls `{call}`")).collect()
    });
}

#[test]
fn the_core_reads_no_clock_and_nothing_but_the_program_prints() {
    judge(|source| {
        let room = source.room();
        let core = ["wire", "capture", "craft"].contains(&room.as_str());
        let clock = core && (source.code.contains("SystemTime::now") || source.code.contains("Instant::now"));
        let program = ["cli", "main"].contains(&room.as_str());
        let prints = !program && ["print!(", "println!("].iter().any(|call| source.code.contains(call));
        [complain(clock, "reads the wall clock"), complain(prints, "prints")].concat()
    });
}

#[test]
fn the_judge_sees_through_comments_and_strings() {
    let code = code_of(
        "let a = \"crate::cli\"; // crate::report\nlet c = '\"'; /* unsafe */ fn f<'a>() {} let r = r#\"\"crate::x\"#;",
    );
    assert_eq!(rooms_named(&code), Vec::<String>::new());
    assert!(!has_word(&code, "unsafe") && code.contains("fn f<'a>()"), "{code}");
    assert_eq!(rooms_named("use crate::{wire::Seq, report}; crate::cli::run()"), ["wire", "report", "cli"]);
    assert!(names("use clap::Args;", "clap") && names("#[derive(clap::Args)]", "clap"));
    assert!(!names("use crate::clap::Args; eclap::x", "clap"));
}

/// One file under `src`.
struct Source {
    /// Its path below `src`.
    path: PathBuf,
    text: String,
    /// The text without comments, strings and tests.
    code: String,
}

impl Source {
    fn room(&self) -> String {
        let first = self.path.iter().next().unwrap_or_default();
        Path::new(first).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// How many modules down from the root of the crate it is.
    fn depth(&self) -> usize {
        self.path.components().count() - usize::from(self.path.ends_with("mod.rs"))
    }
}

/// Has every source file judged, and fails with all complaints.
fn judge(complaints_of: impl Fn(&Source) -> Vec<String>) {
    let sources = sources();
    assert!(sources.len() > 10, "only {} source files were found", sources.len());
    let all: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            complaints_of(source).into_iter().map(|complaint| format!("src/{} {complaint}", source.path.display()))
        })
        .collect();
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

fn complain(wrong: bool, what: &str) -> Vec<String> {
    if wrong { vec![what.to_owned()] } else { Vec::new() }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut folders = vec![src.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
                // Tests stand last in a file.
                let tested = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                let code = if is_test { String::new() } else { code_of(tested) };
                let path = path.strip_prefix(&src).expect("below src").to_owned();
                sources.push(Source { path, text, code });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// The rooms behind every `crate::`, in braces too.
fn rooms_named(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => rooms.push(first_word(after)),
            Some(list) => rooms.extend(items(list)),
        }
    }
    rooms
}

/// The first words of the items of a brace list, up to its own closing brace.
fn items(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut starts = vec![0];
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.iter().map(|at| first_word(list[*at..].trim_start())).filter(|word| !word.is_empty()).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

/// Whether `code` names the crate `name`: as the first part of a path.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let begins = !before.ends_with(is_word) && !before.ends_with("::");
        begins && (after.starts_with("::") || before.ends_with("use ") && !after.starts_with(is_word))
    })
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c| !is_word(c)).any(|found| found == word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text with comments, strings and character literals blanked.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let blank = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => quoted(rest),
            'r' if !code.ends_with(is_word) && (rest.starts_with("r\"") || rest.starts_with("r#")) => raw_quoted(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if blank == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[blank..];
        }
    }
    code
}

/// Octets of the string literal that `text` begins with.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn raw_quoted(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    text[start..].find(&close).map_or(text.len(), |at| start + at + close.len())
}

/// Octets of the character literal that `text` begins with; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => text[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 3),
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 0,
    }
}

#[test]
fn every_note_stands_in_the_description_of_the_records() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.md")).expect("the page is there");
    for note in synfin::capture::track::Note::ALL {
        assert!(page.contains(&format!("`{}`", note.id())), "docs/records.md lacks {}", note.id());
    }
}
