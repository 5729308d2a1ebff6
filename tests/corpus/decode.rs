//! The check of the `decode` target.

use synfin::capture::{Aside, Body, Checksums, Frame, Link, Packet, Record, decode, decode_into};
use synfin::wire::Timestamp;

const LINKS: [Link; 9] = [
    Link::Ethernet,
    Link::Raw,
    Link::Sll,
    Link::Sll2,
    Link::Null,
    Link::Loop,
    Link::Ppp,
    Link::Pppoe,
    Link::Other(127),
];

/// Reads an input: one octet chooses the link, one says how much the snap length cut off, the rest
/// is the frame.
pub(crate) fn check(input: &[u8]) {
    let &[link, lost, ref bytes @ ..] = input else { return };
    let link = LINKS[usize::from(link) % LINKS.len()];
    let wire_len = bytes.len() as u32 + u32::from(lost);
    check_frame(&Frame { time: Timestamp(0), wire_len, link, interface: 0, bytes, comment: None, aside: Aside::NONE });
}

pub(crate) fn check_frame(frame: &Frame<'_>) {
    let mut used = Record::default();
    for checksums in [Checksums::Verify, Checksums::Ignore] {
        let record = decode(frame, checksums);
        check_record(&record, *frame);
        decode_into(frame, checksums, &mut used);
        assert_eq!(format!("{record:?}"), format!("{used:?}"), "a record remembers the one before");
    }
}

fn check_record(record: &Record, frame: Frame<'_>) {
    let datagram = frame.bytes.get(usize::from(record.net_offset)..).expect("the network header begins in the frame");
    let packet = Packet { n: 1, frame, record, datagram };
    let payload = packet.payload().len() as u32;
    match (record.body, record.ip) {
        (Body::Tcp(tcp), Some(ip)) => {
            assert_eq!(tcp.offset, ip.hdr_len);
            assert!((20..=60).contains(&tcp.hdr_len));
            assert!(packet.tcp_options().len() <= usize::from(tcp.hdr_len) - 20);
            assert_eq!(tcp.truncated, payload < tcp.segment.len || tcp.segment.options.truncated());
        }
        (Body::Udp(udp), Some(ip)) => {
            assert_eq!(udp.offset, ip.hdr_len);
            assert_eq!(udp.truncated, payload < udp.payload_len);
        }
        (Body::Icmp(icmp), Some(ip)) => assert_eq!((icmp.offset, icmp.version), (ip.hdr_len, ip.version())),
        (Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_), None) => panic!("a transport without IP"),
        (Body::Arp(_) | Body::Skip(_), _) => assert_eq!(payload, 0),
    }
    assert_eq!(record.endpoints().is_some(), matches!(record.body, Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_)));
}
