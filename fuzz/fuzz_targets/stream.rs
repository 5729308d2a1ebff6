//! `cargo fuzz run stream`: no segments break streams; what is told leaves nothing out, and stands where it was said.

#![no_main]

#[path = "../../tests/corpus/octets.rs"]
#[allow(dead_code)]
mod octets;
#[path = "../../tests/corpus/stream.rs"]
mod stream;

libfuzzer_sys::fuzz_target!(|input: &[u8]| stream::check(input));
