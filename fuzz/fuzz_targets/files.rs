//! `cargo fuzz run files`: no file is read differently in pieces, or loses what stands before its damage.

#![no_main]

#[path = "../../tests/corpus/files.rs"]
#[allow(dead_code)]
mod files;

libfuzzer_sys::fuzz_target!(|input: &[u8]| files::check(input));
