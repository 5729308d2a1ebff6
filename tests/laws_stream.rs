//! Laws of streams: however octets are cut into segments, doubled, overlapped and overtaken, what is
//! told is what was said.

use std::collections::HashMap;
use std::io;

use proptest::prelude::*;
use synfin::capture::stream::{Above, Ending, Event, Interest, Limits, Missing, Streams};
use synfin::capture::track::{Role, Tracker};
use synfin::capture::{Checksums, Conn, Link, MemorySource, Observation, OwnedFrame, Packet, Sink, pump};
use synfin::craft::emit::{Spec, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp};

/// A stretch of the client's stream in a segment of its own.
#[derive(Clone, Debug)]
struct Piece {
    at: usize,
    octets: Vec<u8>,
}

/// Up to 3,000 octets, cut at random, in random order, some of them twice and across the cuts.
fn story() -> impl Strategy<Value = (u32, Vec<u8>, Vec<Piece>)> {
    let said = prop::collection::vec(any::<u8>(), 1..3_000);
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..24);
    let again = prop::collection::vec((any::<prop::sample::Index>(), 1usize..500), 0..12);
    (any::<u32>(), said, cuts, again)
        .prop_map(|(isn, said, cuts, again)| {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(said.len())).collect();
            ends.extend([0, said.len()]);
            ends.sort_unstable();
            ends.dedup();
            let whole = ends.windows(2).map(|pair| (pair[0], pair[1]));
            let doubled = again.iter().map(|(at, len)| {
                let at = at.index(said.len());
                (at, (at + len).min(said.len()))
            });
            let piece = |(from, to): (usize, usize)| Piece { at: from, octets: said[from..to].to_vec() };
            let pieces: Vec<Piece> = whole.chain(doubled).map(piece).collect();
            (isn, said, pieces)
        })
        .prop_flat_map(|(isn, said, pieces)| (Just(isn), Just(said), Just(pieces).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn however_it_comes_the_stream_is_what_was_said((isn, said, pieces) in story(), fin: prop::sample::Index) {
        let mut scene = Scene::opened(isn);
        let fin = fin.index(pieces.len() + 1);
        for (number, piece) in pieces.iter().enumerate() {
            if number == fin {
                scene.client(said.len(), &[], Flags::FIN | Flags::ACK);
            }
            scene.client(piece.at, &piece.octets, Flags::ACK);
        }
        if fin == pieces.len() {
            scene.client(said.len(), &[], Flags::FIN | Flags::ACK);
        }
        let heard = scene.play(Limits::default());
        prop_assert_eq!(&heard.octets, &said);
        prop_assert_eq!(heard.missing, 0);
        prop_assert_eq!(heard.end, Some(Ending::Fin));
    }

    #[test]
    fn of_copies_that_differ_each_octet_is_the_first_that_was_seen(
        (isn, said, mut pieces) in story(),
        lies in prop::collection::vec(any::<u8>(), 40),
    ) {
        for (piece, lie) in pieces.iter_mut().zip(&lies) {
            piece.octets.iter_mut().for_each(|octet| *octet ^= lie & 3);
        }
        let mut first = vec![None; said.len()];
        let mut scene = Scene::opened(isn);
        for piece in &pieces {
            for (slot, octet) in first[piece.at..].iter_mut().zip(&piece.octets) {
                slot.get_or_insert(*octet);
            }
            scene.client(piece.at, &piece.octets, Flags::ACK);
        }
        let heard = scene.play(Limits::default());
        let first: Vec<u8> = first.into_iter().flatten().collect();
        prop_assert_eq!(&heard.octets, &first);
    }

    #[test]
    fn what_is_told_in_spite_of_losses_stands_where_it_was_said(
        (isn, said, pieces) in story(),
        lost in prop::collection::vec(any::<bool>(), 40),
        acked in prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 40),
        side in 0usize..4_000,
    ) {
        let mut scene = Scene::opened(isn);
        let mut sent = 0;
        for ((piece, lost), acked) in pieces.iter().zip(&lost).zip(&acked) {
            if !lost {
                sent = sent.max(piece.at + piece.octets.len());
                scene.client(piece.at, &piece.octets, Flags::ACK);
            }
            if let Some(acked) = acked {
                scene.server_acks(acked.index(said.len() + 1));
            }
        }
        let heard = scene.play(Limits { side, total: side });
        prop_assert!(heard.next >= sent, "{} of {sent} octets are accounted for", heard.next);
        for (at, octet) in heard.placed {
            prop_assert_eq!(Some(&octet), said.get(at), "octet {}", at);
        }
    }

    #[test]
    fn datagrams_come_as_they_went(lens in prop::collection::vec(0usize..200, 0..20)) {
        let mut frames = Vec::new();
        for (number, len) in lens.iter().enumerate() {
            let payload = vec![number as u8; *len];
            let nothing = Segment::default();
            let spec = Spec::tcp(CLIENT, SERVER, &nothing, &OptionList::EMPTY);
            let transport = synfin::craft::emit::Transport::Udp { len: synfin::craft::Field::Right };
            frames.push(built(&Spec { transport, payload: &payload, ..spec }, number as u64));
        }
        let heard = listen(frames, Limits { side: 0, total: 0 });
        let wanted: Vec<u8> = lens.iter().enumerate().flat_map(|(number, len)| vec![number as u8; *len]).collect();
        prop_assert_eq!(heard.octets, wanted);
        prop_assert_eq!(heard.events, lens.iter().filter(|len| **len > 0).count());
    }
}

