use super::*;
use crate::craft::script::Script;

const ISN: Seq = Seq(u32::MAX - 3);

fn script(text: &str) -> Script {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn client(text: &str) -> Player {
    Player::new(&script(text), Speaker::Client, Manner::new(ISN)).expect("playable")
}

/// A segment as the peer says it, with the numbers of the wire; the peer counts from `isn`.
fn said(text: &str, isn: Seq) -> Incoming {
    let written: crate::wire::notation::Written = text.parse().expect("in the notation");
    let (segment, options) = written.sent(isn, ISN);
    Incoming { segment, options, payload: vec![b'x'; segment.len as usize], ttl: 64, tos: 0 }
}

const AT: fn(u64) -> Timestamp = |ms| Timestamp(ms * 1_000_000);

/// Polls until there is nothing to do but wait; gives what was sent.
#[track_caller]
fn sends(player: &mut Player, ms: u64) -> Vec<Outgoing> {
    let mut sent = Vec::new();
    loop {
        match player.poll(AT(ms)) {
            Action::Send(outgoing) => sent.push(outgoing),
            Action::Wait(_) | Action::Done(_) => return sent,
            _ => {}
        }
        assert!(sent.len() < 100, "it never stops talking");
    }
}

#[track_caller]
fn failure(player: &mut Player, ms: u64) -> String {
    sends(player, ms);
    match player.poll(AT(ms)) {
        Action::Done(Verdict::Failed(failure)) => failure.to_string(),
        other => panic!("expected a failure, not {other:?}"),
    }
}

#[test]
fn a_handshake_is_played_by_what_the_peer_says() {
    let mut player = client("> S 0:0(0) <mss 1460>\n< S. 0:0(0) ack 1 <mss 1400,...>\n+0.1 > . 1:1(0) ack 1");
    let syn = sends(&mut player, 0);
    assert_eq!((syn[0].segment.seq, syn[0].options.to_string().as_str()), (ISN, "mss 1460"));
    player.hear(said("S. 0:0(0) ack 1 <mss 1400,sackOK>", Seq(9)), AT(500));
    assert!(sends(&mut player, 500).is_empty());
    assert_eq!(player.poll(AT(500)), Action::Wait(AT(600)));
    let ack = sends(&mut player, 600);
    assert_eq!((ack[0].segment.seq, ack[0].segment.ack, ack[0].line), (ISN + 1, Seq(10), 3));
    assert_eq!(player.poll(AT(600)), Action::Done(Verdict::Held { expectations: 1 }));
}

#[test]
fn a_failure_says_what_was_wanted_and_what_came() {
    let mut player = client("\n> S 0:0(0)\n< S. 0:0(0) ack 1 win 512");
    sends(&mut player, 0);
    player.hear(said("S. 0:0(0) ack 2 win 1024 <mss 1460>", Seq(9)), AT(1));
    assert_eq!(
        failure(&mut player, 1),
        "failed: line 3, acknowledgment: wanted 1, got 2; window: wanted 512, got 1024\n\
         \x20   wanted  < S. 0:0(0) ack 1 win 512\n\
         \x20   got     < S. 0:0(0) ack 2 win 1024 <mss 1460>"
    );
}

#[test]
fn a_reset_from_nowhere_is_shown_with_its_literal_zero() {
    let mut player = client("> S 0:0(0)\n< S. 0:0(0) ack 1");
    sends(&mut player, 0);
    player.hear(said("R. !0:0(0) ack 1 win 0", Seq(0)), AT(1));
    assert!(failure(&mut player, 1).ends_with("got     < R. !0:0(0) ack 1 win 0"));

    let mut player = client("> S 0:0(0)\n< R. !0:0(0) ack 1");
    sends(&mut player, 0);
    player.hear(said("R. !0:0(0) ack 1 win 0", Seq(0)), AT(1));
    assert_eq!(player.poll(AT(1)), Action::Done(Verdict::Held { expectations: 1 }));
}

#[test]
fn silence_where_something_was_expected_fails_when_patience_ends() {
    let mut player = client("patience 0.5\n> S 0:0(0)\n< S. 0:0(0) ack 1");
    sends(&mut player, 0);
    assert_eq!(player.poll(AT(499)), Action::Wait(AT(500)));
    assert!(failure(&mut player, 500).contains("line 3, 0.500 s without it"));
}

#[test]
fn what_comes_too_early_or_too_late_fails() {
    let text = "> S 0:0(0)\n< S. 0:0(0) ack 1\n+0.9~+1.3 < S. 0:0(0) ack 1";
    for (ms, told) in [(500, "too early: after 0.500 s"), (1400, "too late: after 1.400 s")] {
        let mut player = client(text);
        sends(&mut player, 0);
        player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(0));
        sends(&mut player, 0);
        player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(ms));
        let failure = failure(&mut player, ms);
        assert!(failure.contains(told) && failure.contains("+0.9~+1.3 < S. 0:0(0) ack 1"), "{failure}");
    }
    let mut player = client(text);
    sends(&mut player, 0);
    player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(0));
    player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(1000));
    sends(&mut player, 1000);
    assert_eq!(player.held(), 2);
}

