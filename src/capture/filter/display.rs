//! Wireshark's display filters, recognised by those who type one where a capture filter belongs, and
//! said again in the language of capture filters as far as it goes.

use std::ops::Range;

use super::error::Complaint;

/// What to say of an expression that is none, if it looks like a display filter.
pub(super) fn advice(text: &str) -> Option<Complaint> {
    let pieces = pieces(text);
    let (field, span) = pieces.iter().find_map(|(piece, span)| match piece {
        Piece::Word(word) if is_field(word) => Some((word, span)),
        _ => None,
    })?;
    let mut reader = Reader { pieces: &pieces, at: 0, depth: 0 };
    let said = reader.either().filter(|_| reader.at == pieces.len());
    if let Some(said) = said {
        let what = format!("'{field}' is a word of Wireshark's display filters");
        return Some(Complaint::new(span, what).hint(format!("as a capture filter: {}", said.text)));
    }
    let field = reader.stuck().unwrap_or(field);
    let what = format!("'{field}' is a word of Wireshark's display filters, and capture filters have none for it");
    Some(Complaint::new(&place(text, field, span), what).hint("`tshark -r FILE -Y FILTER` understands display filters"))
}

fn place(text: &str, field: &str, span: &Range<usize>) -> Range<usize> {
    text.find(field).map_or(span.clone(), |at| at..at + field.len())
}

/// Protocols whose fields people ask for.
const PROTOCOLS: &[&str] = &[
    "ip", "ipv6", "tcp", "udp", "eth", "frame", "icmp", "icmpv6", "arp", "vlan", "mpls", "http", "http2", "dns", "tls",
    "ssl", "sctp", "quic", "dhcp", "bootp", "ssh", "ftp", "smtp", "ntp", "data", "ppp", "pppoes", "wlan", "sip", "rtp",
    "dhcpv6",
];

/// Whether the word is a field, or a protocol that only display filters know.
fn is_field(word: &str) -> bool {
    match word.split_once('.') {
        Some((protocol, field)) => {
            PROTOCOLS.contains(&protocol) && field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        }
        None => BARE.iter().any(|(name, _, only)| *name == word && *only),
    }
}

/// Protocols by themselves: their filter, and whether only display filters have the word.
const BARE: &[(&str, &str, bool)] = &[
    ("ip", "ip", false),
    ("tcp", "tcp", false),
    ("udp", "udp", false),
    ("sctp", "sctp", false),
    ("icmp", "icmp", false),
    ("igmp", "igmp", false),
    ("arp", "arp", false),
    ("stp", "stp", false),
    ("llc", "llc", false),
    ("vlan", "vlan", false),
    ("mpls", "mpls", false),
    ("pppoes", "pppoes", false),
    ("ipv6", "ip6", true),
    ("icmpv6", "icmp6", true),
    ("http", "tcp port 80", true),
    ("tls", "tcp port 443", true),
    ("ssl", "tcp port 443", true),
    ("quic", "udp port 443", true),
    ("dns", "port 53", true),
    ("ssh", "tcp port 22", true),
    ("ftp", "tcp port 21", true),
    ("smtp", "tcp port 25", true),
    ("ntp", "udp port 123", true),
    ("dhcp", "udp portrange 67-68", true),
    ("bootp", "udp portrange 67-68", true),
];

