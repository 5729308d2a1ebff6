//! Where packets can be captured: `synfin interfaces`, and `-D` for hands that know tcpdump.

use std::io::Write;

use anyhow::Context as _;

use super::output::Output;
use crate::report::paint;
use crate::sys::interfaces::{Interface, interfaces};

/// The interfaces of this machine, numbered: name, state, addresses
///
/// Wherever an interface is asked for, its name will do, and so will its number here.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Interfaces {}

impl Interfaces {
    /// Writes the list.
    #[allow(clippy::unused_self)]
    pub(super) fn run(self, out: &mut Output) -> anyhow::Result<()> {
        write_list(out)
    }
}

/// Writes a line per interface, in tcpdump's order: those where there is something to see first.
pub(super) fn write_list(out: &mut dyn Write) -> anyhow::Result<()> {
    let all = listed()?;
    let mut text = Vec::new();
    for (number, interface) in (1..).zip(&all) {
        line(&mut text, number, interface);
    }
    out.write_all(&text).context("cannot write")
}

/// The name of the interface that has this number in the list.
pub(super) fn numbered(number: usize) -> anyhow::Result<Option<String>> {
    let place = number.checked_sub(1);
    let all = listed()?;
    Ok(place.and_then(|place| all.into_iter().nth(place)).map(|interface| interface.name))
}

/// All interfaces, and among them the one that stands for all.
fn listed() -> anyhow::Result<Vec<Interface>> {
    let mut all = interfaces().context("cannot list the interfaces of this machine")?;
    all.push(Interface { name: ANY.to_owned(), up: true, running: true, ..Interface::default() });
    all.sort_by_key(|interface| (rank(interface), interface.index));
    Ok(all)
}

/// The interface that stands for all of them.
const ANY: &str = "any";

/// What makes an interface less worth looking at, the worst first.
fn rank(interface: &Interface) -> (bool, bool, bool, bool, bool) {
    let Interface { running, up, loopback, wireless, carrier, .. } = interface;
    (!running, !up, !wireless && *carrier == Some(false), *loopback, interface.name == ANY)
}

/// `1.eth0 [Up, Running, Connected] 192.0.2.7/24, 2001:db8::7/64`
fn line(out: &mut Vec<u8>, number: usize, interface: &Interface) {
    out.extend_from_slice(format!("{number}.").as_bytes());
    paint::escape(out, interface.name.as_bytes());
    if interface.name == ANY {
        out.extend_from_slice(b" (all interfaces at once)");
    }
    let states = states(interface);
    let states = if states.is_empty() { "none".to_owned() } else { states.join(", ") };
    out.extend_from_slice(format!(" [{states}]").as_bytes());
    let addresses: Vec<_> = interface.addresses.iter().map(|(addr, prefix)| format!("{addr}/{prefix}")).collect();
    if !addresses.is_empty() {
        out.extend_from_slice(format!(" {}", addresses.join(", ")).as_bytes());
    }
    out.push(b'\n');
}

/// tcpdump's words for how an interface is doing.
fn states(interface: &Interface) -> Vec<&'static str> {
    let &Interface { up, running, loopback, wireless, carrier, .. } = interface;
    let link = match (up && !loopback, wireless, carrier) {
        (true, true, Some(true)) => Some("Associated"),
        (true, true, Some(false)) => Some("Not associated"),
        (true, false, Some(true)) => Some("Connected"),
        (true, false, Some(false)) => Some("Disconnected"),
        (_, _, _) => None,
    };
    let words = [(up, "Up"), (running, "Running"), (loopback, "Loopback"), (wireless, "Wireless")];
    words.into_iter().filter_map(|(is, word)| is.then_some(word)).chain(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: usize, interface: &Interface) -> String {
        let mut out = Vec::new();
        line(&mut out, number, interface);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_line_tells_name_state_and_addresses() {
        let up = Interface { up: true, running: true, ..Interface::default() };
        let addresses = vec![("192.0.2.7".parse().expect("an address"), 24)];
        let eth = Interface { name: "eth0".to_owned(), carrier: Some(true), addresses, ..up.clone() };
        assert_eq!(text(1, &eth), "1.eth0 [Up, Running, Connected] 192.0.2.7/24\n");
        let lo = Interface { name: "lo".to_owned(), loopback: true, carrier: Some(true), ..up.clone() };
        assert_eq!(text(2, &lo), "2.lo [Up, Running, Loopback]\n");
        let radio = Interface { name: "w\u{1b}".to_owned(), wireless: true, carrier: Some(false), ..up };
        assert!(text(3, &radio).ends_with(" [Up, Running, Wireless, Not associated]\n"));
        assert!(!text(3, &radio).contains('\u{1b}'));
        assert_eq!(text(4, &Interface { name: "ifb0".to_owned(), ..Interface::default() }), "4.ifb0 [none]\n");
    }

    #[test]
    fn what_carries_packets_comes_first_and_loopback_after_it() {
        let named = |name: &str, up, loopback| Interface {
            name: name.to_owned(),
            up,
            running: up,
            loopback,
            ..Interface::default()
        };
        let mut all =
            [named("lo", true, true), named(ANY, true, false), named("down", false, false), named("eth0", true, false)];
        all.sort_by_key(rank);
        assert_eq!(all.map(|interface| interface.name), ["eth0", "any", "lo", "down"]);
    }
}
