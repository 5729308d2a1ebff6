//! Capture files put together octet by octet, right or wrong as asked.

/// The byte order of what is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Little,
    Big,
}

use Order::{Big, Little};

pub(crate) const ORDERS: [Order; 2] = [Little, Big];

impl Order {
    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u64(self, value: u64) -> [u8; 8] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

/// 2023-11-14T22:13:20Z, when packet 0 of every test was captured.
pub(crate) const START: u32 = 1_700_000_000;

/// The octets of packet `n`: a length and a content, hard to compress, that tell it from others.
pub(crate) fn packet(n: u32) -> Vec<u8> {
    let noise = |at: u32| u64::from(n << 8 | at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..60 + n % 40).map(|at| noise(at) as u8 | 0x80).collect()
}

/// A pcap file header.
pub(crate) fn pcap_header(order: Order, magic: u32, version: (u16, u16), snaplen: u32, linktype: u32) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(order.u32(magic));
    file.extend(order.u16(version.0));
    file.extend(order.u16(version.1));
    for field in [0, 0, snaplen, linktype] {
        file.extend(order.u32(field));
    }
    file
}

/// The header of an everyday pcap: little-endian, microseconds, Ethernet.
pub(crate) fn plain_header() -> Vec<u8> {
    pcap_header(Little, 0xa1b2_c3d4, (2, 4), 262_144, 1)
}

/// A pcap record.
pub(crate) fn record(order: Order, time: (u32, u32), lengths: (u32, u32), bytes: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    for field in [time.0, time.1, lengths.0, lengths.1] {
        record.extend(order.u32(field));
    }
    record.extend(bytes);
    record
}

/// An everyday record: packet `n`, captured `n` milliseconds after the start.
pub(crate) fn plain_record(n: u32) -> Vec<u8> {
    let bytes = packet(n);
    let len = bytes.len() as u32;
    record(Little, (START + n / 1_000, n % 1_000 * 1_000), (len, len), &bytes)
}

/// An everyday pcap of so many packets.
pub(crate) fn plain_pcap(packets: u32) -> Vec<u8> {
    let records = (0..packets).flat_map(plain_record);
    plain_header().into_iter().chain(records).collect()
}

/// A pcapng block around a body, which is padded.
pub(crate) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = order.u32(padded as u32 + 12);
    let mut block = Vec::new();
    block.extend(order.u32(kind));
    block.extend(len);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(len);
    block
}

/// A section header block of version 1.0.
pub(crate) fn section(order: Order) -> Vec<u8> {
    let body: Vec<u8> = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &order.u64(u64::MAX)].concat();
    block(order, 0x0a0d_0d0a, &body)
}

/// An option of a block.
pub(crate) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut option: Vec<u8> = [&order.u16(code)[..], &order.u16(value.len() as u16), value].concat();
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

/// An interface description block.
pub(crate) fn interface(order: Order, linktype: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
    let body: Vec<u8> = [&order.u16(linktype)[..], &[0, 0], &order.u32(snaplen), options].concat();
    block(order, 1, &body)
}

/// An enhanced packet block.
pub(crate) fn enhanced(order: Order, interface: u32, ticks: u64, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let len = bytes.len() as u32;
    let mut body = Vec::new();
    for field in [interface, (ticks >> 32) as u32, ticks as u32, len, len] {
        body.extend(order.u32(field));
    }
    body.extend(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(order, 6, &body)
}

/// A simple packet block for a packet of `wire_len` octets.
pub(crate) fn simple(order: Order, wire_len: u32, bytes: &[u8]) -> Vec<u8> {
    block(order, 3, &[&order.u32(wire_len)[..], bytes].concat())
}

/// An everyday enhanced packet block: packet `n`, captured `n` milliseconds after the start.
pub(crate) fn plain_enhanced(n: u32) -> Vec<u8> {
    let microseconds = u64::from(START) * 1_000_000 + u64::from(n) * 1_000;
    enhanced(Little, 0, microseconds, &packet(n), &[])
}

/// An everyday pcapng of so many packets: one section, one Ethernet interface.
pub(crate) fn plain_pcapng(packets: u32) -> Vec<u8> {
    let head = [section(Little), interface(Little, 1, 0, &[])].concat();
    head.into_iter().chain((0..packets).flat_map(plain_enhanced)).collect()
}
