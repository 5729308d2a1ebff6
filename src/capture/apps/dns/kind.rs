//! Types of records, and outcomes.

/// An IPv4 address.
pub const A: u16 = 1;
/// A name server.
pub const NS: u16 = 2;
/// Another name.
pub const CNAME: u16 = 5;
/// Who is responsible for a zone.
pub const SOA: u16 = 6;
/// The name of an address.
pub const PTR: u16 = 12;
/// A mail server.
pub const MX: u16 = 15;
/// Words.
pub const TXT: u16 = 16;
/// An IPv6 address.
pub const AAAA: u16 = 28;
/// Where a service runs.
pub const SRV: u16 = 33;
/// EDNS.
pub const OPT: u16 = 41;

/// The name of a type, for those that are met daily.
pub const fn name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        A => "A",
        NS => "NS",
        CNAME => "CNAME",
        SOA => "SOA",
        PTR => "PTR",
        13 => "HINFO",
        MX => "MX",
        TXT => "TXT",
        AAAA => "AAAA",
        SRV => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        OPT => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => return None,
    })
}

/// The name of an outcome, as it is written in zone tools: `NXDOMAIN`.
pub const fn rcode_name(rcode: u16) -> Option<&'static str> {
    Some(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        _ => return None,
    })
}
