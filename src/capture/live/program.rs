//! What the kernel lets pass: which way frames go, each frame of the loopback once, and then the
//! filter that was asked for.

use super::Ways;
use crate::capture::filter::{Instruction, Program};
use crate::sys::packet::Op;

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

/// The whole program: `ways`, the interface that is seen from both ends, what was `chosen`, and how
/// much to keep of a frame.
pub(super) fn whole(chosen: Option<&Program>, snaplen: u32, ways: Ways, loopback: Option<u32>) -> Vec<Op> {
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
    match chosen {
        None => program.push(op(RETURN, 0, 0, snaplen)),
        Some(chosen) => program.extend(chosen.keeping(snaplen).instructions().iter().copied().map(of)),
    }
    program
}

fn of(Instruction { code, jt, jf, k }: Instruction) -> Op {
    op(code, jt, jf, k)
}

const fn op(code: u16, jt: u8, jf: u8, k: u32) -> Op {
    Op { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Link;
    use crate::capture::filter::Filter;

    #[test]
    fn a_filter_keeps_no_more_than_the_snap_length() {
        let arp = Filter::parse("arp").and_then(|filter| filter.kernel_program(Link::Ethernet)).expect("a filter");
        let program = whole(Some(&arp), 96, Ways::Both, None);
        let kept: Vec<_> = program.iter().filter(|op| op.code == RETURN).map(|op| op.k).collect();
        assert!(kept.contains(&96) && kept.iter().all(|k| [0, 96].contains(k)), "{kept:?}");
    }

    #[test]
    fn without_a_filter_all_pass() {
        assert_eq!(whole(None, 4, Ways::Both, None), [op(RETURN, 0, 0, 4)]);
        assert_eq!(whole(None, 4, Ways::Out, Some(1)).last(), Some(&op(RETURN, 0, 0, 4)));
    }
}
