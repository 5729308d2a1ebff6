//! Random expressions and random packets, the same ones for the same seed.

/// Marsaglia's xorshift.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    pub(crate) fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

const PROTOS: &[&str] = &[
    "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "ah",
    "esp", "stp", "ipx", "netbeui", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso", "esis", "isis",
    "clnp", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "llc", "llc i", "llc s", "llc u", "llc rr", "llc rnr",
    "llc ui", "llc xid",
];
const COMMON: &[&str] = &["ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6"];
const V4: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "192.168.1.7",
    "127.0.0.1",
    "10.9.0.1",
    "10.9.0.2",
    "172.16.5.4",
    "255.255.255.255",
    "10.7.0.2",
];
const V6: &[&str] = &["2001:db8::1", "2001:db8::2", "::1", "fe80::1", "ff02::1", "fd00::2", "::ffff:10.0.0.1"];
const NETS: &[&str] = &[
    "10.0.0.0/8",
    "10",
    "192.168",
    "192.168.1",
    "192.168.1.0/24",
    "0.0.0.0/0",
    "10.0.0.0 mask 255.0.0.0",
    "2001:db8::/32",
    "fe80::/10",
    "::/0",
    "172.16.0.0/12",
    "10.9.0.0/30",
    "127.0.0.0/8",
    "fd00::/8",
];
const MACS: &[&str] =
    &["02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "33-33-00-00-00-01", "0200.0000.0001"];
const PORTS: &[&str] = &[
    "80", "443", "22", "53", "8080", "5001", "1", "65535", "http", "domain", "ssh", "ntp", "https", "0x50", "ftp-data",
    "40000", "21",
];
const RANGES: &[&str] = &["1-1023", "20-100", "1000-9000", "9000-1000", "80", "ftp-ssh", "30000-65535"];
const FIELDS: &[&str] = &[
    "tcp[tcpflags]",
    "tcp[13]",
    "tcp[2:2]",
    "tcp[0:4]",
    "tcp[12]",
    "udp[4:2]",
    "udp[0:2]",
    "ip[0]",
    "ip[2:2]",
    "ip[6:2]",
    "ip[8]",
    "ip[9]",
    "ip[12:4]",
    "ip6[6]",
    "ip6[4:2]",
    "ip6[40]",
    "icmp[icmptype]",
    "icmp[1]",
    "icmp6[icmp6type]",
    "ether[0]",
    "ether[12:2]",
    "ether[6:4]",
    "ether[13]",
    "arp[6:2]",
    "len",
    "sctp[0:2]",
    "tcp[ip[0] & 0xf]",
    "ip[ip[0] & 15]",
    "ether[ether[14] & 7:2]",
    "igmp[0]",
    "tcp[0xfffffffe:2]",
    "ip[-2:2]",
    "udp[udp[5] & 3]",
    "pim[0]",
    "tcp[(tcp[12] & 0xf0) >> 2]",
    "rarp[2:2]",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "5",
    "6",
    "8",
    "17",
    "20",
    "40",
    "60",
    "64",
    "80",
    "100",
    "128",
    "255",
    "0x0800",
    "0x86dd",
    "0xf",
    "0x1fff",
    "1500",
    "tcp-syn",
    "tcp-ack",
    "(tcp-syn|tcp-fin)",
    "icmp-echo",
    "0xffffffff",
    "010",
    "69",
];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"];
const COMPARISONS: &[&str] = &["=", "==", "!=", ">", "<", ">=", "<="];

/// A random expression: sound as a rule, and now and then not.
pub(crate) fn expression(random: &mut Random) -> String {
    let mut text = row(random, 3);
    // A word out of place, to see both refuse it.
    if random.one_in(40) {
        let at = random.below(text.len() + 1);
        if text.is_char_boundary(at) {
            text.insert_str(
                at,
                random.pick(&[" ", " tcp ", "(", ")", " 80 ", " and ", " not ", "-", " src ", " 10.0.0.1 "]),
            );
        }
    }
    text
}

fn row(random: &mut Random, depth: usize) -> String {
    let mut text = item(random, depth);
    while random.one_in(2) {
        text.push_str(random.pick(&[" and ", " or ", " && ", " || ", " and not ", " or not "]));
        // A bare value takes what the one before was called.
        if random.one_in(6) {
            text.push_str(if random.one_in(2) { random.pick(V4) } else { random.pick(PORTS) });
        } else {
            text.push_str(&item(random, depth));
        }
    }
    text
}

fn item(random: &mut Random, depth: usize) -> String {
    match random.below(if depth > 0 { 22 } else { 20 }) {
        0..=2 => random.pick(COMMON).to_owned(),
        3 => random.pick(PROTOS).to_owned(),
        4..=6 => host(random),
        7..=9 => port(random),
        10..=12 => comparison(random),
        13 => {
            let words = [
                "ether broadcast",
                "broadcast",
                "ether multicast",
                "multicast",
                "ip multicast",
                "ip6 multicast",
                "ip broadcast",
            ];
            random.pick(&words).to_owned()
        }
        14 => format!(
            "{} {}",
            random.pick(&["less", "greater"]),
            random.pick(&["0", "40", "60", "66", "74", "100", "1500"])
        ),
        15 | 16 => tag(random),
        17 => proto(random),
        18 => {
            let words = ["inbound", "outbound", "ifindex 1", "ether host 02:00:00:00:00:01", "ether proto 0x0806"];
            random.pick(&words).to_owned()
        }
        19 => format!("not {}", item(random, depth)),
        _ => format!("({})", row(random, depth - 1)),
    }
}

fn direction(random: &mut Random) -> &'static str {
    random.pick(&["", "", "src ", "dst ", "src or dst ", "src and dst ", "dst or src ", "dst and src "])
}

