use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriteError, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgWriteError, PcapNgWriter, RawBlock};
use pcap_file::{DataLink, Endianness};

use crate::capture::frame::{Frame, Link};
use crate::wire::Timestamp;

/// The snap length that written files declare: that of libpcap.
const SNAPLEN: u32 = 256 << 10;

/// A format to write.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// pcap with times in microseconds, which everything reads.
    #[default]
    Pcap,
    /// pcap with times in nanoseconds.
    PcapNanoseconds,
    /// pcapng, times in nanoseconds: several link types and interfaces, and comments.
    Pcapng,
}

/// Writes frames to a capture file. The output should be buffered.
pub struct CaptureWriter<W: Write> {
    kind: Kind<W>,
}

enum Kind<W: Write> {
    Pcap { writer: PcapWriter<W>, link: Link, unit: u32 },
    Pcapng { writer: PcapNgWriter<W>, interfaces: HashMap<(u32, Link), u32>, body: Vec<u8> },
}

impl<W: Write> CaptureWriter<W> {
    /// Begins a file: its header goes out at once. `link` is that of all frames of a pcap, and of
    /// the first interface of a pcapng.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn new(output: W, format: Format, link: Link) -> io::Result<Self> {
        let kind = match format {
            Format::Pcap => Kind::pcap(output, link, PcapTsResolution::MicroSecond, 1_000)?,
            Format::PcapNanoseconds => Kind::pcap(output, link, PcapTsResolution::NanoSecond, 1)?,
            Format::Pcapng => Kind::pcapng(output, link)?,
        };
        Ok(Self { kind })
    }

    /// Appends a frame, with the comment it carries where the format has room for one.
    ///
    /// # Errors
    ///
    /// When the output can't be written; in a pcap, for a frame of another link type than the
    /// file's, or a time after 2106.
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.write_noted(frame, None)
    }

    /// Appends a frame, with its own comment and after it `note`, where the format has room.
    ///
    /// # Errors
    ///
    /// As [`CaptureWriter::write`].
    pub fn write_noted(&mut self, frame: &Frame<'_>, note: Option<&[u8]>) -> io::Result<()> {
        match &mut self.kind {
            Kind::Pcap { writer, link, unit } => write_record(writer, *link, *unit, frame),
            Kind::Pcapng { writer, interfaces, body } => {
                let interface = interface_of(writer, interfaces, frame)?;
                put_packet(body, interface, frame, note)?;
                write_block(writer, body)
            }
        }
    }

    /// Hands what is written on to the output's own reader.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Pcap { writer, .. } => writer.flush().map_err(of_pcap),
            Kind::Pcapng { writer, .. } => writer.get_mut().flush(),
        }
    }

    /// Ends the file and gives the output back.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn finish(self) -> io::Result<W> {
        let mut output = match self.kind {
            Kind::Pcap { writer, .. } => writer.into_inner(),
            Kind::Pcapng { writer, .. } => writer.into_inner(),
        };
        output.flush()?;
        Ok(output)
    }
}

impl<W: Write> Kind<W> {
    fn pcap(output: W, link: Link, ts_resolution: PcapTsResolution, unit: u32) -> io::Result<Self> {
        let header = PcapHeader {
            snaplen: SNAPLEN,
            datalink: DataLink::from(u32::from(link.linktype())),
            ts_resolution,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let writer = PcapWriter::with_header(output, header).map_err(of_pcap)?;
        Ok(Self::Pcap { writer, link, unit })
    }

    fn pcapng(output: W, link: Link) -> io::Result<Self> {
        let writer_of_it = concat!("synfin ", env!("CARGO_PKG_VERSION"));
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(writer_of_it))],
            ..SectionHeaderBlock::default()
        };
        let mut writer = PcapNgWriter::with_section_header(output, section).map_err(of_pcapng)?;
        let mut interfaces = HashMap::new();
        describe(&mut writer, &mut interfaces, (0, link))?;
        Ok(Self::Pcapng { writer, interfaces, body: Vec::new() })
    }
}

