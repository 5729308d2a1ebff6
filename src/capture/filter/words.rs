//! The words of the language.

use super::tree::Proto;

/// Every word that means something by itself, with the one that it stands for.
const WORDS: &[(&str, &str)] = &[
    ("src", "src"),
    ("dst", "dst"),
    ("host", "host"),
    ("net", "net"),
    ("mask", "mask"),
    ("port", "port"),
    ("portrange", "portrange"),
    ("proto", "proto"),
    ("protochain", "protochain"),
    ("less", "less"),
    ("greater", "greater"),
    ("broadcast", "broadcast"),
    ("multicast", "multicast"),
    ("and", "and"),
    ("or", "or"),
    ("not", "not"),
    ("len", "len"),
    ("length", "len"),
    ("inbound", "inbound"),
    ("outbound", "outbound"),
    ("ifindex", "ifindex"),
    ("vlan", "vlan"),
    ("mpls", "mpls"),
    ("pppoed", "pppoed"),
    ("pppoes", "pppoes"),
    ("llc", "llc"),
    ("rnr", "rnr"),
];

/// Words of libpcap's that synfin leaves out, and why.
const LEFT_OUT: &[(&[&str], &str)] = &[
    (
        &["gateway"],
        "synfin looks up no names, and 'gateway' needs a host's address and hardware address from the system",
    ),
    (&["byte"], "'byte' is left out: libpcap's own '&' and '|' forms of it do not look at the packet"),
    (&["geneve"], "'geneve' is left out: synfin does not look into tunnels over UDP"),
    (
        &["type", "subtype", "direction", "dir", "addr1", "address1", "addr2", "address2", "addr3", "address3"],
        "synfin has no filters on the headers of 802.11 frames",
    ),
    (&["addr4", "address4", "ra", "ta", "radio"], "synfin has no filters on the headers of 802.11 frames"),
    (
        &["lane", "metac", "bcc", "oam", "oamf4", "oamf4ec", "oamf4sc", "sc", "ilmic", "vpi", "vci", "connectmsg"],
        "synfin does not read ATM captures, which this word is for",
    ),
    (&["metaconnect"], "synfin does not read ATM captures, which this word is for"),
    (
        &["on", "ifname", "rset", "ruleset", "rulenum", "srnr", "subrulenum", "reason", "action"],
        "synfin does not read the log of OpenBSD's pf, which this word is for",
    ),
    (
        &["fisu", "lssu", "lsu", "msu", "hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc"],
        "synfin does not read SS7 captures, which this word is for",
    ),
    (&["hsls"], "synfin does not read SS7 captures, which this word is for"),
];

/// Words for numbers.
const NUMBERS: &[(&str, u32)] = &[
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp-ireq", 15),
    ("icmp-ireqreply", 16),
    ("icmp-maskreq", 17),
    ("icmp-maskreply", 18),
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("icmp6-destinationunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-multicastlistenerquery", 130),
    ("icmp6-multicastlistenerreportv1", 131),
    ("icmp6-multicastlistenerdone", 132),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
    ("icmp6-routerrenum", 138),
    ("icmp6-nodeinformationquery", 139),
    ("icmp6-nodeinformationresponse", 140),
    ("icmp6-ineighbordiscoverysolicit", 141),
    ("icmp6-ineighbordiscoveryadvert", 142),
    ("icmp6-multicastlistenerreportv2", 143),
    ("icmp6-homeagentdiscoveryrequest", 144),
    ("icmp6-homeagentdiscoveryreply", 145),
    ("icmp6-mobileprefixsolicit", 146),
    ("icmp6-mobileprefixadvert", 147),
    ("icmp6-certpathsolicit", 148),
    ("icmp6-certpathadvert", 149),
    ("icmp6-multicastrouteradvert", 151),
    ("icmp6-multicastroutersolicit", 152),
    ("icmp6-multicastrouterterm", 153),
    ("tcpflags", 13),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
];

/// What a word is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// One of the language's own, by its plainest name.
    Word(&'static str),
    Proto(Proto),
    Number(u32),
    /// One that synfin does not take, and why.
    LeftOut(&'static str),
}

/// What the word means, if it is one.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    if let Some((_, plain)) = WORDS.iter().find(|(name, _)| *name == word) {
        return Some(Meaning::Word(plain));
    }
    if let Some(proto) = Proto::named(word) {
        return Some(Meaning::Proto(proto));
    }
    if let Some((_, number)) = NUMBERS.iter().find(|(name, _)| *name == word) {
        return Some(Meaning::Number(*number));
    }
    LEFT_OUT.iter().find(|(names, _)| names.contains(&word)).map(|(_, why)| Meaning::LeftOut(why))
}

/// The word that was probably meant.
pub(super) fn near(word: &str) -> Option<&'static str> {
    let small = word.to_ascii_lowercase();
    let all = WORDS.iter().map(|(name, _)| *name);
    let all = all.chain(Proto::words()).chain(NUMBERS.iter().map(|(name, _)| *name));
    let most = if small.len() < 4 { 1 } else { 2 };
    all.map(|name| (edits(&small, name), name))
        .filter(|(edits, name)| *edits <= most && *edits < name.len().min(small.len()))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// How many letters have to be put in, left out, exchanged or swapped with the next.
fn edits(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood() {
        assert_eq!(near("prot"), Some("port"));
        assert_eq!(near("TCP"), Some("tcp"));
        assert_eq!(near("hots"), Some("host"));
        assert_eq!(near("udpp"), Some("udp"));
        assert_eq!(near("xyzzy"), None);
    }

    #[test]
    fn no_word_has_two_meanings() {
        let words = WORDS.iter().map(|(name, _)| *name).chain(Proto::words()).chain(NUMBERS.iter().map(|(n, _)| *n));
        let mut words: Vec<&str> = words.chain(LEFT_OUT.iter().flat_map(|(names, _)| names.iter().copied())).collect();
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
    }
}
