//! The machine that runs programs on packets.
//!
//! Nearly every question is a load and a branch on it, so the two are one step here. A load that
//! reaches behind the captured octets refuses the packet, and so does a division by zero.

use super::program::{Instruction, Program, SLOTS, code, is_branch};
use super::value::{Op, Rel, Width};

/// What the machine does in one go, and then goes on with the next step; a test that comes out as
/// `turns` says goes on at `to` instead.
///
/// So most of a program is read straight on, and the processor, which guesses how a test comes out,
/// need not wait for its answer to read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    ByteIs {
        k: u32,
        value: u32,
        turns: bool,
        to: u16,
    },
    HalfIs {
        k: u32,
        value: u32,
        turns: bool,
        to: u16,
    },
    WordIs {
        k: u32,
        value: u32,
        turns: bool,
        to: u16,
    },
    HalfHas {
        k: u32,
        value: u32,
        turns: bool,
        to: u16,
    },
    HalfBeyondIs {
        k: u32,
        value: u32,
        turns: bool,
        to: u16,
    },
    Is {
        value: u32,
        turns: bool,
        to: u16,
    },
    Exceeds {
        value: u32,
        turns: bool,
        to: u16,
    },
    Reaches {
        value: u32,
        turns: bool,
        to: u16,
    },
    Has {
        value: u32,
        turns: bool,
        to: u16,
    },
    TestX {
        rel: Rel,
        turns: bool,
        to: u16,
    },
    Byte {
        k: u32,
    },
    Half {
        k: u32,
    },
    Word {
        k: u32,
    },
    ByteBeyond {
        k: u32,
    },
    HalfBeyond {
        k: u32,
    },
    WordBeyond {
        k: u32,
    },
    HeaderLen {
        k: u32,
    },
    Number {
        k: u32,
    },
    NumberX {
        k: u32,
    },
    Len,
    LenX,
    Recall {
        slot: u8,
    },
    RecallX {
        slot: u8,
    },
    Keep {
        slot: u8,
    },
    KeepX {
        slot: u8,
    },
    Add {
        k: u32,
    },
    And {
        k: u32,
    },
    Shl {
        k: u32,
    },
    Shr {
        k: u32,
    },
    AddX,
    SubX,
    /// The rest of arithmetic.
    Calc {
        op: Op,
        k: u32,
    },
    CalcX {
        op: Op,
    },
    Negate,
    AToX,
    XToA,
    Go {
        to: u16,
    },
    Return {
        k: u32,
    },
    ReturnA,
}

impl Program {
    /// Runs the program on the captured octets of a packet that took `wire_len` on the wire. Says how
    /// many of them to keep: 0 where the packet is refused.
    pub fn run(&self, packet: &[u8], wire_len: u32) -> u32 {
        self.outcome(packet, wire_len).unwrap_or(0)
    }

