//! What one side said, in the words of its protocol.

use super::{dhcp, dns, ftp, http, mqtt, mysql, ntp, postgres, quic, redis, smtp, ssh, tls};

/// One message that was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// HTTP/1: the head of a request or a response.
    Http(http::Message),
    /// HTTP/2: the preface of its client.
    Http2,
    /// TLS: what can be read of its handshake.
    Tls(tls::Message),
    /// SSH: a version.
    Ssh(ssh::Version),
    /// FTP: a line of the control dialogue.
    Ftp(ftp::Line),
    /// SMTP: a line of its dialogue.
    Smtp(smtp::Line),
    /// Redis: a command or a reply.
    Redis(redis::Message),
    /// PostgreSQL.
    Postgres(postgres::Message),
    /// MySQL.
    Mysql(mysql::Message),
    /// MQTT.
    Mqtt(mqtt::Packet),
    /// DNS: a question or an answer.
    Dns(Box<dns::Digest>),
    /// DHCP.
    Dhcp(Box<dhcp::Digest>),
    /// NTP.
    Ntp(Box<ntp::Ntp>),
    /// QUIC: the first packet of a side.
    Quic(Box<quic::Message>),
}

/// What a message is to the conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// It asks.
    Asks,
    /// It answers the first question that is open (with the same key, where questions have one).
    Answers,
    /// It says of that question that the answer is not there yet.
    Puts,
    /// Neither.
    Tells,
}

impl Said {
    /// The protocol's name, as that of an [`App`](super::App).
    pub const fn protocol(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Http2 => "http2",
            Self::Tls(_) => "tls",
            Self::Ssh(_) => "ssh",
            Self::Ftp(_) => "ftp",
            Self::Smtp(_) => "smtp",
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgresql",
            Self::Mysql(_) => "mysql",
            Self::Mqtt(_) => "mqtt",
            Self::Dns(_) => "dns",
            Self::Dhcp(_) => "dhcp",
            Self::Ntp(_) => "ntp",
            Self::Quic(_) => "quic",
        }
    }

    /// What it is to the conversation.
    pub fn act(&self) -> Act {
        match self {
            Self::Http(message) => message.act(),
            Self::Tls(message) => message.act(),
            Self::Ftp(line) => line.act(),
            Self::Smtp(line) => line.act(),
            Self::Redis(message) => message.act(),
            Self::Postgres(message) => message.act(),
            Self::Mysql(message) => message.act(),
            Self::Mqtt(packet) => packet.act(),
            Self::Dns(digest) => digest.act(),
            Self::Dhcp(digest) => digest.act(),
            Self::Ntp(ntp) => ntp.act(),
            Self::Quic(message) => message.act(),
            Self::Http2 | Self::Ssh(_) => Act::Tells,
        }
    }

    /// What ties an answer to its question where they need not come in order; 0 where they do.
    pub fn key(&self) -> u64 {
        match self {
            Self::Dns(digest) => digest.key(),
            Self::Dhcp(digest) => u64::from(digest.xid),
            Self::Ntp(ntp) => ntp.key(),
            Self::Http(_)
            | Self::Http2
            | Self::Tls(_)
            | Self::Ssh(_)
            | Self::Ftp(_)
            | Self::Smtp(_)
            | Self::Redis(_)
            | Self::Postgres(_)
            | Self::Mysql(_)
            | Self::Mqtt(_)
            | Self::Quic(_) => 0,
        }
    }

    /// About how much memory it takes beside itself, in octets.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Http(message) => message.cost(),
            Self::Tls(message) => message.cost(),
            Self::Ssh(version) => version.text.len(),
            Self::Ftp(line) => line.cost(),
            Self::Smtp(line) => line.cost(),
            Self::Redis(message) => message.cost(),
            Self::Postgres(message) => message.cost(),
            Self::Mysql(message) => message.cost(),
            Self::Mqtt(packet) => packet.cost(),
            Self::Dns(digest) => digest.cost(),
            Self::Dhcp(digest) => digest.cost(),
            Self::Ntp(ntp) => size_of_val(&**ntp),
            Self::Quic(message) => message.cost(),
            Self::Http2 => 0,
        }
    }
}
