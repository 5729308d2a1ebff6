//! What the fuzzer runs, on what it has found so far: every file of a target's corpus, under
//! `fuzz/corpus`, goes through the target's own check.

mod decode;
mod filter;

use std::fs;
use std::path::Path;

#[test]
fn the_decoder_holds_on_its_corpus() {
    run("decode", decode::check);
}

#[test]
fn filters_hold_on_their_corpus() {
    run("filter", filter::check);
}

fn run(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("not run: no corpus at {}", folder.display());
        return;
    };
    let mut count = 0;
    for file in files {
        let path = file.expect("a readable folder").path();
        let input = fs::read(&path).expect("a readable file");
        let held = std::panic::catch_unwind(|| check(&input));
        assert!(held.is_ok(), "{} fails", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
