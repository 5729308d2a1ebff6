//! What every writer keeps to, whatever the wire says.

use proptest::collection::vec;
use proptest::prelude::*;

use synfin::capture::{Aside, Checksums, Damage, Frame, Link, Next, Sink, Source, SourceError, Tracker, pump};
use synfin::report::fields::{Fields, Layout, names};
use synfin::report::hexdump::{Dump, Form};
use synfin::report::json::Json;
use synfin::report::line::Style;
use synfin::report::text::{Listing, Text};
use synfin::wire::Timestamp;

/// Frames of arbitrary octets, each after a few of real headers, so that some reach the last layer.
fn frames() -> impl Strategy<Value = Vec<(Link, Vec<u8>)>> {
    let link = prop_oneof![
        4 => Just(Link::Ethernet),
        4 => Just(Link::Raw),
        1 => Just(Link::Sll),
        1 => Just(Link::Sll2),
        1 => Just(Link::Null),
        1 => Just(Link::Ppp),
        1 => Just(Link::Pppoe),
        1 => any::<u16>().prop_map(Link::Other),
    ];
    let header = prop_oneof![
        Just(&[][..]),
        Just(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6][..]),
        Just(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0][..]),
        Just(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, 6, 64][..]),
        Just(&[0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 1, 0][..]),
        Just(&[0x45, 0, 0, 60, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2][..]),
        Just(&[0x45, 0, 0, 90, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 3, 3][..]),
        Just(&[0x60, 0, 0, 0, 0, 40, 58, 64][..]),
    ];
    let frame = (link, header, vec(any::<u8>(), 0..120)).prop_map(|(link, header, rest)| {
        let octets = header.iter().copied().chain(rest).collect();
        (link, octets)
    });
    vec(frame, 1..12)
}

struct Made {
    frames: Vec<(Link, Vec<u8>)>,
    at: usize,
}

impl Source for Made {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let Some((link, octets)) = self.frames.get(self.at) else {
            return Ok(Next::End);
        };
        self.at += 1;
        Ok(Next::Frame(Frame {
            time: Timestamp(self.at as u64 * 1_000_001),
            wire_len: octets.len() as u32 + 3,
            link: *link,
            interface: 0,
            bytes: octets,
            comment: Some(octets),
            aside: Aside::NONE,
        }))
    }
}

fn run(frames: &[(Link, Vec<u8>)], sink: &mut dyn Sink) {
    let mut source = Made { frames: frames.to_vec(), at: 0 };
    let summary = pump(&mut source, Checksums::Verify, &mut Tracker::default(), sink).expect("memory does not fail");
    assert_eq!(summary.damage, Vec::<Damage>::new());
}

proptest! {
    #[test]
    fn a_listing_cannot_steer_the_terminal(frames in frames(), verbose in 0u8..3, quiet: bool, link_header: bool) {
        let style = Style { verbose, quiet, link_header, ..Style::default() };
        for form in [None, Some(Form::HexAscii), Some(Form::Ascii)] {
            let dump = form.map(|form| Dump { form, link_header });
            let mut out = Vec::new();
            run(&frames, &mut Text::new(Listing { style, dump, summary: true, ..Listing::default() }, &mut out));
            let text = String::from_utf8(out).expect("a listing is UTF-8");
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
        }
    }

    #[test]
    fn every_json_record_is_an_object(frames in frames()) {
        let mut out = Vec::new();
        run(&frames, &mut Json::new(true, &mut out));
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        prop_assert_eq!(text.lines().count(), frames.len() + 1);
        for line in text.lines() {
            prop_assert!(serde_json::from_str::<serde_json::Map<_, _>>(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn every_line_of_fields_has_every_field(frames in frames()) {
        let all: Vec<_> = names().collect();
        let layout = Layout { separator: b'\x01', ..Layout::default() };
        let mut out = Vec::new();
        run(&frames, &mut Fields::new(&all, layout, &mut out).expect("they are all there"));
        let text = String::from_utf8(out).expect("fields are UTF-8");
        prop_assert_eq!(text.lines().count(), frames.len());
        for line in text.lines() {
            prop_assert_eq!(line.split('\x01').count(), all.len());
        }
    }
}
