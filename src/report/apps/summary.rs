//! What was heard of a conversation, gathered: names, versions, who.

use crate::capture::apps::{Said, Talk, http, mqtt, mysql, postgres, ssh, tls};
use crate::report::paint;

/// The telling parts of a talk; each the first of its kind.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::report) struct Summary<'a> {
    pub(in crate::report) hello: Option<&'a tls::ClientHello>,
    pub(in crate::report) chosen: Option<&'a tls::ServerHello>,
    pub(in crate::report) certificate: Option<&'a tls::Certificate>,
    /// The first fatal alert.
    pub(in crate::report) alert: Option<u8>,
    pub(in crate::report) request: Option<&'a http::Request>,
    pub(in crate::report) response: Option<&'a http::Response>,
    /// The client's and the server's.
    pub(in crate::report) ssh: [Option<&'a ssh::Version>; 2],
    /// As whom the client came, where it said so.
    pub(in crate::report) user: Option<&'a str>,
    /// What the server calls itself.
    pub(in crate::report) server: Option<&'a str>,
}

impl<'a> Summary<'a> {
    /// What `talk` tells.
    pub(in crate::report) fn of(talk: &'a Talk) -> Self {
        use crate::capture::apps::ftp;

        let mut told = Self::default();
        for saying in &talk.sayings {
            match &saying.said {
                Said::Tls(tls::Message::ClientHello(hello)) => _ = told.hello.get_or_insert(hello),
                Said::Tls(tls::Message::ServerHello(hello)) if !hello.retry => _ = told.chosen.get_or_insert(hello),
                Said::Tls(tls::Message::Certificate(certificate)) if saying.from != talk.asker() => {
                    told.certificate.get_or_insert(certificate);
                }
                Said::Tls(tls::Message::Alert { fatal: true, code }) => _ = told.alert.get_or_insert(*code),
                Said::Http(http::Message::Request(request)) => _ = told.request.get_or_insert(request),
                Said::Http(http::Message::Response(response)) => {
                    told.response.get_or_insert(response);
                    told.server = told.server.or(response.server.as_deref());
                }
                Said::Ssh(version) => _ = told.ssh[saying.from as usize].get_or_insert(version),
                Said::Ftp(ftp::Line::Command { verb, argument }) if verb == "USER" => {
                    told.user.get_or_insert(argument);
                }
                Said::Postgres(postgres::Message::Startup { user, .. })
                | Said::Mysql(mysql::Message::Login { user })
                | Said::Mqtt(mqtt::Packet::Connect { client: user, .. }) => _ = told.user.get_or_insert(user),
                Said::Mysql(mysql::Message::Greeting { version })
                | Said::Postgres(postgres::Message::ServerVersion(version)) => _ = told.server.get_or_insert(version),
                _ => {}
            }
        }
        told
    }

    /// The host that the client wants, by its own word.
    pub(in crate::report) fn host(&self) -> Option<&'a str> {
        let name = self.hello.and_then(|hello| hello.server_name.as_deref());
        name.or_else(|| self.request.and_then(|request| request.host.as_deref()))
    }
}

/// What a talk was with, or about, in a few words, safe to look at: `example.com`,
/// `OpenSSH_9.2p1`.
pub(in crate::report) fn brief(talk: &Talk) -> String {
    let told = Summary::of(talk);
    let [client, server] = told.ssh;
    let certificate = || told.certificate.and_then(|certificate| certificate.subject.as_deref());
    let software = || server.or(client).map(ssh::Version::software);
    let text = told.host().or_else(certificate).or_else(software).or(told.server).or(told.user).unwrap_or_default();
    let mut safe = Vec::new();
    paint::escape(&mut safe, text.as_bytes());
    String::from_utf8_lossy(&safe).into_owned()
}
