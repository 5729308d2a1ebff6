//! Programs in words and in numbers, as tcpdump prints them.

use std::fmt;

use super::program::{Instruction, Program, code, is_branch};
use super::view::known;

/// How a program is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listing {
    /// For people: `-d`.
    Words,
    /// As a fragment of C: `-dd`.
    C,
    /// As decimal numbers, preceded by how many lines there are: `-ddd`.
    Numbers,
}

impl Program {
    /// The program in this form, a line per instruction, each ended.
    pub fn listing(&self, form: Listing) -> impl fmt::Display {
        Printed { program: self, form }
    }
}

struct Printed<'a> {
    program: &'a Program,
    form: Listing,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instructions = self.program.instructions();
        if self.form == Listing::Numbers {
            writeln!(f, "{}", instructions.len())?;
        }
        for (at, one) in instructions.iter().enumerate() {
            let Instruction { code, jt, jf, k } = *one;
            match self.form {
                Listing::Words => writeln!(f, "{}", words(*one, at))?,
                Listing::C => writeln!(f, "{{ {code:#x}, {jt}, {jf}, {k:#010x} }},")?,
                Listing::Numbers => writeln!(f, "{code} {jt} {jf} {k}")?,
            }
        }
        Ok(())
    }
}

fn words(one: Instruction, at: usize) -> String {
    let name = name(one.code);
    let operand = operand(one, at);
    if is_branch(one.code) {
        let [jt, jf] = [one.jt, one.jf].map(|distance| at + 1 + usize::from(distance));
        return format!("({at:03}) {name:<8} {operand:<16} jt {jt}\tjf {jf}");
    }
    format!("({at:03}) {name:<8} {operand}")
}

const fn name(code: u16) -> &'static str {
    const LD: [u16; 6] = [
        code::LD_ABS,
        code::LD_IND,
        code::LD_ABS | code::HALF,
        code::LD_IND | code::HALF,
        code::LD_ABS | code::BYTE,
        code::LD_IND | code::BYTE,
    ];
    match code {
        code::LD_IMM | code::LD_LEN | code::LD_MEM => "ld",
        _ if code == LD[0] || code == LD[1] => "ld",
        _ if code == LD[2] || code == LD[3] => "ldh",
        _ if code == LD[4] || code == LD[5] => "ldb",
        code::LDX_IMM | code::LDX_MEM | code::LDX_LEN => "ldx",
        code::LDX_MSH => "ldxb",
        code::ST => "st",
        code::STX => "stx",
        code::JA => "ja",
        code::RET | code::RET_A => "ret",
        code::TAX => "tax",
        code::TXA => "txa",
        code::NEG => "neg",
        _ => match code & !code::X {
            code::JEQ => "jeq",
            code::JGT => "jgt",
            code::JGE => "jge",
            code::JSET => "jset",
            _ => match code & 0xf0 {
                code::ADD => "add",
                code::SUB => "sub",
                code::MUL => "mul",
                code::DIV => "div",
                code::OR => "or",
                code::AND => "and",
                code::LSH => "lsh",
                code::RSH => "rsh",
                code::MOD => "mod",
                _ => "xor",
            },
        },
    }
}

fn operand(one: Instruction, at: usize) -> String {
    let k = one.k;
    match one.code {
        code::LD_IMM | code::LDX_IMM => format!("#{k:#x}"),
        code::LD_LEN | code::LDX_LEN => "#pktlen".to_owned(),
        code::LD_MEM | code::LDX_MEM | code::ST | code::STX => format!("M[{k}]"),
        code::LDX_MSH => format!("4*([{k}]&0xf)"),
        code::JA => (at + 1 + k as usize).to_string(),
        code::RET => format!("#{k}"),
        code::RET_A | code::TAX | code::TXA | code::NEG => String::new(),
        other if is_branch(other) && other & code::X != 0 => "x".to_owned(),
        other if is_branch(other) => format!("#{k:#x}"),
        other if other & 7 == code::ALU && other & code::X != 0 => "x".to_owned(),
        // Masks are read in hexadecimal.
        other if other & 7 == code::ALU && matches!(other & 0xf0, code::AND | code::OR | code::XOR) => {
            format!("#{k:#x}")
        }
        other if other & 7 == code::ALU => format!("#{k}"),
        other if other & 0xe0 == code::LD_IND => format!("[x + {}]", k.cast_signed()),
        _ => match k {
            known::PROTOCOL => "[proto]".to_owned(),
            known::PACKET_TYPE => "[type]".to_owned(),
            known::INTERFACE => "[ifidx]".to_owned(),
            known::HARDWARE => "[hatype]".to_owned(),
            known::VLAN_TAG => "[vlan_tci]".to_owned(),
            known::VLAN_TAG_PRESENT => "[vlanp]".to_owned(),
            known::VLAN_PROTOCOL => "[vlan_tpid]".to_owned(),
            k => format!("[{}]", k.cast_signed()),
        },
    }
}
