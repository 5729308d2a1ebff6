use super::standing::Basis;

/// What an endpoint can have learnt by now. Each is a question the handshake or the close answers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fact {
    /// `a`: I can receive; said otherwise, my peer can send.
    Receives,
    /// `b`: I can send; said otherwise, my peer can receive.
    Sends,
    /// `i`: I know my peer's initial sequence number.
    KnowsIss,
    /// `j`: my peer knows mine.
    IssKnown,
    /// `f`: my peer will send no more.
    PeerDone,
    /// `g`: my peer has everything I sent, my FIN included.
    AllDelivered,
    /// `d`: the connection is dead.
    Dead,
}

impl Fact {
    /// Every fact, in the order of its letters' appearance in a connection's life.
    pub const ALL: [Self; 7] =
        [Self::Receives, Self::Sends, Self::KnowsIss, Self::IssKnown, Self::PeerDone, Self::AllDelivered, Self::Dead];

    /// The letter in the records.
    pub const fn letter(self) -> char {
        match self {
            Self::Receives => 'a',
            Self::Sends => 'b',
            Self::KnowsIss => 'i',
            Self::IssKnown => 'j',
            Self::PeerDone => 'f',
            Self::AllDelivered => 'g',
            Self::Dead => 'd',
        }
    }
}

/// What one endpoint knows, each fact with its basis.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Facts(u16);

impl Facts {
    /// The basis on which `fact` is known; `None` if it is not.
    pub const fn basis(self, fact: Fact) -> Option<Basis> {
        match self.0 >> (2 * fact as u16) & 3 {
            0 => None,
            1 => Some(Basis::Assumed),
            2 => Some(Basis::Expected),
            _ => Some(Basis::Proven),
        }
    }

    /// Sets the basis of `fact`, whatever it was.
    pub fn set(&mut self, fact: Fact, basis: Option<Basis>) {
        let at = 2 * fact as u16;
        let code = match basis {
            None => 0,
            Some(basis) => basis as u16 + 1,
        };
        self.0 = self.0 & !(3 << at) | code << at;
    }

    /// These facts, all on the same basis.
    pub(super) const fn of(facts: &[Fact], basis: Basis) -> Self {
        let (mut codes, mut at) = (0, 0);
        while at < facts.len() {
            codes |= (basis as u16 + 1) << (2 * facts[at] as u16);
            at += 1;
        }
        Self(codes)
    }

    /// What was expected is proven.
    pub(super) const fn proven(self) -> Self {
        Self(self.0 | self.0 >> 1 & 0x5555)
    }

    /// The facts that are known, each with its basis.
    pub fn iter(self) -> impl Iterator<Item = (Fact, Basis)> {
        Fact::ALL.into_iter().filter_map(move |fact| Some((fact, self.basis(fact)?)))
    }

    /// What is known here on a better basis than in `earlier`: what was learnt since.
    pub fn since(self, earlier: Self) -> impl Iterator<Item = (Fact, Basis)> {
        self.iter().filter(move |(fact, basis)| Some(*basis) > earlier.basis(*fact))
    }
}
