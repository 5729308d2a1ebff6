//! The report: what its page holds for three captures, that no capture is refused, that it stays
//! small, and what a real browser makes of it.
//!
//! `UPDATE_GOLDEN=1 cargo test --test report` writes the listings in `tests/report` anew.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use synfin::capture::file::{Captures, Options};

use synfin::capture::{Checksums, Link, MemorySource, Next, OwnedFrame, Source, Tracker, pump};
use synfin::report::html::{Choice, Report};
use synfin::wire::Timestamp;

/// What every source of the tests is called, where nothing else matters.
const HOSTILE: &str = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>";

#[test]
fn three_captures_hold_what_they_held_before() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_GOLDEN would hide every change");
    let mut wrong = Vec::new();
    for name in ["http-get", "loss-and-retransmit-at-server", "udp-unanswered"] {
        let page = page_of(&[&format!("{name}.pcap")]);
        // A member a line, for those who read the difference.
        let held = data_of(&page).replace("],\"", "],\n\"").replace("\",\"", "\",\n\"") + "\n";
        let listing = root().join(format!("tests/report/{name}.json"));
        if update {
            fs::write(&listing, held).expect("it can be written");
        } else if fs::read_to_string(&listing).unwrap_or_default() != held {
            wrong.push(listing.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "if that is right, UPDATE_GOLDEN=1 cargo test --test report: {wrong:#?}");
}

/// No capture that can be read is refused, and what the page holds is JSON that ends no script.
#[test]
fn every_capture_makes_a_page() {
    let mut all = captures(&root().join("captures"));
    let shared = root().join("../shared/captures");
    if shared.is_dir() {
        all.extend(captures(&shared));
    } else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
        eprintln!("not run on the captures of other projects: {} is missing", shared.display());
    }
    assert!(all.len() > 60, "only {} captures were found", all.len());
    for path in all {
        let choice = Choice { details: 60_000, listed: 300, ..Choice::default() };
        let Ok(mut source) = Captures::open([&path], Options::default()) else { continue };
        let page = page(&mut source, choice);
        let held: serde_json::Value =
            serde_json::from_str(data_of(&page)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(page.len() < 400_000, "{}: {} octets", path.display(), page.len());
        let rows = held["rows"].as_array().expect("rows").len() as u64;
        assert_eq!(rows + held["listedOut"].as_u64().expect("a count"), held["conns"].as_u64().expect("a count"));
        for (id, _) in held["details"].as_object().expect("details") {
            assert!(id.parse::<u32>().is_ok(), "{id}");
        }
    }
}

#[test]
fn the_hash_that_the_page_allows_is_that_of_its_script() {
    let script = root().join("src/report/html/report.js");
    let sum = Command::new("sha256sum").arg(&script).output().expect("coreutils are there");
    let hex = String::from_utf8_lossy(&sum.stdout).chars().take(64).collect::<String>();
    let octets: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
    let is = base64(&octets);
    let file = root().join("src/report/html/report.js.sha256");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, format!("{is}\n")).expect("it can be written");
    }
    let said = fs::read_to_string(&file).expect("it is there");
    assert_eq!(said.trim(), is, "UPDATE_GOLDEN=1 cargo test --test report renews {}", file.display());
}

#[test]
fn a_page_speaks_to_nobody_and_lets_no_text_be_code() {
    let page = page(&mut hostile(), Choice { sources: vec![HOSTILE.to_owned()], ..Choice::default() });
    assert!(page.contains("content=\"default-src 'none'; script-src 'sha256-"), "no policy");
    assert_eq!(page.matches("<script").count(), 2, "the data and the script, and no other");
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img"));
    let known = ["http://www.w3.org/2000/svg"];
    let links = page.split("http").skip(1).filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
    for link in links {
        assert!(
            known.iter().any(|known| format!("http{link}").starts_with(known)),
            "http{}",
            &link[..40.min(link.len())]
        );
    }
    let held: serde_json::Value = serde_json::from_str(data_of(&page)).expect("JSON");
    assert_eq!(held["sources"][0], HOSTILE);
    assert!(held["details"]["0"]["words"][0].as_str().expect("words").contains("<script>"));
}

#[test]
fn first_words_can_be_left_out() {
    let page = page(&mut hostile(), Choice { payload: false, ..Choice::default() });
    let held: serde_json::Value = serde_json::from_str(data_of(&page)).expect("JSON");
    assert_eq!(held["details"]["0"]["words"][0], "");
}

#[test]
fn many_connections_stay_within_bounds_and_what_is_left_out_is_said() {
    let page = page(&mut syns(50_000), Choice::default());
    assert!(page.len() < 2_000_000, "{} octets", page.len());
    let held: serde_json::Value = serde_json::from_str(data_of(&page)).expect("JSON");
    assert_eq!((held["conns"].as_u64(), held["listedOut"].as_u64()), (Some(50_000), Some(46_000)));
    assert_eq!(held["topics"], serde_json::json!([[0, "not opened", 50_000]]));
    let finding = held["findings"][0][0].as_str().expect("a flood is found");
    assert!(finding.contains("10.9.9.9:80"), "{finding}");
    assert!(held["detailsOut"].as_u64() > Some(40_000), "{}", held["detailsOut"]);
}

