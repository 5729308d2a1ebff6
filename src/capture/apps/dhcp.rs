//! DHCP messages for IPv4 (RFC 2131, options of RFC 2132).

use std::net::Ipv4Addr;

use super::{Act, Said, Step, text};

/// The four octets before the options.
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A DHCP message, as far as it tells who asks for what and who gives it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dhcp<'a> {
    /// Whether a server speaks.
    pub reply: bool,
    /// What ties an answer to its question.
    pub xid: u32,
    /// What kind of message it is; `None` in plain BOOTP.
    pub kind: Option<Kind>,
    /// The client's link address, where it is one of Ethernet.
    pub hardware: Option<[u8; 6]>,
    /// The address that the client has.
    pub client: Option<Ipv4Addr>,
    /// The address that the client is given.
    pub yours: Option<Ipv4Addr>,
    /// The relay that carried it.
    pub relay: Option<Ipv4Addr>,
    /// The address that the client asks for.
    pub requested: Option<Ipv4Addr>,
    /// The server that is meant, or speaks.
    pub server: Option<Ipv4Addr>,
    /// For how many seconds the address is given.
    pub lease: Option<u32>,
    /// The mask of the network.
    pub mask: Option<Ipv4Addr>,
    /// The first router.
    pub router: Option<Ipv4Addr>,
    /// The first name server.
    pub name_server: Option<Ipv4Addr>,
    /// What the client calls itself, unescaped.
    pub host_name: Option<&'a [u8]>,
    /// The domain that names are completed with, unescaped.
    pub domain: Option<&'a [u8]>,
    /// What the client is made of, unescaped.
    pub vendor: Option<&'a [u8]>,
    /// What the server says is wrong, unescaped.
    pub message: Option<&'a [u8]>,
}

/// The kinds of messages (RFC 2132, section 9.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// The client asks for an address, or to keep it.
    Request,
    /// The client has found the address in use.
    Decline,
    /// The server gives it.
    Ack,
    /// The server does not.
    Nak,
    /// The client gives it back.
    Release,
    /// The client has an address and asks for the rest.
    Inform,
    /// One of the kinds that came later.
    Other(u8),
}

impl Kind {
    const fn of(octet: u8) -> Self {
        match octet {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            other => Self::Other(other),
        }
    }

    /// Its name in the records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Offer => "offer",
            Self::Request => "request",
            Self::Decline => "decline",
            Self::Ack => "ack",
            Self::Nak => "nak",
            Self::Release => "release",
            Self::Inform => "inform",
            Self::Other(_) => "other",
        }
    }
}

/// Reads a message; `None` where the fixed part is not all there or cannot be one.
pub fn read(octets: &[u8]) -> Option<Dhcp<'_>> {
    let (fixed, rest) = octets.split_first_chunk::<236>()?;
    let reply = match fixed[0] {
        1 => false,
        2 => true,
        _ => return None,
    };
    let addr = |at: usize| address(&fixed[at..at + 4]);
    let ethernet = fixed[1] == 1 && fixed[2] == 6;
    let mut dhcp = Dhcp {
        reply,
        xid: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        kind: None,
        hardware: fixed[28..].first_chunk().copied().filter(|_| ethernet),
        client: addr(12),
        yours: addr(16),
        relay: addr(24),
        requested: None,
        server: None,
        lease: None,
        mask: None,
        router: None,
        name_server: None,
        host_name: None,
        domain: None,
        vendor: None,
        message: None,
    };
    let options = rest.strip_prefix(&COOKIE).unwrap_or_default();
    let mut overload = 0;
    for (code, value) in Options(options) {
        overload = if code == 52 { value.first().copied().unwrap_or(0) } else { overload };
        dhcp.take(code, value);
    }
    // The fields for a file and for the server's name may hold options too (section 9.3).
    for (bit, field) in [(1, &octets[108..236]), (2, &octets[44..108])] {
        if overload & bit != 0 {
            Options(field).for_each(|(code, value)| dhcp.take(code, value));
        }
    }
    Some(dhcp)
}

impl<'a> Dhcp<'a> {
    fn take(&mut self, code: u8, value: &'a [u8]) {
        match code {
            1 => self.mask = address(value),
            3 => self.router = address(value),
            6 => self.name_server = address(value),
            12 => self.host_name = Some(value),
            15 => self.domain = Some(value),
            50 => self.requested = address(value),
            51 => self.lease = value.first_chunk().map(|octets| u32::from_be_bytes(*octets)),
            53 => self.kind = value.first().map(|octet| Kind::of(*octet)),
            54 => self.server = address(value),
            56 => self.message = Some(value),
            60 => self.vendor = Some(value),
            _ => {}
        }
    }
}

/// The address at the front; none where it is all zero.
fn address(octets: &[u8]) -> Option<Ipv4Addr> {
    octets.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets)).filter(|addr| !addr.is_unspecified())
}

/// Options, code and value each, up to their end mark or to where one does not fit.
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&code, rest) = self.0.split_first()?;
            match code {
                0 => self.0 = rest,
                255 => return None,
                code => {
                    let (&length, rest) = rest.split_first()?;
                    let (value, rest) = rest.split_at_checked(usize::from(length))?;
                    self.0 = rest;
                    return Some((code, value));
                }
            }
        }
    }
}

