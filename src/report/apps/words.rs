//! One saying in one line.

use std::borrow::Cow;

use crate::capture::apps::{Said, Saying, dhcp, dns, ftp, http, mqtt, mysql, ntp, postgres, quic, redis, smtp, tls};
use crate::report::digits::Digits as _;
use crate::report::human;
use crate::report::look::Look;
use crate::report::paint::{self, Paint};

/// Appends what was said, its protocol in front and how long it took behind: `HTTP 200 OK, 3.1ms after
/// #4`.
pub(in crate::report) fn line(out: &mut Vec<u8>, saying: &Saying) {
    out.text(protocol(&saying.said));
    let text = plain(&saying.said);
    if !text.is_empty() {
        out.push(b' ');
        out.text(&text);
    }
    if let (Some(question), Some(took)) = (saying.answers, saying.took()) {
        out.text(", ");
        human::write_span(out, took);
        out.text(" after #");
        out.dec(question.at.n);
    }
}

/// Appends a line of its own that says who said what.
pub(in crate::report) fn said(out: &mut Vec<u8>, saying: &Saying, paint: Paint) {
    out.text("    ");
    paint.text(Look::ink(saying.from), out, saying.from.name());
    out.text(" says: ");
    line(out, saying);
    out.push(b'\n');
}

/// The name of a protocol as people write it.
const fn protocol(said: &Said) -> &'static str {
    match said {
        Said::Http(_) => "HTTP",
        Said::Http2 => "HTTP/2",
        Said::Tls(_) => "TLS",
        Said::Ssh(_) => "SSH",
        Said::Ftp(_) => "FTP",
        Said::Smtp(_) => "SMTP",
        Said::Redis(_) => "Redis",
        Said::Postgres(_) => "PostgreSQL",
        Said::Mysql(_) => "MySQL",
        Said::Mqtt(_) => "MQTT",
        Said::Dns(_) => "DNS",
        Said::Dhcp(_) => "DHCP",
        Said::Ntp(_) => "NTP",
        Said::Quic(_) => "QUIC",
    }
}

/// What was said, without its protocol, safe to look at.
pub(in crate::report) fn plain(said: &Said) -> String {
    let text: Cow<'_, str> = match said {
        Said::Http(message) => http(message).into(),
        Said::Http2 => "preface".into(),
        Said::Tls(message) => tls(message).into(),
        Said::Ssh(version) => format!("version {}", version.text).into(),
        Said::Ftp(line) => match line {
            ftp::Line::Command { verb, argument } => spaced(verb, argument).into(),
            ftp::Line::Reply { code, text } => spaced(&code.to_string(), text).into(),
        },
        Said::Smtp(line) => match line {
            smtp::Line::Command { verb, argument } => spaced(verb, argument).into(),
            smtp::Line::Reply { code, text } => spaced(&code.to_string(), text).into(),
        },
        Said::Redis(message) => redis(message).into(),
        Said::Postgres(message) => postgres(message),
        Said::Mysql(message) => mysql(message),
        Said::Mqtt(packet) => mqtt(packet),
        Said::Dns(digest) => dns(digest).into(),
        Said::Dhcp(digest) => dhcp(digest).into(),
        Said::Ntp(message) => ntp(message).into(),
        Said::Quic(message) => quic(message).into(),
    };
    let mut safe = Vec::with_capacity(text.len());
    paint::escape(&mut safe, text.as_bytes());
    String::from_utf8_lossy(&safe).into_owned()
}