/// Appends a pcap record.
fn write_record<W: Write>(writer: &mut PcapWriter<W>, link: Link, unit: u32, frame: &Frame<'_>) -> io::Result<()> {
    if frame.link != link {
        let what = format!("a pcap has one link type: this one {link}, a frame {}; write pcapng instead", frame.link);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let (seconds, nanoseconds) = frame.time.parts();
    let Ok(ts_sec) = u32::try_from(seconds) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a pcap reaches to the year 2106; write pcapng instead",
        ));
    };
    let record = RawPcapPacket {
        ts_sec,
        ts_frac: nanoseconds / unit,
        incl_len: octets(frame.bytes.len())?,
        orig_len: frame.wire_len,
        data: Cow::Borrowed(frame.bytes),
    };
    writer.write_raw_packet(&record).map(drop).map_err(of_pcap)
}

/// The number in the file of the interface a frame was seen on, described when first met.
fn interface_of<W: Write>(
    writer: &mut PcapNgWriter<W>,
    interfaces: &mut HashMap<(u32, Link), u32>,
    frame: &Frame<'_>,
) -> io::Result<u32> {
    let interface = (frame.interface, frame.link);
    match interfaces.get(&interface) {
        Some(&number) => Ok(number),
        None => describe(writer, interfaces, interface),
    }
}

fn describe<W: Write>(
    writer: &mut PcapNgWriter<W>,
    interfaces: &mut HashMap<(u32, Link), u32>,
    interface: (u32, Link),
) -> io::Result<u32> {
    let description = InterfaceDescriptionBlock {
        linktype: DataLink::from(u32::from(interface.1.linktype())),
        snaplen: SNAPLEN,
        options: vec![InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO)],
    };
    writer.write_pcapng_block(description).map_err(of_pcapng)?;
    let number = interfaces.len() as u32;
    interfaces.insert(interface, number);
    Ok(number)
}

/// Puts the body of an enhanced packet block together.
///
/// Not by the crate's own type for it, which refuses frames with more octets captured than sent
/// and comments that are not UTF-8, both of which a capture may hold.
fn put_packet(body: &mut Vec<u8>, interface: u32, frame: &Frame<'_>, note: Option<&[u8]>) -> io::Result<()> {
    const COMMENT: u16 = 1;
    const END: u16 = 0;
    let Timestamp(time) = frame.time;
    body.clear();
    for field in [interface, (time >> 32) as u32, time as u32, octets(frame.bytes.len())?, frame.wire_len] {
        body.extend(field.to_le_bytes());
    }
    put_padded(body, frame.bytes);
    if frame.comment.is_none() && note.is_none() {
        return Ok(());
    }
    for comment in [frame.comment, note].into_iter().flatten() {
        let comment = comment.get(..usize::from(u16::MAX)).unwrap_or(comment);
        body.extend(COMMENT.to_le_bytes());
        body.extend((comment.len() as u16).to_le_bytes());
        put_padded(body, comment);
    }
    body.extend(END.to_le_bytes());
    body.extend([0, 0]);
    Ok(())
}

/// Appends `bytes` and as many zeros as make the body a multiple of four long.
fn put_padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn write_block<W: Write>(writer: &mut PcapNgWriter<W>, body: &[u8]) -> io::Result<()> {
    const ENHANCED_PACKET: u32 = 6;
    let len = octets(body.len() + 12)?;
    let block = RawBlock { type_: ENHANCED_PACKET, initial_len: len, body: Cow::Borrowed(body), trailer_len: len };
    writer.write_raw_block(&block).map(drop).map_err(of_pcapng)
}

fn octets(len: usize) -> io::Result<u32> {
    u32::try_from(len).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a frame of 4 GiB"))
}

/// The system's own error where there is one: a closed pipe must stay a closed pipe.
fn of_pcap(error: PcapWriteError) -> io::Error {
    match error {
        PcapWriteError::Io(error) | PcapWriteError::FieldWriteFailed(_, error) => error,
        PcapWriteError::Validation(error) => io::Error::new(io::ErrorKind::InvalidInput, error),
    }
}

fn of_pcapng(error: PcapNgWriteError) -> io::Error {
    match error {
        PcapNgWriteError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidInput, other),
    }
}
