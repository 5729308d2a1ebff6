//! `cargo fuzz run declared`: declarations are read or told what is wrong, and streams are cut by them, every
//! octet in a message or lost.

#![no_main]

#[path = "../../tests/corpus/declared.rs"]
mod declared;

libfuzzer_sys::fuzz_target!(|input: &[u8]| declared::check(input));
