//! A packet built once and sent many times, each time a little different.
//!
//! Building costs a few hundred nanoseconds; putting another number into octets that are there, and
//! telling the checksums of the difference (RFC 1624), costs a few.

use std::net::IpAddr;

use super::packet::ipv4::last_hop;
use super::packet::{EmitError, Layer, Packet, proto, sum};

/// A built packet, and where in it what stands.
///
/// ```
/// use synfin::craft::{Ipv4, Spot, Tcp, Template};
/// use synfin::wire::{Flags, Seq};
///
/// let ip = Ipv4::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
/// let mut syn = Template::new(&(ip.clone() / Tcp::new(40_000, 80, Flags::SYN)))?;
/// let seq = syn.place(Spot::Seq).expect("TCP has one");
/// syn.set(seq, 4711);
/// assert_eq!(syn.octets(), (ip / Tcp { seq: Seq(4711), ..Tcp::new(40_000, 80, Flags::SYN) }).build()?);
/// # Ok::<(), synfin::craft::EmitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Template {
    octets: Vec<u8>,
    /// The outermost IP header.
    ip: Option<Ip>,
    /// The transport header that follows it, extension headers aside.
    transport: Option<Transport>,
}

/// What of a packet can be changed in place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spot {
    /// Source address.
    SrcAddr,
    /// Destination address.
    DstAddr,
    /// Time to live, or hop limit.
    Ttl,
    /// Identification (IPv4).
    Id,
    /// Source port.
    SrcPort,
    /// Destination port.
    DstPort,
    /// Sequence number of TCP.
    Seq,
    /// Acknowledgment number of TCP.
    Ack,
    /// Window of TCP.
    Window,
    /// Identifier of an ICMP echo.
    EchoId,
    /// Number of an ICMP echo.
    EchoSeq,
}

/// Where a [`Spot`] stands in one template, and which checksums cover it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    at: usize,
    octets: usize,
    ip_sum: bool,
    transport_sum: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ip {
    at: usize,
    v6: bool,
    /// Whether the pseudo header has the destination that stands here, and not where a route ends.
    dst_is_last: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Tcp,
    Udp,
    Icmp,
}

#[derive(Clone, Copy, Debug)]
struct Transport {
    at: usize,
    kind: Kind,
    /// Where its checksum stands.
    sum_at: usize,
    /// Whether addresses count in its checksum.
    pseudo_header: bool,
}

impl Template {
    /// Builds the packet.
    ///
    /// # Errors
    ///
    /// As [`Packet::build`].
    pub fn new(packet: &Packet) -> Result<Self, EmitError> {
        let mut template = Self { octets: packet.build()?, ip: None, transport: None };
        let mut at = 0;
        for layer in &packet.layers {
            if !template.find(layer, at) {
                break;
            }
            at += layer.len();
        }
        Ok(template)
    }

    /// A packet that is built already: its IP header begins at `ip_at`.
    ///
    /// What does not read as a header is left alone: it has no spots.
    pub fn read(octets: Vec<u8>, ip_at: usize) -> Self {
        let mut template = Self { octets, ip: None, transport: None };
        let packet = template.octets.get(ip_at..).unwrap_or_default();
        match packet.first().map(|first| first >> 4) {
            Some(4) => template.read_v4(ip_at),
            Some(6) => template.read_v6(ip_at),
            _ => {}
        }
        template
    }

    fn read_v4(&mut self, at: usize) {
        let packet = self.octets.get(at..).unwrap_or_default();
        let Some(&[first, .., place, low, _, protocol]) = packet.first_chunk::<10>() else { return };
        let len = usize::from(first & 0x0f) * 4;
        let Some(options) = packet.get(20..len.max(20)) else { return };
        self.ip = Some(Ip { at, v6: false, dst_is_last: last_hop(options).is_none() });
        // The first fragment, or all there is.
        if (place & 0x1f, low) == (0, 0) {
            self.read_transport(at + len, protocol, false);
        }
    }

    fn read_v6(&mut self, at: usize) {
        let Some(mut next) = self.octets.get(at + 6).copied() else { return };
        let mut dst_is_last = true;
        let mut end = at + 40;
        while let (proto::HOP_BY_HOP | proto::ROUTING | proto::DESTINATION, Some(&[after, units])) =
            (next, self.octets.get(end..).and_then(<[u8]>::first_chunk))
        {
            // A route that is not done has the destination behind it.
            dst_is_last &= next != proto::ROUTING || self.octets.get(end + 3) == Some(&0);
            next = after;
            end += (usize::from(units) + 1) * 8;
        }
        self.ip = Some(Ip { at, v6: true, dst_is_last });
        self.read_transport(end, next, true);
    }

