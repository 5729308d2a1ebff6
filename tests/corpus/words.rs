//! The check of the `words` target: TCP options, and the notation of segments.

use synfin::wire::notation::Written;
use synfin::wire::options::{Item, Present, walk};
use synfin::wire::{Endpoint, OptionList, Options, Segment, Seq};

/// Reads an input as an option list, and as text in the notation of transcripts.
pub(crate) fn check(input: &[u8]) {
    check_options(input);
    let text = String::from_utf8_lossy(input);
    check_list(&text);
    check_segment(&text);
    if let Ok(endpoint) = text.parse::<std::net::SocketAddr>() {
        let endpoint = Endpoint { addr: endpoint.ip(), port: endpoint.port() };
        assert!(!endpoint.to_string().is_empty());
    }
}

fn check_options(octets: &[u8]) {
    let mut walked = 0;
    let mut broken = 0;
    for item in walk(octets) {
        assert_eq!(broken, 0, "something comes after what is broken");
        walked += match item {
            Item::Nop => 1,
            Item::Kind(kind, data) => {
                assert!(kind > 1);
                data.len() + 2
            }
            Item::Broken(rest) => {
                broken += 1;
                rest.len()
            }
        };
    }
    assert!(walked == octets.len() || octets[walked] == 0, "{walked} of {}", octets.len());

    let options = Options::parse(octets);
    assert!(broken == 0 || options.malformed());
    assert!(options.sack().len() <= 4);
    // What is cut off takes nothing from what stands before it.
    for cut in 0..octets.len().min(60) {
        let mut of_cut = Options::default();
        of_cut.read_cut(&octets[..cut]);
        assert!(of_cut.truncated());
        let whole = [Present::MSS, Present::WINDOW_SCALE, Present::SACK_PERMITTED, Present::TIMESTAMPS];
        for one in whole {
            assert!(!of_cut.present.contains(one) || options.present.contains(one), "a cut adds {one:?}");
        }
    }

    let Ok(list) = OptionList::from_octets(octets) else {
        return assert!(octets.len() > OptionList::MAX);
    };
    assert_eq!(list.octets(), octets);
    assert_eq!(list.each().map(<[u8]>::len).sum::<usize>(), octets.len());
    assert_eq!(list.meaning(), options);
    assert_eq!(list.counted_from(Seq(77)).counted_from(Seq(77_u32.wrapping_neg())), list);
    let text = list.to_string();
    let again: OptionList = text.parse().unwrap_or_else(|error| panic!("<{text}> of {octets:?}: {error}"));
    assert_eq!(again.octets(), octets, "<{text}>");

    let short = OptionList::from(&options);
    let (one, other) = (short.meaning(), OptionList::from(&short.meaning()).meaning());
    assert_eq!(one, other, "the shortest list has a shorter one: <{short}>");
}

fn check_list(text: &str) {
    if let Ok(list) = text.parse::<OptionList>() {
        let printed = list.to_string();
        assert_eq!(printed.parse::<OptionList>().ok(), Some(list), "<{printed}>");
    }
}

fn check_segment(text: &str) {
    match text.parse::<Written>() {
        Ok(written) => {
            let printed = written.to_string();
            assert_eq!(printed.parse::<Written>().ok(), Some(written), "{printed}");
            let (segment, options) = written.sent(Seq(u32::MAX - 5), Seq(u32::MAX / 2));
            assert_eq!(segment.options, options.meaning());
            let printed = segment.to_string();
            let again: Segment = printed.parse().unwrap_or_else(|error| panic!("{printed}: {error}"));
            assert_eq!(again.to_string(), printed);
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}
