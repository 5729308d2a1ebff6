//! Both ends of a recording, performed against each other over a wire that loses, repeats, delays
//! and reorders.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::wire::options::kind;
use crate::wire::recording::{Act, Greeting, Manner, RecordedEnd, Step};
use crate::wire::{Endpoint, Flags, OptionList, Segment, Timestamp, Window};

/// What an end does in a recording that is written down here.
#[derive(Clone, Copy, Debug)]
enum Do {
    Say(End, usize),
    Close(End),
    Reset(End),
}

use Do::{Close as Closes, Reset as Resets, Say as Says};
use End::{Client, Server};

/// A greeting with all that a usual host offers, or with nothing.
fn greeting(flags: Flags, mss: u16, much: bool) -> Greeting {
    let mut options = OptionList::EMPTY;
    options.push(kind::MSS, &mss.to_be_bytes()).expect("room");
    if much {
        options.push(kind::SACK_PERMITTED, &[]).expect("room");
        options.push(kind::TIMESTAMPS, &[0; 8]).expect("room");
        options.extend(&[kind::NOP]).expect("room");
        options.push(kind::WINDOW_SCALE, &[7]).expect("room");
    }
    Greeting { flags, window: Window(64_240), options, ttl: 64 }
}

/// A recording in which all this is done in turn, each heard before the next; segments have at most
/// 1,000 octets.
fn recorded(doings: &[Do], mss: u16, much: bool) -> Recording {
    let end = |port: u16, flags| RecordedEnd {
        endpoint: Endpoint { addr: [127, 0, 0, 1].into(), port },
        iss: Seq(1),
        greeting: Some(greeting(flags, mss, much)),
        stream: Vec::new(),
        fin: false,
        reset: false,
        acked: 0,
        manner: Manner::default(),
    };
    let mut recording = Recording {
        number: 0,
        began: Timestamp(0),
        client: end(40_000, Flags::SYN),
        server: end(80, Flags::SYN | Flags::ACK),
        steps: Vec::new(),
        gaps: Vec::new(),
    };
    let mut at_ns = 0;
    let mut step = |recording: &mut Recording, by: End, act: Act| {
        let heard = recording.end(!by).extent();
        recording.steps.push(Step { at_ns, by, act, heard });
        at_ns += 1_000_000;
    };
    step(&mut recording, Client, Act::Syn);
    step(&mut recording, Server, Act::SynAck);
    for doing in doings {
        match *doing {
            Says(by, octets) => {
                let mut left = octets;
                while left > 0 {
                    let len = left.min(1000);
                    left -= len;
                    let stream = &mut recording.end_mut(by).stream;
                    let from = stream.len();
                    // Different at every place, so that octets that are in the wrong one are found.
                    stream.extend((from..from + len).map(|at| (at / 251 + at * 7 + by as usize) as u8));
                    let act = Act::Data { from: from as u64, to: (from + len) as u64, push: left == 0 };
                    step(&mut recording, by, act);
                }
            }
            Closes(by) => {
                step(&mut recording, by, Act::Fin);
                recording.end_mut(by).fin = true;
            }
            Resets(by) => {
                step(&mut recording, by, Act::Reset);
                recording.end_mut(by).reset = true;
            }
        }
    }
    recording
}

/// What a wire does to segments, by a generator of its own so that a seed tells all of it.
#[derive(Clone, Copy, Debug)]
struct Weather {
    seed: u64,
    /// Of 100 segments: how many are lost, come twice, come late.
    lost: u64,
    twice: u64,
    late: u64,
}

const HOUR: Span = Span::from_secs(3600);

const FAIR: Weather = Weather { seed: 1, lost: 0, twice: 0, late: 0 };

struct Parcel {
    to: End,
    segment: Segment,
    options: OptionList,
    octets: Vec<u8>,
}

