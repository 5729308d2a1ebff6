//! `cargo fuzz run script`: every transcript prints as it reads, and can be played to its end.

#![no_main]

#[path = "../../tests/corpus/script.rs"]
mod script;

libfuzzer_sys::fuzz_target!(|input: &[u8]| script::check(input));
