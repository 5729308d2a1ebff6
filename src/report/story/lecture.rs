//! Why the steps are what they are, told at the packet where the question comes up, with its own
//! numbers; and what would have been, had an end vanished there.

use super::scene::Scene;
use super::tale::Step;
use crate::capture::track::{Fact, Note};
use crate::wire::Flags;

/// A question of the learner, and the answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Lecture {
    /// What it is about; the same topic needs telling once.
    pub(super) topic: Topic,
    /// How it begins.
    pub(super) question: &'static str,
    /// The answer.
    pub(super) answer: String,
}

/// The questions.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Topic {
    Legend,
    NoAnswer,
    Acknowledgement,
    WhyNotTwo,
    ClientVanishes,
    WhyNotFour,
    ThirdStepLost,
    WhyFourToClose,
    WhyThreeToClose,
    TimeWait,
}

/// What there is to learn at this packet.
pub(super) fn lectures(step: &Step, scene: &Scene<'_>) -> Vec<Lecture> {
    let mut lectures = Vec::new();
    let mut tell = |topic, question, answer| lectures.push(Lecture { topic, question, answer });
    let has = |note| step.notes.contains(note);
    let n = step.n;

    if has(Note::Open1) {
        tell(
            Topic::NoAnswer,
            "What if nothing came back?",
            "The client would send the SYN again, at growing distances, and give up after about two minutes \
             (Linux: 6 repeats)."
                .to_owned(),
        );
    }
    if has(Note::Open2) {
        let server = step.know[step.from as usize];
        let lacks_proof = server.basis(Fact::Sends).is_none();
        if lacks_proof {
            tell(
                Topic::WhyNotTwo,
                "Why are two steps not enough?",
                format!(
                    "Once #{n} arrives, the client has the answer to all four questions. The server has two: it heard the \
                     client, but nothing has told it that it is heard, and nobody has acknowledged its initial \
                     sequence number. For all it knows, the SYN was an old duplicate, or its source address forged \
                     (RFC 9293 section 3.5)."
                ),
            );
        }
        tell(
            Topic::ClientVanishes,
            "What if the client vanished here?",
            "The server would keep this half-open entry and repeat its SYN/ACK (Linux: 5 times, after 1, 3, 7, 15 \
             and 31 s) before it gave up after 63 s. Many such entries are a SYN flood."
                .to_owned(),
        );
    }
    if step.notes.intersects(&[Note::Open3, Note::Open3Data, Note::Open3Fin]) {
        tell(
            Topic::WhyNotFour,
            "Why is there no fourth step?",
            "Four messages are needed (SYN and its ACK, twice), but the middle two travel in one segment. A fourth \
             could tell neither end anything that the third, or the first data, does not."
                .to_owned(),
        );
        tell(
            Topic::ThirdStepLost,
            "What if it were lost?",
            "The server would repeat its SYN/ACK, and any later segment of the client would do as well: each carries \
             the same acknowledgement."
                .to_owned(),
        );
    }
    if step.notes.is_empty()
        && let Some(segment) = step.segment()
        && segment.len == 0
        && segment.flags == Flags::ACK
        && let Some(ack) = segment.acked()
    {
        let x = step.role(scene.conn).name();
        let ack = scene.relative(ack, !step.from);
        tell(
            Topic::Acknowledgement,
            "What does an ACK say?",
            format!("“Ack {ack}” names the next octet that the {x} waits for: it has all below {ack}."),
        );
    }
    if step.notes.intersects(&[Note::Close1, Note::Close1Data]) {
        let (x, y) = (step.role(scene.conn).name(), (!step.role(scene.conn)).name());
        tell(
            Topic::WhyFourToClose,
            "Why does closing take four?",
            format!(
                "Each direction is closed by itself, with a FIN and its ACK. When the FIN of the {x} arrives, the {y} \
                 may still have data to send; so, unlike in the opening, the middle two messages need not come \
                 together."
            ),
        );
    }
    if has(Note::Close23) {
        tell(
            Topic::WhyThreeToClose,
            "Why was the close done in three?",
            "The middle two of the four messages came together, as in the opening, because there was nothing left to \
             send between them."
                .to_owned(),
        );
    }
    if has(Note::Close4) {
        let (x, y) = (step.role(scene.conn).name(), (!step.role(scene.conn)).name());
        tell(
            Topic::TimeWait,
            "Why TIME_WAIT?",
            format!(
                "Nothing answers an ACK, so the {x} never learns whether #{n} arrived. If it did not, the {y} repeats \
                 its FIN, and somebody must be there to acknowledge it. The wait (twice the longest life of a \
                 segment; Linux: 60 s) also lets old segments die before the same endpoints meet again. It is borne \
                 by the end that closed first."
            ),
        );
    }
    lectures
}
