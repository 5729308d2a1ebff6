//! The check of the `script` target: transcripts read, printed, played into frames, and performed by
//! two players against each other.

use synfin::capture::{Checksums, Link, OwnedFrame, decode};
use synfin::craft::Script;
use synfin::craft::player::{Action, Incoming, Manner, Player};
use synfin::craft::script::{Medium, Speaker};
use synfin::wire::{Seq, Span, Timestamp};

/// Turns that two players get, at most.
const TURNS: usize = 500;

/// Reads an input as a transcript.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let script: Script = match text.parse() {
        Ok(script) => script,
        Err(error) => {
            let error: synfin::craft::ScriptError = error;
            return assert!(!error.to_string().is_empty());
        }
    };
    let printed = script.to_string();
    let again: Script = printed.parse().unwrap_or_else(|error| panic!("{error}\nin\n{printed}"));
    for (one, other) in again.lines.iter().zip(&script.lines) {
        assert_eq!(one, other, "a line is another when it was printed");
    }
    assert_eq!(again.lines.len(), script.lines.len(), "{printed}");
    assert_eq!(again.to_string(), printed);

    match script.frames() {
        Ok(shots) => {
            for shot in shots {
                let link = match shot.medium {
                    Medium::Ethernet => Link::Ethernet,
                    Medium::Raw => Link::Raw,
                };
                decode(&OwnedFrame::new(shot.time, link, shot.bytes).as_frame(), Checksums::Verify);
            }
        }
        Err(error) => assert!(error.line > 0 && !error.to_string().is_empty()),
    }
    perform(&script);
}

/// Has both ends played, each hearing what the other says, ten milliseconds later.
fn perform(script: &Script) {
    let player = |role, isn| Player::new(script, role, Manner { resend: Some(Span::from_secs(1)), ..Manner::new(isn) });
    let (Ok(client), Ok(server)) = (player(Speaker::Client, Seq(u32::MAX - 3)), player(Speaker::Server, Seq(7))) else {
        return;
    };
    let mut players = [client, server];
    let mut done = [false; 2];
    let mut now = Timestamp(1_000_000_000);
    for turn in 0..TURNS {
        let one = turn % 2;
        match players[one].poll(now) {
            Action::Send(outgoing) => {
                let heard = Incoming {
                    segment: outgoing.segment,
                    options: outgoing.options,
                    payload: outgoing.payload,
                    ttl: 64,
                    tos: 0,
                };
                players[1 - one].hear(heard, now + Span::from_millis(10));
            }
            Action::Done(verdict) => {
                assert!(!verdict.to_string().is_empty());
                done[one] = true;
            }
            Action::Wait(until) => now = now.max(until.min(now + Span::from_secs(60))),
            Action::Call(_) | Action::Remark(_) | Action::Reconnect => {}
        }
        if done == [true; 2] {
            return;
        }
        now = now + Span::from_millis(10);
    }
}
