//! Frames by hand: the makers here, the cases in the files named for the layers.

mod link;
mod network;
mod transport;

use super::*;
use crate::capture::frame::{Aside, Link};
use crate::capture::record::{Fragments, Layer, Tcp, Udp, UdpFault};
use crate::wire::{Flags, Timestamp};

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa];

fn read(link: Link, bytes: &[u8]) -> Record {
    read_cut(link, bytes, bytes.len())
}

fn read_cut(link: Link, bytes: &[u8], wire_len: usize) -> Record {
    decode(&Frame { wire_len: wire_len as u32, ..frame(link, bytes) }, Checksums::Verify)
}

fn frame(link: Link, bytes: &[u8]) -> Frame<'_> {
    let wire_len = bytes.len() as u32;
    Frame { time: Timestamp(0), wire_len, link, interface: 0, bytes, comment: None, aside: Aside::NONE }
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// 10.0.0.1 to 10.0.0.2, carrying `payload`, with a right header checksum.
fn v4(proto: u8, payload: &[u8]) -> Vec<u8> {
    v4_with(proto, &[], payload)
}

fn v4_with(proto: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() as u8 / 4;
    let total = (usize::from(words) * 4 + payload.len()) as u16;
    let mut packet = vec![0x40 | words, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet.extend(options);
    let sum = folded(&packet);
    packet[10..12].copy_from_slice(&(!sum).to_be_bytes());
    packet.extend(payload);
    packet
}

/// fd00::1 to fd00::2, carrying `payload`.
fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 0, next, 64];
    packet[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    for last in [1, 2] {
        packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// A plain second way to add up, octet by octet.
fn folded(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for (at, octet) in bytes.iter().enumerate() {
        sum += u32::from(*octet) << (8 * (1 - at % 2));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// From port 1024 to 80: sequence 1000, SYN.
fn syn(options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() as u8 / 4;
    let head = [4, 0, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, words << 4, 2, 0xfa, 0xf0, 0, 0, 0, 0];
    join(&[&head, options, payload])
}

fn ethernet(ethertype: u16, packet: &[u8]) -> Vec<u8> {
    join(&[&MACS, &ethertype.to_be_bytes(), packet])
}

#[track_caller]
fn tcp(record: &Record) -> Tcp {
    let Body::Tcp(tcp) = record.body else { panic!("no TCP: {:?}", record.body) };
    tcp
}

#[track_caller]
fn udp(record: &Record) -> Udp {
    let Body::Udp(udp) = record.body else { panic!("no UDP: {:?}", record.body) };
    udp
}

#[track_caller]
fn skip(record: &Record) -> Skip {
    let Body::Skip(skip) = record.body else { panic!("not skipped: {:?}", record.body) };
    skip
}

#[test]
fn a_used_record_remembers_nothing() {
    let mut used = read(Link::Ethernet, &ethernet(0x8100, &join(&[&[0, 7, 8, 0], &v4(6, &syn(&[], b""))])));
    used.fragments = Some(Fragments { octets: 1, overlap: true });
    for bytes in [&[][..], &ethernet(0x0806, &[0; 4]), &ethernet(0x88cc, &[0; 40])] {
        decode_into(&frame(Link::Ethernet, bytes), Checksums::Verify, &mut used);
        let fresh = decode(&frame(Link::Ethernet, bytes), Checksums::Verify);
        assert_eq!(format!("{used:?}"), format!("{fresh:?}"));
    }
}
