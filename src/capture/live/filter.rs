//! What the kernel lets pass: which way frames go, each frame of the loopback once, and then the
//! filter that was asked for.

use super::Ways;
use crate::sys::packet::Op;

/// One instruction of classic BPF.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// Instructions to jump over where a condition holds.
    pub jt: u8,
    /// Instructions to jump over where it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

/// Loads four octets from a fixed place; from [`ABOUT`] on, what the kernel knows of the frame.
const LOAD: u16 = 0x20;
/// Jumps by whether the accumulator is the operand.
const JUMP_IF_EQUAL: u16 = 0x15;
/// Ends, keeping so many octets.
const RETURN: u16 = 0x06;

/// Where the kernel's own knowledge begins (`SKF_AD_OFF`).
const ABOUT: u32 = (-0x1000_i32).cast_unsigned();
const KIND: u32 = ABOUT + 4;
const INTERFACE: u32 = ABOUT + 8;
/// The kind of a frame that this host sends (`PACKET_OUTGOING`).
const OUTGOING: u32 = 4;

/// Lets nothing pass.
pub(super) const NOTHING: [Op; 1] = [op(RETURN, 0, 0, 0)];

/// The whole program: `ways`, the interface that is seen from both ends, `filter`, and how much to
/// keep of a frame.
pub(super) fn program(filter: &[Instruction], snaplen: u32, ways: Ways, loopback: Option<u32>) -> Vec<Op> {
    let mut program = match (ways, loopback) {
        (Ways::Both, None) => Vec::new(),
        (Ways::Both, Some(loopback)) => vec![
            op(LOAD, 0, 0, INTERFACE),
            op(JUMP_IF_EQUAL, 0, 3, loopback),
            op(LOAD, 0, 0, KIND),
            op(JUMP_IF_EQUAL, 0, 1, OUTGOING),
            op(RETURN, 0, 0, 0),
        ],
        (Ways::In, _) => vec![op(LOAD, 0, 0, KIND), op(JUMP_IF_EQUAL, 0, 1, OUTGOING), op(RETURN, 0, 0, 0)],
        (Ways::Out, _) => vec![op(LOAD, 0, 0, KIND), op(JUMP_IF_EQUAL, 1, 0, OUTGOING), op(RETURN, 0, 0, 0)],
    };
    if filter.is_empty() {
        program.push(op(RETURN, 0, 0, snaplen));
    }
    program.extend(filter.iter().map(|&Instruction { code, jt, jf, k }| match (code, k) {
        (RETURN, 1..) => op(RETURN, 0, 0, k.min(snaplen)),
        _ => op(code, jt, jf, k),
    }));
    program
}

const fn op(code: u16, jt: u8, jf: u8, k: u32) -> Op {
    Op { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_keeps_no_more_than_the_snap_length() {
        let filter = [(0x28, 0, 0, 12), (0x15, 0, 1, 0x0800), (0x06, 0, 0, 262_144), (0x06, 0, 0, 0)]
            .map(|(code, jt, jf, k)| Instruction { code, jt, jf, k });
        let program = program(&filter, 96, Ways::Both, None);
        assert_eq!(program.iter().map(|op| op.k).collect::<Vec<_>>(), [12, 0x0800, 96, 0]);
    }

    #[test]
    fn without_a_filter_all_pass() {
        assert_eq!(program(&[], 4, Ways::Both, None), [op(RETURN, 0, 0, 4)]);
        assert_eq!(program(&[], 4, Ways::Out, Some(1)).last(), Some(&op(RETURN, 0, 0, 4)));
    }
}
