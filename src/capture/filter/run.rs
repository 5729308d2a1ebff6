//! The machine that runs programs on packets.
//!
//! Nearly every question is a load and a branch on it, so the two are one step here. A load that
//! reaches behind the captured octets refuses the packet, and so does a division by zero.

use super::program::{Instruction, Program, SLOTS, code, is_branch};
use super::value::{Op, Rel, Width};

/// What the machine does in one go. Distances have become places in the list of steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    ByteIs { k: u32, value: u32, yes: u16, no: u16 },
    HalfIs { k: u32, value: u32, yes: u16, no: u16 },
    WordIs { k: u32, value: u32, yes: u16, no: u16 },
    HalfHas { k: u32, value: u32, yes: u16, no: u16 },
    HalfBeyondIs { k: u32, value: u32, yes: u16, no: u16 },
    Branch { rel: Rel, value: u32, yes: u16, no: u16 },
    BranchX { rel: Rel, yes: u16, no: u16 },
    Load { width: Width, k: u32 },
    LoadBeyond { width: Width, k: u32 },
    HeaderLen { k: u32 },
    Number { k: u32 },
    NumberX { k: u32 },
    Len,
    LenX,
    Recall { slot: u8 },
    RecallX { slot: u8 },
    Keep { slot: u8 },
    KeepX { slot: u8 },
    Calc { op: Op, k: u32 },
    CalcX { op: Op },
    Negate,
    AToX,
    XToA,
    Go { to: u16 },
    Return { k: u32 },
    ReturnA,
}