/// More connections at once than are remembered one by one are judged all the same.
#[test]
fn what_was_not_remembered_did_not_go_well_for_that() {
    let page = page(&mut syns(100_500), Choice::default());
    let held: serde_json::Value = serde_json::from_str(data_of(&page)).expect("JSON");
    assert_eq!(held["untold"], 500);
    assert_eq!(held["topics"], serde_json::json!([[0, "not opened", 100_500]]));
}

#[test]
fn the_program_writes_the_page_to_a_file_and_says_what_it_could_not() {
    let page = scratch("program.html");
    let ran = Command::new(env!("CARGO_BIN_EXE_synfin"))
        .args(["report", "captures/http-get.pcap", "-o"])
        .arg(&page)
        .current_dir(root())
        .output()
        .expect("it starts");
    assert!(ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
    assert!(fs::read_to_string(&page).expect("a page").ends_with("</html>\n"));
    let ran = Command::new(env!("CARGO_BIN_EXE_synfin"))
        .args(["report", "captures/http-get.pcap", "-o", "no/such/folder.html"])
        .current_dir(root())
        .stderr(Stdio::piped())
        .output()
        .expect("it starts");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot write no/such/folder.html"), "{ran:?}");
}

/// What a browser shows and does.
#[test]
fn a_browser_shows_sorts_filters_and_opens() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let names =
        ["refused", "loss-and-retransmit-at-server", "zero-window", "http-get", "many-connections", "udp-unanswered"];
    let names = names.map(|name| format!("{name}.pcap"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = scratch("browser.html");
    fs::write(&file, page_of(&names)).expect("it can be written");
    browser.open(&file, "");

    let rows = "return document.querySelectorAll('#rows tr').length";
    let first = "return document.querySelector('#rows tr').dataset.id";
    assert_eq!(browser.number(rows), 41);
    assert_eq!(browser.text(first), "0", "what failed comes first");
    assert!(browser.text("return document.querySelector('#rows td.cause').textContent").starts_with("Refused: "));
    assert_eq!(browser.number("return document.querySelectorAll('#timeline svg rect').length > 3 ? 1 : 0"), 1);
    assert_eq!(browser.number("return document.querySelectorAll('#trips svg rect').length > 0 ? 1 : 0"), 1);

    let click = |what: &str| format!("document.querySelector('{what}').click()");
    browser.run(&click("[data-sort=span]"));
    let longest = browser.text(first);
    browser.run(&click("[data-sort=span]"));
    assert_ne!(browser.text(first), longest, "sorted the other way round");
    assert_eq!(browser.text("return document.querySelector('th[aria-sort=ascending]').textContent"), "Duration");

    let find = |text: &str| {
        format!("const f = document.getElementById('find'); f.value = '{text}'; f.dispatchEvent(new Event('input'))")
    };
    browser.run(&find("loss 7000"));
    assert_eq!(browser.number(rows), 1);
    assert_eq!(browser.text("return document.getElementById('shown').textContent"), "1 of 41 connections");
    browser.run(&find("nothing is called so"));
    assert_eq!(browser.number(rows), 0);
    browser.run(&find(""));
    browser.run("const g = document.getElementById('grade'); g.value = '3'; g.dispatchEvent(new Event('change'))");
    assert_eq!(browser.number("return document.querySelectorAll('#rows td.cause:not(:empty)').length"), 0);

    browser.run("location.hash = 'c1'");
    browser.wait("return document.querySelectorAll('#page .rung').length");
    assert_eq!(browser.number("return document.querySelectorAll('#page .plot .m-again').length"), 4);
    assert_eq!(browser.number("return document.querySelectorAll('#page .cross').length > 0 ? 1 : 0"), 1);
    browser.run("document.querySelector('#page .rung').dispatchEvent(new MouseEvent('click', { bubbles: true }))");
    assert!(browser.text("return document.querySelector('.saying').textContent").contains("asks to connect"));
    let height = "return document.querySelector('#page .figure svg').viewBox.baseVal.height";
    let even = browser.number(height);
    browser.run(&click("#page .toggle"));
    assert!(browser.number(height) > even, "time to scale takes room");
    let all = browser.number("return document.querySelectorAll('#page .plot .m-data').length");
    browser.run("document.querySelector('#page [aria-label=\"Zoom in\"]').click()");
    assert!(browser.number("return document.querySelectorAll('#page .plot .m-data').length") < all);
    browser.run("dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");
    browser.wait("return document.getElementById('page').hidden ? 1 : 0");

    // Every connection has a page, and none of them makes the script stumble.
    for id in 0..41 {
        browser.run(&format!("location.hash = 'c{id}'"));
        browser.wait(&format!(
            "return document.querySelector('#page h1')?.textContent.startsWith('Connection {id}:') ? 1 : 0"
        ));
    }
    browser.assert_no_complaint();
}

#[test]
fn in_a_browser_text_from_outside_stays_text() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let file = scratch("<img src=x onerror=window.hacked=1>.html");
    let choice = Choice { sources: vec![HOSTILE.to_owned()], ..Choice::default() };
    fs::write(&file, page(&mut hostile(), choice)).expect("it can be written");
    browser.open(&file, "#c0");
    browser.wait("return document.querySelectorAll('#page .rung').length");
    assert_eq!(browser.number("return window.hacked ? 1 : 0"), 0);
    assert_eq!(browser.number("return document.querySelectorAll('img, iframe, object, script[src]').length"), 0);
    assert!(browser.text("return document.getElementById('page').textContent").contains("<script>window.hacked"));
    assert!(browser.text("return document.getElementById('page').textContent").contains("<img src=x"), "the comment");
    assert_eq!(browser.text("return document.getElementById('title').textContent"), HOSTILE);
    browser.assert_no_complaint();
}

#[test]
fn in_a_browser_thousands_of_connections_stay_usable() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let file = scratch("many.html");
    fs::write(&file, page(&mut syns(20_000), Choice::default())).expect("it can be written");
    browser.open(&file, "");
    assert_eq!(browser.number("return document.querySelectorAll('#rows tr').length"), 100);
    browser.run("document.getElementById('more').click()");
    assert_eq!(browser.number("return document.querySelectorAll('#rows tr').length"), 600);
    let took = browser.number(
        "const start = performance.now(); const f = document.getElementById('find'); f.value = '10.0.0.7'; \
         f.dispatchEvent(new Event('input')); document.querySelector('[data-sort=span]').click(); \
         return Math.round(performance.now() - start)",
    );
    assert!(took < 2_000, "finding and sorting took {took} ms");
    let said = browser.text("return document.getElementById('notices').textContent");
    assert!(said.contains("16,000 connections not in the list below"), "{said}");
    browser.assert_no_complaint();
}