#[test]
fn nothing_means_nothing() {
    let mut player = client("> R 1:1(0)\n+0.5 < nothing\n> S 0:0(0)");
    sends(&mut player, 0);
    assert_eq!(player.poll(AT(100)), Action::Wait(AT(500)));
    player.hear(said(". 1:1(0) ack 1", Seq(9)), AT(400));
    assert!(failure(&mut player, 400).contains("line 2"));

    let mut player = client("> R 1:1(0)\n+0.5 < nothing\n> S 0:0(0)");
    sends(&mut player, 0);
    assert_eq!(sends(&mut player, 500).len(), 1);
}

#[test]
fn names_are_learnt_on_the_way() {
    let mut player = client(
        "> S 0:0(0) <TS val 1 ecr 0>
        < S. 0:0(0) ack 1 <TS val t0 ecr 1>
        < P. 1:end(...) ack 1
        > . 1:1(0) ack end <TS val 2 ecr t0>
        < F. end:end(0) ack 1
        > . ...:...(0) ack end+1",
    );
    sends(&mut player, 0);
    player.hear(said("S. 0:0(0) ack 1 <TS val 77 ecr 1>", Seq(9)), AT(1));
    player.hear(said("P. 1:8(7) ack 1", Seq(9)), AT(1));
    let ack = sends(&mut player, 1);
    assert_eq!((ack[0].segment.ack, ack[0].segment.options.timestamps()), (Seq(9 + 8), Some((2, 77))));
    player.hear(said("F. 8:8(0) ack 1", Seq(9)), AT(2));
    assert_eq!(sends(&mut player, 2)[0].segment.ack, Seq(9 + 9));
    assert_eq!(player.poll(AT(2)), Action::Done(Verdict::Held { expectations: 3 }));
}

#[test]
fn a_cookie_is_learnt_and_brought_back() {
    let mut player = client(
        "> S 0:0(0) <FO>
        < S. 0:0(0) ack 1 <FO cookie,...>
        next connection
        > S 0:5(5) <FO cookie>",
    );
    sends(&mut player, 0);
    player.hear(said("S. 0:0(0) ack 1 <mss 9,FO 0102030405060708>", Seq(9)), AT(1));
    assert_eq!(player.poll(AT(1)), Action::Reconnect);
    let syn = sends(&mut player, 1);
    assert_eq!(syn[0].options.to_string(), "FO 0102030405060708");
    assert_eq!((syn[0].segment.seq, syn[0].payload.as_slice()), (ISN + (1 << 24), &b"abcde"[..]));
}

#[test]
fn what_any_tcp_may_say_on_the_side_passes_but_not_in_a_strict_script() {
    let heard = |player: &mut Player| {
        sends(player, 0);
        player.hear(said(". 1:1(0) ack 3", Seq(9)), AT(1));
        player.hear(said("P. 1:4(3) ack 6", Seq(9)), AT(2));
        sends(player, 2);
    };
    let text = "> P. 1:6(5) ack 1\n< P. 1:4(3) ack 6";
    let begin = "isn server 9\n";
    let mut player = client(&format!("{begin}{text}"));
    heard(&mut player);
    assert_eq!(player.poll(AT(2)), Action::Done(Verdict::Held { expectations: 1 }));

    let mut player = client(&format!("{begin}strict\n{text}"));
    heard(&mut player);
    assert!(matches!(player.poll(AT(2)), Action::Done(Verdict::Failed(_))));
}

