//! `cargo fuzz run track`: no segments break the state machines, and what they mean does not hang on addresses, numbers or days.

#![no_main]

#[path = "../../tests/corpus/octets.rs"]
#[allow(dead_code)]
mod octets;
#[path = "../../tests/corpus/track.rs"]
mod track;

libfuzzer_sys::fuzz_target!(|input: &[u8]| track::check(input));
