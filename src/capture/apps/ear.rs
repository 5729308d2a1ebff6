//! The ears of all protocols, as one.

use super::{Step, dhcp, dns, ftp, http, http2, mqtt, mysql, ntp, postgres, quic, redis, smtp, ssh, tls};
use crate::capture::track::Role;

/// What listens to a conversation once its protocol is known.
#[derive(Debug)]
pub(super) enum Ear {
    Http(http::Ear),
    Http2(http2::Ear),
    Tls(Box<tls::Ear>),
    Ssh(ssh::Ear),
    Ftp(ftp::Ear),
    Smtp(smtp::Ear),
    Redis(redis::Ear),
    Postgres(postgres::Ear),
    Mysql(mysql::Ear),
    Mqtt(mqtt::Ear),
    Dns(dns::Ear),
    Dhcp,
    Ntp,
    Quic(Box<quic::Ear>),
}

impl Ear {
    /// The name of its protocol.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Http2(_) => "http2",
            Self::Tls(_) => "tls",
            Self::Ssh(_) => "ssh",
            Self::Ftp(_) => "ftp",
            Self::Smtp(_) => "smtp",
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgresql",
            Self::Mysql(_) => "mysql",
            Self::Mqtt(_) => "mqtt",
            Self::Dns(_) => "dns",
            Self::Dhcp => "dhcp",
            Self::Ntp => "ntp",
            Self::Quic(_) => "quic",
        }
    }

    /// Hears what `from` says: the client is who asks, by the protocol.
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match self {
            Self::Http(ear) => ear.step(from, octets),
            Self::Http2(ear) => ear.step(from, octets),
            Self::Tls(ear) => ear.step(from, octets),
            Self::Ssh(ear) => ear.step(from, octets),
            Self::Ftp(ear) => ear.step(from, octets),
            Self::Smtp(ear) => ear.step(from, octets),
            Self::Redis(ear) => ear.step(from, octets),
            Self::Postgres(ear) => ear.step(from, octets),
            Self::Mysql(ear) => ear.step(from, octets),
            Self::Mqtt(ear) => ear.step(from, octets),
            Self::Dns(ear) => ear.step(from, octets),
            Self::Dhcp => dhcp::hear(octets),
            Self::Ntp => ntp::hear(octets),
            Self::Quic(ear) => ear.step(from, octets),
        }
    }

    /// Octets that it keeps of messages that are not whole, where these can be many.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Tls(ear) => ear.held(),
            _ => 0,
        }
    }

    /// After a hole in what `from` says: where in these octets, the first of a packet, a message
    /// begins that it can go on with. `None` where it has to wait for another packet.
    pub(super) fn resume(&mut self, from: Role, octets: &[u8]) -> Option<usize> {
        match self {
            Self::Http(ear) => ear.resume(from, octets),
            // Lines, and datagrams, each of which is for itself.
            Self::Ftp(_) | Self::Smtp(_) | Self::Dhcp | Self::Ntp | Self::Quic(_) => Some(0),
            Self::Dns(ear) => (ear.datagrams || dns::begins(octets, false) == Some(true)).then_some(0),
            Self::Tls(ear) => ear.resume(from, octets),
            Self::Ssh(_) => octets.starts_with(b"SSH-").then_some(0),
            Self::Http2(_) | Self::Redis(_) | Self::Postgres(_) | Self::Mysql(_) | Self::Mqtt(_) => None,
        }
    }
}