impl Program {
    /// Runs the program on the captured octets of a packet that took `wire_len` on the wire. Says how
    /// many of them to keep: 0 where the packet is refused.
    pub fn run(&self, packet: &[u8], wire_len: u32) -> u32 {
        let mut a: u32 = 0;
        let mut x: u32 = 0;
        let mut memory = [0; SLOTS];
        let mut at: usize = 0;
        // Verified: every way leads forward, and ends with a return.
        while let Some(step) = self.steps.get(at) {
            let answer = |holds: bool, yes: u16, no: u16| usize::from(if holds { yes } else { no });
            at += 1;
            match *step {
                Step::ByteIs { k, value, yes, no } => {
                    let Some(loaded) = byte(packet, k as usize) else { return 0 };
                    a = loaded;
                    at = answer(a == value, yes, no);
                }
                Step::HalfIs { k, value, yes, no } => {
                    let Some(loaded) = half(packet, k as usize) else { return 0 };
                    a = loaded;
                    at = answer(a == value, yes, no);
                }
                Step::WordIs { k, value, yes, no } => {
                    let Some(loaded) = word(packet, k as usize) else { return 0 };
                    a = loaded;
                    at = answer(a == value, yes, no);
                }
                Step::HalfHas { k, value, yes, no } => {
                    let Some(loaded) = half(packet, k as usize) else { return 0 };
                    a = loaded;
                    at = answer(a & value != 0, yes, no);
                }
                Step::HalfBeyondIs { k, value, yes, no } => {
                    let Some(loaded) = half(packet, beyond(x, k)) else { return 0 };
                    a = loaded;
                    at = answer(a == value, yes, no);
                }
                Step::Branch { rel, value, yes, no } => at = answer(rel.holds(a, value), yes, no),
                Step::BranchX { rel, yes, no } => at = answer(rel.holds(a, x), yes, no),
                Step::Load { width, k } => {
                    let Some(loaded) = load(packet, width, k as usize) else { return 0 };
                    a = loaded;
                }
                Step::LoadBeyond { width, k } => {
                    let Some(loaded) = load(packet, width, beyond(x, k)) else { return 0 };
                    a = loaded;
                }
                Step::HeaderLen { k } => {
                    let Some(loaded) = byte(packet, k as usize) else { return 0 };
                    x = (loaded & 0xf) << 2;
                }
                Step::Number { k } => a = k,
                Step::NumberX { k } => x = k,
                Step::Len => a = wire_len,
                Step::LenX => x = wire_len,
                Step::Recall { slot } => a = memory[usize::from(slot) % SLOTS],
                Step::RecallX { slot } => x = memory[usize::from(slot) % SLOTS],
                Step::Keep { slot } => memory[usize::from(slot) % SLOTS] = a,
                Step::KeepX { slot } => memory[usize::from(slot) % SLOTS] = x,
                Step::Calc { op, k } => {
                    let Some(result) = op.apply(a, k) else { return 0 };
                    a = result;
                }
                Step::CalcX { op } => {
                    let Some(result) = op.apply(a, x) else { return 0 };
                    a = result;
                }
                Step::Negate => a = a.wrapping_neg(),
                Step::AToX => x = a,
                Step::XToA => a = x,
                Step::Go { to } => at = to.into(),
                Step::Return { k } => return k,
                Step::ReturnA => return a,
            }
        }
        0
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

#[inline]
fn load(packet: &[u8], width: Width, at: usize) -> Option<u32> {
    match width {
        Width::Byte => byte(packet, at),
        Width::Half => half(packet, at),
        Width::Word => word(packet, at),
    }
}

/// A place counted from X; one that does not fit is behind every packet.
#[inline]
fn beyond(x: u32, k: u32) -> usize {
    (x as usize).saturating_add(k as usize)
}

impl Step {
    /// The steps of a verified list of instructions.
    pub(super) fn all_of(instructions: &[Instruction]) -> Vec<Self> {
        // A branch that something jumps to has to stay a step of its own.
        let aims = aims(instructions);
        let mut joined = vec![false; instructions.len()];
        for (at, pair) in instructions.windows(2).enumerate() {
            joined[at] = fuse(pair[0], pair[1], 0, 0).is_some() && !aims[at + 1];
        }
        let mut places = Vec::with_capacity(instructions.len());
        let mut place: u16 = 0;
        for joined in &joined {
            places.push(place);
            place += u16::from(!joined);
        }
        let to = |at: usize, distance: usize| places.get(at + 1 + distance).copied().unwrap_or(u16::MAX);
        let mut steps = Vec::with_capacity(place.into());
        for (at, one) in instructions.iter().enumerate() {
            let ways = |at: usize, one: &Instruction| (to(at, one.jt.into()), to(at, one.jf.into()));
            if at > 0 && joined[at - 1] {
                continue;
            }
            let fused = instructions.get(at + 1).filter(|_| joined[at]).and_then(|next| {
                let (yes, no) = ways(at + 1, next);
                fuse(*one, *next, yes, no)
            });
            let (yes, no) = ways(at, one);
            steps.push(fused.unwrap_or_else(|| Self::of(*one, yes, no, to(at, one.k as usize))));
        }
        steps
    }

    fn of(one: Instruction, yes: u16, no: u16, go: u16) -> Self {
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
            other if is_branch(other) && other & code::X == 0 => Self::Branch { rel: rel(other), value: k, yes, no },
            other if is_branch(other) => Self::BranchX { rel: rel(other), yes, no },
            other if other & 7 == code::ALU && other & code::X == 0 => Self::Calc { op: op(other), k },
            other if other & 7 == code::ALU => Self::CalcX { op: op(other) },
            other if other & 0xe0 == code::LD_IND => Self::LoadBeyond { width: width(other), k },
            other => Self::Load { width: width(other), k },
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
fn fuse(first: Instruction, second: Instruction, yes: u16, no: u16) -> Option<Step> {
    const BYTE: u16 = code::LD_ABS | code::BYTE;
    const HALF: u16 = code::LD_ABS | code::HALF;
    const WORD: u16 = code::LD_ABS | code::WORD;
    const HALF_BEYOND: u16 = code::LD_IND | code::HALF;
    let (k, value) = (first.k, second.k);
    Some(match (first.code, second.code) {
        (BYTE, code::JEQ) => Step::ByteIs { k, value, yes, no },
        (HALF, code::JEQ) => Step::HalfIs { k, value, yes, no },
        (WORD, code::JEQ) => Step::WordIs { k, value, yes, no },
        (HALF, code::JSET) => Step::HalfHas { k, value, yes, no },
        (HALF_BEYOND, code::JEQ) => Step::HalfBeyondIs { k, value, yes, no },
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
