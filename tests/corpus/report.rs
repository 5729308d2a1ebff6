//! The check of the `report` target: every writer, of whatever a capture holds.

use std::io::Cursor;

use super::files::is_packed;
use super::harmless::{assert_harmless, assert_json};
use synfin::capture::file::{Capture, Options};
use synfin::capture::track::{Limits, Timers};
use synfin::capture::{Checksums, Reading, Sink, Tracker, pump};
use synfin::report::clock::{Precision, TimeStyle};
use synfin::report::conns::{Choice, Columns, Conns, Field, Format, Order};
use synfin::report::fields::{self, Fields, Layout};
use synfin::report::hexdump::{Dump, Form};
use synfin::report::json::Json;
use synfin::report::line::Style;
use synfin::report::paint::Paint;
use synfin::report::story::{self, Explain, Look};
use synfin::report::tables::{Column, Packets};
use synfin::report::text::{Listing, Text};

/// Reads an input as a capture and has all of it written in every way.
pub(crate) fn check(input: &[u8]) {
    if is_packed(input) || Capture::from_reader("it", Cursor::new(input.to_vec()), Options::default()).is_err() {
        return;
    }
    let style = Style { verbose: 2, link_header: true, ..Style::default() };
    for listing in [
        Listing { summary: true, ..Listing::default() },
        Listing {
            style,
            absolute: true,
            time: TimeStyle::Epoch,
            precision: Precision::Nano,
            number: true,
            dump: Some(Dump { form: Form::HexAscii, link_header: true }),
            summary: true,
        },
        Listing {
            style: Style { quiet: true, ..style },
            dump: Some(Dump { form: Form::Ascii, link_header: false }),
            time: TimeStyle::SincePrevious,
            ..Listing::default()
        },
    ] {
        let mut out = Vec::new();
        run(input, true, &mut Text::new(listing, &mut out));
        assert_harmless("the listing", &out);
    }

    let mut out = Vec::new();
    run(input, true, &mut Json::new(true, &mut out));
    assert_json("packets as JSON", &out);

    let mut out = Vec::new();
    let names: Vec<_> = fields::names().collect();
    run(input, false, &mut Fields::new(&names, Layout::default(), &mut out).expect("fields that exist"));
    assert_harmless("fields", &out);

    for layout in [Layout::csv::<&str>(&[]), Layout::tsv::<&str>(&[])] {
        let mut out = Vec::new();
        let layout = layout.expect("no settings");
        run(input, true, &mut Packets::new(Column::all().to_vec(), layout, &mut out));
        assert_harmless("rows of packets", &out);
    }

    for format in [
        Format::Table { width: 80, ellipsis: "…", paint: Paint::default(), columns: Columns::default() },
        Format::Table { width: 0, ellipsis: "..", paint: Paint::default(), columns: Columns::default() },
        Format::Json,
        Format::Zeek,
        Format::Fields(Field::all(), Layout::default()),
        Format::Fields(Field::all(), Layout::csv::<&str>(&[]).expect("no settings")),
        Format::Fields(Field::all(), Layout::tsv::<&str>(&[]).expect("no settings")),
        Format::Ecs,
    ] {
        let json = matches!(format, Format::Json);
        let choice = Choice {
            format,
            order: Order::Id,
            reverse: json,
            top: None,
            protocol: None,
            summary: true,
            apps: false,
            names: false,
        };
        let mut out = Vec::new();
        run(input, true, &mut Conns::new(&mut out, choice));
        if json { assert_json("connections as JSON", &out) } else { assert_harmless("connections", &out) }
    }

    for form in [story::Form::Text, story::Form::Rfc, story::Form::Mermaid, story::Form::Svg, story::Form::Html] {
        let ascii = form == story::Form::Rfc;
        let look = Look { width: if ascii { 0 } else { 80 }, ascii, paint: Paint::default() };
        let choice = story::Choice { form, ..story::Choice::default() };
        let mut out = Vec::new();
        run(input, false, &mut Explain::new(&mut out, look, choice));
        assert_harmless("the story", &out);
    }
}

fn run(input: &[u8], resync: bool, sink: &mut dyn Sink) {
    let mut source =
        Capture::from_reader("it", Cursor::new(input.to_vec()), Options { resync }).expect("it is a capture");
    let mut tracker = Tracker::new(Limits { timers: resync.then(Timers::default), ..Limits::default() });
    let reading = Reading { reassemble: true, ..Reading::from(Checksums::Verify) };
    pump(&mut source, reading, &mut tracker, sink).expect("memory can be read and written");
}