/// How a field is asked for.
#[derive(Clone, Copy)]
enum Way {
    /// Qualifiers that an address or a network follows.
    Address(&'static str),
    Hardware(&'static str),
    /// Qualifiers that a port follows.
    Port(&'static str),
    /// A number in the packet.
    Number(&'static str),
    /// A word that a number follows.
    Numbered(&'static str),
    /// Bits that are set or not.
    Bit(&'static str),
}

const FIELDS: &[(&str, Way)] = &[
    ("ip.addr", Way::Address("")),
    ("ip.host", Way::Address("")),
    ("ip.src", Way::Address("src ")),
    ("ip.src_host", Way::Address("src ")),
    ("ip.dst", Way::Address("dst ")),
    ("ip.dst_host", Way::Address("dst ")),
    ("ipv6.addr", Way::Address("")),
    ("ipv6.src", Way::Address("src ")),
    ("ipv6.dst", Way::Address("dst ")),
    ("eth.addr", Way::Hardware("")),
    ("eth.src", Way::Hardware("src ")),
    ("eth.dst", Way::Hardware("dst ")),
    ("tcp.port", Way::Port("tcp ")),
    ("tcp.srcport", Way::Port("tcp src ")),
    ("tcp.dstport", Way::Port("tcp dst ")),
    ("udp.port", Way::Port("udp ")),
    ("udp.srcport", Way::Port("udp src ")),
    ("udp.dstport", Way::Port("udp dst ")),
    ("sctp.port", Way::Port("sctp ")),
    ("sctp.srcport", Way::Port("sctp src ")),
    ("sctp.dstport", Way::Port("sctp dst ")),
    ("frame.len", Way::Number("len")),
    ("eth.type", Way::Number("ether[12:2]")),
    ("arp.opcode", Way::Number("arp[6:2]")),
    ("ip.proto", Way::Number("ip[9]")),
    ("ip.ttl", Way::Number("ip[8]")),
    ("ip.len", Way::Number("ip[2:2]")),
    ("ip.id", Way::Number("ip[4:2]")),
    ("ipv6.nxt", Way::Number("ip6[6]")),
    ("ipv6.hlim", Way::Number("ip6[7]")),
    ("ipv6.plen", Way::Number("ip6[4:2]")),
    ("tcp.seq_raw", Way::Number("tcp[4:4]")),
    ("tcp.ack_raw", Way::Number("tcp[8:4]")),
    ("tcp.flags", Way::Number("tcp[tcpflags]")),
    ("tcp.window_size_value", Way::Number("tcp[14:2]")),
    ("udp.length", Way::Number("udp[4:2]")),
    ("icmp.type", Way::Number("icmp[icmptype]")),
    ("icmp.code", Way::Number("icmp[icmpcode]")),
    ("icmpv6.type", Way::Number("icmp6[icmp6type]")),
    ("icmpv6.code", Way::Number("icmp6[icmp6code]")),
    ("vlan.id", Way::Numbered("vlan")),
    ("mpls.label", Way::Numbered("mpls")),
    ("tcp.flags.fin", Way::Bit("tcp[tcpflags] & tcp-fin")),
    ("tcp.flags.syn", Way::Bit("tcp[tcpflags] & tcp-syn")),
    ("tcp.flags.reset", Way::Bit("tcp[tcpflags] & tcp-rst")),
    ("tcp.flags.push", Way::Bit("tcp[tcpflags] & tcp-push")),
    ("tcp.flags.ack", Way::Bit("tcp[tcpflags] & tcp-ack")),
    ("tcp.flags.urg", Way::Bit("tcp[tcpflags] & tcp-urg")),
    ("tcp.flags.ece", Way::Bit("tcp[tcpflags] & tcp-ece")),
    ("tcp.flags.cwr", Way::Bit("tcp[tcpflags] & tcp-cwr")),
    ("ip.flags.df", Way::Bit("ip[6] & 0x40")),
    ("ip.flags.mf", Way::Bit("ip[6] & 0x20")),
];

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Word(String),
    Sign(&'static str),
}

/// Signs and the words for them.
const SIGNS: &[(&str, &str)] = &[
    ("==", "=="),
    ("!=", "!="),
    (">=", ">="),
    ("<=", "<="),
    ("&&", "and"),
    ("||", "or"),
    (">", ">"),
    ("<", "<"),
    ("!", "not"),
    ("(", "("),
    (")", ")"),
    ("=", "=="),
];
const SPELT: &[(&str, &str)] = &[
    ("eq", "=="),
    ("ne", "!="),
    ("ge", ">="),
    ("le", "<="),
    ("gt", ">"),
    ("lt", "<"),
    ("and", "and"),
    ("or", "or"),
    ("not", "not"),
];

fn pieces(text: &str) -> Vec<(Piece, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.:/-".contains(c))).unwrap_or(rest.len());
        let len = if let Some((sign, plain)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            pieces.push((Piece::Sign(plain), at..at + sign.len()));
            sign.len()
        } else if word > 0 {
            let text = &rest[..word];
            let spelt = SPELT.iter().find(|(name, _)| *name == text).map(|(_, sign)| Piece::Sign(sign));
            pieces.push((spelt.unwrap_or_else(|| Piece::Word(text.to_owned())), at..at + word));
            word
        } else {
            if !c.is_whitespace() {
                pieces.push((Piece::Word(c.to_string()), at..at + c.len_utf8()));
            }
            c.len_utf8()
        };
        at += len;
    }
    pieces
}

/// A capture filter, and whether it has to be put in parentheses before something is joined to it.
struct Said {
    text: String,
    loose: bool,
}

impl Said {
    fn tight(text: impl Into<String>) -> Self {
        Self { text: text.into(), loose: false }
    }

    fn held(self) -> String {
        if self.loose { format!("({})", self.text) } else { self.text }
    }
}

/// The deepest nesting that is followed.
const DEEPEST: u32 = 50;

struct Reader<'a> {
    pieces: &'a [(Piece, Range<usize>)],
    at: usize,
    depth: u32,
}

/// Display filters have `and` bind more than `or`; here the two bind alike, so parentheses say it.
impl<'a> Reader<'a> {
    fn sees(&self, sign: &str) -> bool {
        matches!(self.pieces.get(self.at), Some((Piece::Sign(seen), _)) if *seen == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let takes = self.sees(sign);
        self.at += usize::from(takes);
        takes
    }

    fn word(&mut self) -> Option<&'a str> {
        let Some((Piece::Word(word), _)) = self.pieces.get(self.at) else { return None };
        self.at += 1;
        Some(word)
    }

    /// The word at which the reading ended.
    fn stuck(&self) -> Option<&'a String> {
        let before = self.pieces.get(..=self.at.min(self.pieces.len().saturating_sub(1)))?;
        before.iter().rev().find_map(|(piece, _)| match piece {
            Piece::Word(word) if is_field(word) => Some(word),
            _ => None,
        })
    }

    fn either(&mut self) -> Option<Said> {
        let first = self.all()?;
        if !self.sees("or") {
            return Some(first);
        }
        let mut text = first.held();
        while self.takes("or") {
            text = format!("{text} or {}", self.all()?.held());
        }
        Some(Said { text, loose: true })
    }

    fn all(&mut self) -> Option<Said> {
        let first = self.one()?;
        if !self.sees("and") {
            return Some(first);
        }
        let mut text = first.held();
        while self.takes("and") {
            text = format!("{text} and {}", self.one()?.held());
        }
        Some(Said { text, loose: true })
    }

    fn one(&mut self) -> Option<Said> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let said = if self.takes("not") {
            Said::tight(format!("not {}", self.one()?.held()))
        } else if self.takes("(") {
            let inner = self.either()?;
            if !self.takes(")") {
                return None;
            }
            inner
        } else {
            self.field()?
        };
        self.depth -= 1;
        Some(said)
    }

    fn field(&mut self) -> Option<Said> {
        let start = self.at;
        let said = self.word().and_then(|name| self.about(name));
        if said.is_none() {
            self.at = start;
        }
        said
    }

    fn about(&mut self, name: &str) -> Option<Said> {
        if let Some((_, filter, _)) = BARE.iter().find(|(bare, ..)| *bare == name) {
            return Some(Said::tight(*filter));
        }
        let (_, way) = FIELDS.iter().find(|(field, _)| *field == name)?;
        let comparisons = ["==", "!=", ">=", "<=", ">", "<"];
        let Some(sign) = comparisons.into_iter().find(|sign| self.takes(sign)) else {
            return match way {
                Way::Bit(bits) => Some(Said::tight(format!("{bits} != 0"))),
                Way::Address(_) | Way::Hardware(_) | Way::Port(_) | Way::Number(_) | Way::Numbered(_) => None,
            };
        };
        let value = self.word()?;
        let equal = |text: String| match sign {
            "==" => Some(Said::tight(text)),
            "!=" => Some(Said::tight(format!("not {text}"))),
            _ => None,
        };
        match way {
            Way::Address(side) if value.contains('/') => equal(format!("{side}net {value}")),
            Way::Address(side) => equal(format!("{side}host {value}")),
            Way::Hardware(side) => equal(format!("ether {side}host {value}")),
            Way::Numbered(word) => equal(format!("{word} {value}")),
            Way::Number(number) => {
                Some(Said::tight(format!("{number} {} {value}", if sign == "==" { "=" } else { sign })))
            }
            Way::Bit(bits) => {
                let set = matches!(value, "1" | "True" | "true" | "TRUE");
                equal(format!("{bits} {} 0", if set { "!=" } else { "=" }))
            }
            Way::Port(which) => {
                let port: u16 = value.parse().ok()?;
                match sign {
                    "==" | "!=" => equal(format!("{which}port {port}")),
                    ">" => Some(Said::tight(format!("{which}portrange {}-65535", port.checked_add(1)?))),
                    ">=" => Some(Said::tight(format!("{which}portrange {port}-65535"))),
                    "<" => Some(Said::tight(format!("{which}portrange 0-{}", port.checked_sub(1)?))),
                    _ => Some(Said::tight(format!("{which}portrange 0-{port}"))),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::filter::Filter;

    #[test]
    fn display_filters_are_said_again_as_capture_filters() {
        for (display, capture) in [
            ("tcp.port == 80", "tcp port 80"),
            ("ip.addr == 10.0.0.1 && tcp.dstport eq 443", "host 10.0.0.1 and tcp dst port 443"),
            ("ip.src != 10.0.0.0/8", "not src net 10.0.0.0/8"),
            (
                "tcp.port == 80 or tcp.port == 443 and ip.addr == 10.0.0.1",
                "tcp port 80 or (tcp port 443 and host 10.0.0.1)",
            ),
            (
                "tcp.flags.syn == 1 && tcp.flags.ack == 0",
                "tcp[tcpflags] & tcp-syn != 0 and tcp[tcpflags] & tcp-ack = 0",
            ),
            ("!(ipv6.addr == ::1)", "not host ::1"),
            ("udp.port > 1023", "udp portrange 1024-65535"),
            ("eth.addr == 02:00:00:00:00:01", "ether host 02:00:00:00:00:01"),
            ("frame.len > 100 and dns", "len > 100 and port 53"),
            ("vlan.id == 7", "vlan 7"),
            ("ip.ttl < 5", "ip[8] < 5"),
        ] {
            let error = Filter::parse(display).expect_err(display);
            assert_eq!(error.hint(), Some(&*format!("as a capture filter: {capture}")), "{display}");
            Filter::parse(capture).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_field_that_no_capture_filter_has_is_named() {
        let error = Filter::parse("tcp.port == 80 && http.request.method == \"GET\"").expect_err("a display filter");
        assert!(error.what().starts_with("'http.request.method' is a word of Wireshark's"), "{error}");
        assert_eq!(&error.text()[error.span()], "http.request.method");
        let error = Filter::parse("tcp.analysis.retransmission").expect_err("a display filter");
        assert!(error.hint().is_some_and(|hint| hint.contains("tshark")), "{error}");
    }

    #[test]
    fn what_only_looks_like_a_host_is_none_of_them() {
        assert_eq!(advice("host www.example.com"), None);
        assert_eq!(advice("net 10.0"), None);
    }
}
