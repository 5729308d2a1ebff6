//! A graph of questions as instructions.
//!
//! The machine has an accumulator A, an index register X and sixteen slots of memory. What A and X
//! hold where a node begins is known when every way to it leaves the same there; then nothing is
//! loaded twice.

use super::graph::{At, Graph, Node, slot};
use super::program::{Instruction, MOST_INSTRUCTIONS, code};
use super::value::{Id, Op, Rel, Test, Value, Values, Width};

/// The slots of memory: the lower ones for what a sum is made of, the upper four for walks.
const SLOTS: u32 = 12;

/// Why there is no program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unfit {
    /// More instructions than the machine takes.
    TooLong,
    /// A sum that needs more memory than there is.
    TooDeep,
    /// Something that there is no way to load.
    Nowhere,
}

/// The program of `graph` from `begin` on; `choose` is what it returns for a packet that it takes.
pub(super) fn emit(graph: &Graph, values: &Values, begin: At, choose: u32) -> Result<Vec<Instruction>, Unfit> {
    let mut known: Vec<Option<Registers>> = vec![None; begin + 1];
    if let Some(first) = known.last_mut() {
        *first = Some(Registers::default());
    }
    let mut blocks = Vec::new();
    for at in order(graph, begin) {
        let Some(registers) = known[at].take() else { continue };
        let block = Emitter::new(values, registers).block(graph.node(at), choose)?;
        for next in graph.node(at).leads_to().into_iter().flatten() {
            known[next] = Some(known[next].map_or(block.leaves, |before| before.meet(block.leaves)));
        }
        blocks.push((at, block));
    }
    lay_out(&blocks)
}

/// The nodes, each before those it leads to; and behind each, where it can be, the one that most ways
/// from it go on with: what ends a way at once comes last.
fn order(graph: &Graph, begin: At) -> Vec<At> {
    let mut seen = vec![false; begin + 1];
    let mut order = Vec::new();
    let mut open = vec![(begin, false)];
    while let Some((at, finished)) = open.pop() {
        if finished {
            order.push(at);
            continue;
        }
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        open.push((at, true));
        let mut next: Vec<At> = graph.node(at).leads_to().into_iter().flatten().collect();
        // What is finished last stands right behind.
        next.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
        open.extend(next.into_iter().map(|at| (at, false)));
    }
    order.reverse();
    order
}

/// What A and X hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Registers {
    a: Option<Id>,
    x: Option<Id>,
}

impl Registers {
    fn meet(self, other: Self) -> Self {
        let same = |one: Option<Id>, other: Option<Id>| one.filter(|_| one == other);
        Self { a: same(self.a, other.a), x: same(self.x, other.x) }
    }
}

/// The instructions of a node.
struct Block {
    body: Vec<Instruction>,
    end: End,
    leaves: Registers,
}

/// Where a block goes on.
#[derive(Clone, Copy)]
enum End {
    Return,
    Go(At),
    Branch { code: u16, k: u32, yes: At, no: At },
}

struct Emitter<'a> {
    values: &'a Values,
    registers: Registers,
    body: Vec<Instruction>,
    slots: u32,
}

impl<'a> Emitter<'a> {
    fn new(values: &'a Values, registers: Registers) -> Self {
        Self { values, registers, body: Vec::new(), slots: 0 }
    }

    fn block(mut self, node: Node, choose: u32) -> Result<Block, Unfit> {
        let end = match node {
            Node::Refuse | Node::Choose => {
                let verdict = if node == Node::Choose { choose } else { 0 };
                self.push(code::RET, verdict);
                End::Return
            }
            Node::Hold { place, value, next } => {
                self.fill_a(value)?;
                self.push(code::ST, SLOTS + slot(place));
                End::Go(next)
            }
            // Only whether the loads succeed is of interest.
            Node::Ask { test, yes, no } if yes == no => {
                self.fill_a(test.a)?;
                if !self.is_plain(test.b) {
                    self.fill_a(test.b)?;
                }
                End::Go(yes)
            }
            Node::Ask { test, yes, no } => self.branch(test, yes, no)?,
        };
        Ok(Block { body: self.body, end, leaves: self.registers })
    }

    fn branch(&mut self, test: Test, yes: At, no: At) -> Result<End, Unfit> {
        let jump = match test.rel {
            Rel::Eq => code::JEQ,
            Rel::Gt => code::JGT,
            Rel::Ge => code::JGE,
            Rel::Set => code::JSET,
        };
        let Some(k) = self.values.constant(test.b) else {
            self.fill_both(test.a, test.b)?;
            return Ok(End::Branch { code: jump | code::X, k: 0, yes, no });
        };
        // Whether none of some bits is set is a question of its own, and leaves the load in A.
        if let (Rel::Eq, 0, Value::Calc { op: Op::And, a, b }) = (test.rel, k, self.values.value(test.a))
            && let Some(mask) = self.values.constant(b)
            && self.registers.a != Some(test.a)
        {
            self.fill_a(a)?;
            return Ok(End::Branch { code: code::JSET, k: mask, yes: no, no: yes });
        }
        self.fill_a(test.a)?;
        Ok(End::Branch { code: jump, k, yes, no })
    }

