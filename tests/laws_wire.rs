//! The laws of the words in `wire`: what must hold for every number.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use synfin::wire::options::{Item, walk};
use synfin::wire::{Endpoint, Flags, FlowKey, Options, Protocol, Seq, Span, Timestamp, Vlans, Window, WindowScale};

proptest! {
    #[test]
    fn an_offset_leads_back_to_where_it_was_taken(a: u32, b: u32) {
        let offset = Seq(a).offset_from(Seq(b));
        prop_assert_eq!(Seq(b) + offset as u32, Seq(a));
    }

    #[test]
    fn of_two_numbers_one_comes_before_the_other(a: u32, distance in 1u32..1 << 31) {
        let (a, b) = (Seq(a), Seq(a) + distance);
        prop_assert!(a.before(b) && b.after(a));
        prop_assert!(!b.before(a) && !a.after(b) && !a.before(a));
        prop_assert_eq!((a.latest(b), b.latest(a)), (b, b));
    }

    #[test]
    fn before_is_transitive_within_a_window(a: u32, near in 0u32..1 << 30, far in 0u32..1 << 30) {
        let (first, second, third) = (Seq(a), Seq(a) + near, Seq(a) + near + far);
        prop_assert!(!second.before(first) && !third.before(second) && !third.before(first));
        prop_assert!(second.within(first, third));
    }

    #[test]
    fn where_the_circle_is_cut_changes_nothing(a: u32, b: u32, shift: u32) {
        prop_assert_eq!(Seq(a).offset_from(Seq(b)), (Seq(a) + shift).offset_from(Seq(b) + shift));
    }

    #[test]
    fn no_window_reaches_2_to_the_30(window: u16, sent: u8) {
        let scale = WindowScale::clamped(sent);
        prop_assert!(scale.count() <= 14);
        prop_assert!(Window(window) << scale < 1 << 30);
    }

    #[test]
    fn both_directions_of_a_flow_have_one_key(src in endpoint(), dst in endpoint(), tags in prop::collection::vec(0u16..4096, 0..5)) {
        let mut vlans = Vlans::default();
        for id in &tags {
            vlans.push(*id);
        }
        let (there, from) = FlowKey::of(src, dst, Protocol::Tcp, &vlans);
        let (back, to) = FlowKey::of(dst, src, Protocol::Tcp, &vlans);
        prop_assert_eq!(there, back);
        prop_assert!(src == dst || from == !to);
        if src.addr.is_ipv4() == dst.addr.is_ipv4() {
            prop_assert_eq!((there.endpoint(from), there.endpoint(!from)), (src, dst));
        }
        prop_assert_ne!(there, FlowKey::of(src, dst, Protocol::Udp, &vlans).0);
        prop_assert_eq!(there.without_vlans(), FlowKey::of(src, dst, Protocol::Tcp, &Vlans::default()).0);
    }

    #[test]
    fn a_priority_tag_names_no_vlan(tags in prop::collection::vec(0u16..4096, 0..4)) {
        let vlans = |ids: &mut dyn Iterator<Item = u16>| {
            let mut vlans = Vlans::default();
            ids.for_each(|id| vlans.push(id));
            vlans
        };
        let with = vlans(&mut tags.iter().copied());
        let without = vlans(&mut tags.iter().copied().filter(|id| *id != 0));
        prop_assert_eq!(with.zone(), without.zone());
    }

    #[test]
    fn the_letters_of_flags_give_them_back(bits in 1u16..0x200) {
        let letters = Flags(bits).to_string();
        let back = letters.chars().filter_map(Flags::from_letter).fold(Flags::default(), |flags, flag| flags | flag);
        prop_assert_eq!(back, Flags(bits));
    }

    #[test]
    fn every_octet_of_an_option_list_is_walked_over_once(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let walked: usize = walk(&octets).map(|item| match item {
            Item::Nop => 1,
            Item::Kind(_, data) => data.len() + 2,
            Item::Broken(rest) => rest.len(),
        }).sum();
        prop_assert!(walked == octets.len() || octets[walked] == 0, "{} of {}", walked, octets.len());
        let _ = Options::parse(&octets);
    }

    #[test]
    fn time_that_passes_can_be_measured(from in 0u64..1 << 62, ns in 0i64..1 << 40) {
        let later = Timestamp(from) + Span(ns);
        prop_assert_eq!(later - Timestamp(from), Span(ns));
        prop_assert_eq!(Timestamp(from) - later, Span(-ns));
    }
}

#[test]
fn half_a_circle_away_is_neither_before_nor_after_in_both_directions() {
    let (a, b) = (Seq(0), Seq(1 << 31));
    assert_eq!(a.before(b), b.before(a), "the one distance whose sign says nothing");
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let addr = prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    ];
    (addr, any::<u16>()).prop_map(|(addr, port)| Endpoint { addr, port })
}
