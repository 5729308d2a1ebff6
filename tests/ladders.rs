//! The ladder in every form: word for word for three captures, and by rule for every transcript and
//! every capture there is.
//!
//! `UPDATE_GOLDEN=1 cargo test --test ladders` writes the listings of `tests/ladders` anew.

use std::fs;
use std::path::{Path, PathBuf};

use synfin::capture::file::{Captures, Options};
use synfin::capture::{Checksums, Sink, Tracker, pump};
use synfin::report::ladder::{Ladder, Pace, Row, mermaid, rfc, svg, text};
use synfin::report::paint::Paint;
use synfin::report::story::{Choice, Explain, Form, Ladders, Look, Parts};

/// Told in full: an ordinary life, a loss, a window that closes.
const SHOWN: [&str; 3] = ["http-get", "loss-and-retransmit-at-server", "zero-window"];

/// Every form, with the end of its file's name.
const FORMS: [(Form, Pace, &str); 6] = [
    (Form::Text, Pace::Even, "ladder.txt"),
    (Form::Text, Pace::ToScale, "scale.txt"),
    (Form::Rfc, Pace::Even, "rfc.txt"),
    (Form::Mermaid, Pace::Even, "mermaid.md"),
    (Form::Svg, Pace::ToScale, "svg"),
    (Form::Html, Pace::Even, "html"),
];

#[test]
fn every_form_draws_three_captures_as_before() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_GOLDEN would hide every change");
    let mut wrong = Vec::new();
    for name in SHOWN {
        for (form, pace, end) in FORMS {
            let drawn = told(&root().join(format!("captures/{name}.pcap")), form, pace);
            let listing = root().join(format!("tests/ladders/{name}.{end}"));
            if update {
                fs::create_dir_all(listing.parent().expect("a folder")).expect("it can be made");
                fs::write(&listing, drawn).expect("it can be written");
            } else if fs::read_to_string(&listing).unwrap_or_default() != drawn {
                wrong.push(listing.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "if that is right, UPDATE_GOLDEN=1 cargo test --test ladders: {wrong:#?}");
}

#[test]
fn what_was_lost_ends_in_a_cross_where_it_was_sent() {
    let [ladder] = &*ladders(&capture("step3-lost")) else { panic!("one connection") };
    let lost = ladder.rungs().find(|rung| rung.lost);
    assert!(lost.is_none(), "whether step three was lost or not taken, this capture cannot tell");
    let [ladder] = &*ladders(&capture("loss-and-retransmit-at-server")) else { panic!("one connection") };
    let drawn = text::lines(ladder, manner(100)).join("\n");
    assert!(drawn.contains("(╳ #11 lost)") && drawn.contains("(again)"), "{drawn}");
    assert!(ladder.rungs().any(|rung| rung.lost), "a loss is drawn by itself too");
}

#[test]
fn a_silence_has_a_row_of_its_own() {
    let [ladder] = &*ladders(&capture("syn-lost")) else { panic!("one connection") };
    assert!(ladder.rows.iter().any(|row| matches!(row, Row::Pause(_))));
}

#[test]
fn a_shortened_ladder_keeps_what_moved_its_ends() {
    let [ladder] = &*ladders(&capture("loss-and-retransmit-at-server")) else { panic!("one connection") };
    let packets = |ladder: &Ladder| -> u64 {
        let of = |row: &Row| match row {
            Row::Rung(_) => 1,
            Row::Fold(fold) => fold.packets(),
            Row::Pause(_) => 0,
        };
        ladder.rows.iter().map(of).sum()
    };
    for most in [3, 10, 20, 30, 1000] {
        let short = ladder.clone().shortened(most);
        assert!(short.rows.len() <= most.max(3), "{} rows, {most} asked for", short.rows.len());
        assert_eq!(packets(&short), packets(ladder), "none is forgotten");
    }
    let moved = |ladder: &Ladder| ladder.rungs().filter(|rung| rung.moved.client || rung.moved.server).count();
    assert_eq!(moved(&ladder.clone().shortened(25)), moved(ladder));
}

#[test]
fn two_ladders_stand_side_by_side() {
    let (here, there) = (ladders(&capture("syn-lost")), ladders(&capture("synack-lost")));
    let lines = text::beside(&here[0], &there[0], manner(132));
    assert!(lines.iter().all(|line| line.chars().count() <= 132), "{}", lines.join("\n"));
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.matches("SYN-S!").count() == 2 || line.matches("SYN_SENT!").count() == 2)
            .count(),
        1
    );
}

#[test]
fn every_transcript_fits_into_any_width() {
    for capture in captures(&root().join("captures")) {
        for ladder in ladders(&capture) {
            for width in [48, 60, 80, 100, 160] {
                let lines = text::lines(&ladder, manner(width));
                let rows = lines.iter().skip(2);
                let longest = rows.max_by_key(|line| line.chars().count()).map_or("", String::as_str);
                assert!(longest.chars().count() <= width, "{}, {width}: {longest}", capture.display());
            }
        }
    }
}

/// No form refuses a capture that can be read, and what is drawn is well-formed.
#[test]
fn every_form_takes_every_capture() {
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
        // Three ladders of a capture are enough, and three hundred rows of a ladder.
        for ladder in ladders_of(&path, vec![0, 1, 2]) {
            let ladder = ladder.shortened(300);
            let drawing = svg::element(&ladder, Pace::ToScale);
            assert_eq!(drawing.matches("<g").count(), drawing.matches("</g>").count(), "{}", path.display());
            assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{}", path.display());
            let diagram = mermaid::diagram(&ladder);
            assert!(diagram.len() < 50_000, "Mermaid draws no more: {}", path.display());
            let plain = Look { width: 90, ascii: true, paint: Paint { on: false } };
            assert!(rfc::lines(&ladder, plain).join("").is_ascii(), "{}", path.display());
            text::lines(&ladder, text::Manner { look: plain, pace: Pace::ToScale, facts: true });
        }
    }
}

fn manner(width: usize) -> text::Manner {
    text::Manner { look: Look { width, ascii: false, paint: Paint { on: false } }, pace: Pace::Even, facts: true }
}

/// What `explain` writes of `path`.
fn told(path: &Path, form: Form, pace: Pace) -> String {
    let mut out = Vec::new();
    let look = Look { width: 100, ascii: false, paint: Paint { on: false } };
    let parts = if form == Form::Html { Parts::All } else { Parts::Figure };
    read(path, &mut Explain::new(&mut out, look, Choice { form, pace, parts, limit: 10, ..Choice::default() }));
    String::from_utf8(out).expect("text")
}

fn ladders(path: &Path) -> Vec<Ladder> {
    ladders_of(path, Vec::new())
}

fn ladders_of(path: &Path, conns: Vec<u32>) -> Vec<Ladder> {
    let mut ladders = Ladders::new(conns);
    read(path, &mut ladders);
    ladders.drawn
}

/// Reads what can be read of `path`: some captures are damaged.
fn read(path: &Path, sink: &mut dyn Sink) {
    if let Ok(mut source) = Captures::open([path], Options::default()) {
        let _ = pump(&mut source, Checksums::Ignore, &mut Tracker::default(), sink);
    }
}

fn capture(name: &str) -> PathBuf {
    root().join(format!("captures/{name}.pcap"))
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