/// A wire with an actor at each end.
struct Stage {
    actors: [Actor; 2],
    /// What is on its way, by when it comes and when it went.
    wire: BTreeMap<(u64, u64), Parcel>,
    weather: Weather,
    now: u64,
    sent: u64,
    log: Vec<String>,
}

impl Stage {
    fn new(ends: [(&Recording, Conduct); 2], weather: Weather) -> Self {
        let [client, server] = ends;
        let actor = |(recording, conduct): (&Recording, Conduct), role| {
            Actor::new(Arc::new(Part::new(Arc::new(recording.clone()), role)), conduct)
        };
        let actors = [actor(client, Client), actor(server, Server)];
        Self { actors, wire: BTreeMap::new(), weather, now: 1_000_000_000, sent: 0, log: Vec::new() }
    }

    fn chance(&mut self, of_a_hundred: u64) -> bool {
        // SplitMix64.
        self.weather.seed = self.weather.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.weather.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 100 < of_a_hundred
    }

    /// Plays to the end.
    fn play(&mut self) -> &mut Self {
        for _ in 0..200_000 {
            let mut wake = u64::MAX;
            let mut done = 0;
            for (at, role) in End::BOTH.into_iter().enumerate() {
                loop {
                    let parcel = match self.actors[at].poll(Timestamp(self.now)) {
                        Deed::Send(said) => Parcel {
                            to: !role,
                            segment: said.segment,
                            options: said.options,
                            octets: said.octets.to_vec(),
                        },
                        Deed::Wait(until) => {
                            assert!(until.0 > self.now, "{role} waits for what has been");
                            wake = wake.min(until.0);
                            break;
                        }
                        Deed::Done => {
                            done += 1;
                            break;
                        }
                    };
                    self.post(parcel);
                }
            }
            let next = self.wire.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            if (done == 2 || self.actors.iter().all(|actor| actor.ending().is_some())) && next == u64::MAX {
                return self;
            }
            self.now = wake.min(next).max(self.now);
            if next <= self.now
                && let Some((_, parcel)) = self.wire.pop_first()
            {
                let heard = Heard {
                    segment: &parcel.segment,
                    options: parcel.options.octets(),
                    octets: &parcel.octets,
                    ttl: 64,
                };
                self.actors[parcel.to as usize].hear(heard, Timestamp(self.now));
            }
        }
        panic!("it never ends:\n{}", self.log.join("\n"));
    }

    fn post(&mut self, parcel: Parcel) {
        self.sent += 1;
        let Weather { lost, twice, late, .. } = self.weather;
        let is_lost = self.chance(lost);
        if self.log.len() < 400 {
            let Segment { seq, ack, flags, len, .. } = parcel.segment;
            let fate = if is_lost { " lost" } else { "" };
            self.log.push(format!("{} to {}: {flags} {seq} len {len} ack {ack}{fate}", self.now / 1000, parcel.to));
        }
        if is_lost {
            return;
        }
        let mut at = self.now + 1_000_000;
        if self.chance(late) {
            at += 2_500_000;
        }
        if self.chance(twice) {
            let copy = Parcel { octets: parcel.octets.clone(), ..parcel };
            self.wire.insert((at + 700_000, self.sent << 1 | 1), copy);
        }
        self.wire.insert((at, self.sent << 1), parcel);
    }

    #[track_caller]
    fn assert_as_recorded(&self) {
        let log = || self.log.join("\n");
        for actor in &self.actors {
            let role = actor.part().role();
            let comparison = actor.comparison(&Masks::NONE);
            assert!(comparison.is_equal(), "{role} heard {:?}\n{}", comparison.outcome, log());
            assert_eq!(actor.delivered(), actor.part().recording().end(role).stream.len() as u64, "{role}\n{}", log());
            assert_eq!(actor.ending(), Some(Ending::Played), "{role}\n{}", log());
        }
    }
}

fn conduct(isn: u32) -> Conduct {
    Conduct::new(Seq(isn))
}

