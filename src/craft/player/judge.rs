use super::{Action, Failure, Got, Incoming, MOST_DOUBLINGS, Outgoing, Player, Turn, Verdict};
use crate::craft::script::{Act, Difference, Extras, Heard, Line, Number, Pattern, Saying, When};
use crate::wire::notation::Origin;
use crate::wire::{Flags, Span, Timestamp};

/// What a heard segment is to the script.
enum Sense {
    /// What was expected.
    Expected,
    /// What is expected after this, and it brings along the acknowledgment that is expected now.
    Next,
    /// Something that any TCP may say on the side.
    Aside,
    /// The other end repeats what it has said: our answer was lost.
    Repeat,
    /// What the script has no place for.
    Wrong(Vec<Difference>),
}

impl Player {
    /// Goes on when what is expected was heard; else says what to wait for.
    pub(super) fn expect(
        &mut self,
        when: When,
        pattern: &Pattern,
        extras: Extras,
        since: Timestamp,
        now: Timestamp,
    ) -> Turn {
        while let Some((heard, at)) = self.inbox.pop_front() {
            match self.sense(pattern, extras, &heard) {
                Sense::Expected => {
                    if let When::Between(from, to) = when {
                        let after = since.until(at);
                        // Heard before the step before was done: at once.
                        if after < from || after > to {
                            return Turn::Not(self.fail(when, Got::AtAnotherTime { text: self.text(&heard), after }));
                        }
                    }
                    self.take_in(&heard);
                    self.since = Some(at.max(since));
                    self.held += 1;
                    self.answered = true;
                    self.passed_over.clear();
                    self.resend_at = None;
                    return Turn::Over(None);
                }
                Sense::Next => {
                    self.inbox.push_front((heard, at));
                    self.held += 1;
                    self.answered = true;
                    return Turn::Over(None);
                }
                Sense::Wrong(differences) => {
                    let after = since.until(at);
                    return Turn::Not(self.fail(when, Got::Other { text: self.text(&heard), differences, after }));
                }
                Sense::Repeat => {
                    self.repeat_last_words();
                    self.pass_over(&heard);
                }
                Sense::Aside => {
                    self.take_in(&heard);
                    self.pass_over(&heard);
                }
            }
        }
        if let Some(again) = self.outbox.pop_front() {
            return Turn::Not(Action::Send(again));
        }
        let deadline = match when {
            When::Any => None,
            When::Between(_, to) => Some(since + to),
            When::Unsaid | When::After(_) => Some(since + self.manner.patience),
        };
        if deadline.is_some_and(|deadline| now >= deadline) {
            let passed_over = std::mem::take(&mut self.passed_over);
            return Turn::Not(self.fail(when, Got::Nothing { waited: since.until(now), passed_over }));
        }
        if self.resend_at.is_some_and(|at| now >= at) {
            self.resent += 1;
            self.resend_at = self.manner.resend.map(|after| now + Span(after.0 << self.resent.min(MOST_DOUBLINGS)));
            // An acknowledgment without data is said again when it is asked for.
            if self.last_words.iter().any(|words| words.segment.span() > 0) {
                self.repeat_last_words();
            }
            if let Some(again) = self.outbox.pop_front() {
                return Turn::Not(Action::Send(again));
            }
        }
        let far = now + Span::from_secs(3600);
        let next = [deadline, self.resend_at].into_iter().flatten().min().unwrap_or(far);
        Turn::Not(Action::Wait(next))
    }

    /// Goes on when nothing has been heard for as long as the step takes.
    pub(super) fn expect_nothing(&mut self, when: When, since: Timestamp, now: Timestamp) -> Turn {
        let due = since
            + match when {
                When::Unsaid | When::Any => self.manner.patience,
                When::After(span) | When::Between(_, span) => span,
            };
        while let Some((heard, at)) = self.inbox.pop_front() {
            // What was on its way when the silence began does not break it.
            if at <= since && self.is_aside(&heard) {
                self.take_in(&heard);
                continue;
            }
            if at <= due {
                let after = since.until(at);
                return Turn::Not(
                    self.fail(when, Got::Other { text: self.text(&heard), differences: Vec::new(), after }),
                );
            }
            self.inbox.push_front((heard, at));
            break;
        }
        if now < due {
            return Turn::Not(Action::Wait(due));
        }
        self.since = Some(due);
        self.held += 1;
        Turn::Over(None)
    }

    /// What was heard after the last line and has no place in the script.
    pub(super) fn unexpected_at_the_end(&mut self) -> Option<Failure> {
        let strict = self.manner.strict;
        let (heard, _) = self.inbox.iter().find(|_| strict)?;
        Some(Failure::after_the_end(self.lines.len(), self.text(heard)))
    }

