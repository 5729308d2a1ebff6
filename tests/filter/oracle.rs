//! libpcap's opinion: its programs, as `tcpdump -ddd` prints them, run by a machine of our own that
//! shares nothing with the program's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What tcpdump makes of expressions on one link type.
pub(crate) struct Oracle {
    capture: PathBuf,
}

/// A program of libpcap's.
pub(crate) struct Theirs(Vec<[u32; 4]>);

/// Whether tcpdump can be asked. Says so where it cannot, and fails then with `CI` set.
pub(crate) fn installed() -> bool {
    let found = Command::new("tcpdump").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "tcpdump is needed here, and is not installed");
        eprintln!("tcpdump is not installed: filters were not compared with libpcap's");
    }
    found
}

impl Oracle {
    /// For a LINKTYPE_ value: an empty capture of it tells libpcap that filters are for a file.
    pub(crate) fn new(linktype: u16, name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filter-oracle");
        std::fs::create_dir_all(&folder).expect("a folder for empty captures");
        let capture = folder.join(format!("{name}-{linktype}.pcap"));
        let words = [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 262_144, u32::from(linktype)];
        std::fs::write(&capture, words.map(u32::to_ne_bytes).concat()).expect("an empty capture");
        Self { capture }
    }

    /// The program for a file, after libpcap's optimizer or before; else what is said against it.
    pub(crate) fn compile(&self, expression: &str, optimized: bool) -> Result<Theirs, String> {
        let mut command = Command::new("tcpdump");
        if !optimized {
            command.arg("-O");
        }
        let ran = command
            .arg("-ddd")
            .arg("-r")
            .arg(&self.capture)
            .arg("--")
            .arg(expression)
            .stdin(Stdio::null())
            .output()
            .expect("tcpdump runs");
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr);
            return Err(said.lines().last().unwrap_or_default().to_owned());
        }
        let text = String::from_utf8(ran.stdout).expect("numbers");
        let number = |word: &str| word.parse().expect("a number");
        let mut lines = text.lines();
        let count: usize = lines.next().and_then(|line| line.parse().ok()).expect("how many there are");
        let program: Vec<[u32; 4]> = lines
            .map(|line| {
                let numbers: Vec<u32> = line.split(' ').map(number).collect();
                numbers.try_into().expect("four numbers")
            })
            .collect();
        assert_eq!(program.len(), count, "{expression}");
        Ok(Theirs(program))
    }
}

impl Theirs {
    /// Whether the program chooses the packet. A load behind its end refuses it; so does a program
    /// that goes round for ever, which only `protochain` could.
    pub(crate) fn chooses(&self, packet: &[u8], wire_len: u32) -> bool {
        run(&self.0, packet, wire_len, |_| None).is_some_and(|kept| kept > 0)
    }
}

/// What a program returns for a packet: `None` where it loads what is not there. `known` answers for
/// what only a kernel knows of a packet, by the place that is loaded from.
pub(crate) fn run(
    program: &[[u32; 4]],
    packet: &[u8],
    wire_len: u32,
    known: impl Fn(u32) -> Option<u32>,
) -> Option<u32> {
    let load = |at: u64, octets: u64| -> Option<u32> {
        let end = at.checked_add(octets)?;
        let octets = packet.get(usize::try_from(at).ok()?..usize::try_from(end).ok()?)?;
        Some(octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    };
    let (mut a, mut x, mut memory, mut pc) = (0_u32, 0_u32, [0_u32; 16], 0_usize);
    for _ in 0..100_000 {
        let [code, jt, jf, k] = *program.get(pc).expect("inside the program");
        pc += 1;
        let width = match code & 0x18 {
            0x00 => 4,
            0x08 => 2,
            _ => 1,
        };
        match code & 0x07 {
            0x00 => {
                a = match code & 0xe0 {
                    0x00 => k,
                    0x20 => known(k).or_else(|| load(k.into(), width))?,
                    0x40 => load(u64::from(x) + u64::from(k), width)?,
                    0x60 => memory[k as usize],
                    0x80 => wire_len,
                    _ => panic!("no such load: {code:#x}"),
                }
            }
            0x01 => {
                x = match code & 0xe0 {
                    0x00 => k,
                    0x60 => memory[k as usize],
                    0x80 => wire_len,
                    0xa0 => (load(k.into(), 1)? & 0xf) * 4,
                    _ => panic!("no such load: {code:#x}"),
                }
            }
            0x02 => memory[k as usize] = a,
            0x03 => memory[k as usize] = x,
            0x04 => {
                let operand = if code & 0x08 != 0 { x } else { k };
                a = match code & 0xf0 {
                    0x00 => a.wrapping_add(operand),
                    0x10 => a.wrapping_sub(operand),
                    0x20 => a.wrapping_mul(operand),
                    0x30 => a.checked_div(operand)?,
                    0x40 => a | operand,
                    0x50 => a & operand,
                    0x60 => a.checked_shl(operand).unwrap_or(0),
                    0x70 => a.checked_shr(operand).unwrap_or(0),
                    0x80 => a.wrapping_neg(),
                    0x90 => a.checked_rem(operand)?,
                    0xa0 => a ^ operand,
                    _ => panic!("no such arithmetic: {code:#x}"),
                }
            }
            0x05 => {
                let operand = if code & 0x08 != 0 { x } else { k };
                let holds = match code & 0xf0 {
                    0x00 => {
                        pc = pc.wrapping_add_signed(k.cast_signed() as isize);
                        continue;
                    }
                    0x10 => a == operand,
                    0x20 => a > operand,
                    0x30 => a >= operand,
                    0x40 => a & operand != 0,
                    _ => panic!("no such jump: {code:#x}"),
                };
                pc += if holds { jt } else { jf } as usize;
            }
            0x06 => return Some(if code & 0x10 != 0 { a } else { k }),
            _ if code & 0x80 != 0 => a = x,
            _ => x = a,
        }
    }
    None
}
