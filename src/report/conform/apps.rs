//! What runs above TCP, field by field: what tshark's dissectors read, and what was heard here; and
//! the applications that nDPI names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::dns;
use super::rules;
use super::table::Table;
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::apps::{
    App, Evidence, Limits, Listener, Said, Saying, ftp, http, mqtt, mysql, postgres, smtp, tls,
};
use crate::capture::track::Note;
use crate::capture::{Conn, Observation, Packet, Sink};
use crate::wire::{Endpoint, Protocol};

/// Two endpoints, in order.
type Pair = (Endpoint, Endpoint);

/// The values of a field between two endpoints: what was said twice stands twice.
type Values = BTreeMap<(Pair, &'static str), Vec<String>>;

/// What is asked of tshark, beside what tells whose it is. The names in the comparison are these.
pub(super) const FIELDS: &[&str] = &[
    "tls.handshake.type",
    "tls.handshake.version",
    "tls.handshake.extensions.supported_version",
    "tls.handshake.extensions_server_name",
    "tls.handshake.extensions_alpn_str",
    "tls.handshake.ciphersuite",
    "http.request.method",
    "http.request.uri",
    "http.host",
    "http.response.code",
    "http.server",
    "http.user_agent",
    "ssh.protocol",
    "ftp.request.command",
    "ftp.request.arg",
    "ftp.response.code",
    "smtp.req.command",
    "smtp.response.code",
    "pgsql.query",
    "mysql.query",
    "mqtt.clientid",
    "mqtt.topic",
];

/// The same, to know whose it is.
pub(super) const ENDS: &[&str] =
    &["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"];

/// Between the values of a field of one packet.
pub(super) const AGGREGATOR: char = '\u{1f}';

/// Hears what is said, for the comparison.
#[derive(Debug)]
pub(super) struct Heard {
    listener: Listener,
    values: Values,
    /// What runs between two endpoints, by the firmest evidence.
    apps: HashMap<(Protocol, Pair), App>,
    /// Between whom something is missing, cut or came in pieces that contradict each other.
    holes: Vec<Pair>,
    /// Between whom the capture shows packets twice.
    twice: BTreeSet<Pair>,
}

impl Default for Heard {
    fn default() -> Self {
        let limits = Limits { sayings: 1, ..Limits::default() };
        let listener = Listener::new(limits).with_news();
        Self { listener, values: BTreeMap::new(), apps: HashMap::new(), holes: Vec::new(), twice: BTreeSet::new() }
    }
}

impl Sink for Heard {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.listener.packet(packet, told);
        let Some((seen, conn)) = told else { return Ok(()) };
        let pair = pair_of(conn);
        if seen.notes.contains(Note::CaptureDuplicate) {
            self.twice.insert(pair);
        }
        let sayings: Vec<Saying> = self.listener.news().collect();
        for saying in sayings {
            self.note(pair, &saying);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        use crate::capture::track::Role;

        let pair = pair_of(conn);
        if Role::BOTH.iter().any(|role| conn.half(*role).counts().missed_bytes > 0) {
            self.holes.push(pair);
        }
        let Some(app) = self.listener.ended(conn).and_then(|talk| talk.app) else { return Ok(()) };
        let known = self.apps.entry((conn.protocol(), pair)).or_insert_with(|| app.clone());
        if app.evidence > known.evidence {
            *known = app;
        }
        Ok(())
    }
}

impl Heard {
    fn add(&mut self, pair: Pair, field: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.values.entry((pair, field)).or_default().push(value);
        }
    }

    fn note(&mut self, pair: Pair, saying: &Saying) {
        match &saying.said {
            Said::Dns(digest) => dns::heard(digest, saying.took(), &mut |field, value| self.add(pair, field, value)),
            Said::Tls(tls::Message::ClientHello(hello)) => {
                self.add(pair, "tls offered version", format!("{:#06x}", hello.version));
                self.add(pair, "tls.handshake.extensions_server_name", hello.server_name.clone().unwrap_or_default());
                for alpn in &hello.alpn {
                    self.add(pair, "tls.handshake.extensions_alpn_str", &**alpn);
                }
            }
            Said::Tls(tls::Message::ServerHello(hello)) => {
                self.add(pair, "tls chosen version", format!("{:#06x}", hello.version));
                self.add(pair, "tls chosen cipher", format!("{:#06x}", hello.cipher));
                self.add(pair, "tls.handshake.extensions_alpn_str", hello.alpn.clone().unwrap_or_default());
            }
            Said::Http(http::Message::Request(request)) => {
                self.add(pair, "http.request.method", &*request.method);
                self.add(pair, "http.request.uri", &*request.target);
                self.add(pair, "http.host", request.host.clone().unwrap_or_default());
                self.add(pair, "http.user_agent", request.user_agent.clone().unwrap_or_default());
            }
            Said::Http(http::Message::Response(response)) => {
                self.add(pair, "http.response.code", response.status.to_string());
                self.add(pair, "http.server", response.server.clone().unwrap_or_default());
            }
            Said::Ssh(version) => self.add(pair, "ssh.protocol", &*version.text),
            Said::Ftp(ftp::Line::Command { verb, argument }) => {
                self.add(pair, "ftp.request.command", &**verb);
                if verb != "PASS" {
                    self.add(pair, "ftp.request.arg", &**argument);
                }
            }
            Said::Ftp(ftp::Line::Reply { code, .. }) => self.add(pair, "ftp.response.code", code.to_string()),
            Said::Smtp(smtp::Line::Command { verb, .. }) => self.add(pair, "smtp.req.command", &**verb),
            Said::Smtp(smtp::Line::Reply { code, .. }) => self.add(pair, "smtp.response.code", code.to_string()),
            Said::Postgres(postgres::Message::Query(query)) => self.add(pair, "pgsql.query", &**query),
            Said::Mysql(mysql::Message::Command { name: "query", argument }) => {
                self.add(pair, "mysql.query", &**argument);
            }
            Said::Mqtt(mqtt::Packet::Connect { client, .. }) => self.add(pair, "mqtt.clientid", &**client),
            Said::Mqtt(mqtt::Packet::Publish { topic } | mqtt::Packet::Subscribe { topic }) => {
                self.add(pair, "mqtt.topic", &**topic);
            }
            _ => {}
        }
    }

    /// Why tshark shows `value` more often.
    fn why_more(&self, key: &(Pair, &'static str), value: &str) -> Option<&'static Rule> {
        let (pair, field) = key;
        let heard = self.values.get(key).is_some_and(|heard| heard.iter().any(|ours| same(ours, value)));
        if *field == "smtp.response.code" && heard {
            Some(&rules::APP_LINES)
        } else if field.starts_with("tls") && self.apps.contains_key(&(Protocol::Udp, *pair)) {
            Some(&rules::APP_QUIC)
        } else {
            None
        }
    }

    /// Compares with a table of tshark's, of [`ENDS`] and [`FIELDS`].
    pub(super) fn compare(&self, capture: &str, table: &Table, tally: &mut Tally) {
        let (theirs, unclear) = read(table);
        let keys: BTreeSet<_> = theirs.keys().chain(self.values.keys()).collect();
        for key in keys {
            let (pair, field) = key;
            let mut left = self.values.get(key).cloned().unwrap_or_default();
            let hole = self.holes.contains(pair);
            let twice = self.twice.contains(pair);
            let listed = unclear.contains(pair);
            let circumstances = |deaf, silent| {
                [
                    (hole, &rules::APP_HOLE),
                    (silent, &rules::APP_ONLY_HERE),
                    (deaf, &rules::APP_BY_PORT),
                    (twice, &rules::APP_TWICE),
                ]
            };
            let silent = !theirs.keys().any(|(other, name)| other == pair && same_protocol(name, field));
            let mut missing = Vec::new();
            // tshark keeps four letters of a command.
            let abbreviates = |ours: &str, theirs: &str| {
                *field == "smtp.req.command" && theirs.len() == 4 && ours.starts_with(theirs)
            };
            for value in theirs.get(key).into_iter().flatten() {
                match left.iter().position(|ours| same(ours, value) || abbreviates(ours, value)) {
                    Some(at) => {
                        left.swap_remove(at);
                        tally.agree((Peer::Tshark, field));
                    }
                    None => missing.push(value),
                }
            }
            let place = || format!("{capture} {} - {}", pair.0, pair.1);
            let deaf = !self.values.keys().any(|(other, name)| other == pair && same_protocol(name, field));
            let mut left = left.into_iter();
            for theirs in missing {
                let ours = left.next().unwrap_or_default();
                let more = ours.is_empty().then(|| self.why_more(key, theirs)).flatten();
                tally.judge((Peer::Tshark, field), false, || {
                    let rule = why(field, circumstances(deaf, false), listed).or(more);
                    (Difference { place: place(), theirs: theirs.clone(), ours }, rule)
                });
            }
            for ours in left {
                tally.judge((Peer::Tshark, field), false, || {
                    let rule = why(field, circumstances(false, silent), listed);
                    (Difference { place: place(), theirs: "nothing".to_owned(), ours }, rule)
                });
            }
        }
    }

    /// Compares the applications with those that nDPI's table names.
    pub(super) fn compare_names(&self, capture: &str, table: &Table, tally: &mut Tally) {
        let [name, protocol, src, src_port, dst, dst_port, said] =
            ["capture", "l4", "src_ip", "src_port", "dst_ip", "dst_port", "ndpi_proto"].map(|name| table.column(name));
        for row in table.rows().filter(|row| row.get(name) == capture) {
            let protocol = match row.get(protocol) {
                "TCP" => Protocol::Tcp,
                "UDP" => Protocol::Udp,
                _ => continue,
            };
            let end =
                |addr, port| Some(Endpoint { addr: row.get(addr).parse().ok()?, port: row.get(port).parse().ok()? });
            let (Some(a), Some(b)) = (end(src, src_port), end(dst, dst_port)) else { continue };
            let theirs = master(row.get(said));
            let app = self.apps.get(&(protocol, ordered(a, b))).filter(|app| app.evidence > Evidence::Port);
            let ours = app.map_or("unknown", |app| &*app.name);
            let field = if protocol == Protocol::Tcp { "application of TCP flows" } else { "application of UDP flows" };
            let known = names(theirs);
            let same = known.contains(&ours) || theirs == "Unknown" && ours == "unknown";
            tally.judge((Peer::Ndpi, field), same, || {
                let place = format!("{capture} {} {a} - {b}", protocol.name());
                let rule = match (known.is_empty(), theirs, ours) {
                    (_, "Unknown", _) => Some(&rules::APP_HERE_ALONE),
                    (true, ..) => Some(&rules::APP_NOT_KNOWN),
                    (false, _, "unknown") => Some(&rules::APP_NOT_HEARD),
                    _ => None,
                };
                (Difference { place, theirs: row.get(said).to_owned(), ours: ours.to_owned() }, rule)
            });
        }
    }
}

/// Why tshark and synfin differ: the first of these that holds, or what holds for a field.
fn why(field: &str, circumstances: [(bool, &'static Rule); 4], listed: bool) -> Option<&'static Rule> {
    match circumstances.into_iter().find(|(holds, _)| *holds) {
        Some((_, rule)) => Some(rule),
        None if listed && field.starts_with("dns.") => Some(&rules::DNS_LISTED),
        None if field == "dns.time" => Some(&rules::DNS_TIME),
        None => None,
    }
}

/// Whether two fields are of one protocol.
fn same_protocol(a: &str, b: &str) -> bool {
    let protocol = |name: &str| name.split(['.', ' ']).next().unwrap_or_default().to_owned();
    protocol(a) == protocol(b)
}

/// Whether two values are the same text, as far as both tools show it.
fn same(ours: &str, theirs: &str) -> bool {
    ours == theirs || ours.trim() == theirs.trim() || dns::unescaped(ours) == theirs.as_bytes()
}

/// tshark's values, by whose and what.
fn read(table: &Table) -> (Values, BTreeSet<Pair>) {
    let mut values = Values::new();
    let mut unclear = BTreeSet::new();
    let ends: Vec<_> = ENDS.iter().map(|name| table.column(name)).collect();
    let asked = FIELDS.iter().chain(dns::FIELDS);
    let columns: Vec<_> = asked.map(|name| (*name, table.column(name))).collect();
    for row in table.rows() {
        let all = |at: usize| ends.get(at).map_or("", |column| row.get(*column));
        let single = |at: usize| Some(all(at)).filter(|text| !text.contains(AGGREGATOR));
        // What travels in a tunnel, or is quoted, is not ours.
        let (Some(src), Some(dst)) = (single(0).zip(single(2)), single(1).zip(single(3))) else { continue };
        let addr = |(v4, v6): (&str, &str)| match (v4.is_empty(), v6.is_empty()) {
            (false, true) => v4.parse().ok(),
            (true, false) => v6.parse().ok(),
            _ => None,
        };
        let port = |at| single(at).and_then(|text| text.parse().ok());
        let ports = port(4).zip(port(5)).or_else(|| port(6).zip(port(7)));
        let (Some(src), Some(dst), Some((src_port, dst_port))) = (addr(src), addr(dst), ports) else {
            continue;
        };
        let pair = ordered(Endpoint { addr: src, port: src_port }, Endpoint { addr: dst, port: dst_port });
        let list = |name: &str| {
            let column = columns.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
            let cell = column.map_or("", |column| row.get(column));
            cell.split(AGGREGATOR).filter(|value| !value.is_empty()).collect::<Vec<_>>()
        };
        let mut add = |field, value: &str| {
            if !value.is_empty() {
                values.entry((pair, field)).or_default().push(value.to_owned());
            }
        };
        for (field, _) in &columns {
            let apart = field.starts_with("tls.handshake") && !field.starts_with("tls.handshake.extensions_");
            if apart || field.starts_with("dns.") || *field == "_ws.malformed" {
                continue;
            }
            for value in list(field) {
                if *field != "ftp.request.arg" || !list("ftp.request.command").contains(&"PASS") {
                    add(*field, value);
                }
            }
        }
        if !dns::listed(&list, &mut add) {
            unclear.insert(pair);
        }
        // Of several hellos in one packet it cannot be said which version is whose.
        let types = list("tls.handshake.type");
        let hellos = |kind| types.iter().filter(|known| **known == kind).count();
        let versions = list("tls.handshake.version");
        let supported = list("tls.handshake.extensions.supported_version");
        let known = |value: &&&str| {
            u16::from_str_radix(value.trim_start_matches("0x"), 16)
                .is_ok_and(|number| (0x0300..=0x0304).contains(&number))
        };
        let (highest, chosen) = match (hellos("1"), hellos("2"), versions.len()) {
            (1, 0, 1) => (supported.iter().filter(known).max().or(versions.first()), None),
            (0, 1, 1) => (None, supported.first().or(versions.first())),
            _ => (None, None),
        };
        if let Some(version) = highest {
            add("tls offered version", version);
        }
        if let Some(version) = chosen {
            add("tls chosen version", version);
            add("tls chosen cipher", list("tls.handshake.ciphersuite").first().copied().unwrap_or_default());
        }
    }
    (values, unclear)
}

fn pair_of(conn: &Conn) -> Pair {
    use crate::capture::track::Role;

    ordered(conn.endpoint(Role::Client), conn.endpoint(Role::Server))
}

fn ordered(a: Endpoint, b: Endpoint) -> Pair {
    if a <= b { (a, b) } else { (b, a) }
}

/// The protocol that nDPI names first: `TLS` of `91.119/TLS.Facebook`.
fn master(said: &str) -> &str {
    let name = said.split('/').nth(1).unwrap_or_default();
    // Behind the slash are as many names as numbers before it.
    let numbers = said.split('/').next().unwrap_or_default().matches('.').count();
    if numbers == 0 { name } else { name.split('.').next().unwrap_or(name) }
}

/// What nDPI's names are called here; none where that is not looked for.
fn names(theirs: &str) -> &'static [&'static str] {
    match theirs {
        "HTTP" | "HTTP_Proxy" | "HTTP_Connect" => &["http", "http2"],
        "TLS" | "DoH_DoT" => {
            &["tls", "https", "imaps", "pop3s", "ftps", "mqtts", "dns-over-tls", "xmpp", "acme", "postgresql"]
        }
        "SMTPS" => &["tls", "smtp"],
        "IMAPS" => &["tls", "imaps", "imap"],
        "POPS" => &["tls", "pop3s", "pop3"],
        "SSH" => &["ssh"],
        "FTP_CONTROL" | "FTPS" => &["ftp"],
        "FTP_DATA" => &["ftp-data"],
        "SMTP" => &["smtp"],
        "IMAP" => &["imap"],
        "POP3" => &["pop3"],
        "DNS" => &["dns"],
        "MDNS" => &["dns", "mdns"],
        "LLMNR" => &["dns", "llmnr"],
        "DHCP" => &["dhcp"],
        "NTP" => &["ntp"],
        "QUIC" => &["quic", "http3", "dns-over-quic"],
        "Redis" | "RESP" => &["redis"],
        "PostgreSQL" => &["postgresql"],
        "MySQL" => &["mysql"],
        "MQTT" => &["mqtt"],
        "BitTorrent" => &["bittorrent"],
        "AMQP" => &["amqp"],
        "VNC" => &["vnc"],
        "RSYNC" => &["rsync"],
        _ => &[],
    }
}
