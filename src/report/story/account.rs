//! The story in pieces, for a page that puts them together itself.

use super::attempt;
use super::cause::{self, Grade};
use super::ladder::{self, Words};
use super::said;
use super::scene::Scene;
use super::tale::Tale;
use super::verdict;
use crate::capture::Conn;
use crate::report::ladder::Ladder;
use crate::report::look::Look;
use crate::report::paint::Paint;

/// What there is to say of a connection.
#[derive(Clone, Debug)]
pub(in crate::report) struct Account {
    /// It in one sentence; `None` where a cause says it better.
    pub(in crate::report) verdict: Option<String>,
    /// How long the handshake took, and where.
    pub(in crate::report) round_trip: Option<String>,
    /// The attempt from the question for the name on, and its parts.
    pub(in crate::report) attempt: Vec<String>,
    /// How the client was told from the server, where that is not plain.
    pub(in crate::report) who: Option<&'static str>,
    /// What runs there, and how that is known.
    pub(in crate::report) runs: Option<String>,
    /// That the port says something else.
    pub(in crate::report) disagrees: Option<String>,
    /// What went wrong or took long, worst first.
    pub(in crate::report) causes: Vec<cause::Cause>,
}

/// The looks of a page without columns and colours.
const PLAIN: Look = Look { width: 0, ascii: false, paint: Paint { on: false } };

/// What there is to say of `conn`.
pub(in crate::report) fn account(conn: &Conn, tale: &Tale) -> Account {
    let causes = cause::causes(&Scene::new(conn, tale, PLAIN));
    let told = verdict::is_failed(conn) && causes.iter().any(|cause| cause.grade == Grade::Failed);
    Account {
        verdict: (!told).then(|| verdict::verdict(conn, tale)),
        round_trip: verdict::round_trip(conn),
        attempt: attempt::attempt(conn, tale).map(|attempt| attempt.sentences()).unwrap_or_default(),
        who: verdict::who(conn),
        runs: said::runs(conn, tale),
        disagrees: said::disagrees(conn, tale),
        causes,
    }
}

/// Its ladder, with words where `words` asks for them.
pub(in crate::report) fn ladder(conn: &Conn, tale: &Tale, words: Words) -> Ladder {
    ladder::ladder(&Scene::new(conn, tale, PLAIN), words)
}
