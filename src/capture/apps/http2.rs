//! HTTP/2 (RFC 9113): the preface that its client begins with, and the settings of both.

use super::{Said, Step};
use crate::capture::track::Role;

/// RFC 9113 §3.4.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Listens to HTTP/2.
#[derive(Debug, Default)]
pub(super) struct Ear;

impl Ear {
    #[expect(clippy::unused_self, reason = "as every ear")]
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match from {
            Role::Client if octets.starts_with(PREFACE) => Step::Message(PREFACE.len() as u64, vec![Said::Http2]),
            Role::Client if PREFACE.starts_with(octets) => Step::Short,
            Role::Client | Role::Server => Step::Over,
        }
    }
}
