//! What reading a frame costs, beside etherparse and pnet on the same octets.
//!
//! `cargo bench --bench decode`

use std::hint::black_box;

use criterion::{Bencher, Criterion, Throughput};
use etherparse::{
    Ethernet2HeaderSlice, Ipv4HeaderSlice, LaxSlicedPacket, PacketBuilder, PacketBuilderStep, SlicedPacket,
    TcpHeaderSlice, TcpOptionElement, VlanId,
};
use pnet_packet::{Packet, ethernet::EthernetPacket, ipv4::Ipv4Packet, tcp::TcpPacket};
use synfin::capture::{Aside, Body, Checksums, Frame, Link, Record, decode, decode_into};
use synfin::wire::Timestamp;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let kinds = kinds();
    each_kind(&mut criterion, &kinds);
    checksums(&mut criterion, &kinds);
    against_peers(&mut criterion, &kinds);
    criterion.final_summary();
}

type Kind = (&'static str, Vec<u8>);

/// Frames such as a busy link has, one of a kind.
fn kinds() -> Vec<Kind> {
    let timestamps = [TcpOptionElement::Noop, TcpOptionElement::Noop, TcpOptionElement::Timestamp(7, 9)];
    let opening = [
        TcpOptionElement::MaximumSegmentSize(1460),
        TcpOptionElement::SelectiveAcknowledgementPermitted,
        TcpOptionElement::Timestamp(7, 0),
        TcpOptionElement::Noop,
        TcpOptionElement::WindowScale(7),
    ];
    let tcp = |options: &[TcpOptionElement]| {
        v4().tcp(40_000, 443, 1, 64_240).ack(1).options(options).expect("options that fit")
    };
    let tagged = PacketBuilder::ethernet2([2; 6], [4; 6]).single_vlan(VlanId::try_new(7).expect("12 bits")).ipv4(
        [10, 0, 0, 1],
        [10, 0, 0, 2],
        64,
    );
    vec![
        ("tcp", octets(|out| tcp(&[]).write(out, &[0; 6]))),
        ("tcp_timestamps", octets(|out| tcp(&timestamps).write(out, &[0; 1400]))),
        ("tcp_syn", octets(|out| tcp(&opening).syn().write(out, &[]))),
        ("tcp_v6", octets(|out| v6().tcp(40_000, 443, 1, 64_240).ack(1).write(out, &[0; 100]))),
        ("tcp_vlan", octets(|out| tagged.tcp(40_000, 443, 1, 64_240).ack(1).write(out, &[0; 100]))),
        ("udp", octets(|out| v4().udp(40_000, 53).write(out, &[0; 60]))),
        ("udp_v6", octets(|out| v6().udp(40_000, 53).write(out, &[0; 60]))),
        ("icmp", octets(|out| v4().icmpv4_echo_request(1, 2).write(out, &[0; 56]))),
    ]
}

fn v4() -> PacketBuilderStep<etherparse::IpHeaders> {
    PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
}

fn v6() -> PacketBuilderStep<etherparse::IpHeaders> {
    PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([0xfd; 16], [0xfe; 16], 64)
}

fn octets<E: std::fmt::Debug>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).expect("a buffer in memory");
    out
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    let wire_len = bytes.len() as u32;
    Frame { time: Timestamp(0), wire_len, link: Link::Ethernet, interface: 0, bytes, comment: None, aside: Aside::NONE }
}

fn each_kind(criterion: &mut Criterion, kinds: &[Kind]) {
    let mut group = criterion.benchmark_group("decode_into");
    for (name, bytes) in kinds {
        group.bench_function(*name, |b| into_one_record(b, bytes, Checksums::Ignore));
    }
    group.finish();
}

fn into_one_record(bencher: &mut Bencher<'_>, bytes: &[u8], checksums: Checksums) {
    let mut record = Record::default();
    bencher.iter(|| {
        decode_into(&frame(black_box(bytes)), checksums, &mut record);
        black_box(&record);
    });
}

fn checksums(criterion: &mut Criterion, kinds: &[Kind]) {
    let mut group = criterion.benchmark_group("verify");
    for (name, bytes) in &kinds[..2] {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(*name, |b| into_one_record(b, bytes, Checksums::Verify));
    }
    group.finish();
}

/// All kinds in turn, as a stream has them; and a TCP segment in IPv4 for those that read no more.
fn against_peers(criterion: &mut Criterion, kinds: &[Kind]) {
    let mut group = criterion.benchmark_group("mix");
    group.throughput(Throughput::Elements(kinds.len() as u64));
    let frames = || kinds.iter().map(|(_, bytes)| black_box(bytes.as_slice()));
    let mut record = Record::default();
    group.bench_function("synfin", |b| {
        b.iter(|| {
            for bytes in frames() {
                black_box(decode(&frame(bytes), Checksums::Ignore));
            }
        });
    });
    group.bench_function("synfin_into", |b| {
        b.iter(|| {
            for bytes in frames() {
                decode_into(&frame(bytes), Checksums::Ignore, &mut record);
                black_box(&record);
            }
        });
    });
    group.bench_function("etherparse_sliced", |b| {
        b.iter(|| frames().for_each(|bytes| drop(black_box(SlicedPacket::from_ethernet(bytes)))));
    });
    group.bench_function("etherparse_lax", |b| {
        b.iter(|| frames().for_each(|bytes| drop(black_box(LaxSlicedPacket::from_ethernet(bytes)))));
    });
    group.finish();

    let mut group = criterion.benchmark_group("tcp_over_ipv4");
    let (_, bytes) = &kinds[1];
    group.bench_function("synfin", |b| {
        b.iter(|| match decode(&frame(black_box(bytes)), Checksums::Ignore).body {
            Body::Tcp(tcp) => tcp.segment.seq.0,
            _ => 0,
        });
    });
    group.bench_function("etherparse_sliced", |b| b.iter(|| seq_by_sliced(black_box(bytes))));
    group.bench_function("etherparse_header_slices", |b| b.iter(|| seq_by_header_slices(black_box(bytes))));
    group.bench_function("pnet", |b| b.iter(|| seq_by_pnet(black_box(bytes))));
    group.finish();
}

fn seq_by_sliced(bytes: &[u8]) -> Option<u32> {
    match SlicedPacket::from_ethernet(bytes).ok()?.transport? {
        etherparse::TransportSlice::Tcp(tcp) => Some(tcp.sequence_number()),
        _ => None,
    }
}

fn seq_by_header_slices(bytes: &[u8]) -> Option<u32> {
    let ethernet = Ethernet2HeaderSlice::from_slice(bytes).ok()?;
    let ip = Ipv4HeaderSlice::from_slice(&bytes[ethernet.slice().len()..]).ok()?;
    let tcp = TcpHeaderSlice::from_slice(&bytes[ethernet.slice().len() + ip.slice().len()..]).ok()?;
    Some(tcp.sequence_number())
}

fn seq_by_pnet(bytes: &[u8]) -> Option<u32> {
    let ethernet = EthernetPacket::new(bytes)?;
    let ip = Ipv4Packet::new(ethernet.payload())?;
    let tcp = TcpPacket::new(ip.payload())?;
    Some(tcp.get_sequence())
}
