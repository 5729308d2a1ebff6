//! What a packet costs to build, beside etherparse's and pnet's builders: a SYN with Ethernet
//! header and right checksums, each with another sequence number and source port.
//!
//! `cargo bench --bench craft`

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{BatchSize, Bencher, Criterion, Throughput};
use etherparse::{PacketBuilder, TcpOptionElement};
use pnet_packet::ethernet::{EtherTypes, MutableEthernetPacket};
use pnet_packet::ip::IpNextHeaderProtocols;
use pnet_packet::ipv4::{self, MutableIpv4Packet};
use pnet_packet::tcp::{self, MutableTcpPacket, TcpFlags, TcpOption};
use synfin::craft::{Ethernet, Ipv4, Packet, Spot, Tcp, Template};
use synfin::wire::{Flags, OptionList, Seq, Window};

const OURS: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THEIRS: [u8; 6] = [2, 0, 0, 0, 0, 2];
const FROM: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const TO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const USUAL: &str = "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    all_build_the_same();
    for (name, options) in [("syn", false), ("syn_with_options", true)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        group.bench_function("synfin_template", |b| by_template(b, options));
        group.bench_function("synfin_packet", |b| by(b, |n| by_packet(n, options)));
        group.bench_function("etherparse", |b| by(b, |n| by_etherparse(n, options)));
        group.bench_function("pnet", |b| by_pnet(b, options));
        group.finish();
    }
    criterion.final_summary();
}

/// A benchmark that measures different work for each would say nothing.
fn all_build_the_same() {
    for options in [false, true] {
        let ours = by_packet(7, options);
        let mut template = Template::new(&syn(0, options)).expect("it fits");
        put(&mut template, 7);
        assert_eq!(template.octets(), ours);
        assert_eq!(by_etherparse(7, options), ours);
        let mut buffer = vec![0; ours.len()];
        put_by_pnet(&mut buffer, 7, options);
        assert_eq!(buffer, ours);
    }
}

fn by(bencher: &mut Bencher<'_>, build: impl Fn(u32) -> Vec<u8>) {
    let mut n = 0u32;
    bencher.iter(|| {
        n = n.wrapping_add(1);
        black_box(build(black_box(n)))
    });
}

fn by_template(bencher: &mut Bencher<'_>, options: bool) {
    let mut template = Template::new(&syn(0, options)).expect("it fits");
    let places = [Spot::Seq, Spot::SrcPort].map(|spot| template.place(spot).expect("TCP has it"));
    let mut n = 0u32;
    bencher.iter(|| {
        n = n.wrapping_add(1);
        template.set(places[0], black_box(n));
        template.set(places[1], black_box(n));
        black_box(template.octets());
    });
}

fn put(template: &mut Template, n: u32) {
    for spot in [Spot::Seq, Spot::SrcPort] {
        template.set(template.place(spot).expect("TCP has it"), n);
    }
}

fn by_packet(n: u32, options: bool) -> Vec<u8> {
    syn(n, options).build().expect("it fits")
}

fn syn(n: u32, options: bool) -> Packet {
    let options: OptionList = if options { usual() } else { OptionList::EMPTY };
    let tcp = Tcp { seq: Seq(n), window: Window(64_240), options, ..Tcp::new(n as u16, 80, Flags::SYN) };
    Ethernet::new(OURS, THEIRS) / Ipv4::new(FROM, TO) / tcp
}

/// The list as octets: reading the notation is not what is measured.
fn usual() -> OptionList {
    static LIST: std::sync::OnceLock<OptionList> = std::sync::OnceLock::new();
    *LIST.get_or_init(|| USUAL.parse().expect("in the notation"))
}

fn by_etherparse(n: u32, options: bool) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2(OURS, THEIRS).ipv4(FROM.octets(), TO.octets(), 64);
    let mut builder = builder.tcp(n as u16, 80, n, 64_240).syn();
    if options {
        let usual = [
            TcpOptionElement::MaximumSegmentSize(1460),
            TcpOptionElement::SelectiveAcknowledgementPermitted,
            TcpOptionElement::Timestamp(1, 0),
            TcpOptionElement::Noop,
            TcpOptionElement::WindowScale(7),
        ];
        builder = builder.options(&usual).expect("options that fit");
    }
    let mut out = Vec::with_capacity(builder.size(0));
    builder.write(&mut out, &[]).expect("a buffer in memory");
    out
}

/// pnet writes into octets that are there.
fn by_pnet(bencher: &mut Bencher<'_>, options: bool) {
    let mut n = 0u32;
    let len = by_packet(0, options).len();
    bencher.iter_batched_ref(
        || vec![0; len],
        |buffer| {
            n = n.wrapping_add(1);
            put_by_pnet(buffer, black_box(n), options);
            black_box(&*buffer);
        },
        BatchSize::SmallInput,
    );
}

fn put_by_pnet(buffer: &mut [u8], n: u32, options: bool) {
    let len = buffer.len();
    let mut ethernet = MutableEthernetPacket::new(buffer).expect("long enough");
    ethernet.set_source(OURS.into());
    ethernet.set_destination(THEIRS.into());
    ethernet.set_ethertype(EtherTypes::Ipv4);
    let mut ip = MutableIpv4Packet::new(&mut buffer[14..]).expect("long enough");
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length((len - 14) as u16);
    ip.set_flags(ipv4::Ipv4Flags::DontFragment);
    ip.set_ttl(64);
    ip.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
    ip.set_source(FROM);
    ip.set_destination(TO);
    ip.set_checksum(ipv4::checksum(&ip.to_immutable()));
    let mut tcp = MutableTcpPacket::new(&mut buffer[34..]).expect("long enough");
    tcp.set_source(n as u16);
    tcp.set_destination(80);
    tcp.set_sequence(n);
    tcp.set_data_offset(((len - 34) / 4) as u8);
    tcp.set_flags(TcpFlags::SYN);
    tcp.set_window(64_240);
    if options {
        tcp.set_options(&[
            TcpOption::mss(1460),
            TcpOption::sack_perm(),
            TcpOption::timestamp(1, 0),
            TcpOption::nop(),
            TcpOption::wscale(7),
        ]);
    }
    tcp.set_checksum(tcp::ipv4_checksum(&tcp.to_immutable(), &FROM, &TO));
}
