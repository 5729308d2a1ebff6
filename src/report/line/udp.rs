//! UDP datagrams, and what is wrong with their eight octets of header.

use super::Style;
use crate::capture::{Checksum, Ip, Udp, UdpFault};
use crate::report::digits::Digits as _;

/// Appends what a datagram says.
pub(super) fn write(out: &mut Vec<u8>, udp: &Udp, ip: &Ip, style: Style) {
    if style.verbose > 0 && !style.quiet {
        match udp.checksum_ok {
            Checksum::Good => out.text("[udp sum ok] "),
            Checksum::Bad => {
                out.text("[bad udp cksum 0x");
                out.hex(u64::from(udp.checksum), 4);
                out.text("!] ");
            }
            Checksum::Unfinished => out.text("[udp cksum left to the card] "),
            Checksum::Absent => out.text("[no cksum] "),
            Checksum::Unverified => {
                out.text("cksum 0x");
                out.hex(u64::from(udp.checksum), 4);
                out.text(", ");
            }
        }
    }
    out.text("UDP, length ");
    out.dec(u64::from(udp.payload_len));
    let Some(fault) = udp.fault else { return };
    out.text(" [");
    let room = ip.len.saturating_sub(u32::from(ip.hdr_len));
    match fault {
        UdpFault::TooShort => {
            out.text("length field ");
            out.dec(u64::from(udp.len));
            out.text(": less than the header's own 8 octets");
        }
        UdpFault::Surplus(octets) => {
            out.text("length field ");
            out.dec(u64::from(udp.len));
            out.text(": ");
            out.dec(u64::from(octets));
            out.text(" octets of the IP payload lie behind it");
        }
        UdpFault::TooLong => {
            out.text("length field ");
            out.dec(u64::from(udp.len));
            out.text(": more than the ");
            out.dec(u64::from(room));
            out.text(" octets the IP packet has");
        }
        UdpFault::Zero => out.text("length field 0: only an IPv6 jumbogram may say so"),
        UdpFault::NoChecksum => out.text("no checksum: over IPv6 there must be one"),
    }
    out.push(b']');
}