/// Plays a recording against itself.
#[track_caller]
fn plays(doings: &[Do], weather: Weather) -> Stage {
    let recording = recorded(doings, 1460, true);
    let mut stage = Stage::new([(&recording, conduct(u32::MAX - 500)), (&recording, conduct(7))], weather);
    stage.play().assert_as_recorded();
    stage
}

const TALK: &[Do] =
    &[Says(Client, 80), Says(Server, 12_345), Says(Client, 90), Says(Server, 700), Closes(Client), Closes(Server)];

#[test]
fn a_recording_played_against_itself_comes_out_as_it_was() {
    let stage = plays(TALK, FAIR);
    let account = stage.actors[0].account();
    assert_eq!(account.ends, [(Client, Close::Fin), (Server, Close::Fin)]);
    assert_eq!((account.sent.repeats, account.heard.repeats, account.other_lengths), (0, 0, 0));
    assert!(stage.now < 1_100_000_000, "it took {} ms", (stage.now - 1_000_000_000) / 1_000_000);
}

#[test]
fn a_server_may_speak_and_close_first() {
    let stage = plays(&[Says(Server, 30), Says(Client, 10), Says(Server, 10), Closes(Server), Closes(Client)], FAIR);
    assert_eq!(stage.actors[1].account().ends, [(Server, Close::Fin), (Client, Close::Fin)]);
}

#[test]
fn half_closed_connections_carry_the_answer() {
    plays(&[Says(Client, 300), Closes(Client), Says(Server, 5000), Closes(Server)], FAIR);
}

#[test]
fn a_recorded_reset_is_said_again() {
    let recording = recorded(&[Says(Client, 30), Says(Server, 900), Resets(Client)], 1460, true);
    let mut stage = Stage::new([(&recording, conduct(1)), (&recording, conduct(7))], FAIR);
    stage.play();
    assert_eq!(stage.actors[0].ending(), Some(Ending::Played));
    assert_eq!(stage.actors[1].ending(), Some(Ending::Reset));
    assert!(stage.actors.iter().all(|actor| actor.comparison(&Masks::NONE).is_equal()));
    assert_eq!(stage.actors[1].account().ends, [(Client, Close::Reset)]);
}

#[test]
fn a_refusal_is_played_as_one() {
    let mut recording = recorded(&[Resets(Server)], 1460, true);
    recording.steps.retain(|step| step.act != Act::SynAck);
    recording.server.greeting = None;
    let mut stage = Stage::new([(&recording, conduct(1)), (&recording, conduct(7))], FAIR);
    stage.play();
    assert_eq!(stage.actors[0].ending(), Some(Ending::Refused));
}

#[test]
fn segments_are_cut_to_what_the_other_end_takes() {
    let recording = recorded(TALK, 1460, true);
    let narrow = Conduct { mss: Some(100), ..conduct(9) };
    let mut stage = Stage::new([(&recording, narrow), (&recording, conduct(7))], FAIR);
    stage.play().assert_as_recorded();
    assert_eq!(stage.actors[0].account().heard.largest, 88);
}

#[test]
fn a_small_window_is_kept_to() {
    let recording = recorded(TALK, 1460, true);
    let small = Conduct { window: 700, ..conduct(9) };
    let mut stage = Stage::new([(&recording, small), (&recording, conduct(7))], FAIR);
    stage.play().assert_as_recorded();
    assert!(stage.actors[1].account().windows.is_some_and(|(_, most)| most <= 700));
}

#[test]
fn recorded_pace_takes_the_recorded_time() {
    let recording = recorded(TALK, 1460, true);
    let paced = |isn, speed| Conduct { speed, ..conduct(isn) };
    let took = |speed| {
        let mut stage = Stage::new([(&recording, paced(9, speed)), (&recording, paced(7, speed))], FAIR);
        stage.play().assert_as_recorded();
        stage.now - 1_000_000_000
    };
    let (fast, recorded, double) = (took(Speed::Fast), took(Speed::Recorded), took(Speed::Times(2.0)));
    assert!(fast < double && double < recorded, "{fast} {double} {recorded}");
    // A step each millisecond, and the wire's own.
    assert!((17_000_000..40_000_000).contains(&recorded), "{recorded}");
}