#[test]
fn an_acknowledgment_may_come_with_the_segment_after_it() {
    let text = "isn server 9
        > F. 1:1(0) ack 1
        < . 1:1(0) ack 2
        // In between.
        < F. 1:1(0) ack 2
        > . 2:2(0) ack 2";
    let mut player = client(text);
    sends(&mut player, 0);
    player.hear(said("F. 1:1(0) ack 2", Seq(9)), AT(1));
    assert_eq!(sends(&mut player, 1).len(), 1);
    assert_eq!(player.poll(AT(1)), Action::Done(Verdict::Held { expectations: 2 }));

    for (text, heard) in [(format!("strict\n{text}"), "F. 1:1(0) ack 2"), (text.to_owned(), "F. 1:1(0) ack 1")] {
        let mut player = client(&text);
        sends(&mut player, 0);
        player.hear(said(heard, Seq(9)), AT(1));
        assert!(failure(&mut player, 1).contains("flags: wanted ., got F."), "{text}");
    }
}

#[test]
fn what_passed_is_told_when_what_was_expected_never_came() {
    let mut player = client("isn server 9\n> P. 1:6(5) ack 1\n< . 1:1(0) ack 6");
    sends(&mut player, 0);
    player.hear(said(". 1:1(0) ack 3 win 7", Seq(9)), AT(1));
    sends(&mut player, 1);
    assert!(failure(&mut player, 2000).ends_with("got     nothing\n    passed  < . 1:1(0) ack 3 win 7"));
}

#[test]
fn an_acknowledgment_of_more_than_was_expected_fails_at_once() {
    let mut player = client("isn server 9\n> P. 1:6(5) ack 1\n< . 1:1(0) ack 6");
    sends(&mut player, 0);
    player.hear(said(". 1:1(0) ack 7", Seq(9)), AT(1));
    assert!(failure(&mut player, 1).contains("acknowledgment: wanted 6, got 7"));
}

#[test]
fn the_last_words_are_said_again_when_asked_to() {
    let mut player =
        client("resend 0.2\npatience 9\n> S 0:0(0)\n< S. 0:0(0) ack 1\n> . 1:1(0) ack 1\n< P. 1:3(2) ack 1");
    assert_eq!(sends(&mut player, 0).len(), 1);
    assert_eq!(player.poll(AT(0)), Action::Wait(AT(200)));
    let again = sends(&mut player, 200);
    assert!(again.len() == 1 && again[0].again && again[0].segment.seq == ISN);
    assert_eq!(player.poll(AT(200)), Action::Wait(AT(600)));
    player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(300));
    assert_eq!(sends(&mut player, 300).len(), 1);
    // The third step was lost, as the repeated second shows.
    player.hear(said("S. 0:0(0) ack 1", Seq(9)), AT(400));
    let again = sends(&mut player, 400);
    assert!(again.len() == 1 && again[0].again && again[0].line == 5);
}

#[test]
fn remarks_and_calls_come_in_their_place() {
    let mut player = client("// Intent.\n@ client connect\n@ server accept\n> S 0:0(0)");
    assert_eq!(player.poll(AT(0)), Action::Remark("// Intent.".to_owned()));
    assert_eq!(player.poll(AT(0)), Action::Call(Call::Accept));
    assert!(matches!(player.poll(AT(0)), Action::Send(_)));
}

