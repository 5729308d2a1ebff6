//! A packet as a line: that of a transcript, with both ends before it if they are not said
//! elsewhere.

use std::net::SocketAddr;

use clap::error::ErrorKind;

use crate::cli::usage;
use crate::craft::{Script, ScriptError};
use crate::wire::Endpoint;
use crate::wire::declared::Definition;
use crate::wire::notation::{Fault, Reader};

/// The octets from IP on that a line stands for; numbers in it are those of the wire. Where it does
/// not name both ends, `ends` does, which is told the port of the protocol where it is a message of one
/// of those that are `known`.
pub(super) fn frame(
    line: &str,
    known: &[Definition],
    ends: impl FnOnce(Option<u16>) -> anyhow::Result<(Endpoint, Endpoint)>,
) -> anyhow::Result<Vec<u8>> {
    let ((from, to), saying) = match split_ends(line) {
        Some(split) => split,
        None => (ends(port(line, known))?, line),
    };
    let offset = line.len() - saying.len();
    let arrow = if saying.trim_start().starts_with(['>', '<', '+']) { "" } else { "> " };
    let text = format!("link raw\nclient {from}\nserver {to}\nisn client 0\nisn server 0\n{arrow}{saying}");
    let script = Script::read(&text, known).map_err(|error: ScriptError| {
        let at = (error.fault.at + offset).saturating_sub(arrow.len());
        let fault = Fault { at, ..error.fault };
        usage(ErrorKind::ValueValidation, ScriptError { line: 1, fault, text: line.to_owned() })
    })?;
    match script.frames()?.as_slice() {
        [shot] => Ok(shot.bytes.clone()),
        _ => Err(usage(ErrorKind::ValueValidation, "one packet is wanted, as in 'S 0:0(0) win 65535'").into()),
    }
}

/// The port of the protocol that a line begins with a message of.
fn port(line: &str, known: &[Definition]) -> Option<u16> {
    let word = Reader::new(line).word();
    let name = word.split_once('.').map_or(word, |(name, _)| name);
    known.iter().find(|of| of.name == name)?.ports.first().copied()
}

/// `FROM > TO SAYING`: both ends, and what is said.
fn split_ends(line: &str) -> Option<((Endpoint, Endpoint), &str)> {
    let (from, rest) = line.trim_start().split_once(" > ")?;
    let from = endpoint(from.trim())?;
    let rest = rest.trim_start();
    let end = rest.find(' ').unwrap_or(rest.len());
    let (to, saying) = rest.split_at(end);
    let to = endpoint(to.strip_suffix(':').unwrap_or(to))?;
    Some(((from, to), saying))
}

/// `10.0.0.1:80`, `[2001:db8::1]:80`, and as tcpdump has it `10.0.0.1.80`, `2001:db8::1.80`.
fn endpoint(text: &str) -> Option<Endpoint> {
    if let Ok(addr) = text.parse::<SocketAddr>() {
        return Some(Endpoint { addr: addr.ip(), port: addr.port() });
    }
    let (addr, port) = text.rsplit_once('.')?;
    Some(Endpoint { addr: addr.parse().ok()?, port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_read_as_people_write_them() {
        for line in [
            "10.0.0.1:40000 > 10.0.0.2:80 S 0:0(0)",
            "10.0.0.1.40000 > 10.0.0.2.80: S 0:0(0)",
            "  10.0.0.1:40000 >   10.0.0.2.80 S 0:0(0)",
        ] {
            let ((from, to), saying) = split_ends(line).expect(line);
            assert_eq!((from.to_string().as_str(), to.to_string().as_str()), ("10.0.0.1:40000", "10.0.0.2:80"));
            assert_eq!(saying.trim(), "S 0:0(0)");
        }
        let ((from, to), _) = split_ends("2001:db8::1.40000 > [2001:db8::2]:80 S 0:0(0)").expect("two ends");
        assert_eq!((from.port, to.port), (40_000, 80));
        for line in ["> S 0:0(0)", "S 0:0(0)", "+0.1 > S 0:0(0)", "10.0.0.1 > 10.0.0.2 S 0:0(0)"] {
            assert!(split_ends(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_fault_is_shown_where_it_stands() {
        let told = frame("10.0.0.1:1 > 10.0.0.2:2 S 0:0(0) <mss 70000>", &[], |_| unreachable!("both ends are there"));
        let told = told.expect_err("too much").to_string();
        assert!(told.contains("column 39: expected a segment size\n"), "{told}");
        let (carets, text) = (told.lines().nth(2).expect("carets"), told.lines().nth(1).expect("the line"));
        assert_eq!(carets.find('^'), text.find("70000"), "{told}");
    }
}
