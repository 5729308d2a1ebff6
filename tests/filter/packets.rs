//! Packets to try filters on: of every link type, real, made up, and cut short.

use super::random::Random;

/// A packet, as a filter sees it.
#[derive(Clone)]
pub(crate) struct Octets {
    pub(crate) bytes: Vec<u8>,
    pub(crate) wire_len: u32,
}

impl Octets {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        let wire_len = bytes.len() as u32;
        Self { bytes, wire_len }
    }
}

/// A packet behind a link header of the type. In one of eight, the header is chance.
pub(crate) fn made_up(random: &mut Random, linktype: u16) -> Octets {
    let (ethertype, network) = network(random);
    let mut bytes = link_header(random, linktype, ethertype);
    bytes.extend(network);
    if random.one_in(8) {
        let at = random.below(bytes.len().min(40));
        bytes[at] = random.next() as u8;
    }
    let wire_len = bytes.len() as u32 + if random.one_in(10) { 100 } else { 0 };
    if random.one_in(6) {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    Octets { bytes, wire_len }
}

fn link_header(random: &mut Random, linktype: u16, mut ethertype: u16) -> Vec<u8> {
    let ppp = |ethertype: u16| match ethertype {
        0x0800 => 0x0021_u16,
        0x86dd => 0x0057,
        0x8847 => 0x0281,
        other => other,
    };
    match linktype {
        0 | 108 => {
            let family: u32 = match ethertype {
                0x0800 => 2,
                0x86dd => random.pick(&[24, 28, 30]),
                _ => 7,
            };
            if linktype == 0 { family.to_ne_bytes().to_vec() } else { family.to_be_bytes().to_vec() }
        }
        9 | 50 | 104 => {
            let proto = if linktype == 104 { ethertype } else { ppp(ethertype) };
            let begin = if linktype == 104 { [0x0f, 0] } else { [0xff, 0x03] };
            [begin, proto.to_be_bytes()].concat()
        }
        51 => [&[0x11, 0, 0, 1, 0, 40][..], &ppp(ethertype).to_be_bytes()].concat(),
        113 => {
            let kind = random.below(5) as u8;
            [&[0, kind, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &ethertype.to_be_bytes()].concat()
        }
        276 => {
            let kind = random.below(5) as u8;
            let interface = random.below(3) as u8;
            [&ethertype.to_be_bytes()[..], &[0, 0, 0, 0, 0, interface, 0, 1, kind, 6, 2, 0, 0, 0, 0, 1, 0, 0]].concat()
        }
        10 => {
            let mut header = vec![0x50];
            header.extend(macs(random));
            header.extend([0xaa, 0xaa, 3, 0, 0, 0]);
            header.extend(ethertype.to_be_bytes());
            header
        }
        1 => {
            let mut header = macs(random);
            for _ in 0..[0, 0, 0, 1, 1, 2][random.below(6)] {
                header.extend(random.pick(&[[0x81, 0x00], [0x88, 0xa8], [0x91, 0x00]]));
                header.extend([[0, 1], [0, 10], [0x20, 100], [0, 0]][random.below(4)]);
            }
            match random.below(12) {
                0 => {
                    header.extend([0x88, 0x47]);
                    for last in 0..=random.below(2) {
                        let bottom = u8::from(last == 1 || random.one_in(2));
                        header.extend([0, [1, 6][random.below(2)], bottom | 0x40, 64]);
                    }
                    return header;
                }
                1 => {
                    header.extend([0x88, 0x64, 0x11, 0, 0, random.below(2) as u8, 0, 40]);
                    ethertype = ppp(ethertype);
                }
                2 => {
                    header.extend((100 + random.below(1400) as u16).to_be_bytes());
                    let llc: [&[u8]; 8] = [
                        &[0xaa, 0xaa, 3, 0, 0, 0],
                        &[0x42, 0x42, 3],
                        &[0xfe, 0xfe, 3, 0x83],
                        &[0xe0, 0xe0, 3],
                        &[0xff, 0xff],
                        &[0xf0, 0xf0, 3],
                        &[0xfe, 0xfe, 3, 0x82],
                        &[0xaa, 0xaa, 3, 8, 0, 7],
                    ];
                    header.extend(random.pick(&llc));
                    if header.ends_with(&[3, 8, 0, 7]) {
                        ethertype = 0x809b;
                    }
                }
                _ => {}
            }
            header.extend(ethertype.to_be_bytes());
            header
        }
        _ => Vec::new(),
    }
}

fn macs(random: &mut Random) -> Vec<u8> {
    let all = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [0xff; 6], [0x33, 0x33, 0, 0, 0, 1]];
    [random.pick(&all), random.pick(&all)].concat()
}

fn network(random: &mut Random) -> (u16, Vec<u8>) {
    match random.below(16) {
        0..=7 => (0x0800, v4(random)),
        8..=12 => (0x86dd, v6(random)),
        13 => {
            let kind = random.pick(&[0x0806, 0x0806, 0x8035]);
            let mut arp = vec![0, 1, 8, 0, 6, 4, 0, 1 + random.below(2) as u8];
            for _ in 0..2 {
                arp.extend([2, 0, 0, 0, 0, 1]);
                arp.extend(v4_address(random));
            }
            (kind, arp)
        }
        14 => (
            random.pick(&[0x6001, 0x6002, 0x6003, 0x6004, 0x6007, 0x809b, 0x80f3, 0x8137, 0x9000, 0x8863]),
            random.octets(40),
        ),
        _ => {
            let count = random.below(80);
            (random.next() as u16, random.octets(count))
        }
    }
}

fn v4_address(random: &mut Random) -> [u8; 4] {
    random.pick(&[
        [10, 0, 0, 1],
        [10, 0, 0, 2],
        [192, 168, 1, 7],
        [127, 0, 0, 1],
        [10, 9, 0, 1],
        [10, 9, 0, 2],
        [172, 16, 5, 4],
        [224, 0, 0, 5],
        [255; 4],
        [0; 4],
        [8, 8, 8, 8],
    ])
}

fn v6_address(random: &mut Random) -> [u8; 16] {
    let mut address = [0; 16];
    let (start, end): (&[u8], u8) = random.pick(&[
        (&[0x20, 0x01, 0x0d, 0xb8][..], 1),
        (&[0x20, 0x01, 0x0d, 0xb8], 2),
        (&[0xfe, 0x80], 1),
        (&[0xff, 0x02], 1),
        (&[0xfd], 2),
        (&[], 1),
    ]);
    address[..start.len()].copy_from_slice(start);
    address[15] = end;
    address
}

fn v4(random: &mut Random) -> Vec<u8> {
    let options = [0, 0, 0, 4, 12, 40][random.below(6)];
    let proto = random.pick(&[6, 6, 6, 17, 17, 1, 2, 132, 51, 50, 103, 112, 89, 9]);
    let body = transport(random, proto);
    let place: u16 = random.pick(&[0, 0, 0, 0x4000, 0x4000, 0x2000, 0x00b9, 0x20b9]);
    let len = (20 + options + body.len()) as u16;
    let mut packet = vec![0x45 + (options / 4) as u8, 0];
    packet.extend(len.to_be_bytes());
    packet.extend([0, 7]);
    packet.extend(place.to_be_bytes());
    packet.extend([random.pick(&[1, 64, 128, 255]), proto, 0, 0]);
    packet.extend(v4_address(random));
    packet.extend(v4_address(random));
    packet.extend(random.octets(options));
    packet.extend(body);
    packet
}

fn v6(random: &mut Random) -> Vec<u8> {
    let proto = random.pick(&[6, 6, 17, 58, 58, 132, 59, 103]);
    let mut body = transport(random, proto);
    let mut next = proto;
    for _ in 0..[0, 0, 0, 1, 2][random.below(5)] {
        let kind = random.pick(&[0, 43, 44, 60]);
        let units = if kind == 44 { 0 } else { random.below(2) };
        let mut header = vec![next, units as u8];
        header.extend(random.octets(6 + 8 * units));
        header.extend(body);
        body = header;
        next = kind;
    }
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((body.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    packet.extend(v6_address(random));
    packet.extend(v6_address(random));
    packet.extend(body);
    packet
}

fn transport(random: &mut Random, proto: u8) -> Vec<u8> {
    let port = |random: &mut Random| {
        let known = [80_u16, 443, 22, 53, 8080, 5001, 1, 65535, 123, 20, 40000, 21];
        if random.one_in(3) { random.next() as u16 } else { random.pick(&known) }
    };
    let mut body = Vec::new();
    match proto {
        6 => {
            body.extend(port(random).to_be_bytes());
            body.extend(port(random).to_be_bytes());
            body.extend(random.octets(8));
            body.extend([0x50 + 16 * random.below(4) as u8, random.pick(&[2, 18, 16, 24, 17, 4, 20, 0, 0xc2])]);
            body.extend(random.octets(6));
        }
        17 | 132 => {
            body.extend(port(random).to_be_bytes());
            body.extend(port(random).to_be_bytes());
            body.extend([0, random.below(64) as u8, 0, 0]);
        }
        1 => body.extend([random.pick(&[0, 8, 3, 11]), 0, 0, 0]),
        58 => body.extend([random.pick(&[128, 129, 135, 1]), 0, 0, 0]),
        _ => {}
    }
    let more = random.below(60);
    body.extend(random.octets(more));
    body
}
