use std::collections::VecDeque;

use super::told::Message;
use crate::capture::track::Role;
use crate::wire::declared::{Definition, Value};
use crate::wire::{Span, Timestamp};

/// What a message is among those that ask and answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// Neither of them.
    Neither,
    /// It asks.
    Request,
    /// It answers, to this if that was seen.
    Response(Option<Asked>),
}

/// What a response answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Number of the request among the messages of its conversation.
    pub number: u64,
    /// From the last octet of the request to the first of the response.
    pub waited: Span,
}

/// The requests of a conversation that wait for their responses.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    open: VecDeque<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    key: Option<u128>,
    number: u64,
    from: Role,
    done: Timestamp,
}

/// The most requests that are remembered; the oldest is forgotten first.
const MOST: usize = 1024;

impl Pairs {
    /// What a message is; `number` is its own.
    pub(super) fn take(&mut self, of: &Definition, from: Role, number: u64, message: &Message<'_>) -> Part {
        let Some(pair) = &of.pair else { return Part::Neither };
        let meets = |condition: &Option<_>, role| match condition {
            Some(condition) => of.meets(condition, message.header),
            None => from == role,
        };
        let key = pair.key.and_then(|place| of.value(message.header, place)).map(key);
        if meets(&pair.request, Role::Client) {
            if self.open.len() == MOST {
                self.open.pop_front();
            }
            self.open.push_back(Open { key, number, from, done: message.done });
            return Part::Request;
        }
        if !meets(&pair.response, Role::Server) {
            return Part::Neither;
        }
        let asked = self.open.iter().position(|open| open.key == key && open.from != from);
        let asked = asked.and_then(|at| self.open.remove(at));
        Part::Response(asked.map(|open| Asked { number: open.number, waited: open.done.until(message.begun) }))
    }
}

fn key(value: Value<'_>) -> u128 {
    match value {
        Value::Bytes(octets) | Value::Text(octets) => {
            octets.iter().fold(octets.len() as u128, |key, octet| key << 8 | u128::from(*octet))
        }
        number => number.number().unwrap_or_default() as u128,
    }
}
