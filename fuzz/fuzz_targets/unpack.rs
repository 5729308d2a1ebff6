//! `cargo fuzz run unpack`: nothing that calls itself packed breaks what unpacks it.

#![no_main]

#[path = "../../tests/corpus/files.rs"]
#[allow(dead_code)]
mod files;

libfuzzer_sys::fuzz_target!(|input: &[u8]| files::check_packed(input));
