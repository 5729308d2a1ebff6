//! What the program prints for every shipped capture, word for word.
//!
//! Walks `captures/`, runs `read`, `conns` and `explain` on each file (knowing the protocol that
//! `examples/NAME` declares, where there is one), and compares with `tests/golden/NAME.COMMAND.txt`. `UPDATE_GOLDEN=1 cargo test --test golden` writes the listings
//! anew; what changed is then git's to show.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const COMMANDS: [&str; 3] = ["read", "conns", "explain"];

#[test]
fn read_lists_every_capture_as_before() {
    compare("read");
}

#[test]
fn conns_tables_every_capture_as_before() {
    compare("conns");
}

#[test]
fn explain_tells_every_capture_as_before() {
    compare("explain");
}

#[test]
fn every_listing_has_its_capture() {
    let captures: BTreeSet<String> = captures().iter().map(|path| name(path)).collect();
    for entry in fs::read_dir(golden()).expect("the folder is there") {
        let file = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let known = COMMANDS.iter().filter_map(|command| file.strip_suffix(&format!(".{command}.txt")));
        assert!(known.clone().any(|name| captures.contains(name)), "{file} belongs to no capture: remove it");
    }
}

/// Every block of the README that begins with `$ synfin` is what that command prints, or a run of
/// lines from it (`...` stands for what is left out).
#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let mut shown = 0;
    for block in blocks {
        let (command, picture) = block.split_once('\n').expect("a command and what it prints");
        let Some(words) = command.strip_prefix("$ synfin ") else {
            continue;
        };
        let printed = run(&words.split(' ').collect::<Vec<_>>());
        for part in picture.split("...\n").flat_map(|part| part.split("\n...")) {
            assert!(printed.contains(part.trim_end()), "`{command}` does not print\n{part}\nbut\n{printed}");
        }
        shown += 1;
    }
    assert!(shown > 0, "the README shows nothing");
}

fn compare(command: &str) {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_GOLDEN would hide every change");
    let captures = captures();
    assert!(captures.len() > 50, "only {} captures were found", captures.len());

    let mut wrong = Vec::new();
    for capture in captures {
        let listing = golden().join(format!("{}.{command}.txt", name(&capture)));
        let file = format!("captures/{}", capture.file_name().expect("a file").to_string_lossy());
        let declaration = format!("examples/{0}/{0}.toml", name(&capture));
        let printed = if root().join(&declaration).exists() {
            run(&[command, "--proto", &declaration, &file])
        } else {
            run(&[command, &file])
        };
        if update {
            fs::write(&listing, printed).expect("the folder can be written");
            continue;
        }
        let before = fs::read_to_string(&listing).unwrap_or_default();
        if before != printed {
            wrong.push(format!("{}\n{}", listing.display(), first_difference(&before, &printed)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} listings differ; if that is right: UPDATE_GOLDEN=1 cargo test --test golden\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn first_difference(before: &str, now: &str) -> String {
    let (mut old, mut new) = (before.lines(), now.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (old.next(), new.next()) {
            (None, None) => return "  the ends of their lines differ".to_owned(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!("  line {line} was  {}\n  line {line} is   {}", a.unwrap_or("-"), b.unwrap_or("-"));
            }
        }
    }
}

/// What the program prints: in UTC, without colour; messages and a failure told at the end.
fn run(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    let output = command
        .args(args)
        .current_dir(root())
        .env_clear()
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("it starts");
    let mut printed = String::from_utf8(output.stdout).expect("text");
    for message in String::from_utf8_lossy(&output.stderr).lines().filter(|line| !line.starts_with("reading from file"))
    {
        printed += &format!("[stderr] {message}\n");
    }
    if !output.status.success() {
        printed += &format!("[{}]\n", output.status);
    }
    printed
}

/// Every capture that is shipped, in order of name.
fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join("captures"))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths.sort();
    paths
}

fn name(capture: &Path) -> String {
    capture.file_stem().expect("a name").to_string_lossy().into_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn golden() -> PathBuf {
    root().join("tests/golden")
}