/// What is kept of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digest {
    /// Whether a server speaks.
    pub reply: bool,
    /// What ties an answer to its question.
    pub xid: u32,
    /// What kind of message it is; `None` in plain BOOTP.
    pub kind: Option<Kind>,
    /// The client's link address.
    pub hardware: Option<[u8; 6]>,
    /// The address that is given; of a client that which it asks for, or has.
    pub address: Option<Ipv4Addr>,
    /// The server that is meant, or speaks.
    pub server: Option<Ipv4Addr>,
    /// For how many seconds the address is given.
    pub lease: Option<u32>,
    /// The first router.
    pub router: Option<Ipv4Addr>,
    /// The first name server.
    pub name_server: Option<Ipv4Addr>,
    /// What the client calls itself, unescaped.
    pub host_name: Option<String>,
    /// The domain that names are completed with, unescaped.
    pub domain: Option<String>,
    /// What the server says is wrong, unescaped.
    pub message: Option<String>,
}

impl Digest {
    fn of(dhcp: &Dhcp<'_>) -> Self {
        let words = |octets: Option<&[u8]>| octets.map(|octets| text(octets.trim_ascii_end(), 255));
        Self {
            reply: dhcp.reply,
            xid: dhcp.xid,
            kind: dhcp.kind,
            hardware: dhcp.hardware,
            address: dhcp.yours.or(dhcp.requested).or(dhcp.client),
            server: dhcp.server,
            lease: dhcp.lease,
            router: dhcp.router,
            name_server: dhcp.name_server,
            host_name: words(dhcp.host_name),
            domain: words(dhcp.domain),
            message: words(dhcp.message),
        }
    }

    pub(super) fn act(&self) -> Act {
        match (self.reply, self.kind) {
            (false, Some(Kind::Release | Kind::Decline)) => Act::Tells,
            (false, _) => Act::Asks,
            (true, _) => Act::Answers,
        }
    }

    pub(super) fn cost(&self) -> usize {
        let words = [&self.host_name, &self.domain, &self.message];
        size_of::<Self>() + words.iter().map(|words| words.as_ref().map_or(0, String::len)).sum::<usize>()
    }
}

/// Hears a datagram.
pub(super) fn hear(octets: &[u8]) -> Step {
    let said = read(octets).map(|dhcp| Said::Dhcp(Box::new(Digest::of(&dhcp))));
    Step::Message(octets.len() as u64, said.into_iter().collect())
}

/// Whether a datagram is DHCP beyond doubt, and speaks for a server.
pub(super) fn guess(octets: &[u8]) -> Option<bool> {
    let has_cookie = octets.get(236..240) == Some(&COOKIE);
    read(octets).filter(|dhcp| has_cookie && dhcp.kind.is_some()).map(|dhcp| dhcp.reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(options: &[u8]) -> Vec<u8> {
        let mut octets = vec![0; 236];
        octets[..4].copy_from_slice(&[2, 1, 6, 0]);
        octets[4..8].copy_from_slice(&0xd5f2_b83a_u32.to_be_bytes());
        octets[16..20].copy_from_slice(&[10, 9, 0, 103]);
        octets[28..34].copy_from_slice(&[2, 0, 10, 9, 0, 1]);
        octets.extend(COOKIE);
        octets.extend(options);
        octets
    }

    #[test]
    fn an_offer_says_what_is_given_by_whom_and_for_how_long() {
        let octets =
            offer(b"\x35\x01\x02\0\x36\x04\x0a\x09\0\x02\x33\x04\0\0\x0e\x10\x03\x04\x0a\x09\0\x02\x0c\x04cups\xff");
        let dhcp = read(&octets).expect("a message");
        assert_eq!((dhcp.reply, dhcp.xid, dhcp.kind), (true, 0xd5f2_b83a, Some(Kind::Offer)));
        assert_eq!(dhcp.hardware, Some([2, 0, 10, 9, 0, 1]));
        assert_eq!(dhcp.yours, Some(Ipv4Addr::new(10, 9, 0, 103)));
        assert_eq!((dhcp.client, dhcp.lease, dhcp.host_name), (None, Some(3600), Some(&b"cups"[..])));
        assert_eq!(dhcp.server, dhcp.router);
    }

    #[test]
    fn every_cut_keeps_the_options_before_it() {
        let octets = offer(b"\x35\x01\x02\x33\x04\0\0\x0e\x10");
        for len in 0..octets.len() {
            let dhcp = read(&octets[..len]);
            assert_eq!(dhcp.is_some(), len >= 236, "{len}");
            if len >= 243 {
                assert_eq!(dhcp.and_then(|dhcp| dhcp.kind), Some(Kind::Offer), "{len}");
            }
        }
    }

    #[test]
    fn options_are_read_from_the_fields_they_overflow_into() {
        let mut octets = offer(b"\x34\x01\x03\xff");
        octets[44..49].copy_from_slice(b"\x0f\x03a.b");
        octets[108..111].copy_from_slice(b"\x35\x01\x05");
        let dhcp = read(&octets).expect("a message");
        assert_eq!((dhcp.kind, dhcp.domain), (Some(Kind::Ack), Some(&b"a.b"[..])));
    }

    #[test]
    fn plain_bootp_has_no_kind() {
        assert_eq!(read(&offer(b"")[..236]).expect("a message").kind, None);
        assert!(read(&[3; 300]).is_none());
    }
}