/// A page of shipped captures, read as one.
fn page_of(names: &[&str]) -> String {
    let paths: Vec<PathBuf> = names.iter().map(|name| root().join("captures").join(name)).collect();
    let sources = names.iter().map(|name| (*name).to_owned()).collect();
    let mut source = Captures::open(&paths, Options::default()).expect("they are there");
    page(&mut source, Choice { sources, ..Choice::default() })
}

/// The page of what can be read of `source`.
fn page(source: &mut dyn Source, choice: Choice) -> String {
    let mut out = Vec::new();
    let _ = pump(source, Checksums::Ignore, &mut Tracker::default(), &mut Report::new(&mut out, choice));
    String::from_utf8(out).expect("text")
}

/// What the page holds.
fn data_of(page: &str) -> &str {
    let from = page.split("id=\"data\">").nth(1).expect("a block of data");
    from.split("</script>").next().expect("its end")
}

/// A connection whose data and comments are code.
fn hostile() -> MemorySource {
    let mut source = Captures::open([root().join("captures/http-get.pcap")], Options::default()).expect("it is there");
    let mut frames = Vec::new();
    while let Next::Frame(frame) = source.next().expect("it can be read") {
        let mut frame = OwnedFrame::from(&frame);
        frame.comment = Some(HOSTILE.as_bytes().to_vec());
        let code = b"<script>window.hacked=1</script>";
        if let Some(at) = frame.bytes.windows(4).position(|octets| octets == b"GET ") {
            frame.bytes[at..at + code.len()].copy_from_slice(code);
        }
        frames.push(frame);
    }
    MemorySource::new(frames)
}

/// So many connections that nobody answers.
fn syns(count: u32) -> MemorySource {
    let frame = |nth: u32| {
        let [_, high, middle, low] = nth.to_be_bytes();
        let mut octets = vec![0x45, 0, 0, 40, middle, low, 0, 0, 64, 6, 0, 0, 10, high, middle, low, 10, 9, 9, 9];
        octets.extend([0x9c, 0x40, 0, 80, 1, 2, 3, low, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
        OwnedFrame::new(Timestamp(1_700_000_000_000_000_000 + u64::from(nth) * 50_000), Link::Raw, octets)
    };
    MemorySource::new((0..count).map(frame).collect::<Vec<_>>())
}

fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in octets.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, octet| bits << 8 | u32::from(*octet)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

/// A file that is this test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("it can be made");
    folder.join(name)
}

/// Every file below `folder` that is called like a capture.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if ["pcap", "pcapng", "cap", "gz", "zst", "trace", "dmp"].contains(&&*end) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
