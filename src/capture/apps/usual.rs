//! What is usual on a port, and whether what was found there is.

use std::borrow::Cow;

use super::{App, Confidence, Evidence, Talk};
use crate::capture::Conn;
use crate::capture::track::Role;
use crate::wire::{Protocol, ports};

/// What the port of a conversation says of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Port {
    /// The service that is usual there.
    pub service: &'static str,
    /// Something else was found there.
    pub disagrees: bool,
}

/// What the server's port says of `conn`, and whether that fits what was heard.
pub fn port(conn: &Conn, talk: Option<&Talk>) -> Option<Port> {
    let service = service(conn)?;
    let usual = usual(service);
    let disagrees = match talk {
        // By the port that is so for TCP; what both say over UDP is often something else.
        Some(Talk { app: Some(app), .. }) => {
            app.evidence >= Evidence::Alpn && !usual.is_empty() && !usual.contains(&&*app.name)
        }
        Some(talk) => talk.unknown && !usual.is_empty() && conn.protocol() == Protocol::Tcp,
        None => false,
    };
    Some(Port { service, disagrees })
}

impl Talk {
    /// What runs there: by what was heard, or else by the port, where that is not refuted.
    pub fn app_of(talk: Option<&Self>, conn: &Conn) -> Option<App> {
        if let Some(app) = talk.and_then(|talk| talk.app.as_ref()) {
            return Some(app.clone());
        }
        let port = port(conn, talk).filter(|port| !port.disagrees)?;
        let name = usual(port.service).first().copied().unwrap_or(port.service);
        Some(App { name: Cow::Borrowed(name), evidence: Evidence::Port, confidence: Confidence::Low })
    }
}

fn service(conn: &Conn) -> Option<&'static str> {
    match conn.protocol() {
        Protocol::Icmp => None,
        Protocol::Tcp | Protocol::Udp => ports::service(conn.endpoint(Role::Server).port),
    }
}

/// The applications that are at home where `service` is, the first of them what it is by itself;
/// none where what runs there is not told from its octets.
fn usual(service: &str) -> &'static [&'static str] {
    match service {
        "http" => &["http", "http2"],
        "http-alt" | "squid" => &["http", "http2", "https", "tls"],
        "https" | "https-alt" => &["https", "tls", "http3", "quic"],
        "ssh" => &["ssh"],
        "ftp" => &["ftp"],
        "ftp-data" => &["ftp-data"],
        "smtp" | "submission" => &["smtp"],
        "submissions" => &["smtps", "tls"],
        "domain" | "mdns" | "llmnr" => &["dns", "mdns", "llmnr"],
        "domain-s" => &["dns-over-tls", "tls", "dns-over-quic", "quic"],
        "bootps" | "bootpc" => &["dhcp"],
        "ntp" => &["ntp"],
        "redis" => &["redis", "tls"],
        "postgresql" => &["postgresql", "tls"],
        "mysql" => &["mysql"],
        "mqtt" => &["mqtt"],
        "mqtts" => &["mqtts", "tls"],
        "imap" => &["imap"],
        "imaps" => &["imaps", "tls"],
        "pop3" => &["pop3"],
        "pop3s" => &["pop3s", "tls"],
        "ftps" => &["ftps", "tls"],
        "ldaps" => &["ldaps", "tls"],
        _ => &[],
    }
}
