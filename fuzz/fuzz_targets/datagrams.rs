//! `cargo fuzz run datagrams`: DNS, DHCP, NTP and QUIC are read from any octets.

#![no_main]

#[path = "../../tests/corpus/datagrams.rs"]
mod datagrams;

libfuzzer_sys::fuzz_target!(|input: &[u8]| datagrams::check(input));
