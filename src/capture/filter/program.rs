//! Programs of the classic BSD Packet Filter (McCanne and Jacobson, 1993), as the kernel takes them.

use super::run::Step;

/// The most instructions a program may have: the kernel's limit.
pub const MOST_INSTRUCTIONS: usize = 4096;
/// What a program returns for a packet that it chooses: how much of it to keep, as libpcap has it.
pub(super) const WHOLE: u32 = 262_144;

/// One instruction, laid out as the kernel's `struct sock_filter`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// Instructions to leave out where a test holds.
    pub jt: u8,
    /// Instructions to leave out where it does not.
    pub jf: u8,
    /// A number, a place in the packet, a slot of memory, or a distance.
    pub k: u32,
}

/// The codes of instructions.
pub(super) mod code {
    pub(in super::super) const WORD: u16 = 0x00;
    pub(in super::super) const HALF: u16 = 0x08;
    pub(in super::super) const BYTE: u16 = 0x10;

    pub(in super::super) const LD_IMM: u16 = 0x00;
    pub(in super::super) const LD_ABS: u16 = 0x20;
    pub(in super::super) const LD_IND: u16 = 0x40;
    pub(in super::super) const LD_MEM: u16 = 0x60;
    pub(in super::super) const LD_LEN: u16 = 0x80;
    pub(in super::super) const LDX_IMM: u16 = 0x01;
    pub(in super::super) const LDX_MEM: u16 = 0x61;
    pub(in super::super) const LDX_LEN: u16 = 0x81;
    pub(in super::super) const LDX_MSH: u16 = 0xb1;
    pub(in super::super) const ST: u16 = 0x02;
    pub(in super::super) const STX: u16 = 0x03;

    pub(in super::super) const ALU: u16 = 0x04;
    pub(in super::super) const ADD: u16 = 0x00;
    pub(in super::super) const SUB: u16 = 0x10;
    pub(in super::super) const MUL: u16 = 0x20;
    pub(in super::super) const DIV: u16 = 0x30;
    pub(in super::super) const OR: u16 = 0x40;
    pub(in super::super) const AND: u16 = 0x50;
    pub(in super::super) const LSH: u16 = 0x60;
    pub(in super::super) const RSH: u16 = 0x70;
    pub(in super::super) const NEG: u16 = 0x84;
    pub(in super::super) const MOD: u16 = 0x90;
    pub(in super::super) const XOR: u16 = 0xa0;
    /// The second operand is X, not the instruction's number.
    pub(in super::super) const X: u16 = 0x08;

    pub(in super::super) const JA: u16 = 0x05;
    pub(in super::super) const JEQ: u16 = 0x15;
    pub(in super::super) const JGT: u16 = 0x25;
    pub(in super::super) const JGE: u16 = 0x35;
    pub(in super::super) const JSET: u16 = 0x45;
    pub(in super::super) const RET: u16 = 0x06;
    pub(in super::super) const RET_A: u16 = 0x16;
    pub(in super::super) const TAX: u16 = 0x07;
    pub(in super::super) const TXA: u16 = 0x87;
}

/// Slots of memory.
pub(super) const SLOTS: usize = 16;

/// A program that was verified: it ends for every packet, and touches nothing but its own memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    instructions: Vec<Instruction>,
    pub(super) steps: Vec<Step>,
}

/// Why a list of instructions is no program.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsound {
    /// It is empty, or longer than [`MOST_INSTRUCTIONS`].
    #[error("a program has 1 to {MOST_INSTRUCTIONS} instructions, not {0}")]
    Length(usize),
    /// An instruction that there is not, or with a number that it cannot have.
    #[error("instruction {0} is none")]
    Instruction(usize),
    /// A jump behind the end.
    #[error("instruction {0} jumps behind the end")]
    Jump(usize),
    /// The last instruction goes on.
    #[error("the last instruction does not return")]
    End,
    /// Memory is read that nothing was written to.
    #[error("instruction {0} reads memory that nothing was written to")]
    Memory(usize),
}

