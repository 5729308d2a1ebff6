//! What was heard of one conversation.

use super::{App, Said};
use crate::capture::track::{ConnId, Ends, Role};
use crate::wire::{Span, Timestamp};

/// A packet and its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Its number in the input.
    pub n: u64,
    /// When it was captured.
    pub time: Timestamp,
}

/// Something that one side said.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    /// The packet that brought its last octet (of a message with a body, the last of its head).
    pub at: Mark,
    /// Who said it.
    pub from: Role,
    /// What it was.
    pub said: Said,
    /// What it answers, where it is an answer and the question was heard.
    pub answers: Option<Question>,
}

/// Something that was asked, and has been answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Question {
    /// Which of the conversation's sayings it is, counted from 0.
    pub index: u32,
    /// The packet that brought its last octet.
    pub at: Mark,
}

impl Saying {
    /// From the question to this answer, seen from the capture point.
    pub fn took(&self) -> Option<Span> {
        self.answers.map(|question| self.at.time - question.at.time)
    }
}

/// Moments that many protocols have, each by the packet at which it had come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Milestones {
    /// The first octets of each side.
    pub first: Ends<Option<Mark>>,
    /// TLS: its first ClientHello.
    pub client_hello: Option<Mark>,
    /// TLS: its ServerHello.
    pub server_hello: Option<Mark>,
    /// TLS: the last of the handshake that can be seen; from then on there is application data.
    pub tls_done: Option<Mark>,
    /// TLS: the first application data of each side after that, as far as that can be told: tickets
    /// of TLS 1.3 look like it.
    pub data: Ends<Option<Mark>>,
}

/// What was heard of one conversation.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// What runs there, where the octets say so.
    pub app: Option<App>,
    /// What each side said, in order; the first ones, as far as there was room.
    pub sayings: Vec<Saying>,
    /// How many sayings there were.
    pub said: u32,
    /// Questions that were asked, and how many of them were answered.
    pub asked: u32,
    /// Questions that were answered.
    pub answered: u32,
    /// The longest wait for an answer, with the question it was for.
    pub slowest: Option<(Question, Span)>,
    /// When what came.
    pub milestones: Milestones,
    /// Octets were seen, and they are nothing that is known.
    pub unknown: bool,
    /// The conversation that announced this one, and the packet that did.
    pub announced_by: Option<(ConnId, u64)>,
    /// The conversations that this one has announced, and that came.
    pub announced: Vec<ConnId>,
    /// Who asks, by what is said: the server of an active FTP data connection opened it, say.
    pub(super) asker: Option<Role>,
}

impl Talk {
    /// The sayings with what each of them answers, where that was kept.
    pub fn question_of(&self, saying: &Saying) -> Option<&Saying> {
        self.sayings.get(saying.answers?.index as usize)
    }

    /// The first thing said for which `pick` has an answer.
    pub fn first<'a, T>(&'a self, pick: impl FnMut(&'a Said) -> Option<T>) -> Option<T> {
        self.sayings.iter().map(|saying| &saying.said).find_map(pick)
    }

    /// Who asks, by what was said; the client where that does not tell.
    pub fn asker(&self) -> Role {
        self.asker.unwrap_or(Role::Client)
    }
}
