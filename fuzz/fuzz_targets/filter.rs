//! `cargo fuzz run filter`: no text and no instructions make a filter that is unsound or panics.

#![no_main]

#[path = "../../tests/corpus/filter.rs"]
mod filter;

libfuzzer_sys::fuzz_target!(|input: &[u8]| filter::check(input));
