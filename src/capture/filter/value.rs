//! What a program computes with: numbers from the packet, and questions about them.

use std::collections::HashMap;

use super::view::known;

/// How many octets a load takes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Width {
    Byte,
    Half,
    Word,
}

impl Width {
    /// In octets.
    pub(super) const fn octets(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// Arithmetic on 32 bits without sign. What does not fit is lost.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
}

impl Op {
    /// `a op b`; `None` for a division by zero.
    pub(super) const fn apply(self, a: u32, b: u32) -> Option<u32> {
        Some(match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::Div => return a.checked_div(b),
            Self::Mod => return a.checked_rem(b),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::Shl if b < 32 => a << b,
            Self::Shr if b < 32 => a >> b,
            Self::Shl | Self::Shr => 0,
        })
    }

    const fn commutes(self) -> bool {
        matches!(self, Self::Add | Self::Mul | Self::And | Self::Or | Self::Xor)
    }
}

/// A number that a program can know.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Value {
    Const(u32),
    /// Octets of the packet on the wire.
    Len,
    /// Octets of the packet, big-endian, at `k` plus `at`.
    Load {
        width: Width,
        at: Option<Id>,
        k: u32,
    },
    Calc {
        op: Op,
        a: Id,
        b: Id,
    },
    /// What was put by under this number before; put by once on every way.
    Held(u32),
    /// What there is no way to load. Harmless where no way leads to the question about it.
    Nowhere,
}

/// The place of a value in [`Values`]: equal values have equal places.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Id(u32);

/// All values of a program, each kept once.
#[derive(Debug, Default)]
pub(super) struct Values {
    all: Vec<Value>,
    places: HashMap<Value, Id>,
}

impl Values {
    pub(super) fn value(&self, id: Id) -> Value {
        self.all.get(id.0 as usize).copied().unwrap_or(Value::Const(0))
    }

    /// The number, where it is known before there is a packet.
    pub(super) fn constant(&self, id: Id) -> Option<u32> {
        match self.value(id) {
            Value::Const(number) => Some(number),
            Value::Len | Value::Load { .. } | Value::Calc { .. } | Value::Held(_) | Value::Nowhere => None,
        }
    }

    pub(super) fn number(&mut self, number: u32) -> Id {
        self.keep(Value::Const(number))
    }

    pub(super) fn len(&mut self) -> Id {
        self.keep(Value::Len)
    }

    pub(super) fn nowhere(&mut self) -> Id {
        self.keep(Value::Nowhere)
    }

    pub(super) fn held(&mut self, place: u32) -> Id {
        self.keep(Value::Held(place))
    }

    /// A load at `k` plus `at`; what is constant of the place goes into `k`.
    pub(super) fn load(&mut self, width: Width, at: Option<Id>, k: u32) -> Id {
        match at.map(|at| (at, self.value(at))) {
            None => self.keep(Value::Load { width, at: None, k }),
            Some((_, Value::Const(more))) => self.load(width, None, k.wrapping_add(more)),
            Some((_, Value::Calc { op: Op::Add, a, b })) if self.constant(b).is_some() => {
                let more = self.constant(b).unwrap_or_default();
                self.load(width, Some(a), k.wrapping_add(more))
            }
            Some((at, _)) => self.keep(Value::Load { width, at: Some(at), k }),
        }
    }

    /// `a op b`, as far as it can be worked out now; `None` for a division by zero.
    pub(super) fn calc(&mut self, op: Op, a: Id, b: Id) -> Option<Id> {
        let (a, b) = if op.commutes() && self.constant(a).is_some() { (b, a) } else { (a, b) };
        match (op, self.constant(a), self.constant(b)) {
            (_, Some(x), Some(y)) => op.apply(x, y).map(|number| self.number(number)),
            (Op::Div | Op::Mod, _, Some(0)) => None,
            // Zero, but only if what is lost can be worked out at all.
            (Op::Mul, _, Some(0)) | (Op::Shl | Op::Shr, _, Some(32..)) => {
                let zero = self.number(0);
                Some(self.keep(Value::Calc { op: Op::And, a, b: zero }))
            }
            (Op::Add | Op::Sub | Op::Or | Op::Xor | Op::Shl | Op::Shr, _, Some(0))
            | (Op::Mul | Op::Div, _, Some(1))
            | (Op::And, _, Some(u32::MAX)) => Some(a),
            _ => Some(self.keep(Value::Calc { op, a, b })),
        }
    }

