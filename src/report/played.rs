//! How a performance ended, as a record.

use std::io::{self, Write};

use super::json::SCHEMA;
use super::object::{Object, key};

/// The end of a performance, in the words of whoever performed.
#[derive(Clone, Debug, Default)]
pub struct Played<'a> {
    /// How many expectations held; of a performance that failed, before it did.
    pub expectations: u64,
    /// What did not hold.
    pub failure: Option<Failed<'a>>,
}

/// An expectation that did not hold.
#[derive(Clone, Debug)]
pub struct Failed<'a> {
    /// The line of the script, from 1.
    pub line: u64,
    /// What it wants.
    pub wanted: &'a str,
    /// What came; nothing where nothing did.
    pub got: Option<&'a str>,
    /// The whole of it, for eyes.
    pub text: &'a str,
}

impl Played<'_> {
    /// Writes the record, on a line of its own.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        let mut object = Object::begin(&mut line);
        object.number(key!("schema"), SCHEMA);
        object.word(key!("type"), "played");
        object.flag(key!("held"), self.failure.is_none());
        object.number(key!("expectations"), self.expectations);
        if let Some(failed) = &self.failure {
            object.number(key!("line"), failed.line);
            object.string(key!("wanted"), failed.wanted);
            match failed.got {
                Some(got) => object.string(key!("got"), got),
                None => object.null(key!("got")),
            }
            object.string(key!("text"), failed.text);
        }
        object.end();
        line.push(b'\n');
        out.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(played: &Played<'_>) -> String {
        let mut out = Vec::new();
        played.write(&mut out).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_record_says_whether_all_held_and_else_what_did_not() {
        let held = Played { expectations: 3, failure: None };
        assert_eq!(written(&held), "{\"schema\":1,\"type\":\"played\",\"held\":true,\"expectations\":3}\n");
        let failure = Failed { line: 7, wanted: "< F. 1:1(0) ack 1", got: None, text: "failed: \"quoted\"" };
        assert_eq!(
            written(&Played { expectations: 1, failure: Some(failure) }),
            "{\"schema\":1,\"type\":\"played\",\"held\":false,\"expectations\":1,\"line\":7,\
             \"wanted\":\"< F. 1:1(0) ack 1\",\"got\":null,\"text\":\"failed: \\\"quoted\\\"\"}\n"
        );
    }
}
