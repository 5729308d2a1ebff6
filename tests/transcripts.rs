//! Plays every `tests/transcripts/*.tcp` into frames, has them decoded and tracked, and compares
//! what the tracker says with the claims that the transcript makes. `docs/transcripts.md`
//! describes both notations.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use synfin::capture::track::{Fact, Note, Role};
use synfin::capture::{Aside, Checksums, Conn, Frame, Link, Observation, Tracker, decode};
use synfin::craft::script::{Act, Line, Medium};
use synfin::craft::{Script, Shot};
use synfin::wire::Span;

#[test]
fn every_transcript_means_what_it_claims() {
    let mut wrong = String::new();
    let mut played = 0;
    for (name, text) in transcripts() {
        played += 1;
        if let Err(complaint) = check(&text) {
            let _ = writeln!(wrong, "\n{name}:\n{complaint}");
        }
    }
    assert!(played >= 30, "only {played} transcripts were found");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_transcript_begins_with_its_intent_and_comes_back_from_its_own_text() {
    for (name, text) in transcripts() {
        let script: Script = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.starts_with("// ") && text.lines().next().is_some_and(|line| line.ends_with('.')), "{name}");
        assert_eq!(script.to_string().parse(), Ok(script), "{name}");
    }
}

#[test]
fn the_transcript_in_the_documentation_means_what_it_claims() {
    let page = include_str!("../docs/transcripts.md");
    let script = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of text");
    assert_eq!(check(script), Ok(()));
}

#[test]
fn a_claim_that_is_not_true_is_noticed() {
    for text in [
        "> S 0:0(0) <mss 1460>\n= SYN_SENT! LISTEN~ open.1",
        "> S 0:0(0) <mss 1460>\n= SYN_SENT! SYN_RCVD? open.2",
        "> S 0:0(0) <mss 1460>\n= SYN_SENT! SYN_RCVD?",
        "> S 0:0(0) <mss 1460>\n= SYN_SENT! SYN_RCVD? open.1\n= S+a?",
        "> S 0:0(0) <mss 1460>\n= #1 SYN_SENT! SYN_RCVD? open.1",
        "> S 0:0(0) <mss 1460>\n== open normal",
        "> S 0:0(0) <mss 1460>\n== conns 2",
        "> S 0:0(0) <mss 1460>\n== never open.1",
        "> S 0:0(0) <mss 1460>\n== noted open.2",
        "> S 0:0(0) <mss 1460>\n= SYN_SENT! SYN_RCVD? open.one",
        "> S 0:0(0) <mss 1460>\n== opened normal",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}

/// Names and texts, in order of name.
fn transcripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tcp"));
    paths.sort();
    let name = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("text"))).collect()
}