impl Program {
    /// The program of these instructions, once they were found sound.
    ///
    /// # Errors
    ///
    /// Where it would not be safe to run: the kernel refuses the same.
    pub fn new(instructions: Vec<Instruction>) -> Result<Self, Unsound> {
        verify(&instructions)?;
        let steps = Step::all_of(&instructions);
        Ok(Self { instructions, steps })
    }

    /// The instructions, in the order in which the kernel takes them.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Whether there is no packet that it chooses.
    pub fn refuses_all(&self) -> bool {
        !self.instructions.iter().any(|one| matches!(*one, Instruction { code: code::RET, k, .. } if k > 0))
            && !self.instructions.iter().any(|one| one.code == code::RET_A)
    }

    /// The same program, but keeping at most `octets` of a packet that it chooses. With 0 it chooses
    /// none.
    #[must_use]
    pub fn keeping(&self, octets: u32) -> Self {
        let mut instructions = self.instructions.clone();
        for one in &mut instructions {
            if one.code == code::RET && one.k > 0 {
                one.k = octets;
            }
        }
        let steps = Step::all_of(&instructions);
        Self { instructions, steps }
    }
}

/// Every instruction is one, every jump goes forward and stays inside, and every slot of memory is
/// written on every way before it is read.
fn verify(program: &[Instruction]) -> Result<(), Unsound> {
    let len = program.len();
    if len == 0 || len > MOST_INSTRUCTIONS {
        return Err(Unsound::Length(len));
    }
    // Which slots are written wherever a way leads here; nothing leads here where all are.
    let mut written = vec![u16::MAX; len];
    written[0] = 0;
    for (at, one) in program.iter().enumerate() {
        let mut slots = written[at];
        if !is_instruction(*one) {
            return Err(Unsound::Instruction(at));
        }
        match one.code {
            code::LD_MEM | code::LDX_MEM if slots & 1 << one.k == 0 => return Err(Unsound::Memory(at)),
            code::ST | code::STX => slots |= 1 << one.k,
            _ => {}
        }
        let ways: [Option<usize>; 2] = match one.code {
            code::RET | code::RET_A => [None, None],
            code::JA => [Some(one.k as usize), None],
            _ if is_branch(one.code) => [Some(one.jt.into()), Some(one.jf.into())],
            _ if at + 1 == len => return Err(Unsound::End),
            _ => [Some(0), None],
        };
        for distance in ways.into_iter().flatten() {
            let to = at.saturating_add(1).saturating_add(distance);
            *written.get_mut(to).ok_or(Unsound::Jump(at))? &= slots;
        }
    }
    Ok(())
}

/// Whether the code is a conditional jump.
pub(super) const fn is_branch(code: u16) -> bool {
    matches!(code & !code::X, code::JEQ | code::JGT | code::JGE | code::JSET)
}

fn is_instruction(one: Instruction) -> bool {
    use code::{ADD, ALU, AND, DIV, LSH, MOD, MUL, OR, RSH, SUB, X, XOR};

    const LOADS: [u16; 3] = [code::WORD, code::HALF, code::BYTE];
    const PLAIN: [u16; 11] = [
        code::LD_IMM,
        code::LD_LEN,
        code::LDX_IMM,
        code::LDX_LEN,
        code::LDX_MSH,
        code::RET,
        code::RET_A,
        code::TAX,
        code::TXA,
        code::NEG,
        code::JA,
    ];
    const OPS: [u16; 10] = [ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, MOD, XOR];
    match one.code {
        code::LD_MEM | code::LDX_MEM | code::ST | code::STX => (one.k as usize) < SLOTS,
        other if is_branch(other) || PLAIN.contains(&other) => true,
        other if LOADS.iter().any(|width| other == code::LD_ABS | width || other == code::LD_IND | width) => true,
        other if OPS.iter().any(|op| other == ALU | op | X) => true,
        other => match OPS.into_iter().find(|op| other == ALU | op) {
            Some(DIV | MOD) => one.k != 0,
            Some(LSH | RSH) => one.k < 32,
            Some(_) => true,
            None => false,
        },
    }
}
