use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use super::collect::{Sight, Talk};
use crate::capture::track::Role;
use crate::wire::Flags;

/// What shows that two captures saw the same connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Evidence {
    /// The same addresses and ports.
    Endpoints,
    /// The same first sequence number of the client.
    ClientIsn,
    /// The same first sequence number of the server.
    ServerIsn,
    /// The same timestamp on the client's SYN.
    SynTimestamp,
    /// The same first octets from the client.
    ClientPayload,
    /// The same first octets from the server.
    ServerPayload,
    /// Several segments with the same numbers.
    Numbers,
}

impl Evidence {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Endpoints,
        Self::ClientIsn,
        Self::ServerIsn,
        Self::SynTimestamp,
        Self::ClientPayload,
        Self::ServerPayload,
        Self::Numbers,
    ];

    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints",
            Self::ClientIsn => "client_isn",
            Self::ServerIsn => "server_isn",
            Self::SynTimestamp => "syn_timestamp",
            Self::ClientPayload => "client_payload",
            Self::ServerPayload => "server_payload",
            Self::Numbers => "numbers",
        }
    }

    /// How much it counts: addresses are used again, numbers of 32 bits hardly ever.
    const fn weight(self) -> u32 {
        match self {
            Self::Endpoints => 2,
            Self::ClientIsn | Self::ServerIsn => 4,
            Self::SynTimestamp | Self::ClientPayload | Self::ServerPayload | Self::Numbers => 3,
        }
    }
}

/// What has to come together before two are taken for one: the addresses will do, where nothing speaks
/// against it.
const ENOUGH: u32 = 2;

/// A trait that more connections share than this tells none of them from the others.
const COMMON: usize = 16;

/// Two views of one connection: their places in both captures, and what shows it.
pub(super) type Match = (usize, usize, Vec<Evidence>);

/// Finds the connections that both captures saw: each at most once, the surest first.
pub(super) fn pair(near: &[Talk], far: &[Talk]) -> Vec<Match> {
    let (near_traits, far_traits): (Vec<_>, Vec<_>) = (traits_of(near), traits_of(far));
    let mut known: HashMap<(Evidence, u64), Vec<usize>> = HashMap::new();
    for (at, traits) in near_traits.iter().enumerate() {
        for key in traits {
            known.entry(*key).or_default().push(at);
        }
    }
    let mut found: Vec<(u32, usize, usize, Vec<Evidence>)> = Vec::new();
    for (at, traits) in far_traits.iter().enumerate() {
        let mut shared: HashMap<usize, Vec<Evidence>> = HashMap::new();
        for key in traits {
            let same = known.get(key).filter(|same| same.len() <= COMMON);
            for other in same.into_iter().flatten() {
                shared.entry(*other).or_default().push(key.0);
            }
        }
        for (other, mut evidence) in shared {
            evidence.sort_unstable();
            evidence.dedup();
            let weight: u32 = evidence.iter().map(|each| each.weight()).sum();
            if weight >= ENOUGH && !contradicts(&near[other], &far[at], &evidence) {
                found.push((weight, other, at, evidence));
            }
        }
    }
    found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let (mut near_taken, mut far_taken) = (vec![false; near.len()], vec![false; far.len()]);
    let mut pairs = Vec::new();
    for (_, one, other, evidence) in found {
        if !near_taken[one] && !far_taken[other] {
            near_taken[one] = true;
            far_taken[other] = true;
            pairs.push((one, other, evidence));
        }
    }
    let mut left: BTreeMap<u64, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for at in (0..near.len()).filter(|at| !near_taken[*at]) {
        left.entry(endpoints(&near[at])).or_default().0.push(at);
    }
    for at in (0..far.len()).filter(|at| !far_taken[*at]) {
        left.entry(endpoints(&far[at])).or_default().1.push(at);
    }
    // Of endpoints that were used over and over, one use after the other.
    for (one, other) in left.into_values().flat_map(|(near, far)| near.into_iter().zip(far)) {
        let mut evidence: Vec<_> =
            far_traits[other].iter().filter(|key| near_traits[one].contains(key)).map(|key| key.0).collect();
        evidence.sort_unstable();
        evidence.dedup();
        if !contradicts(&near[one], &far[other], &evidence) {
            pairs.push((one, other, evidence));
        }
    }
    pairs.sort_unstable_by_key(|(one, other, _)| (*one, *other));
    pairs
}

fn endpoints(talk: &Talk) -> u64 {
    hash((talk.endpoint(Role::Client), talk.endpoint(Role::Server)))
}

/// Whether both SYNs were seen and nothing about them is the same.
fn contradicts(near: &Talk, far: &Talk, evidence: &[Evidence]) -> bool {
    use Evidence::{ClientIsn, ClientPayload, ServerIsn, ServerPayload, SynTimestamp};

    let asked = |talk: &Talk| talk.from(Role::Client).iter().any(|sight| sight.flags.is_syn());
    let telling = [ClientIsn, ServerIsn, SynTimestamp, ClientPayload, ServerPayload];
    asked(near) && asked(far) && !evidence.iter().any(|each| telling.contains(each))
}

fn traits_of(talks: &[Talk]) -> Vec<Vec<(Evidence, u64)>> {
    talks.iter().map(traits).collect()
}

/// What can be recognised of a connection in another capture.
fn traits(talk: &Talk) -> Vec<(Evidence, u64)> {
    let (client, server) = (talk.from(Role::Client), talk.from(Role::Server));
    let mut traits = vec![(Evidence::Endpoints, endpoints(talk))];
    if let Some(syn) = client.iter().find(|sight| sight.flags.is_syn()) {
        traits.push((Evidence::ClientIsn, hash(syn.seq)));
        if let Some((value, _)) = syn.stamps.filter(|(value, _)| *value != 0) {
            traits.push((Evidence::SynTimestamp, hash(value)));
        }
    }
    if let Some(answer) = server.iter().find(|sight| sight.flags.contains(Flags::SYN)) {
        traits.push((Evidence::ServerIsn, hash(answer.seq)));
    }
    for (sights, evidence) in [(client, Evidence::ClientPayload), (server, Evidence::ServerPayload)] {
        let first = sights.iter().filter(|sight| sight.len >= 8).find_map(Sight::whole_payload);
        traits.extend(first.map(|payload| (evidence, payload)));
    }
    // Of a connection whose opening one of them missed: any segment of both has the same numbers.
    for sight in client.iter().chain(server).filter(|sight| sight.len > 0).take(64) {
        traits.push((Evidence::Numbers, hash((sight.seq, sight.ack, sight.len))));
    }
    traits
}

fn hash(value: impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}