    /// `value & mask`.
    pub(super) fn masked(&mut self, value: Id, mask: u32) -> Id {
        let mask = self.number(mask);
        // Nothing is divided.
        self.calc(Op::And, value, mask).unwrap_or(value)
    }

    /// `value + more`.
    pub(super) fn plus(&mut self, value: Id, more: Id) -> Id {
        // Nothing is divided.
        self.calc(Op::Add, value, more).unwrap_or(value)
    }

    fn keep(&mut self, value: Value) -> Id {
        let Self { all, places } = self;
        *places.entry(value).or_insert_with(|| {
            all.push(value);
            Id(all.len() as u32 - 1)
        })
    }
}

/// How a question compares: equal, greater, greater or equal, or any bit in common.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Rel {
    Eq,
    Gt,
    Ge,
    Set,
}

impl Rel {
    pub(super) const fn holds(self, a: u32, b: u32) -> bool {
        match self {
            Self::Eq => a == b,
            Self::Gt => a > b,
            Self::Ge => a >= b,
            Self::Set => a & b != 0,
        }
    }
}

/// A question about two values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Test {
    pub(super) rel: Rel,
    pub(super) a: Id,
    pub(super) b: Id,
}

/// How two conditions are joined.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Join {
    And,
    Or,
}

/// What has to hold for a packet to be chosen. Asked from left to right: a question that is not
/// reached loads nothing, and a load behind the end of the packet refuses it.
#[derive(Clone, Debug)]
pub(super) enum Cond {
    Known(bool),
    Test(Test),
    Not(Box<Cond>),
    /// Joined from left to right, both joints binding alike.
    Row(Box<Cond>, Vec<(Join, Cond)>),
    /// Whether a protocol is somewhere in the chain of headers.
    Follow(Follow),
}

/// A walk along the headers of an IP packet, looking for one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Follow {
    /// The protocol looked for.
    pub(super) proto: u32,
    /// Whether IPv6's extension headers are on the way.
    pub(super) v6: bool,
    /// The first header's protocol, and where it begins counted from `base`.
    pub(super) first: Id,
    pub(super) offset: Id,
    /// Where the IP header begins.
    pub(super) base: u32,
    /// Which walk of the program it is.
    pub(super) number: u32,
}

impl Cond {
    pub(super) fn and(self, other: Self) -> Self {
        self.join(Join::And, other)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.join(Join::Or, other)
    }

    pub(super) fn join(self, join: Join, other: Self) -> Self {
        match self {
            Self::Row(first, mut rest) => {
                rest.push((join, other));
                Self::Row(first, rest)
            }
            first => Self::Row(Box::new(first), vec![(join, other)]),
        }
    }
}

impl std::ops::Not for Cond {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Known(known) => Self::Known(!known),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl Values {
    /// The question whether `rel` holds between `a` and `b`, as far as it can be answered now.
    pub(super) fn ask(&mut self, rel: Rel, a: Id, b: Id) -> Cond {
        if let (Value::Load { at: None, k: known::VLAN_PROTOCOL, .. }, Some(number)) = (self.value(a), self.constant(b))
            && let [one, other] = known::TAG_TYPES.map(|kind| rel.holds(kind, number))
            && one == other
        {
            return Cond::Known(one);
        }
        match (self.constant(a), self.constant(b), rel) {
            (Some(x), Some(y), _) => Cond::Known(rel.holds(x, y)),
            // The constant stands on the right: an instruction has room for it there.
            (Some(_), None, Rel::Eq | Rel::Set) => Cond::Test(Test { rel, a: b, b: a }),
            (Some(_), None, Rel::Gt) => !Cond::Test(Test { rel: Rel::Ge, a: b, b: a }),
            (Some(_), None, Rel::Ge) => !Cond::Test(Test { rel: Rel::Gt, a: b, b: a }),
            (None, _, _) => Cond::Test(Test { rel, a, b }),
        }
    }

    /// The same with a number on the right.
    pub(super) fn ask_number(&mut self, rel: Rel, a: Id, number: u32) -> Cond {
        let number = self.number(number);
        self.ask(rel, a, number)
    }
}
