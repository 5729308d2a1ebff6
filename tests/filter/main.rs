//! Filters, held against libpcap's: the same verdict on every packet, and the same expressions taken.
//!
//! Needs tcpdump; where it is absent, says so and passes, but for CI, where it fails.
//! `SYNFIN_FILTER_EXPRESSIONS=100000 cargo test --test filter` tries that many random expressions.

mod kernel;
mod oracle;
mod packets;
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use oracle::{Oracle, Theirs, installed};
use packets::{Octets, made_up};
use random::{Random, expression};
use synfin::capture::file::{Capture, Options};
use synfin::capture::filter::{Filter, Program};
use synfin::capture::{Link, Next, Source as _};

/// The link types that filters know, by LINKTYPE_ value.
const LINKTYPES: &[u16] = &[1, 101, 113, 276, 0, 108, 9, 51, 104, 10];

#[test]
fn the_listed_expressions_choose_what_libpcap_chooses() {
    let Some(list) = shared("filters/expressions.txt") else { return };
    if !installed() {
        return;
    }
    let list = fs::read_to_string(list).expect("the list");
    let mut account = Account::default();
    for linktype in LINKTYPES {
        let mut bench = Bench::new(*linktype, "listed");
        for text in list.lines().filter(|line| !line.is_empty()) {
            bench.compare(text, &mut account);
        }
    }
    account.settle(list.lines().count());
}

#[test]
fn random_expressions_choose_what_libpcap_chooses() {
    if !installed() {
        return;
    }
    let wanted = std::env::var("SYNFIN_FILTER_EXPRESSIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let mut random = Random::new(20_250_101);
    let mut benches: Vec<Bench> = LINKTYPES.iter().map(|linktype| Bench::new(*linktype, "random")).collect();
    let mut account = Account::default();
    for number in 0..wanted {
        let text = expression(&mut random);
        // Ethernet has the most to say.
        let which = if number % 2 == 0 { 0 } else { random.below(benches.len()) };
        benches[which].compare(&text, &mut account);
    }
    account.settle(wanted);
}

/// One link type: libpcap's opinion, and packets.
struct Bench {
    linktype: u16,
    oracle: Oracle,
    packets: Vec<Octets>,
}

impl Bench {
    fn new(linktype: u16, name: &str) -> Self {
        let mut random = Random::new(u64::from(linktype) + 7);
        let mut packets: Vec<Octets> = (0..900).map(|_| made_up(&mut random, linktype)).collect();
        packets.extend((0..100).map(|_| {
            let count = random.below(120);
            Octets::whole(random.octets(count))
        }));
        packets.extend(captured(linktype));
        Self { linktype, oracle: Oracle::new(linktype, name), packets }
    }

    fn compare(&mut self, text: &str, account: &mut Account) {
        let ours = Filter::parse(text).and_then(|filter| filter.program(Link::of_linktype(self.linktype)));
        let mut theirs = self.oracle.compile(text, true);
        if let (Ok(_), Err(said)) = (&ours, &theirs)
            && said.contains("by zero") | said.contains("by more than 31")
            && let Ok(plain) = self.oracle.compile(text, false)
        {
            *account.excused.entry("libpcap's optimizer refuses what its compiler takes").or_default() += 1;
            theirs = Ok(plain);
        }
        let case = format!("[{}] {text}", self.linktype);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => self.verdicts(text, &case, &ours, &theirs, account),
            (Err(_), Err(_)) => account.both_refuse += 1,
            (Ok(_), Err(said)) => match excuse_for_taking(&said, text) {
                Some(excuse) => *account.excused.entry(excuse).or_default() += 1,
                None => account.complain(format!("{case}: libpcap refuses: {said}")),
            },
            (Err(error), Ok(_)) => account.complain(format!("{case}: refused: {error}")),
        }
    }

    fn verdicts(&self, text: &str, case: &str, ours: &Program, theirs: &Theirs, account: &mut Account) {
        account.compared += 1;
        let mut plain = None;
        for packet in &self.packets {
            account.pairs += 1;
            let our = ours.run(&packet.bytes, packet.wire_len) > 0;
            if our == theirs.chooses(&packet.bytes, packet.wire_len) {
                continue;
            }
            let plain =
                plain.get_or_insert_with(|| self.oracle.compile(text, false).expect("it compiles unoptimized too"));
            let excuse = if our == plain.chooses(&packet.bytes, packet.wire_len) {
                "libpcap's optimizer changes the verdict"
            } else if text.contains("protochain") {
                "libpcap loses count behind an authentication header"
            } else {
                account.complain(format!("{case}: {our} for {}", hex(packet)));
                return;
            };
            *account.excused.entry(excuse).or_default() += 1;
        }
    }
}

fn hex(packet: &Octets) -> String {
    let octets: Vec<String> = packet.bytes.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{} of {}: {}", packet.bytes.len(), packet.wire_len, octets.join(""))
}

/// Why an expression is taken that libpcap refuses.
fn excuse_for_taking(said: &str, text: &str) -> Option<&'static str> {
    let arithmetic = said.ends_with("by zero") || said.ends_with("shift by more than 31 bits");
    if said.ends_with("expression rejects all packets") {
        Some("a filter may choose nothing")
    } else if arithmetic && text.contains(['[', '(', '-']) {
        // Of a divisor it looks at the first instruction only: at 0 in `ip[0]`, at 40 in `(40 >> 3)`.
        Some("libpcap takes a part of an operand for all of it")
    } else {
        None
    }
}

/// What came of it.
#[derive(Default)]
struct Account {
    compared: usize,
    pairs: usize,
    both_refuse: usize,
    excused: BTreeMap<&'static str, usize>,
    complaints: Vec<String>,
}

impl Account {
    fn complain(&mut self, what: String) {
        self.complaints.push(what);
    }

    fn settle(self, tried: usize) {
        let Self { compared, pairs, both_refuse, excused, complaints } = self;
        eprintln!(
            "{tried} expressions: {compared} compared on {pairs} pairs, {both_refuse} refused by both, {excused:?}"
        );
        let some: Vec<&String> = complaints.iter().take(40).collect();
        assert!(complaints.is_empty(), "{} differ:\n{some:#?}", complaints.len());
        assert!(compared > tried / 2, "too few were compared");
    }
}

/// Packets of this link type from the shipped captures, and from other projects' where they are there.
fn captured(linktype: u16) -> Vec<Octets> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    take_from(&files_in(&root.join("captures")), linktype, 12, 400, &mut found);
    if let Some(real) = shared("captures/real") {
        take_from(&files_in(&real), linktype, 3, 600, &mut found);
    }
    found
}

/// At most so many packets of each file, and of all files together.
fn take_from(files: &[PathBuf], linktype: u16, of_each: usize, of_all: usize, found: &mut Vec<Octets>) {
    let most = found.len() + of_all;
    for file in files {
        let Ok(mut capture) = Capture::open(file, Options::default()) else { continue };
        let mut taken = 0;
        while taken < of_each && found.len() < most {
            match capture.next() {
                Ok(Next::Frame(frame)) if frame.link == Link::of_linktype(linktype) => {
                    found.push(Octets { bytes: frame.bytes.to_vec(), wire_len: frame.wire_len });
                    taken += 1;
                }
                // Of another link type: then so are the rest, as a rule.
                Ok(_) | Err(_) => break,
            }
        }
    }
}

/// The captures in the folder and in those below it, in order.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "pcap" || it == "pcapng" || it == "cap") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file of the shared material, if it is there.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is needed here, and is not there", path.display());
    eprintln!("{} is not there: it was not compared", path.display());
    None
}