    /// Has A hold the value. X may change.
    fn fill_a(&mut self, id: Id) -> Result<(), Unfit> {
        if self.registers.a == Some(id) {
            return Ok(());
        }
        if self.registers.x == Some(id) {
            self.push(code::TXA, 0);
            self.registers.a = Some(id);
            return Ok(());
        }
        match self.values.value(id) {
            Value::Const(number) => self.push(code::LD_IMM, number),
            Value::Len => self.push(code::LD_LEN, 0),
            Value::Nowhere => return Err(Unfit::Nowhere),
            Value::Held(place) => self.push(code::LD_MEM, SLOTS + slot(place)),
            Value::Load { width, at: None, k } => self.push(code::LD_ABS | width_bits(width), k),
            Value::Load { width, at: Some(at), k } => {
                self.fill_x(at)?;
                self.push(code::LD_IND | width_bits(width), k);
            }
            Value::Calc { op: Op::Sub, a, b } if self.values.constant(a) == Some(0) => {
                self.fill_a(b)?;
                self.push(code::NEG, 0);
            }
            Value::Calc { op, a, b } => {
                if let Some(number) = self.values.constant(b) {
                    self.fill_a(a)?;
                    self.push(code::ALU | op_bits(op), number);
                } else {
                    self.fill_both(a, b)?;
                    self.push(code::ALU | op_bits(op) | code::X, 0);
                }
            }
        }
        self.registers.a = Some(id);
        Ok(())
    }

    /// Has X hold the value. A may change.
    fn fill_x(&mut self, id: Id) -> Result<(), Unfit> {
        if self.registers.x == Some(id) {
            return Ok(());
        }
        if self.registers.a != Some(id) && self.fill_x_alone(id) {
            return Ok(());
        }
        self.fill_a(id)?;
        self.push(code::TAX, 0);
        self.registers.x = Some(id);
        Ok(())
    }

    /// Has X hold the value and leaves A alone, where there is an instruction for that.
    fn fill_x_alone(&mut self, id: Id) -> bool {
        let (code, k) = match self.values.value(id) {
            Value::Const(number) => (code::LDX_IMM, number),
            Value::Len => (code::LDX_LEN, 0),
            Value::Held(place) => (code::LDX_MEM, SLOTS + slot(place)),
            Value::Load { .. } | Value::Calc { .. } | Value::Nowhere => match self.header_len(id) {
                Some(k) => (code::LDX_MSH, k),
                None => return false,
            },
        };
        self.push(code, k);
        self.registers.x = Some(id);
        true
    }

    /// Where the octet lies of which this is four times the lower half: the length of an IPv4 header,
    /// for which the machine has an instruction.
    fn header_len(&self, id: Id) -> Option<u32> {
        let Value::Calc { op: Op::Shl, a, b } = self.values.value(id) else { return None };
        let Value::Calc { op: Op::And, a: octet, b: mask } = self.values.value(a) else { return None };
        let Value::Load { width: Width::Byte, at: None, k } = self.values.value(octet) else { return None };
        (self.values.constant(b) == Some(2) && self.values.constant(mask) == Some(0xf)).then_some(k)
    }

    /// Has A hold the one value and X the other.
    fn fill_both(&mut self, a: Id, b: Id) -> Result<(), Unfit> {
        if self.registers.x == Some(b) && (self.registers.a == Some(a) || self.spares_x(a)) {
            return self.fill_a(a);
        }
        if self.header_len(b).is_some() || self.is_plain(b) {
            self.fill_a(a)?;
            if self.registers.x != Some(b) {
                self.fill_x_alone(b);
            }
            return Ok(());
        }
        if self.spares_x(a) {
            self.fill_x(b)?;
            return self.fill_a(a);
        }
        // The one that needs more memory comes first, while there is most of it.
        let slot = self.slots;
        if slot >= SLOTS {
            return Err(Unfit::TooDeep);
        }
        let (first, second) = if self.need(a) >= self.need(b) { (a, b) } else { (b, a) };
        self.fill_a(first)?;
        self.push(code::ST, slot);
        self.slots += 1;
        self.fill_a(second)?;
        self.slots -= 1;
        if second == b {
            self.push(code::TAX, 0);
            self.push(code::LD_MEM, slot);
        } else {
            self.push(code::LDX_MEM, slot);
        }
        self.registers = Registers { a: Some(a), x: Some(b) };
        Ok(())
    }