    fn read_transport(&mut self, at: usize, protocol: u8, v6: bool) {
        let (kind, sum_at, len, pseudo_header) = match (protocol, v6) {
            (proto::TCP, _) => (Kind::Tcp, 16, 20, true),
            (proto::UDP, _) => (Kind::Udp, 6, 8, true),
            (proto::ICMP, false) => (Kind::Icmp, 2, 8, false),
            (proto::ICMPV6, true) => (Kind::Icmp, 2, 8, true),
            _ => return,
        };
        if self.octets.len() >= at + len {
            self.transport = Some(Transport { at, kind, sum_at: at + sum_at, pseudo_header });
        }
    }

    /// Makes the transport's checksum wrong; tells whether there is one.
    pub fn spoil_checksum(&mut self) -> bool {
        let field = self.transport.and_then(|transport| self.octets.get_mut(transport.sum_at..));
        let Some(field) = field.and_then(<[u8]>::first_chunk_mut) else { return false };
        // Neither zero stands for the other, and none for no checksum.
        let wrong = u16::from_be_bytes(*field) ^ 0x0f0f;
        *field = if wrong == 0 { 0xf0f0 } else { wrong }.to_be_bytes();
        true
    }

    /// Takes note of a layer that begins at `at`; tells whether there may be more to note.
    fn find(&mut self, layer: &Layer, at: usize) -> bool {
        let transport = |kind, sum_at, pseudo_header| Some(Transport { at, kind, sum_at: at + sum_at, pseudo_header });
        match (layer, &mut self.ip) {
            (Layer::Ethernet(_) | Layer::Vlan(_), None) | (Layer::Fragment(_), Some(_)) => {}
            (Layer::Ipv4(header), None) => {
                self.ip = Some(Ip { at, v6: false, dst_is_last: last_hop(&header.options).is_none() });
            }
            (Layer::Ipv6(_), None) => self.ip = Some(Ip { at, v6: true, dst_is_last: true }),
            (Layer::Extension(header), Some(ip)) => ip.dst_is_last &= header.last_hop().is_none(),
            (Layer::Tcp(_), Some(_)) => self.transport = transport(Kind::Tcp, 16, true),
            (Layer::Udp(_), Some(_)) => self.transport = transport(Kind::Udp, 6, true),
            (Layer::Icmp(_), Some(ip)) => self.transport = transport(Kind::Icmp, 2, ip.v6),
            _ => return false,
        }
        self.transport.is_none()
    }

    /// The octets as they are now.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Where the IP header begins, if there is one.
    pub fn ip_at(&self) -> Option<usize> {
        self.ip.map(|ip| ip.at)
    }

    /// Where a spot stands; `None` where the packet has none such.
    pub fn place(&self, spot: Spot) -> Option<Place> {
        let in_ip = |v4: (usize, usize), v6: Option<(usize, usize)>, counts: bool| {
            let ip = self.ip?;
            let (at, octets) = if ip.v6 { v6? } else { v4 };
            let transport_sum = counts && self.transport.is_some_and(|transport| transport.pseudo_header);
            Some(Place { at: ip.at + at, octets, ip_sum: !ip.v6, transport_sum })
        };
        let in_transport = |kinds: &[Kind], at: usize, octets: usize| {
            let transport = self.transport.filter(|transport| kinds.contains(&transport.kind))?;
            Some(Place { at: transport.at + at, octets, ip_sum: false, transport_sum: true })
        };
        match spot {
            Spot::SrcAddr => in_ip((12, 4), Some((8, 16)), true),
            Spot::DstAddr => in_ip((16, 4), Some((24, 16)), self.ip?.dst_is_last),
            Spot::Ttl => in_ip((8, 1), Some((7, 1)), false),
            Spot::Id => in_ip((4, 2), None, false),
            Spot::SrcPort => in_transport(&[Kind::Tcp, Kind::Udp], 0, 2),
            Spot::DstPort => in_transport(&[Kind::Tcp, Kind::Udp], 2, 2),
            Spot::Seq => in_transport(&[Kind::Tcp], 4, 4),
            Spot::Ack => in_transport(&[Kind::Tcp], 8, 4),
            Spot::Window => in_transport(&[Kind::Tcp], 14, 2),
            Spot::EchoId => in_transport(&[Kind::Icmp], 4, 2),
            Spot::EchoSeq => in_transport(&[Kind::Icmp], 6, 2),
        }
    }