fn dns(digest: &dns::Digest) -> String {
    let asked = format!("{} {}", digest.kind_name(), digest.name);
    if !digest.response {
        return format!("asks for {asked}");
    }
    let answers: Vec<&str> = digest.answers.iter().map(|answer| &*answer.text).collect();
    match &*answers {
        [] => format!("{asked}: {}", if digest.rcode == 0 { "no such record".to_owned() } else { digest.outcome() }),
        some => {
            let more = usize::from(digest.count).saturating_sub(some.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{asked}: {}{more}", some.join(", "))
        }
    }
}

fn dhcp(digest: &dhcp::Digest) -> String {
    let mut text = digest.kind.map_or("message", dhcp::Kind::id).to_uppercase();
    if let Some(name) = &digest.host_name {
        text.push_str(&format!(" from {name}"));
    }
    if let Some(address) = digest.address {
        text.push_str(&format!(", address {address}"));
    }
    if let Some(lease) = digest.lease {
        text.push_str(&format!(", for {lease} s"));
    }
    text
}

fn ntp(message: &ntp::Ntp) -> String {
    let what = match message.mode {
        ntp::Mode::Symmetric => "as a peer",
        ntp::Mode::Client => "asks for the time",
        ntp::Mode::Server => "tells the time",
        ntp::Mode::Broadcast => "tells everybody the time",
    };
    format!("{what}, version {}", message.version)
}

fn quic(message: &quic::Message) -> String {
    match message.kind {
        quic::Kind::Negotiation => {
            let offered: Vec<String> = message.offered.iter().map(|version| quic::version_name(*version)).collect();
            format!("would speak {}", offered.join(", "))
        }
        quic::Kind::Retry => format!("{}, asks to try again", quic::version_name(message.version)),
        _ => quic::version_name(message.version),
    }
}

fn spaced(word: &str, rest: &str) -> String {
    if rest.is_empty() { word.to_owned() } else { format!("{word} {rest}") }
}

fn http(message: &http::Message) -> String {
    match message {
        http::Message::Request(request) => {
            let host = request.host.as_ref().map_or_else(String::new, |host| format!(", host {host}"));
            let body = match request.length {
                None | Some(0) => String::new(),
                Some(length) => format!(", {}", human::octets(length)),
            };
            format!("{} {}{host}{body}", request.method, request.target)
        }
        http::Message::Response(response) => {
            let status = spaced(&response.status.to_string(), &response.reason);
            let kind = response.content_type.as_ref().map_or_else(String::new, |kind| format!(", {kind}"));
            let body = response.length.map_or_else(String::new, |length| format!(", {}", human::octets(length)));
            format!("{status}{kind}{body}")
        }
    }
}

fn tls(message: &tls::Message) -> String {
    match message {
        tls::Message::ClientHello(hello) => {
            let name = hello.server_name.as_ref().map_or_else(String::new, |name| format!(" for {name}"));
            let alpn = match &*hello.alpn {
                [] => String::new(),
                list => format!(", ALPN {}", list.join(" ")),
            };
            format!("ClientHello{name}, up to {}{alpn}, JA4 {}", tls::version(hello.version), hello.ja4)
        }
        tls::Message::ServerHello(hello) if hello.retry => "asks for another ClientHello".to_owned(),
        tls::Message::ServerHello(hello) => {
            let alpn = hello.alpn.as_ref().map_or_else(String::new, |alpn| format!(", ALPN {alpn}"));
            format!("ServerHello, {}, cipher {:#06x}{alpn}", tls::version(hello.version), hello.cipher)
        }
        tls::Message::Certificate(certificate) => {
            let subject = certificate.subject.as_deref().or(certificate.names.first().map(String::as_str));
            let others = certificate.names.iter().filter(|name| Some(name.as_str()) != subject).count();
            let others = match others {
                0 => String::new(),
                1 => " and one other name".to_owned(),
                others => format!(" and {others} other names"),
            };
            let issuer = certificate.issuer.as_ref().map_or_else(String::new, |issuer| format!(", issued by {issuer}"));
            format!("certificate for {}{others}{issuer}", subject.unwrap_or("nobody"))
        }
        tls::Message::Alert { fatal, code } => {
            let what = tls::alert(*code).map_or_else(|| format!("number {code}"), str::to_owned);
            format!("alert: {what}{}", if *fatal { ", fatal" } else { "" })
        }
        tls::Message::Sealed => "encrypted from here on".to_owned(),
        tls::Message::Data => "first application data".to_owned(),
    }
}

fn redis(message: &redis::Message) -> String {
    match message {
        redis::Message::Command { name, key, .. } => spaced(name, key.as_deref().unwrap_or_default()),
        redis::Message::Reply(reply) => match reply {
            redis::Reply::Status(text) | redis::Reply::Error(text) => text.clone(),
            redis::Reply::Number(number) => number.to_string(),
            redis::Reply::Value(len) => format!("a value, {}", human::octets(*len)),
            redis::Reply::Several(count) => human::plural(*count, "element"),
            redis::Reply::Null => "nothing".to_owned(),
            redis::Reply::Other(sign) => format!("a value of kind {sign}"),
            redis::Reply::Push(count) => format!("unasked, {}", human::plural(*count, "element")),
        },
    }
}

fn postgres(message: &postgres::Message) -> Cow<'_, str> {
    match message {
        postgres::Message::AsksTls => "asks for encryption".into(),
        postgres::Message::Tls(true) => "agrees to encryption".into(),
        postgres::Message::Tls(false) => "has no encryption".into(),
        postgres::Message::Startup { user, database } => {
            format!("user {user}, database {}", database.as_ref().unwrap_or(user)).into()
        }
        postgres::Message::Welcome => "lets it in".into(),
        postgres::Message::ServerVersion(version) => format!("server version {version}").into(),
        postgres::Message::Query(text) => text.into(),
        postgres::Message::Complete(tag) => format!("done: {tag}").into(),
        postgres::Message::Error { code, text } => format!("error {code}: {text}").into(),
        postgres::Message::Terminate => "leaves".into(),
    }
}

fn mysql(message: &mysql::Message) -> Cow<'_, str> {
    match message {
        mysql::Message::Greeting { version } => format!("server version {version}").into(),
        mysql::Message::AsksTls => "asks for encryption".into(),
        mysql::Message::Login { user } => format!("user {user}").into(),
        mysql::Message::Command { name, argument } => spaced(name, argument).into(),
        mysql::Message::Ok => "ok".into(),
        mysql::Message::Columns(count) => human::plural(u64::from(*count), "column").into(),
        mysql::Message::Error { code, text } => format!("error {code}: {text}").into(),
    }
}

fn mqtt(packet: &mqtt::Packet) -> Cow<'_, str> {
    match packet {
        mqtt::Packet::Connect { level, client } => {
            let version = match level {
                3 => "3.1",
                4 => "3.1.1",
                _ => "5",
            };
            format!("CONNECT as {client}, MQTT {version}").into()
        }
        mqtt::Packet::Connack { code: 0 } => "CONNACK".into(),
        mqtt::Packet::Connack { code } => format!("CONNACK, refused: {code}").into(),
        mqtt::Packet::Publish { topic } => format!("PUBLISH {topic}").into(),
        mqtt::Packet::Subscribe { topic } => format!("SUBSCRIBE {topic}").into(),
        mqtt::Packet::Suback => "SUBACK".into(),
        mqtt::Packet::Disconnect => "DISCONNECT".into(),
    }
}