const CLIENT: Endpoint = Endpoint { addr: std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), port: 40_000 };
const SERVER: Endpoint = Endpoint { addr: std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), port: 80 };

/// A connection whose client speaks.
struct Scene {
    isn: Seq,
    frames: Vec<OwnedFrame>,
}

impl Scene {
    fn opened(isn: u32) -> Self {
        let mut scene = Self { isn: Seq(isn), frames: Vec::new() };
        let options = OptionList::from_octets(&[2, 4, 5, 0xb4]).expect("it fits");
        let syn = Segment { seq: scene.isn, flags: Flags::SYN, ..Segment::default() };
        let answer = Segment { seq: Seq(7), ack: scene.isn + 1, flags: Flags::SYN | Flags::ACK, ..Segment::default() };
        scene.push(&Spec::tcp(CLIENT, SERVER, &syn, &options));
        scene.push(&Spec::tcp(SERVER, CLIENT, &answer, &options));
        scene.client(0, &[], Flags::ACK);
        scene
    }

    fn client(&mut self, at: usize, octets: &[u8], flags: Flags) {
        let segment = Segment { seq: self.isn + 1 + at as u32, ack: Seq(8), flags, ..Segment::default() };
        self.push(&Spec { payload: octets, ..Spec::tcp(CLIENT, SERVER, &segment, &OptionList::EMPTY) });
    }

    fn server_acks(&mut self, at: usize) {
        let ack = self.isn + 1 + at as u32;
        let segment = Segment { seq: Seq(8), ack, flags: Flags::ACK, ..Segment::default() };
        self.push(&Spec::tcp(SERVER, CLIENT, &segment, &OptionList::EMPTY));
    }

    fn push(&mut self, spec: &Spec<'_>) {
        let frame = built(spec, self.frames.len() as u64);
        self.frames.push(frame);
    }

    fn play(self, limits: Limits) -> Heard {
        listen(self.frames, limits)
    }
}

fn built(spec: &Spec<'_>, number: u64) -> OwnedFrame {
    let mut bytes = Vec::new();
    // Far enough apart that none is a copy by the capture.
    let ip = synfin::craft::emit::Ip { id: number as u16, ..synfin::craft::emit::Ip::default() };
    emit(&Spec { ip, ..*spec }, &mut bytes).expect("it can be built");
    OwnedFrame::new(Timestamp(1_000_000_000 + number * 50_000_000), Link::Raw, bytes)
}

/// What the client was heard to say.
#[derive(Debug, Default)]
struct Heard {
    octets: Vec<u8>,
    placed: HashMap<usize, u8>,
    missing: usize,
    events: usize,
    next: usize,
    end: Option<Ending>,
}

impl Above for Heard {
    fn wants(&mut self, _: &Conn) -> bool {
        true
    }

    fn hear(&mut self, _: &Conn, event: &Event<'_>) -> Interest {
        if event.from() == Role::Server {
            return Interest::More;
        }
        assert_eq!(self.end, None, "something after the end");
        match event {
            Event::Octets(octets) => {
                assert_eq!(octets.at as usize, self.next, "something is left out");
                assert!(!octets.bytes.is_empty());
                self.placed.extend((self.next..).zip(octets.bytes.iter().copied()));
                self.octets.extend_from_slice(octets.bytes);
                self.next += octets.bytes.len();
                self.events += 1;
            }
            Event::Hole(hole) => {
                assert_eq!(hole.at as usize, self.next, "something is left out");
                assert!(hole.len > 0 && hole.why != Missing::Cut);
                self.missing += hole.len as usize;
                self.next += hole.len as usize;
            }
            Event::End(end) => {
                assert_eq!(end.at as usize, self.next);
                self.end = Some(end.how);
            }
        }
        Interest::More
    }
}

struct Joint {
    streams: Streams,
    limits: Limits,
    heard: Heard,
}

impl Sink for Joint {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.heard);
            assert!(self.streams.held() <= self.limits.total);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.streams.ended(conn, &mut self.heard);
        Ok(())
    }
}

fn listen(frames: Vec<OwnedFrame>, limits: Limits) -> Heard {
    let mut joint = Joint { streams: Streams::new(limits), limits, heard: Heard::default() };
    pump(&mut MemorySource::new(frames), Checksums::Ignore, &mut Tracker::default(), &mut joint).expect("a run");
    assert_eq!(joint.streams.held(), 0, "something is kept of what has ended");
    joint.heard
}
