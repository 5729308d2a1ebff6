//! Ports: their classes (RFC 6335 §6) and the names of services people know.

/// The three ranges that IANA manages differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortClass {
    /// 0 to 1023: system ports, where the services everyone knows listen.
    WellKnown,
    /// 1024 to 49151: user ports, registered on request.
    Registered,
    /// 49152 to 65535: for anyone, for a while.
    Dynamic,
}

impl PortClass {
    /// The class of `port`.
    pub const fn of(port: u16) -> Self {
        match port {
            0..=1023 => Self::WellKnown,
            1024..=49151 => Self::Registered,
            _ => Self::Dynamic,
        }
    }

    /// `well-known`, `registered`, `dynamic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WellKnown => "well-known",
            Self::Registered => "registered",
            Self::Dynamic => "dynamic",
        }
    }
}

/// The service usually found on `port`, by the IANA registry and custom.
pub fn service(port: u16) -> Option<&'static str> {
    SERVICES.binary_search_by_key(&port, |(port, _)| *port).ok().map(|at| SERVICES[at].1)
}

/// In order of port.
const SERVICES: &[(u16, &str)] = &[
    (7, "echo"),
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (37, "time"),
    (43, "whois"),
    (49, "tacacs"),
    (53, "domain"),
    (67, "bootps"),
    (68, "bootpc"),
    (69, "tftp"),
    (79, "finger"),
    (80, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "sunrpc"),
    (113, "ident"),
    (119, "nntp"),
    (123, "ntp"),
    (135, "epmap"),
    (137, "netbios-ns"),
    (138, "netbios-dgm"),
    (139, "netbios-ssn"),
    (143, "imap"),
    (161, "snmp"),
    (162, "snmptrap"),
    (179, "bgp"),
    (194, "irc"),
    (389, "ldap"),
    (443, "https"),
    (445, "microsoft-ds"),
    (465, "submissions"),
    (500, "isakmp"),
    (502, "modbus"),
    (514, "syslog"),
    (515, "printer"),
    (520, "router"),
    (543, "klogin"),
    (546, "dhcpv6-client"),
    (547, "dhcpv6-server"),
    (548, "afp"),
    (554, "rtsp"),
    (587, "submission"),
    (631, "ipp"),
    (636, "ldaps"),
    (646, "ldp"),
    (853, "domain-s"),
    (873, "rsync"),
    (989, "ftps-data"),
    (990, "ftps"),
    (992, "telnets"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1194, "openvpn"),
    (1433, "ms-sql-s"),
    (1434, "ms-sql-m"),
    (1521, "oracle"),
    (1701, "l2tp"),
    (1720, "h323"),
    (1723, "pptp"),
    (1812, "radius"),
    (1813, "radius-acct"),
    (1883, "mqtt"),
    (1900, "ssdp"),
    (2049, "nfs"),
    (2181, "zookeeper"),
    (2375, "docker"),
    (2376, "docker-s"),
    (2379, "etcd"),
    (2380, "etcd-peer"),
    (3128, "squid"),
    (3260, "iscsi"),
    (3268, "msft-gc"),
    (3306, "mysql"),
    (3389, "ms-wbt-server"),
    (3478, "stun"),
    (4369, "epmd"),
    (4500, "ipsec-nat-t"),
    (4789, "vxlan"),
    (5044, "beats"),
    (5060, "sip"),
    (5061, "sips"),
    (5222, "xmpp-client"),
    (5269, "xmpp-server"),
    (5353, "mdns"),
    (5355, "llmnr"),
    (5432, "postgresql"),
    (5671, "amqps"),
    (5672, "amqp"),
    (5683, "coap"),
    (5900, "vnc"),
    (5985, "wsman"),
    (6379, "redis"),
    (6443, "kubernetes"),
    (6514, "syslog-tls"),
    (6667, "ircu"),
    (6881, "bittorrent"),
    (8000, "http-alt"),
    (8008, "http-alt"),
    (8080, "http-alt"),
    (8443, "https-alt"),
    (8883, "mqtts"),
    (9000, "cslistener"),
    (9042, "cassandra"),
    (9092, "kafka"),
    (9100, "jetdirect"),
    (9200, "elasticsearch"),
    (9418, "git"),
    (10050, "zabbix-agent"),
    (10051, "zabbix-trapper"),
    (11211, "memcache"),
    (15672, "rabbitmq"),
    (20000, "dnp3"),
    (25565, "minecraft"),
    (27017, "mongodb"),
    (51820, "wireguard"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_so_that_it_can_be_searched() {
        assert!(SERVICES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn classes_meet_at_their_borders() {
        assert_eq!(PortClass::of(1023), PortClass::WellKnown);
        assert_eq!(PortClass::of(1024), PortClass::Registered);
        assert_eq!(PortClass::of(49151), PortClass::Registered);
        assert_eq!(PortClass::of(49152), PortClass::Dynamic);
        assert_eq!(service(443), Some("https"));
        assert_eq!(service(444), None);
    }
}
