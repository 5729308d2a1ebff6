//! `cargo fuzz run defrag`: fragments make what a model without bounds makes of them.

#![no_main]

#[path = "../../tests/corpus/octets.rs"]
#[allow(dead_code)]
mod octets;
#[path = "../../tests/corpus/defrag.rs"]
mod defrag;

libfuzzer_sys::fuzz_target!(|input: &[u8]| defrag::check(input));