    /// Puts a number there: of its bits, as many as there is room for.
    ///
    /// A checksum that was wrong stays wrong, by as much as it was.
    #[inline]
    pub fn set(&mut self, place: Place, value: u32) {
        match place.octets {
            2 => self.put(place, (value as u16).to_be_bytes()),
            4 => self.put(place, value.to_be_bytes()),
            _ => self.put_octet(place, value as u8),
        }
    }

    /// Puts an address there, if it is of the packet's family.
    #[inline]
    pub fn set_addr(&mut self, place: Place, addr: IpAddr) {
        match addr {
            IpAddr::V4(addr) if place.octets == 4 => self.put(place, addr.octets()),
            IpAddr::V6(addr) if place.octets == 16 => self.put(place, addr.octets()),
            _ => {}
        }
    }

    /// Half a word: in IPv4 the upper one, in IPv6 under no checksum.
    fn put_octet(&mut self, place: Place, octet: u8) {
        if let Some(&low) = self.octets.get(place.at + 1) {
            self.put(place, [octet, low]);
        }
    }

    #[inline]
    fn put<const N: usize>(&mut self, place: Place, new: [u8; N]) {
        let Some(field) = self.octets.get_mut(place.at..).and_then(<[u8]>::first_chunk_mut::<N>) else { return };
        let change = sum::Change::between(field, &new);
        *field = new;
        if let (true, Some(ip)) = (place.ip_sum, self.ip) {
            self.change_sum(ip.at + 10, change, false);
        }
        if let (true, Some(transport)) = (place.transport_sum, self.transport) {
            self.change_sum(transport.sum_at, change, transport.kind == Kind::Udp);
        }
    }

