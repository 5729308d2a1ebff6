//! What runs on a connection, as the object `app` of its record.

use super::summary::Summary;
use super::words;
use crate::capture::Conn;
use crate::capture::apps::{self, Act, Said, Saying, Talk, http, tls};
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::report::object::{Array, Object, key};

/// Appends the member `app`: what runs on `conn`, by what was heard or by the port; nothing where
/// neither tells.
pub(in crate::report) fn write(object: &mut Object<'_>, conn: &Conn, talk: Option<&Talk>) {
    let app = Talk::app_of(talk, conn);
    let port = apps::port(conn, talk);
    if app.is_none() && port.is_none() {
        return;
    }
    object.object(key!("app"), |object| {
        match &app {
            Some(app) => {
                object.string(key!("name"), &app.name);
                object.word(key!("evidence"), app.evidence.name());
                object.word(key!("confidence"), app.confidence.name());
            }
            // Looked for, and nothing that is known.
            None => object.null(key!("name")),
        }
        if let Some(port) = port {
            object.word(key!("port"), port.service);
            object.flag(key!("disagrees"), port.disagrees);
        }
        if let Some(talk) = talk {
            heard(object, talk);
        }
    });
}

/// Appends what a packet said.
pub(in crate::report) fn said(array: &mut Array<'_>, saying: &Saying) {
    array.object(|object| {
        object.word(key!("from"), saying.from.name());
        object.word(key!("protocol"), saying.said.protocol());
        object.string(key!("text"), &words::plain(&saying.said));
        if let (Some(question), Some(took)) = (saying.answers, saying.took()) {
            object.number(key!("asked_n"), question.at.n);
            object.signed(key!("took_ns"), took.0);
        }
    });
}

fn heard(object: &mut Object<'_>, talk: &Talk) {
    let told = Summary::of(talk);
    if talk.asker() == Role::Server {
        object.word(key!("asker"), "server");
    }
    if let Some(hello) = told.hello {
        object.object(key!("tls"), |object| self::tls(object, hello, &told));
    } else if told.chosen.is_some() || told.certificate.is_some() {
        object.object(key!("tls"), |object| chosen(object, &told));
    }
    if let Some(host) = told.request.and_then(|request| request.host.as_ref()) {
        object.string(key!("host"), host);
    }
    if let Some(agent) = told.request.and_then(|request| request.user_agent.as_ref()) {
        object.string(key!("user_agent"), agent);
    }
    if let Some(user) = told.user {
        object.string(key!("user"), user);
    }
    if let Some(server) = told.server {
        object.string(key!("server"), server);
    }
    let [client, server] = told.ssh;
    if client.is_some() || server.is_some() {
        object.object(key!("ssh"), |object| {
            if let Some(version) = client {
                object.string(key!("client"), &version.text);
            }
            if let Some(version) = server {
                object.string(key!("server"), &version.text);
            }
        });
    }
    if let Some((control, n)) = talk.announced_by {
        object.object(key!("announced_by"), |object| {
            object.number(key!("conn"), u64::from(control.0));
            object.number(key!("n"), n);
        });
    }
    if !talk.announced.is_empty() {
        object.numbers(key!("announced"), talk.announced.iter().map(|conn| u64::from(conn.0)));
    }
    if talk.asked > 0 {
        object.number(key!("asked"), u64::from(talk.asked));
        object.number(key!("answered"), u64::from(talk.answered));
    }
    if let Some((question, took)) = talk.slowest {
        object.object(key!("slowest"), |object| {
            object.number(key!("n"), question.at.n);
            object.signed(key!("took_ns"), took.0);
        });
    }
    if talk.sayings.iter().any(is_question) {
        object.array(key!("turns"), |array| turns(array, talk));
    }
}

/// TLS tells of itself under `tls`.
fn is_question(saying: &Saying) -> bool {
    saying.said.act() == Act::Asks && !matches!(saying.said, Said::Tls(_))
}

fn tls(object: &mut Object<'_>, hello: &tls::ClientHello, told: &Summary<'_>) {
    if let Some(name) = &hello.server_name {
        object.string(key!("server_name"), name);
    }
    object.word(key!("offered"), &tls::version(hello.version));
    if !hello.alpn.is_empty() {
        object.array(key!("alpn"), |array| hello.alpn.iter().for_each(|alpn| array.string(alpn)));
    }
    object.word(key!("ja4"), &hello.ja4);
    chosen(object, told);
}

fn chosen(object: &mut Object<'_>, told: &Summary<'_>) {
    if let Some(chosen) = told.chosen {
        object.word(key!("version"), &tls::version(chosen.version));
        object.quoted(key!("cipher"), |out| {
            out.text("0x");
            out.hex(u64::from(chosen.cipher), 4);
        });
        if let Some(alpn) = &chosen.alpn {
            object.string(key!("chosen_alpn"), alpn);
        }
    }
    if let Some(certificate) = told.certificate {
        object.object(key!("certificate"), |object| {
            if let Some(subject) = &certificate.subject {
                object.string(key!("subject"), subject);
            }
            object.array(key!("names"), |array| certificate.names.iter().for_each(|name| array.string(name)));
            if let Some(issuer) = &certificate.issuer {
                object.string(key!("issuer"), issuer);
            }
            object.number(key!("chain"), u64::from(certificate.chain));
        });
    }
    if let Some(alert) = told.alert {
        object.number(key!("alert"), u64::from(alert));
    }
}

/// Questions, with their answers.
fn turns(array: &mut Array<'_>, talk: &Talk) {
    let mut answers = vec![None; talk.sayings.len()];
    for saying in talk.sayings.iter().filter(|saying| saying.said.act() == Act::Answers) {
        if let Some(place) = saying.answers.and_then(|question| answers.get_mut(question.index as usize)) {
            *place = Some(saying);
        }
    }
    for (saying, answer) in talk.sayings.iter().zip(answers).filter(|(saying, _)| is_question(saying)) {
        array.object(|object| {
            object.number(key!("n"), saying.at.n);
            object.number(key!("t_ns"), saying.at.time.0);
            if let Said::Http(http::Message::Request(request)) = &saying.said {
                object.string(key!("method"), &request.method);
                object.string(key!("target"), &request.target);
                if let Some(host) = &request.host {
                    object.string(key!("host"), host);
                }
            } else {
                object.string(key!("asks"), &words::plain(&saying.said));
            }
            let Some(answer) = answer else { return };
            if let Said::Http(http::Message::Response(response)) = &answer.said {
                object.number(key!("status"), u64::from(response.status));
            } else {
                object.string(key!("answer"), &words::plain(&answer.said));
            }
            object.number(key!("answer_n"), answer.at.n);
            if let Some(took) = answer.took() {
                object.signed(key!("took_ns"), took.0);
            }
        });
    }
}
