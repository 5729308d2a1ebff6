//! The check of the `filter` target.

use synfin::capture::Link;
use synfin::capture::filter::{Filter, Instruction, Listing, Program};

const LINKS: [Link; 10] = [
    Link::Ethernet,
    Link::Raw,
    Link::Sll,
    Link::Sll2,
    Link::Null,
    Link::Loop,
    Link::Ppp,
    Link::Pppoe,
    Link::Other(104),
    Link::Other(10),
];

/// Reads an input twice: as an expression and a packet, with a line feed between them; and as the
/// instructions of a program, eight octets each, that runs on them.
pub(crate) fn check(input: &[u8]) {
    let (text, packet) = match input.iter().position(|octet| *octet == b'\n') {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, input),
    };
    let text = String::from_utf8_lossy(text);
    match Filter::parse(&text) {
        Ok(filter) => LINKS.iter().for_each(|link| {
            compile(&filter, *link, packet);
            check_laws(&filter, *link, packet);
        }),
        Err(error) => {
            assert!(error.span().end <= text.len() && text.is_char_boundary(error.span().start), "{error}");
            assert!(error.to_string().starts_with(error.what()));
        }
    }

    let instructions: Vec<Instruction> = input
        .chunks_exact(8)
        .map(|octets| Instruction {
            code: u16::from_le_bytes([octets[0], octets[1] & 1]),
            jt: octets[2],
            jf: octets[3],
            k: u32::from_le_bytes([octets[4], octets[5], octets[6], octets[7]]),
        })
        .collect();
    if let Ok(program) = Program::new(instructions) {
        run(&program, input);
    }
}

fn compile(filter: &Filter, link: Link, packet: &[u8]) {
    for compiled in [filter.program(link), filter.kernel_program(link)] {
        match compiled {
            Ok(program) => {
                run(&program, packet);
                let again = Program::new(program.instructions().to_vec()).expect("what is compiled is sound");
                assert_eq!(again, program);
            }
            Err(error) => {
                let sound = !error.what().contains("instruction ");
                assert!(sound, "an unsound program: {error}");
            }
        }
    }
}

/// What the tree means and the instructions have to keep: nothing is chosen by an expression and by
/// its contrary (both refuse a packet that is too short for what they ask), and saying a thing twice
/// says nothing more. A longer text may be too long for a program, or too deep for the parser.
fn check_laws(filter: &Filter, link: Link, packet: &[u8]) {
    let text = filter.text();
    let chosen = |text: &str| {
        let program = Filter::parse(text).ok()?.program(link).ok()?;
        Some(program.run(packet, packet.len() as u32) > 0)
    };
    let Some(chooses) = chosen(text) else { return };
    if text.trim().is_empty() {
        return assert!(chooses, "no expression chooses everything");
    }
    if let Some(contrary) = chosen(&format!("not ({text})")) {
        assert!(!(chooses && contrary), "'{text}' and its contrary choose the same packet of {link}");
    }
    for same in [format!("not (not ({text}))"), format!("({text}) and ({text})"), format!("({text}) or ({text})")] {
        if let Some(again) = chosen(&same) {
            assert_eq!(again, chooses, "'{same}' is another than '{text}' on {link}");
        }
    }
}

fn run(program: &Program, packet: &[u8]) {
    let kept = program.run(packet, packet.len() as u32 + 1);
    assert!(!program.refuses_all() || kept == 0);
    assert_eq!(program.run(packet, packet.len() as u32 + 1), kept, "a program remembers nothing");
    let lines = program.listing(Listing::Words).to_string().lines().count();
    assert_eq!(lines, program.instructions().len());
}