/// Plays one transcript; tells every claim that is not true.
fn check(text: &str) -> Result<(), String> {
    let script: Script = text.parse().map_err(|error| format!("{error}"))?;
    let shots = script.frames().map_err(|error| error.to_string())?;
    let mut told = Told::default();
    let mut last = None;
    let mut subject = 0;
    let mut complaints = String::new();
    let mut steps = shots.iter().peekable();

    for (at, line) in script.lines.iter().enumerate() {
        match line {
            // Where nobody says anything there is no frame.
            Line::Step(step) if !matches!(step.act, Act::Silence(_)) => {
                let shot = steps.next().expect("a frame for each step");
                last = told.take_in(shot);
            }
            Line::Claim(claim) => {
                let verdict = match claim.strip_prefix("==") {
                    Some(_) if steps.peek().is_some() => Err("`==` speaks of the end: no step may follow".to_owned()),
                    Some(claim) => told.ends_so(claim, &mut subject),
                    None => {
                        let claims = claims_after(&script, at);
                        // Several claims in a row are one: the first of them judges all.
                        if matches!(script.lines.get(at.wrapping_sub(1)), Some(Line::Claim(_))) {
                            continue;
                        }
                        step_is_so(&claims, last.as_ref())
                    }
                };
                if let Err(complaint) = verdict {
                    let _ = writeln!(complaints, "  line {}: {claim}\n    {complaint}", at + 1);
                }
            }
            Line::Blank | Line::Comment(_) | Line::Set(_) | Line::Call(..) | Line::Step(_) => {}
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// The words of all claims that stand together from line `at` on.
fn claims_after(script: &Script, at: usize) -> String {
    let lines = script.lines[at..].iter().map_while(|line| match line {
        Line::Claim(claim) if !claim.starts_with("==") => claim.strip_prefix('='),
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The tracker, and every note it gave.
#[derive(Default)]
struct Told {
    tracker: Tracker,
    frames: u64,
    noted: BTreeSet<&'static str>,
}

impl Told {
    fn take_in(&mut self, shot: &Shot) -> Option<Observation> {
        let link = match shot.medium {
            Medium::Ethernet => Link::Ethernet,
            Medium::Raw => Link::Raw,
        };
        let wire_len = shot.bytes.len() as u32;
        let frame = Frame {
            time: shot.time,
            wire_len,
            link,
            interface: 0,
            bytes: &shot.bytes,
            comment: None,
            aside: Aside::NONE,
        };
        self.frames += 1;
        let observation = self.tracker.observe(self.frames, &decode(&frame, Checksums::Verify));
        self.noted.extend(observation.iter().flat_map(|observation| observation.notes.iter().map(Note::id)));
        observation
    }

    /// Judges one `== word value ...` about the end of the capture.
    fn ends_so(&self, claim: &str, subject: &mut usize) -> Result<(), String> {
        let words: Vec<&str> = claim.split_whitespace().collect();
        let [word, values @ ..] = words.as_slice() else {
            return Err("claims nothing".to_owned());
        };
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        match *word {
            "conn" => {
                *subject = values.first().and_then(|value| value.parse().ok()).ok_or("expected a number")?;
                return Ok(());
            }
            "noted" | "never" => {
                known_notes(&values)?;
                let wrong: Vec<_> = values
                    .iter()
                    .filter(|id| self.noted.contains(id.as_str()) == (*word == "never"))
                    .cloned()
                    .collect();
                return if wrong.is_empty() { Ok(()) } else { Err(format!("not so for {}", wrong.join(" "))) };
            }
            _ => {}
        }
        let found = if *word == "conns" {
            vec![self.tracker.conns().len().to_string()]
        } else {
            let conn = self.tracker.conns().nth(*subject).ok_or_else(|| format!("there is no connection {subject}"))?;
            fact_of(&conn, word, &values).ok_or_else(|| format!("`{word}` is nothing that can be claimed"))?
        };
        if found == values { Ok(()) } else { Err(format!("is {}", found.join(" "))) }
    }
}

/// Judges `= [#conn] [CLIENT SERVER] [note ...] [...] [C+a? ...] [+...]`.
fn step_is_so(claims: &str, observation: Option<&Observation>) -> Result<(), String> {
    let observation = observation.ok_or("the tracker says nothing about this frame")?;
    let claim = Claim::read(claims)?;
    let mut wrong = Vec::new();
    if claim.conn.is_some_and(|conn| conn != observation.conn.0) {
        wrong.push(format!("is connection #{}", observation.conn.0));
    }
    let states = [observation.after.client.to_string(), observation.after.server.to_string()];
    if !claim.states.iter().zip(&states).all(|(claimed, state)| *claimed == "*" || claimed == state) {
        wrong.push(format!("stands {} {}", states[0], states[1]));
    }
    let notes: BTreeSet<&str> = observation.notes.iter().map(Note::id).collect();
    if !covers(&notes, &claim.notes, claim.more_notes) {
        wrong.push(format!("notes [{}]", observation.notes));
    }
    let facts: BTreeSet<String> = Role::BOTH.iter().flat_map(|role| learnt(observation, *role)).collect();
    let facts: BTreeSet<&str> = facts.iter().map(String::as_str).collect();
    if !claim.facts.is_empty() && !covers(&facts, &claim.facts, claim.more_facts) {
        wrong.push(format!("learnt {facts:?}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// What stands behind `word` for a whole connection, in the shape of the claimed `values`.
fn fact_of(conn: &Conn, word: &str, values: &[String]) -> Option<Vec<String>> {
    Some(match word {
        "open" => vec![conn.open().to_string()],
        "close" => {
            let by = conn.closed_by().map(|role| role.name().to_owned());
            std::iter::once(conn.close().to_string()).chain(by.filter(|_| values.len() > 1)).collect()
        }
        "roles" => vec![conn.role_basis.name().to_owned()],
        "client" => vec![conn.endpoint(Role::Client).to_string()],
        "history" => vec![conn.history()],
        "zeek" => vec![conn.zeek_state().to_owned()],
        "completeness" => vec![conn.completeness().to_string()],
        "validated" => {
            let steps = [("syn", conn.syn_validated()), ("ack", conn.ack_validated())];
            steps.iter().filter(|(_, valid)| *valid).map(|(name, _)| (*name).to_owned()).collect()
        }
        "rtt" => {
            let timing = conn.timing();
            let times = [("server", timing.rtt_server), ("client", timing.rtt_client), ("setup", timing.setup)];
            let told = |(name, span): (&str, Option<Span>)| Some([name.to_owned(), span?.as_secs_f64().to_string()]);
            let asked = |name: &str| values == ["none"] || values.iter().any(|value| value == name);
            let found: Vec<String> =
                times.into_iter().filter(|(name, _)| asked(name)).filter_map(told).flatten().collect();
            if found.is_empty() { vec!["none".to_owned()] } else { found }
        }
        _ => return None,
    })
}

/// What `role` learnt, as `C+a?` or `S+b!`.
fn learnt(observation: &Observation, role: Role) -> impl Iterator<Item = String> {
    let end = match role {
        Role::Client => 'C',
        Role::Server => 'S',
    };
    observation.learnt(role).map(move |(fact, basis)| format!("{end}+{}{}", fact.letter(), basis.mark()))
}

fn covers(found: &BTreeSet<&str>, claimed: &BTreeSet<&str>, more: bool) -> bool {
    if more { claimed.is_subset(found) } else { claimed == found }
}

/// The words of a claim about one step.
#[derive(Default)]
struct Claim<'a> {
    conn: Option<u32>,
    states: Vec<&'a str>,
    notes: BTreeSet<&'a str>,
    more_notes: bool,
    facts: BTreeSet<&'a str>,
    more_facts: bool,
}

impl<'a> Claim<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let mut claim = Self::default();
        for word in text.split_whitespace() {
            match word {
                "..." => claim.more_notes = true,
                "+..." => claim.more_facts = true,
                _ if word.starts_with('#') => claim.conn = Some(word[1..].parse().map_err(|_| format!("`{word}`?"))?),
                _ if word == "*" || word.ends_with(['!', '?', '~']) && !word.contains('+') => claim.states.push(word),
                _ if word.starts_with("C+") || word.starts_with("S+") => {
                    let letter = word.chars().nth(2);
                    if !Fact::ALL.iter().any(|fact| Some(fact.letter()) == letter) {
                        return Err(format!("`{word}` is no fact"));
                    }
                    claim.facts.insert(word);
                }
                _ => {
                    known_notes(&[word.to_owned()])?;
                    claim.notes.insert(word);
                }
            }
        }
        if claim.states.is_empty() || claim.states.len() == 2 {
            Ok(claim)
        } else {
            Err("two states, or none".to_owned())
        }
    }
}

fn known_notes(ids: &[String]) -> Result<(), String> {
    match ids.iter().find(|id| !Note::ALL.iter().any(|note| note.id() == id.as_str())) {
        Some(id) => Err(format!("`{id}` is no note")),
        None => Ok(()),
    }
}