fn host(random: &mut Random) -> String {
    let dir = direction(random);
    match random.below(8) {
        0 => format!("ether {dir}host {}", random.pick(MACS)),
        1 => format!("{dir}net {}", random.pick(NETS)),
        2 => format!("{dir}host {}", random.pick(V6)),
        3 => format!("{}{dir}host {}", random.pick(&["ip ", "arp ", "rarp ", "tcp ", "ip6 "]), random.pick(V4)),
        4 => format!("ip6 {dir}host {}", random.pick(V6)),
        5 => format!("{dir}host ({} or {})", random.pick(V4), random.pick(V4)),
        _ => format!("{dir}host {}", random.pick(V4)),
    }
}

fn port(random: &mut Random) -> String {
    let proto = random.pick(&["", "", "tcp ", "udp ", "sctp ", "ip "]);
    let dir = direction(random);
    match random.below(5) {
        0 => format!("{proto}{dir}portrange {}", random.pick(RANGES)),
        1 => format!("{proto}{dir}port ({} or {})", random.pick(PORTS), random.pick(PORTS)),
        _ => format!("{proto}{dir}port {}", random.pick(PORTS)),
    }
}

fn proto(random: &mut Random) -> String {
    let numbers = ["6", "17", "1", "58", "44", "132", r"\tcp", r"\udp", r"\icmp", "ospf", "ipv6-icmp"];
    match random.below(6) {
        0 => format!(
            "ether proto {}",
            random.pick(&["0x0800", "0x86dd", r"\ip", r"\ip6", r"\arp", "0x42", "0x8847", "loopback"])
        ),
        1 => format!("ip proto {}", random.pick(&numbers)),
        2 => format!("ip6 proto {}", random.pick(&numbers)),
        3 => format!("{}protochain {}", random.pick(&["", "ip ", "ip6 "]), random.pick(&numbers)),
        _ => format!("proto {}", random.pick(&numbers)),
    }
}

fn tag(random: &mut Random) -> String {
    let words = [
        "vlan",
        "vlan",
        "vlan 1",
        "vlan 10",
        "vlan 100",
        "vlan 0",
        "mpls",
        "mpls 16",
        "mpls 100",
        "pppoes",
        "pppoes 1",
        "pppoed",
        "vlan and vlan",
        "vlan and ip",
        "mpls and tcp",
        "pppoes and ip",
    ];
    random.pick(&words).to_owned()
}

fn comparison(random: &mut Random) -> String {
    let left = sum(random, 2);
    let right = if random.one_in(4) { sum(random, 1) } else { random.pick(NUMBERS).to_owned() };
    format!("{left} {} {right}", random.pick(COMPARISONS))
}

fn sum(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(2) {
        let list = if random.one_in(4) { NUMBERS } else { FIELDS };
        return random.pick(list).to_owned();
    }
    let (a, b) = (sum(random, depth - 1), sum(random, depth - 1));
    let operator = random.pick(OPERATORS);
    match random.below(4) {
        0 => format!("({a} {operator} {b})"),
        1 => format!("{a} {operator} ({b} {} {})", random.pick(OPERATORS), random.pick(NUMBERS)),
        2 => format!("-{a} {operator} {b}"),
        _ => format!("{a} {operator} {b}"),
    }
}
