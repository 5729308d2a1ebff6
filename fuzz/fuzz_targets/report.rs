//! `cargo fuzz run report`: no capture has a control character written, or a line of JSON that is none.

#![no_main]

#[path = "../../tests/corpus/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "../../tests/common/harmless.rs"]
mod harmless;
#[path = "../../tests/corpus/report.rs"]
mod report;

libfuzzer_sys::fuzz_target!(|input: &[u8]| report::check(input));