#[test]
fn an_answer_of_another_length_is_waited_out_and_told() {
    let recording = recorded(TALK, 1460, true);
    for (octets, outcome) in [(12_000, "Missing"), (14_000, "Extra")] {
        // It differs in its last octets, too: what ends it has to be found out.
        let mut other = recorded(&[Says(Client, 80), Says(Server, octets)], 1460, true);
        other.server.stream[100] ^= 1;
        let len = other.server.stream.len() as u64;
        let shift = len as i64 - 12_345;
        let mut steps = other.steps.clone();
        let mut stream = other.server.stream.clone();
        for step in recording.steps.iter().skip_while(|step| step.heard < 12_345) {
            let mut step = *step;
            if step.by == Server {
                if let Act::Data { from, to, .. } = &mut step.act {
                    stream.extend_from_slice(&recording.server.stream[*from as usize..*to as usize]);
                    (*from, *to) = ((*from as i64 + shift) as u64, (*to as i64 + shift) as u64);
                }
            } else {
                step.heard = (step.heard as i64 + shift) as u64;
            }
            steps.push(step);
        }
        let mut other = Recording { steps, ..recording.clone() };
        other.server.stream = stream;
        let mut stage = Stage::new([(&recording, conduct(9)), (&other, conduct(7))], FAIR);
        stage.play();
        let client = &stage.actors[0];
        assert_eq!(client.ending(), Some(Ending::Played), "{outcome}\n{}", stage.log.join("\n"));
        let comparison = client.comparison(&Masks::NONE);
        assert!(matches!(&comparison.outcome, Outcome::Differs(at) if at.recorded_at == 100), "{comparison:?}");
        assert_eq!(comparison.came as i64 - comparison.recorded as i64, shift);
        assert!(stage.actors[1].comparison(&Masks::NONE).is_equal());
        assert!(client.account().other_lengths > 0);
        assert!(stage.now < 3_000_000_000, "it waited for {} ms", stage.now / 1_000_000);
    }
}

#[test]
fn a_peer_that_never_answers_is_given_up() {
    let recording = recorded(TALK, 1460, true);
    let mut mute = recorded(&[Says(Client, 80), Says(Server, 1)], 1460, true);
    mute.server.stream.clear();
    mute.steps.truncate(3);
    mute.client.fin = true;
    let mut stage =
        Stage::new([(&recording, conduct(9)), (&mute, Conduct { patience: Span::from_secs(60), ..conduct(7) })], FAIR);
    stage.play();
    assert_eq!(stage.actors[0].ending(), Some(Ending::Silent));
    assert_eq!(stage.actors[1].ending(), Some(Ending::Reset));
    assert!(matches!(stage.actors[0].comparison(&Masks::NONE).outcome, Outcome::Missing { at: 0, .. }));
}

#[test]
fn nobody_at_the_other_end_is_told_as_no_answer() {
    let weather = Weather { lost: 100, ..FAIR };
    let recording = recorded(TALK, 1460, true);
    let mut actor = Actor::new(Arc::new(Part::new(Arc::new(recording), Client)), conduct(1));
    let _ = weather;
    let mut now = 0;
    let mut syns = 0;
    loop {
        match actor.poll(Timestamp(now)) {
            Deed::Send(said) => {
                assert_eq!(said.again, syns > 0);
                syns += 1;
            }
            Deed::Wait(until) => now = until.0,
            Deed::Done => break,
        }
    }
    assert_eq!(actor.ending(), Some(Ending::Unanswered));
    // At 0, 0.2, 0.6 and 1.4 s; the next would be after the patience of 3 s.
    assert_eq!((syns, now), (4, 3_000_000_000));
}