#[test]
fn what_cannot_be_performed_is_known_before_the_first_step() {
    for (text, reason) in [
        ("> udp (3)", "only TCP segments are performed"),
        ("> S 0:0(0)\nagain", "`again` shows a frame twice"),
        ("> P. 1:...(...) ack 1", "what is to be said needs a length"),
        ("> S 0:0(0)\n> . 1:1(0) ack end", "nothing has been learnt by the name `end`"),
        ("< S 0:0(0) {sum 3}", "an identification or a checksum can be sent"),
    ] {
        let error = Player::new(&script(text), Speaker::Client, Manner::new(ISN)).expect_err(text).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// Two players and what lies between them: every packet takes 10 ms, and of both ways together
/// those are lost whose bit is set.
struct Stage {
    players: [Player; 2],
    under_way: Vec<(Timestamp, usize, Incoming)>,
    lost: u64,
    sent: u32,
}

impl Stage {
    fn new(text: &str, lost: u64) -> Self {
        let play = |role, isn| Player::new(&script(text), role, Manner::new(Seq(isn))).expect("playable");
        let players = [play(Speaker::Client, u32::MAX - 1), play(Speaker::Server, 4711)];
        Self { players, under_way: Vec::new(), lost, sent: 0 }
    }

    fn play(mut self) -> [Verdict; 2] {
        let mut now = AT(0);
        for _ in 0..100_000 {
            self.under_way.sort_by_key(|(at, ..)| *at);
            while let Some((at, ..)) = self.under_way.first()
                && *at <= now
            {
                let (at, to, heard) = self.under_way.remove(0);
                self.players[to].hear(heard, at);
            }
            let mut next = self.under_way.first().map(|(at, ..)| *at);
            let mut verdicts = Vec::new();
            for from in 0..2 {
                let until = loop {
                    match self.players[from].poll(now) {
                        Action::Send(outgoing) => self.carry(from, &outgoing, now),
                        Action::Wait(until) => break Some(until),
                        Action::Done(verdict) => {
                            verdicts.push(verdict);
                            break None;
                        }
                        Action::Call(_) | Action::Remark(_) | Action::Reconnect => {}
                    }
                };
                next = [next, until].into_iter().flatten().min();
            }
            if let Ok(verdicts) = <[Verdict; 2]>::try_from(verdicts) {
                return verdicts;
            }
            let soonest = self.under_way.iter().map(|(at, ..)| *at).min();
            now = [next, soonest].into_iter().flatten().min().expect("somebody waits for something").max(now);
        }
        panic!("it never ends");
    }

    fn carry(&mut self, from: usize, outgoing: &Outgoing, now: Timestamp) {
        let lost = self.lost >> (self.sent % 64) & 1 == 1;
        self.sent += 1;
        if !lost {
            let heard = Incoming {
                segment: outgoing.segment,
                options: outgoing.options,
                payload: outgoing.payload.clone(),
                ttl: 64,
                tos: 0,
            };
            self.under_way.push((now + Span::from_millis(10), 1 - from, heard));
        }
    }
}

const WHOLE_LIFE: &str = "
    > S  0:0(0) <mss 1460>
    < S. 0:0(0) ack 1 <mss 1460>
    > .  1:1(0) ack 1
    > P. 1:11(10) ack 1
    < .  1:1(0) ack 11
    < P. 1:21(20) ack 11
    > .  11:11(0) ack 21
    > F. 11:11(0) ack 21
    < .  21:21(0) ack 12
    < F. 21:21(0) ack 12
    > .  12:12(0) ack 22
";

#[test]
fn a_client_and_a_server_play_one_script_against_each_other() {
    let [client, server] = Stage::new(WHOLE_LIFE, 0).play();
    assert_eq!(client, Verdict::Held { expectations: 5 });
    assert_eq!(server, Verdict::Held { expectations: 6 });
}

#[test]
fn a_lost_packet_fails_a_play_in_which_nobody_repeats_himself() {
    let [client, server] = Stage::new(WHOLE_LIFE, 1 << 3).play();
    assert!(!client.held() && !server.held());
}

#[test]
fn any_single_loss_is_made_good_by_players_that_repeat_themselves() {
    let text = format!("resend 0.2\npatience 30{WHOLE_LIFE}");
    for lost in 0..11 {
        let [client, server] = Stage::new(&text, 1 << lost).play();
        assert!(client.held() && server.held(), "packet {lost} lost:\n{client}\n{server}");
    }
}

#[test]
fn many_losses_are_made_good_too() {
    let text = format!("resend 0.2\npatience 60{WHOLE_LIFE}");
    // Every third packet, every other pair, and what a generator of random numbers throws.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut masks = vec![0x9249_2492_4924_9249, 0x3333_3333_3333_3333];
    for _ in 0..200 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        masks.push(seed & seed.rotate_left(17));
    }
    let mut failed = 0;
    for mask in masks {
        let [client, server] = Stage::new(&text, mask).play();
        if !(client.held() && server.held()) {
            failed += 1;
            eprintln!("{mask:#x}:\n{client}\n{server}");
        }
    }
    assert_eq!(failed, 0);
}
