//! `cargo fuzz run decode`: any frame on any link makes a record that holds together.

#![no_main]

#[path = "../../tests/corpus/decode.rs"]
mod decode;

libfuzzer_sys::fuzz_target!(|input: &[u8]| decode::check(input));
