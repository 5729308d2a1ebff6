//! `cargo fuzz run apps`: what is said on a conversation does not hang on how it was cut.

#![no_main]

#[path = "../../tests/corpus/apps.rs"]
mod apps;
#[path = "../../tests/corpus/octets.rs"]
mod octets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| apps::check(input));
