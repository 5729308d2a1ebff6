//! The fields by name, and how each is read.

mod net;
mod own;
mod transport;

use super::Row;
use super::value::Values;
use crate::capture::track::Role;
use crate::capture::{Arp, Body, Checksum, Conn, Icmp, Ip, Observation, Tcp, Udp};

/// A field: its name, and how its values are read from a packet.
pub(super) struct Field {
    /// Wireshark's name, or one of ours.
    pub(super) name: &'static str,
    /// Writes its values; none where the packet has none.
    pub(super) read: fn(&Row<'_>, &mut Values<'_>),
}

/// The field `name`.
///
/// # Errors
///
/// A sentence that names it and the nearest that there is.
pub(super) fn find(name: &str) -> Result<&'static Field, String> {
    all().find(|field| field.name == name).ok_or_else(|| {
        let near = nearest(name).map_or("; '-e help' lists them".to_owned(), |near| format!("; is it '{near}'?"));
        format!("there is no field '{name}'{near}")
    })
}

/// Every field.
pub(super) fn all() -> impl Iterator<Item = &'static Field> {
    [net::FIELDS, transport::FIELDS, own::FIELDS].into_iter().flatten()
}

const fn field(name: &'static str, read: fn(&Row<'_>, &mut Values<'_>)) -> Field {
    Field { name, read }
}

/// The name that takes the fewest changes, if they are few.
fn nearest(name: &str) -> Option<&'static str> {
    all()
        .map(|field| (distance(name, field.name), field.name))
        .min()
        .filter(|(changes, _)| *changes <= name.len() / 3 + 1)
        .map(|(_, name)| name)
}

/// How many letters have to be added, left out or changed to get from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (above, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let cost = (diagonal + usize::from(x != y)).min(*above + 1).min(left + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
    }
    row.last().copied().unwrap_or(0)
}

impl<'a> Row<'a> {
    fn ip(&self) -> Option<&'a Ip> {
        self.packet.record.ip.as_ref()
    }

    fn v4(&self) -> Option<&'a Ip> {
        self.ip().filter(|ip| ip.version() == 4)
    }

    fn v6(&self) -> Option<&'a Ip> {
        self.ip().filter(|ip| ip.version() == 6)
    }

    fn tcp(&self) -> Option<&'a Tcp> {
        match &self.packet.record.body {
            Body::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    fn udp(&self) -> Option<&'a Udp> {
        match &self.packet.record.body {
            Body::Udp(udp) => Some(udp),
            _ => None,
        }
    }

    fn icmp(&self, version: u8) -> Option<&'a Icmp> {
        match &self.packet.record.body {
            Body::Icmp(icmp) if icmp.version == version => Some(icmp),
            _ => None,
        }
    }

    fn arp(&self) -> Option<&'a Arp> {
        match &self.packet.record.body {
            Body::Arp(arp) => Some(arp),
            _ => None,
        }
    }

    fn seen(&self) -> Option<&'a Observation> {
        self.told.map(|(seen, _)| seen)
    }

    fn conn(&self) -> Option<&'a Conn> {
        self.told.map(|(_, conn)| conn)
    }

    /// Who sent the packet, and the conversation it belongs to, where it is TCP's.
    fn tcp_told(&self) -> Option<(&'a Tcp, Role, &'a Conn)> {
        let (seen, conn) = self.told?;
        Some((self.tcp()?, seen.from, conn))
    }
}

/// Wireshark's numbers for what a checksum turned out to be.
fn status(checksum: Checksum, values: &mut Values<'_>) {
    values.dec(match checksum {
        Checksum::Bad | Checksum::Unfinished => 0u8,
        Checksum::Good => 1,
        Checksum::Unverified => 2,
        Checksum::Absent => 3,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<_> = all().map(|field| field.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(find("tcp.srcprt").err().as_deref(), Some("there is no field 'tcp.srcprt'; is it 'tcp.srcport'?"));
        assert_eq!(
            find("nothing.like.it").err().as_deref(),
            Some("there is no field 'nothing.like.it'; '-e help' lists them")
        );
        assert_eq!(find("ip.src").map(|field| field.name), Ok("ip.src"));
    }
}
