//! `cargo fuzz run words`: every option list and every segment has a text, and comes back from it.

#![no_main]

#[path = "../../tests/corpus/words.rs"]
mod words;

libfuzzer_sys::fuzz_target!(|input: &[u8]| words::check(input));