    /// The same; `None` where a load or a division refuses the packet.
    fn outcome(&self, packet: &[u8], wire_len: u32) -> Option<u32> {
        let mut a: u32 = 0;
        let mut x: u32 = 0;
        let mut memory = [0; SLOTS];
        let mut steps = &*self.steps;
        // Verified: every way leads forward, and ends with a return.
        while let [step, rest @ ..] = steps {
            steps = rest;
            match *step {
                Step::ByteIs { k, value, turns, to } => {
                    a = byte(packet, k as usize)?;
                    if (a == value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::HalfIs { k, value, turns, to } => {
                    a = half(packet, k as usize)?;
                    if (a == value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::WordIs { k, value, turns, to } => {
                    a = word(packet, k as usize)?;
                    if (a == value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::HalfHas { k, value, turns, to } => {
                    a = half(packet, k as usize)?;
                    if (a & value != 0) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::HalfBeyondIs { k, value, turns, to } => {
                    a = half(packet, beyond(x, k))?;
                    if (a == value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::Is { value, turns, to } => {
                    if (a == value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::Exceeds { value, turns, to } => {
                    if (a > value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::Reaches { value, turns, to } => {
                    if (a >= value) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::Has { value, turns, to } => {
                    if (a & value != 0) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::TestX { rel, turns, to } => {
                    if rel.holds(a, x) == turns {
                        steps = self.steps.get(usize::from(to)..)?;
                    }
                }
                Step::Byte { k } => a = byte(packet, k as usize)?,
                Step::Half { k } => a = half(packet, k as usize)?,
                Step::Word { k } => a = word(packet, k as usize)?,
                Step::ByteBeyond { k } => a = byte(packet, beyond(x, k))?,
                Step::HalfBeyond { k } => a = half(packet, beyond(x, k))?,
                Step::WordBeyond { k } => a = word(packet, beyond(x, k))?,
                Step::HeaderLen { k } => x = (byte(packet, k as usize)? & 0xf) << 2,
                Step::Number { k } => a = k,
                Step::NumberX { k } => x = k,
                Step::Len => a = wire_len,
                Step::LenX => x = wire_len,
                Step::Recall { slot } => a = memory[usize::from(slot) % SLOTS],
                Step::RecallX { slot } => x = memory[usize::from(slot) % SLOTS],
                Step::Keep { slot } => memory[usize::from(slot) % SLOTS] = a,
                Step::KeepX { slot } => memory[usize::from(slot) % SLOTS] = x,
                Step::Add { k } => a = a.wrapping_add(k),
                Step::And { k } => a &= k,
                Step::Shl { k } => a = a.wrapping_shl(k),
                Step::Shr { k } => a = a.wrapping_shr(k),
                Step::AddX => a = a.wrapping_add(x),
                Step::SubX => a = a.wrapping_sub(x),
                Step::Calc { op, k } => a = op.apply(a, k)?,
                Step::CalcX { op } => a = op.apply(a, x)?,
                Step::Negate => a = a.wrapping_neg(),
                Step::AToX => x = a,
                Step::XToA => a = x,
                Step::Go { to } => steps = self.steps.get(usize::from(to)..)?,
                Step::Return { k } => return Some(k),
                Step::ReturnA => return Some(a),
            }
        }
        None
    }
}

#[inline]
fn byte(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at).map(|octet| u32::from(*octet))
}

#[inline]
fn half(packet: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(*packet.get(at..)?.first_chunk()?).into())
}

#[inline]
fn word(packet: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*packet.get(at..)?.first_chunk()?))
}

/// A place counted from X; one that does not fit is behind every packet.
#[inline]
fn beyond(x: u32, k: u32) -> usize {
    (x as usize).saturating_add(k as usize)
}

impl Step {
    /// The steps of a verified list of instructions.
    pub(super) fn all_of(instructions: &[Instruction]) -> Vec<Self> {
        let aims = aims(instructions);
        // What each instruction begins with: a load that its branch is joined to leaves nothing for
        // the branch itself, unless something jumps there.
        let joins = |at: usize| -> bool {
            matches!(instructions.get(at..at + 2), Some([load, branch]) if fuse(*load, *branch, true, 0).is_some())
                && aims.get(at + 1) == Some(&false)
        };
        let mut places = Vec::with_capacity(instructions.len());
        let mut place: u16 = 0;
        for (at, one) in instructions.iter().enumerate() {
            places.push(place);
            // A branch that goes on with neither of its ways is a test and a jump.
            place += u16::from(!joins(at)) + u16::from(is_branch(one.code) && one.jt > 0 && one.jf > 0);
        }
        let mut steps = Vec::with_capacity(place.into());
        for (at, one) in instructions.iter().enumerate() {
            let to = |distance: usize| places.get(at + 1 + distance).copied().unwrap_or(u16::MAX);
            if joins(at) {
                continue;
            }
            if !is_branch(one.code) {
                steps.push(Self::of(*one, to(one.k as usize)));
                continue;
            }
            let (yes, no) = (to(one.jt.into()), to(one.jf.into()));
            let (turns, aim) = if one.jt == 0 { (false, no) } else { (true, yes) };
            let fused = at
                .checked_sub(1)
                .filter(|before| joins(*before))
                .and_then(|before| fuse(instructions[before], *one, turns, aim));
            steps.push(fused.unwrap_or_else(|| Self::test(*one, turns, aim)));
            if one.jt > 0 && one.jf > 0 {
                steps.push(Self::Go { to: no });
            }
        }
        steps
    }

    fn test(one: Instruction, turns: bool, to: u16) -> Self {
        match one.code {
            code::JEQ => Self::Is { value: one.k, turns, to },
            code::JGT => Self::Exceeds { value: one.k, turns, to },
            code::JGE => Self::Reaches { value: one.k, turns, to },
            code::JSET => Self::Has { value: one.k, turns, to },
            other => Self::TestX { rel: rel(other), turns, to },
        }
    }

    fn of(one: Instruction, go: u16) -> Self {
        let k = one.k;
        let slot = k as u8;
        match one.code {
            code::LD_IMM => Self::Number { k },
            code::LDX_IMM => Self::NumberX { k },
            code::LD_LEN => Self::Len,
            code::LDX_LEN => Self::LenX,
            code::LD_MEM => Self::Recall { slot },
            code::LDX_MEM => Self::RecallX { slot },
            code::ST => Self::Keep { slot },
            code::STX => Self::KeepX { slot },
            code::LDX_MSH => Self::HeaderLen { k },
            code::NEG => Self::Negate,
            code::TAX => Self::AToX,
            code::TXA => Self::XToA,
            code::JA => Self::Go { to: go },
            code::RET => Self::Return { k },
            code::RET_A => Self::ReturnA,
            other if other & 7 == code::ALU => match (op(other), other & code::X == 0) {
                (Op::Add, true) => Self::Add { k },
                (Op::And, true) => Self::And { k },
                (Op::Shl, true) => Self::Shl { k },
                (Op::Shr, true) => Self::Shr { k },
                (Op::Add, false) => Self::AddX,
                (Op::Sub, false) => Self::SubX,
                (op, true) => Self::Calc { op, k },
                (op, false) => Self::CalcX { op },
            },
            other => match (other & 0xe0 == code::LD_IND, width(other)) {
                (false, Width::Byte) => Self::Byte { k },
                (false, Width::Half) => Self::Half { k },
                (false, Width::Word) => Self::Word { k },
                (true, Width::Byte) => Self::ByteBeyond { k },
                (true, Width::Half) => Self::HalfBeyond { k },
                (true, Width::Word) => Self::WordBeyond { k },
            },
        }
    }
}

/// Which instructions something jumps to.
fn aims(instructions: &[Instruction]) -> Vec<bool> {
    let mut aims = vec![false; instructions.len()];
    for (at, one) in instructions.iter().enumerate() {
        let ways = match one.code {
            code::JA => [Some(one.k as usize), None],
            other if is_branch(other) => [Some(one.jt.into()), Some(one.jf.into())],
            _ => [None, None],
        };
        for distance in ways.into_iter().flatten() {
            if let Some(aim) = aims.get_mut(at + 1 + distance) {
                *aim = true;
            }
        }
    }
    aims
}

/// A load and the branch on it as one step, for the pairs that make up most programs.
fn fuse(load: Instruction, branch: Instruction, turns: bool, to: u16) -> Option<Step> {
    const BYTE: u16 = code::LD_ABS | code::BYTE;
    const HALF: u16 = code::LD_ABS | code::HALF;
    const WORD: u16 = code::LD_ABS | code::WORD;
    const HALF_BEYOND: u16 = code::LD_IND | code::HALF;
    let (k, value) = (load.k, branch.k);
    Some(match (load.code, branch.code) {
        (BYTE, code::JEQ) => Step::ByteIs { k, value, turns, to },
        (HALF, code::JEQ) => Step::HalfIs { k, value, turns, to },
        (WORD, code::JEQ) => Step::WordIs { k, value, turns, to },
        (HALF, code::JSET) => Step::HalfHas { k, value, turns, to },
        (HALF_BEYOND, code::JEQ) => Step::HalfBeyondIs { k, value, turns, to },
        _ => return None,
    })
}

const fn rel(code: u16) -> Rel {
    match code & !code::X {
        code::JGT => Rel::Gt,
        code::JGE => Rel::Ge,
        code::JSET => Rel::Set,
        _ => Rel::Eq,
    }
}

const fn op(code: u16) -> Op {
    match code & 0xf0 {
        code::SUB => Op::Sub,
        code::MUL => Op::Mul,
        code::DIV => Op::Div,
        code::OR => Op::Or,
        code::AND => Op::And,
        code::LSH => Op::Shl,
        code::RSH => Op::Shr,
        code::MOD => Op::Mod,
        code::XOR => Op::Xor,
        _ => Op::Add,
    }
}

const fn width(code: u16) -> Width {
    match code & 0x18 {
        code::HALF => Width::Half,
        code::BYTE => Width::Byte,
        _ => Width::Word,
    }
}
