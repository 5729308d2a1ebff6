//! Real captures, and what other tools said of every packet in them: where synfin says something
//! else, a rule has to say why.

use std::path::Path;

use synfin::report::conform::{Answers, Tally};

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
    assert!(equal > 4_000_000, "only {equal} answers were compared");
    assert!(different == 0, "{}", String::from_utf8_lossy(&told));
}
