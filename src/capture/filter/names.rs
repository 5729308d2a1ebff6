//! Names that stand for numbers: services, protocols, ethertypes. They come from the program, not
//! from the system's files, so that a filter means the same on every machine.

use super::tree::Proto;
use crate::wire::ports;

/// The IP protocol of that number is what a port belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Over {
    Tcp,
    Udp,
    Sctp,
    /// TCP, UDP and SCTP.
    Any,
}

/// Services found over TCP alone.
const TCP_ONLY: &[&str] = &[
    "ftp-data",
    "ftp",
    "ssh",
    "telnet",
    "smtp",
    "whois",
    "finger",
    "http",
    "pop3",
    "ident",
    "nntp",
    "epmap",
    "netbios-ssn",
    "imap",
    "irc",
    "bgp",
    "microsoft-ds",
    "submissions",
    "printer",
    "klogin",
    "afp",
    "submission",
    "ipp",
    "rsync",
    "ftps-data",
    "ftps",
    "telnets",
    "imaps",
    "pop3s",
    "socks",
    "ms-sql-s",
    "oracle",
    "pptp",
    "mqtt",
    "zookeeper",
    "docker",
    "docker-s",
    "etcd",
    "etcd-peer",
    "squid",
    "iscsi",
    "msft-gc",
    "mysql",
    "ms-wbt-server",
    "epmd",
    "beats",
    "xmpp-client",
    "xmpp-server",
    "postgresql",
    "amqps",
    "amqp",
    "vnc",
    "wsman",
    "redis",
    "kubernetes",
    "syslog-tls",
    "ircu",
    "http-alt",
    "https-alt",
    "mqtts",
    "cassandra",
    "kafka",
    "jetdirect",
    "elasticsearch",
    "git",
    "zabbix-agent",
    "zabbix-trapper",
    "rabbitmq",
    "mongodb",
];

/// Services found over UDP alone.
const UDP_ONLY: &[&str] = &[
    "bootps",
    "bootpc",
    "tftp",
    "ntp",
    "netbios-ns",
    "netbios-dgm",
    "isakmp",
    "router",
    "dhcpv6-client",
    "dhcpv6-server",
    "ms-sql-m",
    "l2tp",
    "ssdp",
    "ipsec-nat-t",
    "vxlan",
    "mdns",
    "llmnr",
    "wireguard",
];

/// Other names for the same service.
const ALIASES: &[(&str, &str)] = &[
    ("dns", "domain"),
    ("www", "http"),
    ("mail", "smtp"),
    ("nicname", "whois"),
    ("auth", "ident"),
    ("portmapper", "sunrpc"),
    ("imap2", "imap"),
    ("snmp-trap", "snmptrap"),
    ("spooler", "printer"),
    ("route", "router"),
    ("ms-rpc", "epmap"),
    ("postgres", "postgresql"),
    ("webcache", "http-alt"),
    ("rdp", "ms-wbt-server"),
];

/// The port of a service, and what it is found over.
pub(super) fn service(name: &str) -> Option<(u16, Over)> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let port = match name {
        // Several ports have this name; this is the registered one.
        "http-alt" => 8080,
        _ => (1..=u16::MAX).find(|port| ports::service(*port) == Some(name))?,
    };
    let over = match name {
        _ if TCP_ONLY.contains(&name) => Over::Tcp,
        _ if UDP_ONLY.contains(&name) => Over::Udp,
        _ => Over::Any,
    };
    Some((port, over))
}

/// Numbers of IP protocols, by the IANA registry.
const PROTOCOLS: &[(&str, u32)] = &[
    ("ip", 0),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("st", 5),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("udp", 17),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("dccp", 33),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("skip", 57),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("fc", 133),
    ("mobility-header", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
];

/// Ethertypes, and service access points of IEEE 802.2, which are below 256.
const ETHERTYPES: &[(&str, u32)] = &[
    ("aarp", 0x80f3),
    ("arp", 0x0806),
    ("atalk", 0x809b),
    ("decnet", 0x6003),
    ("ip", 0x0800),
    ("ip6", 0x86dd),
    ("lat", 0x6004),
    ("loopback", 0x9000),
    ("mopdl", 0x6001),
    ("moprc", 0x6002),
    ("rarp", 0x8035),
    ("sca", 0x6007),
    ("iso", 0xfe),
    ("stp", 0x42),
    ("ipx", 0xe0),
    ("netbeui", 0xf0),
];

/// Protocols of ISO's network layer.
const OSI: &[(&str, u32)] = &[("clnp", 129), ("esis", 130), ("isis", 131)];

/// The number of a protocol, in the table that `below` chooses it from.
pub(super) fn protocol(name: &str, below: Option<Proto>) -> Option<u32> {
    let table = match below {
        None | Some(Proto::Ip | Proto::Ip6) => PROTOCOLS,
        Some(Proto::Link) => ETHERTYPES,
        Some(Proto::Iso) => OSI,
        Some(_) => return None,
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_port_and_what_it_is_found_over() {
        assert_eq!(service("http"), Some((80, Over::Tcp)));
        assert_eq!(service("dns"), Some((53, Over::Any)));
        assert_eq!(service("ntp"), Some((123, Over::Udp)));
        assert_eq!(service("http-alt"), Some((8080, Over::Tcp)));
        assert_eq!(service("nonsense"), None);
    }

    #[test]
    fn the_lists_name_services_that_there_are() {
        for name in TCP_ONLY.iter().chain(UDP_ONLY).chain(ALIASES.iter().map(|(_, name)| name)) {
            assert!(service(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_protocol_is_looked_up_where_it_is_asked_for() {
        assert_eq!(protocol("tcp", None), Some(6));
        assert_eq!(protocol("ip", Some(Proto::Link)), Some(0x0800));
        assert_eq!(protocol("isis", Some(Proto::Iso)), Some(131));
        assert_eq!(protocol("tcp", Some(Proto::Link)), None);
    }
}