    /// Answers those who, after the last line, say again what they have said; whether there were any.
    pub(super) fn answers_repeats(&mut self) -> bool {
        let mut any = false;
        while let Some((heard, _)) = self.inbox.pop_front() {
            if self.is_repeat(&heard) {
                self.repeat_last_words();
                any = true;
            }
        }
        any
    }

    fn sense(&mut self, pattern: &Pattern, extras: Extras, heard: &Incoming) -> Sense {
        // A first SYN says from what its end counts, be it expected or not.
        let mut books = self.books.clone();
        if heard.segment.flags.contains(Flags::SYN) {
            books.take_down(!self.role, &heard.segment);
        }
        let mut differences = books.hold(!self.role, pattern, heard.as_heard());
        for (field, wanted, got) in
            [("time to live", extras.ttl, heard.ttl), ("type of service", extras.tos, heard.tos)]
        {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
                differences.push(Difference { field, wanted: wanted.to_string(), got: got.to_string() });
            }
        }
        if differences.is_empty() {
            self.books = books;
            return Sense::Expected;
        }
        if self.manner.strict {
            return Sense::Wrong(differences);
        }
        if self.is_repeat(heard) {
            return Sense::Repeat;
        }
        if pattern.is_pure_ack() && pattern.window.is_none() && self.is_next(pattern, heard) {
            return Sense::Next;
        }
        if self.is_aside(heard) && !(pattern.is_pure_ack() && self.is_beyond(pattern, heard)) {
            return Sense::Aside;
        }
        // Whoever says things again may also find that something before them was lost.
        if self.manner.resend.is_some() && (pattern.is_pure_ack() || self.books.is_ahead(!self.role, &heard.segment)) {
            return Sense::Repeat;
        }
        Sense::Wrong(differences)
    }

    /// Whether the segment says nothing that was not said before.
    fn is_repeat(&self, heard: &Incoming) -> bool {
        let reset = heard.segment.flags.contains(Flags::RST);
        heard.segment.span() > 0 && !reset && self.books.is_known(!self.role, &heard.segment)
    }

    /// Whether the segment only acknowledges.
    fn is_aside(&self, heard: &Incoming) -> bool {
        !self.manner.strict && heard.segment.flags == Flags::ACK && heard.segment.len == 0
    }

    /// Whether a segment is what the next step expects, and acknowledges as much as `pattern` does.
    fn is_next(&self, pattern: &Pattern, heard: &Incoming) -> bool {
        let next = self.lines.iter().skip(self.at + 1).find_map(|line| match line {
            Line::Step(step) => Some(&step.act),
            _ => None,
        });
        let Some(Act::Say(speaker, Saying::Tcp(next), _)) = next else {
            return false;
        };
        let short = Pattern { ack: pattern.ack, flags: None, len: None, ..pattern.clone() };
        let mut books = self.books.clone();
        *speaker != self.role
            && books.hold(!self.role, next, heard.as_heard()).is_empty()
            && (books.hold(!self.role, &short, heard.as_heard()).is_empty() || self.is_beyond(pattern, heard))
    }

    /// Whether an acknowledgment goes further than the one that is waited for: that will not come.
    fn is_beyond(&self, pattern: &Pattern, heard: &Incoming) -> bool {
        let Some(Number::At(Origin::Isn, wanted)) = pattern.ack else {
            return false;
        };
        self.books.isn(self.role).is_some_and(|isn| heard.segment.ack.after(isn + wanted.0))
    }

    fn take_in(&mut self, heard: &Incoming) {
        self.books.take_down(!self.role, &heard.segment);
    }

    fn repeat_last_words(&mut self) {
        if self.manner.resend.is_some() && self.outbox.is_empty() {
            let again = |words: &Outgoing| Outgoing { again: true, ..words.clone() };
            self.outbox.extend(self.last_words.iter().map(again));
        }
    }

    fn pass_over(&mut self, heard: &Incoming) {
        // Enough to see what went on.
        if self.passed_over.len() < 8 {
            let text = self.text(heard);
            self.passed_over.push(text);
        }
    }

    fn text(&self, heard: &Incoming) -> String {
        let mut books = self.books.clone();
        books.take_down(!self.role, &heard.segment);
        format!("{} {}", (!self.role).sign(), books.written(!self.role, heard.as_heard()))
    }

    fn fail(&mut self, when: When, got: Got) -> Action {
        let within = match when {
            When::Between(from, to) => Some((from, to)),
            When::Unsaid | When::After(_) | When::Any => None,
        };
        let failure = Failure::new(self.at + 1, self.lines.get(self.at), within, got);
        self.verdict = Some(Verdict::Failed(Box::new(failure.clone())));
        Action::Done(Verdict::Failed(Box::new(failure)))
    }
}

impl Incoming {
    pub(super) fn as_heard(&self) -> Heard<'_> {
        Heard { segment: &self.segment, options: &self.options, payload: &self.payload }
    }
}
