use crate::capture::declared::{Lost, Part, Told, What, Why};
use crate::report::digits::Digits as _;
use crate::report::human;
use crate::report::paint::{self, Ink, Paint};
use crate::wire::declared::Implausible;

/// Appends the line of what is told at a packet: `    acme 3  get id=7 5B`.
pub(in crate::report) fn told_at(out: &mut Vec<u8>, told: &Told<'_>, paint: Paint) {
    out.text("    ");
    line(out, told, paint, Packets::Told);
    out.push(b'\n');
}

/// The same behind the last packet, where nobody else says whose it is.
pub(in crate::report) fn write_behind(out: &mut Vec<u8>, told: &Told<'_>, paint: Paint) {
    out.text("conn ");
    out.dec(told.conn.id.0.into());
    out.push(b' ');
    out.text(told.from.name());
    out.text(": ");
    line(out, told, paint, Packets::Told);
    out.push(b'\n');
}

/// Whether a line says which packets carried a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packets {
    /// It does, where they are several.
    Told,
    /// They stand elsewhere.
    Elsewhere,
}

/// What is told, without an end to its line.
pub(super) fn line(out: &mut Vec<u8>, told: &Told<'_>, paint: Paint, packets: Packets) {
    match &told.what {
        What::Message(message, number, part) => {
            paint.with(Ink::Bold, out, |out| {
                out.text(&told.of.name);
                out.push(b' ');
                out.dec(*number);
            });
            out.text("  ");
            let mut summary = Vec::new();
            told.of.write_summary(&mut summary, message.header, message.body);
            paint::escape(out, &summary);
            let several = message.carriers.count() > 1 && packets == Packets::Told;
            if let (Some(first), true) = (message.carriers.first(), several) {
                out.text(", in packets ");
                out.dec(first);
                out.text(if message.carriers.count() == 2 { " and " } else { " to " });
                out.dec(message.carriers.last);
            }
            match part {
                Part::Neither | Part::Request => {}
                Part::Response(Some(asked)) => {
                    out.text(", answers ");
                    out.text(&told.of.name);
                    out.push(b' ');
                    out.dec(asked.number);
                    out.text(" in ");
                    human::write_span(out, asked.waited);
                }
                Part::Response(None) => out.text(", answers what was not seen"),
            }
            if message.right == Some(false) {
                out.text(", ");
                paint.text(Ink::Bad, out, "checksum wrong");
            }
        }
        What::Lost(lost) => {
            paint.text(Ink::Bold, out, &told.of.name);
            out.text("  ");
            paint.with(Ink::Warn, out, |out| lost_words(out, lost));
        }
    }
}

fn lost_words(out: &mut Vec<u8>, lost: &Lost) {
    out.text(&human::plural(lost.len, "octet"));
    out.text(" from ");
    out.dec(lost.at);
    out.text(" on in no message: ");
    out.text(match lost.why {
        Why::Implausible(Implausible::NoMagic) => "a header has another magic",
        Why::Implausible(Implausible::TooShort) => "a header says that its message is shorter than itself",
        Why::Implausible(Implausible::TooLong) => "a header says that its message is longer than one can be",
        Why::Hole => "not all of them were captured",
        Why::MidStream => "the capture begins within the stream",
        Why::CutShort => "the stream ends within a message",
    });
    if lost.found {
        out.text("; the next begins behind them");
    }
}
