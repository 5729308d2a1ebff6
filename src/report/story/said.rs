//! What was said above TCP, in the story.

use super::tale::Tale;
use crate::capture::Conn;
use crate::capture::apps::{self, Confidence, Evidence, Saying, Talk};
use crate::capture::track::Role;
use crate::report::apps as words;
use crate::report::human;

/// What runs on `conn` and how that is known; `None` where nothing but the port says so.
pub(super) fn runs(conn: &Conn, tale: &Tale) -> Option<String> {
    let talk = tale.talk.as_ref()?;
    let app = Talk::app_of(Some(talk), conn).filter(|app| app.evidence != Evidence::Port)?;
    let brief = words::brief(talk);
    let with = if brief.is_empty() { String::new() } else { format!(" ({brief})") };
    let why = match (app.evidence, talk.announced_by) {
        (Evidence::Announced, Some((control, n))) => format!("connection {} announced it (#{n})", control.0),
        (Evidence::Alpn, _) => "by what TLS says of what it carries (ALPN)".to_owned(),
        (Evidence::Declared, _) => "as declared".to_owned(),
        (Evidence::Name, _) => "by the name its server was looked up by".to_owned(),
        (_, _) if app.confidence == Confidence::High => "by what was said".to_owned(),
        (..) => "by what one side said".to_owned(),
    };
    let asked = match (talk.asked, talk.answered) {
        (0, _) => String::new(),
        (asked, answered) => {
            let answers = match answered {
                0 => "no answer".to_owned(),
                all if all == asked && all == 1 => "answered".to_owned(),
                all if all == asked => "all answered".to_owned(),
                answered => format!("{} answered", human::count(answered.into())),
            };
            let slowest = talk.slowest.map_or_else(String::new, |(question, took)| {
                let which = if asked == 1 { "" } else { "the slowest " };
                format!(", {which}after {} (#{})", human::span(took), question.at.n)
            });
            format!(" {}, {answers}{slowest}.", human::plural(asked.into(), "request"))
        }
    };
    Some(format!("What runs there: {}{with}, {why}.{asked}", app.name))
}

/// That the port says something else, where it does.
pub(super) fn disagrees(conn: &Conn, tale: &Tale) -> Option<String> {
    let talk = tale.talk.as_ref()?;
    let port = apps::port(conn, Some(talk)).filter(|port| port.disagrees)?;
    let (number, service) = (conn.endpoint(Role::Server).port, port.service);
    Some(match &talk.app {
        Some(app) => {
            format!("Port and content disagree: on port {number} {service} is usual, and {} is spoken.", app.name)
        }
        None => format!(
            "Port and content disagree: on port {number} {service} is usual, and what is said there is nothing that is \
             known here."
        ),
    })
}

/// What the packets from `first` to `last` said, in order.
pub(super) fn by(tale: &Tale, first: u64, last: u64) -> impl Iterator<Item = &Saying> {
    let sayings = tale.talk.iter().flat_map(|talk| &talk.sayings);
    sayings.filter(move |saying| (first..=last).contains(&saying.at.n))
}

/// One of them in a sentence: `The client says: HTTP GET /`.
pub(super) fn sentence(saying: &Saying) -> String {
    let mut text = format!("The {} says: ", saying.from.name()).into_bytes();
    words::line(&mut text, saying);
    String::from_utf8_lossy(&text).into_owned()
}