#[test]
fn a_thousand_losses_are_made_up_for() {
    for (seed, much) in (0..12).flat_map(|seed| [(seed, true), (seed, false)]) {
        let recording =
            recorded(&[Says(Client, 20_000), Says(Server, 60_000), Closes(Server), Closes(Client)], 536, much);
        let weather = Weather { seed, lost: 10, twice: 5, late: 20 };
        let ends = [(&recording, conduct(u32::MAX - 9_000)), (&recording, conduct(u32::MAX - 30_000))];
        let patient = ends.map(|(recording, conduct)| {
            (recording, Conduct { patience: HOUR, linger: HOUR, always_lingers: true, ..conduct })
        });
        Stage::new(patient, weather).play().assert_as_recorded();
    }
}

fn doings() -> impl Strategy<Value = Vec<Do>> {
    let end = || prop_oneof![Just(Client), Just(Server)];
    let says = (end(), 1..5000usize).prop_map(|(by, octets)| Says(by, octets));
    let ends = prop_oneof![
        Just(vec![Closes(Client), Closes(Server)]),
        Just(vec![Closes(Server), Closes(Client)]),
        (1..3000usize).prop_map(|octets| vec![Closes(Client), Says(Server, octets), Closes(Server)]),
        (1..3000usize).prop_map(|octets| vec![Closes(Server), Says(Client, octets), Closes(Client)]),
    ];
    (prop::collection::vec(says, 0..8), ends).prop_map(|(says, ends)| [says, ends].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was recorded comes out octet for octet, whatever the wire does.
    #[test]
    fn whatever_the_wire_does_all_octets_arrive(
        doings in doings(),
        (seed, lost, twice, late) in (any::<u64>(), 0..15u64, 0..15u64, 0..30u64),
        (isns, mss, much) in (any::<(u32, u32)>(), 20..2000u16, any::<bool>()),
        windows in (200..70_000u32, 200..70_000u32),
    ) {
        let recording = recorded(&doings, mss, much);
        let manner = |isn, window| Conduct { window, patience: HOUR, linger: HOUR, always_lingers: true, ..conduct(isn) };
        let ends = [(&recording, manner(isns.0, windows.0)), (&recording, manner(isns.1, windows.1))];
        Stage::new(ends, Weather { seed, lost, twice, late }).play().assert_as_recorded();
    }

    /// Nothing that comes makes it panic, or go on for ever.
    #[test]
    fn any_segments_can_come(
        doings in doings(),
        segments in prop::collection::vec((any::<(u32, u32)>(), 0..64u16, any::<u16>(), prop::collection::vec(any::<u8>(), 0..40), 0..50usize, 0..300u64), 0..60),
        near in any::<bool>(),
    ) {
        let recording = recorded(&doings, 1460, true);
        for role in End::BOTH {
            let mut actor = Actor::new(Arc::new(Part::new(Arc::new(recording.clone()), role)), conduct(5));
            let mut now = 0;
            for ((seq, ack), flags, window, options, len, after) in &segments {
                while let Deed::Send(_) = actor.poll(Timestamp(now)) {}
                now += after * 1_000_000;
                let (seq, ack) = if near { (seq % 3000, ack % 3000) } else { (*seq, *ack) };
                let segment = Segment {
                    seq: Seq(seq),
                    ack: Seq(ack),
                    flags: Flags(*flags),
                    window: Window(*window),
                    urgent: 0,
                    len: *len as u32,
                    options: crate::wire::Options::parse(options),
                };
                actor.hear(Heard { segment: &segment, options, octets: &vec![7; *len], ttl: 1 }, Timestamp(now));
            }
            let mut sent = 0;
            while actor.ending().is_none() && sent < 2000 {
                match actor.poll(Timestamp(now)) {
                    Deed::Send(_) => sent += 1,
                    Deed::Wait(until) => now = until.0.max(now + 1),
                    Deed::Done => break,
                }
                if now > 7_200_000_000_000 { break }
            }
            prop_assert!(sent < 2000);
            let _ = actor.comparison(&Masks::NONE);
        }
    }
}
