//! What the tracker says of a packet.

use std::io::Write as _;

use super::{Field, field};
use crate::capture::track::{Ends, Note, Role, Standing};
use crate::capture::{Body, Observation};
use crate::report::digits::Digits as _;
use crate::report::fields::Row;
use crate::report::fields::value::Values;
use crate::wire::Protocol;

/// Ours, by the names of the JSON records.
pub(super) const FIELDS: &[Field] = &[
    field("synfin.conn", |row, values| row.seen().into_iter().for_each(|seen| values.dec(seen.conn.0))),
    field("synfin.from", |row, values| row.seen().into_iter().for_each(|seen| values.text(seen.from.name()))),
    field("synfin.notes", |row, values| {
        row.seen().into_iter().flat_map(|seen| seen.notes.iter()).for_each(|note| values.text(note.id()));
    }),
    field("synfin.step", |row, values| {
        row.seen()
            .into_iter()
            .flat_map(|seen| seen.notes.iter())
            .filter(|note| is_step(*note))
            .for_each(|note| values.text(note.id()));
    }),
    field("synfin.client.before", |row, values| standing(row, Role::Client, |seen| &seen.before, values)),
    field("synfin.client.state", |row, values| standing(row, Role::Client, |seen| &seen.after, values)),
    field("synfin.server.before", |row, values| standing(row, Role::Server, |seen| &seen.before, values)),
    field("synfin.server.state", |row, values| standing(row, Role::Server, |seen| &seen.after, values)),
    field("synfin.client.facts", |row, values| facts(row, Role::Client, values)),
    field("synfin.server.facts", |row, values| facts(row, Role::Server, values)),
    field("synfin.facts", |row, values| {
        let Some(seen) = row.seen() else { return };
        for role in Role::BOTH {
            for (fact, basis) in seen.learnt(role) {
                values.write(|out| {
                    out.text(role.name());
                    out.extend([b'.', fact.letter() as u8, basis.mark() as u8]);
                });
            }
        }
    }),
    field("synfin.skip", |row, values| match row.packet.record.body {
        // Writing to a vector cannot fail.
        Body::Skip(skip) => values.write(|out| _ = write!(out, "{skip}")),
        Body::Arp(_) => values.text("arp"),
        Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_) => {}
    }),
];

/// Whether a note is a step of the opening or the close.
fn is_step(note: Note) -> bool {
    note.id().starts_with("open.") || note.id().starts_with("close.")
}

fn standing(row: &Row<'_>, role: Role, ends: fn(&Observation) -> &Ends<Standing>, values: &mut Values<'_>) {
    let Some((seen, _)) = row.told.filter(|(_, conn)| conn.protocol() == Protocol::Tcp) else {
        return;
    };
    let standing = ends(seen).of(role);
    values.write(|out| {
        out.text(standing.state.name());
        out.push(standing.basis.mark() as u8);
    });
}

fn facts(row: &Row<'_>, role: Role, values: &mut Values<'_>) {
    let Some(seen) = row.seen() else { return };
    for (fact, basis) in seen.learnt(role) {
        values.write(|out| out.extend([fact.letter() as u8, basis.mark() as u8]));
    }
}