    #[inline]
    fn change_sum(&mut self, at: usize, change: sum::Change, zero_is_none: bool) {
        let Some(field) = self.octets.get_mut(at..).and_then(<[u8]>::first_chunk_mut) else { return };
        let before = u16::from_be_bytes(*field);
        if zero_is_none && before == 0 {
            return;
        }
        let after = change.of(before);
        *field = if zero_is_none && after == 0 { 0xffffu16 } else { after }.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craft::{Extension, Field, Icmp, Ipv4, Ipv6, Tcp, Udp, Vlan};
    use crate::wire::{Flags, Seq, Window};

    fn addr(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn v4(last: u8) -> Ipv4 {
        Ipv4::new([10, 0, 0, last].into(), [10, 0, 0, 2].into())
    }

    fn v6(last: u16) -> Ipv6 {
        Ipv6::new([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into(), [0x2001, 0xdb8, 0, 0, 0, 0, 0, 2].into())
    }

    #[track_caller]
    fn template(packet: impl Into<Packet>) -> Template {
        Template::new(&packet.into()).expect("it fits")
    }

    #[track_caller]
    fn place(template: &Template, spot: Spot) -> Place {
        template.place(spot).unwrap_or_else(|| panic!("there is no {spot:?}"))
    }

    #[test]
    fn what_is_changed_in_place_is_as_if_built_so() {
        let mut changed = template(Vlan::new(7) / v4(1) / Tcp::new(1, 2, Flags::SYN) / "odd");
        for (spot, value) in [
            (Spot::SrcPort, 40_000),
            (Spot::DstPort, 443),
            (Spot::Seq, 0xdead_beef),
            (Spot::Ack, 0xffff_ffff),
            (Spot::Window, 0),
            (Spot::Ttl, 3),
            (Spot::Id, 0xabcd),
        ] {
            changed.set(place(&changed, spot), value);
        }
        changed.set_addr(place(&changed, Spot::SrcAddr), addr("192.0.2.77"));
        changed.set_addr(place(&changed, Spot::DstAddr), addr("198.51.100.1"));
        let tcp = Tcp {
            seq: Seq(0xdead_beef),
            ack: Seq(0xffff_ffff),
            window: Window(0),
            ..Tcp::new(40_000, 443, Flags::SYN)
        };
        let ip = Ipv4 { ttl: 3, id: 0xabcd, ..Ipv4::new([192, 0, 2, 77].into(), [198, 51, 100, 1].into()) };
        assert_eq!(changed.octets(), (Vlan::new(7) / ip / tcp / "odd").build().expect("it fits"));
    }

    #[test]
    fn so_are_the_fields_of_ipv6_udp_and_icmp() {
        let mut changed = template(v6(1) / Extension::hop_by_hop(&[]) / Udp::new(1, 2) / "data");
        changed.set(place(&changed, Spot::SrcPort), 9);
        changed.set(place(&changed, Spot::Ttl), 9);
        changed.set_addr(place(&changed, Spot::SrcAddr), addr("2001:db8::9"));
        let whole = Ipv6 { hop_limit: 9, ..v6(9) } / Extension::hop_by_hop(&[]) / Udp::new(9, 2) / "data";
        assert_eq!(changed.octets(), whole.build().expect("it fits"));

        for (mut changed, whole) in [
            (template(v4(1) / Icmp::echo(1, 1)), v4(9) / Icmp::echo(7, 8)),
            (template(v6(1) / Icmp::echo_v6(1, 1)), v6(9) / Icmp::echo_v6(7, 8)),
        ] {
            changed.set(place(&changed, Spot::EchoId), 7);
            changed.set(place(&changed, Spot::EchoSeq), 8);
            let src = if whole.layers.contains(&v4(9).into()) { "10.0.0.9" } else { "2001:db8::9" };
            changed.set_addr(place(&changed, Spot::SrcAddr), addr(src));
            assert_eq!(changed.octets(), whole.build().expect("it fits"));
        }
    }

    #[test]
    fn the_end_of_a_route_counts_in_the_checksum_and_not_its_next_stop() {
        let route = Extension::routing(2, 1, &["2001:db8::99".parse().expect("an address")]);
        let mut changed = template(v6(1) / route.clone() / Udp::new(1, 2));
        changed.set_addr(place(&changed, Spot::DstAddr), addr("2001:db8::7"));
        let ip = Ipv6 { dst: "2001:db8::7".parse().expect("an address"), ..v6(1) };
        assert_eq!(changed.octets(), (ip / route / Udp::new(1, 2)).build().expect("it fits"));
    }

    #[test]
    fn a_wrong_checksum_stays_as_wrong_and_an_absent_one_absent() {
        let udp = |checksum| Udp { checksum, ..Udp::new(1, 2) };
        let mut absent = template(v4(1) / udp(Field::Wrong(0)));
        absent.set(place(&absent, Spot::SrcPort), 9);
        assert_eq!(absent.octets()[26..28], [0, 0]);
        let mut wrong = template(v4(1) / udp(Field::Wrong(0x1234)));
        wrong.set(place(&wrong, Spot::SrcPort), 2);
        assert_eq!(wrong.octets()[26..28], [0x12, 0x33]);
    }

    #[test]
    fn built_octets_are_read_as_their_layers_are() {
        let udp = || Udp::new(1, 2);
        for packet in [
            v4(1) / Tcp::new(1, 2, Flags::SYN) / "data",
            Ipv4 { options: vec![131, 7, 4, 192, 0, 2, 1], ..v4(1) } / udp(),
            v4(1) / Icmp::echo(1, 1),
            v6(1) / Icmp::echo_v6(1, 1),
            v6(1) / Extension::hop_by_hop(&[]) / Extension::destination(&[1, 0]) / udp(),
            v6(1) / Extension::routing(2, 1, &["2001:db8::99".parse().expect("an address")]) / udp(),
            Ipv4 { fragment_offset: 3, ..v4(1) } / vec![0; 40],
            v4(1) / v4(2) / udp(),
        ] {
            let (layers, octets) = (template(packet.clone()), packet.build().expect("it fits"));
            let read = Template::read([vec![0; 14], octets].concat(), 14);
            for spot in [Spot::SrcAddr, Spot::DstAddr, Spot::Ttl, Spot::Id, Spot::SrcPort, Spot::Seq, Spot::EchoSeq] {
                let moved = layers.place(spot).map(|place| Place { at: place.at + 14, ..place });
                assert_eq!(read.place(spot), moved, "{spot:?} of {packet:?}");
            }
        }
        for octets in [vec![], vec![0x45], vec![0x60; 39], vec![0x4f; 30], vec![0x45; 24]] {
            assert!(Template::read(octets, 0).place(Spot::SrcPort).is_none());
        }
    }

    #[test]
    fn a_checksum_is_spoilt_and_not_left_out() {
        for sum in [0x0f0f, 0xffff, 0x1234] {
            let mut template = template(v4(1) / Udp { checksum: Field::Wrong(sum), ..Udp::new(1, 2) });
            assert!(template.spoil_checksum());
            assert!(![sum.to_be_bytes(), [0, 0]].contains(&[template.octets()[26], template.octets()[27]]));
        }
        assert!(!template(v4(1) / v4(2)).spoil_checksum());
    }

    #[test]
    fn a_packet_has_only_the_spots_of_its_headers() {
        let ping = template(v6(1) / Icmp::echo_v6(1, 1));
        for spot in [Spot::Id, Spot::SrcPort, Spot::Seq] {
            assert_eq!(ping.place(spot), None, "{spot:?}");
        }
        assert_eq!(template(Vlan::new(1)).place(Spot::DstAddr), None);
        assert_eq!(template(v4(1) / v4(2) / Udp::new(1, 2)).ip_at(), Some(0));
    }
}
