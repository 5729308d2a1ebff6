use std::fmt;

use super::pattern::{Number, OptionPattern, OptionsPattern, Pattern, Value};
use crate::wire::Seq;
use crate::wire::notation::{Origin, Quoted};
use crate::wire::options::kind;

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flags {
            Some(flags) => write!(f, "{flags} {}:", self.seq)?,
            None => write!(f, "... {}:", self.seq)?,
        }
        match (self.end, self.seq, self.len) {
            (Some(name), ..) => name.fmt(f)?,
            (None, Number::At(Origin::Isn, seq), Some(len)) => Number::At(Origin::Isn, seq + len).fmt(f)?,
            (None, Number::At(Origin::Zero, seq), Some(len)) => (seq + len).fmt(f)?,
            (None, Number::Named(name, more), Some(len)) => {
                Number::Named(name, more.wrapping_add(len as i32)).fmt(f)?;
            }
            (None, Number::Any, _) | (None, _, None) => f.write_str("...")?,
        }
        match self.len {
            Some(len) => write!(f, "({len})")?,
            None => f.write_str("(...)")?,
        }
        if let Some(ack) = self.ack {
            write!(f, " ack {ack}")?;
        }
        if let Some(window) = self.window {
            write!(f, " win {}", window.0)?;
        }
        if let Some(urgent) = self.urgent {
            write!(f, " urg {urgent}")?;
        }
        if let Some(options) = &self.options {
            write!(f, " <{options}>")?;
        }
        if let Some(message) = &self.message {
            write!(f, " {}", message.wording)?;
        } else if let Some(data) = &self.data {
            write!(f, " {}", Quoted(data))?;
        }
        Ok(())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::At(Origin::Isn, Seq(value)) => (value as i32).fmt(f),
            Self::At(Origin::Zero, Seq(value)) => write!(f, "!{value}"),
            Self::Named(name, 0) => name.fmt(f),
            Self::Named(name, more) => write!(f, "{name}{more:+}"),
            Self::Any => f.write_str("..."),
        }
    }
}

impl fmt::Display for OptionsPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = self.more.then(|| "...".to_owned());
        let items: Vec<String> = self.items.iter().map(ToString::to_string).chain(more).collect();
        f.write_str(&items.join(","))
    }
}

impl fmt::Display for OptionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(option) => option.fmt(f),
            Self::AnyOf(kind) => {
                let name = match *kind {
                    kind::MSS => "mss",
                    kind::WINDOW_SCALE => "wscale",
                    kind::SACK => "sack",
                    kind::FAST_OPEN => "FO",
                    kind => return write!(f, "kind {kind} ..."),
                };
                write!(f, "{name} ...")
            }
            Self::Timestamps(val, ecr) => write!(f, "TS val {val} ecr {ecr}"),
            Self::Cookie(name) => write!(f, "FO {name}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => value.fmt(f),
            Self::Named(name) => name.fmt(f),
            Self::Any => f.write_str("..."),
        }
    }
}