    /// Whether the value is at hand without the packet.
    fn is_plain(&self, id: Id) -> bool {
        matches!(self.values.value(id), Value::Const(_) | Value::Len | Value::Held(_))
    }

    /// Whether A can hold the value without X's help, whatever A holds now.
    fn spares_x(&self, id: Id) -> bool {
        match self.values.value(id) {
            Value::Const(_) | Value::Len | Value::Held(_) | Value::Load { at: None, .. } => true,
            Value::Load { .. } | Value::Nowhere => false,
            Value::Calc { a, b, .. } => self.values.constant(b).is_some() && self.spares_x(a),
        }
    }

    /// How many slots of memory it takes to work out the value.
    fn need(&self, id: Id) -> u32 {
        match self.values.value(id) {
            Value::Const(_) | Value::Len | Value::Held(_) | Value::Nowhere | Value::Load { at: None, .. } => 0,
            Value::Load { at: Some(at), .. } => self.need(at),
            Value::Calc { a, b, .. } => {
                let (a, b) = (self.need(a), self.need(b));
                if a == b { a + 1 } else { a.max(b) }
            }
        }
    }

    fn push(&mut self, code: u16, k: u32) {
        self.body.push(Instruction { code, jt: 0, jf: 0, k });
    }
}

const fn width_bits(width: Width) -> u16 {
    match width {
        Width::Word => code::WORD,
        Width::Half => code::HALF,
        Width::Byte => code::BYTE,
    }
}

const fn op_bits(op: Op) -> u16 {
    match op {
        Op::Add => code::ADD,
        Op::Sub => code::SUB,
        Op::Mul => code::MUL,
        Op::Div => code::DIV,
        Op::Mod => code::MOD,
        Op::And => code::AND,
        Op::Or => code::OR,
        Op::Xor => code::XOR,
        Op::Shl => code::LSH,
        Op::Shr => code::RSH,
    }
}

/// Puts blocks one behind the other. A branch reaches 255 instructions far; what lies farther gets
/// a jump of its own behind the branch, which may push others out of reach: so until none is.
fn lay_out(blocks: &[(At, Block)]) -> Result<Vec<Instruction>, Unfit> {
    let mut far = vec![[false; 2]; blocks.len()];
    loop {
        let mut starts = vec![0; blocks.first().map_or(0, |(at, _)| at + 1)];
        let mut len = 0;
        for (number, (at, block)) in blocks.iter().enumerate() {
            starts[*at] = len;
            let next = blocks.get(number + 1).map(|(at, _)| *at);
            len += block.body.len() + block.end.len(next, far[number]);
        }
        if len > MOST_INSTRUCTIONS {
            return Err(Unfit::TooLong);
        }
        if let Some(program) = write(blocks, &starts, &mut far) {
            return Ok(program);
        }
    }
}

impl End {
    /// Instructions of the end, where `next` follows at once.
    fn len(self, next: Option<At>, far: [bool; 2]) -> usize {
        match self {
            Self::Return => 0,
            Self::Go(to) => usize::from(Some(to) != next),
            Self::Branch { .. } => 1 + far.into_iter().map(usize::from).sum::<usize>(),
        }
    }
}

/// The program, if every branch reaches; else notes in `far` which do not.
fn write(blocks: &[(At, Block)], starts: &[usize], far: &mut [[bool; 2]]) -> Option<Vec<Instruction>> {
    let mut program: Vec<Instruction> = Vec::new();
    let mut all_reach = true;
    for (number, (_, block)) in blocks.iter().enumerate() {
        program.extend(&block.body);
        let here = program.len() + 1;
        match block.end {
            End::Return => {}
            End::Go(to) => {
                if starts[to] >= here {
                    program.push(Instruction { code: code::JA, jt: 0, jf: 0, k: (starts[to] - here) as u32 });
                }
            }
            End::Branch { code, k, yes, no } => {
                let mut jumps = Vec::new();
                let mut near = |side: usize, to: At| {
                    let distance = if far[number][side] {
                        // The jumps stand right behind the branch, the one for yes first.
                        let own = jumps.len();
                        jumps.push(to);
                        own
                    } else {
                        starts[to] - here
                    };
                    u8::try_from(distance).unwrap_or_else(|_| {
                        far[number][side] = true;
                        all_reach = false;
                        0
                    })
                };
                let (jt, jf) = (near(0, yes), near(1, no));
                program.push(Instruction { code, jt, jf, k });
                for to in jumps {
                    let here = program.len() + 1;
                    program.push(Instruction { code: code::JA, jt: 0, jf: 0, k: (starts[to] - here) as u32 });
                }
            }
        }
    }
    all_reach.then_some(program)
}
