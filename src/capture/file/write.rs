use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapTsResolution, PcapWriteError, PcapWriter};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::interface_statistics::{InterfaceStatisticsBlock, InterfaceStatisticsOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgWriteError, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use super::pcap;
use crate::capture::frame::{Aside, Direction, Frame, Link};
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

/// What became of the packets of an interface.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// Packets that passed the filter: those that were dropped are among them.
    pub received: u64,
    /// Packets that there was no room for.
    pub dropped: u64,
}

/// Octets to gather before they are written out.
const FULL: usize = 256 << 10;

/// Writes frames to a capture file.
///
/// It gathers what it writes, and its output is only ever given whole records: a file that is still
/// being written can be read as far as it goes. [`CaptureWriter::flush`] or
/// [`CaptureWriter::finish`] hand on the rest.
#[derive(Debug)]
pub struct CaptureWriter<W: Write> {
    output: W,
    /// Whole records that were not written out yet.
    gathered: Vec<u8>,
    /// Octets written out.
    written: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Pcap { link: Link, unit: u32 },
    Pcapng(Interfaces),
}

/// The interfaces that a pcapng describes, and their numbers in it.
#[derive(Debug)]
struct Interfaces {
    first: Link,
    numbers: HashMap<(u32, Link), u32>,
    last: ((u32, Link), u32),
}

impl<W: Write> CaptureWriter<W> {
    /// Begins a file: its header goes out at once. `link` is that of all frames of a pcap, and of
    /// the first interface of a pcapng.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn new(output: W, format: Format, link: Link) -> io::Result<Self> {
        Self::of_interface(output, format, link, None)
    }

    /// Begins a file whose first interface has a name, which is told where the format has room.
    ///
    /// # Errors
    ///
    /// As [`CaptureWriter::new`].
    pub fn of_interface(output: W, format: Format, link: Link, name: Option<&str>) -> io::Result<Self> {
        let (header, kind) = match format {
            Format::Pcap => (pcap_header(link, PcapTsResolution::MicroSecond)?, Kind::Pcap { link, unit: 1_000 }),
            Format::PcapNanoseconds => (pcap_header(link, PcapTsResolution::NanoSecond)?, Kind::Pcap { link, unit: 1 }),
            Format::Pcapng => ([section()?, interface(link, name)?].concat(), Kind::Pcapng(Interfaces::with(link))),
        };
        let mut writer = Self { output, gathered: header, written: 0, kind };
        writer.flush()?;
        Ok(writer)
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
            Kind::Pcap { link, unit } => put_record(&mut self.gathered, *link, *unit, frame)?,
            Kind::Pcapng(interfaces) => {
                let number = interfaces.number_of(&mut self.gathered, frame)?;
                put_packet(&mut self.gathered, number, frame, note)?;
            }
        }
        if self.gathered.len() >= FULL { self.write_out() } else { Ok(()) }
    }

    /// Says what became of the packets of the first interface until `time`, where the format has room.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write_statistics(&mut self, time: Timestamp, account: Received) -> io::Result<()> {
        if let Kind::Pcapng(interfaces) = &self.kind {
            self.gathered.extend(statistics(interfaces.first, time, account)?);
        }
        Ok(())
    }

    /// Octets of the file until now, those not yet written out among them.
    pub fn octets(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    /// Hands what is written on to the output's own reader.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.output.flush()
    }

    /// Ends the file and gives the output back.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.output)
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.output.write_all(&self.gathered)?;
        self.written += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }
}

/// The header of a pcap.
fn pcap_header(link: Link, ts_resolution: PcapTsResolution) -> io::Result<Vec<u8>> {
    let datalink = DataLink::from(u32::from(link.linktype()));
    let header = PcapHeader {
        snaplen: SNAPLEN,
        datalink,
        ts_resolution,
        endianness: Endianness::Little,
        ..PcapHeader::default()
    };
    PcapWriter::with_header(Vec::new(), header).map(PcapWriter::into_inner).map_err(of_pcap)
}

/// The block that begins a pcapng.
pub(super) fn section() -> io::Result<Vec<u8>> {
    begun().map(PcapNgWriter::into_inner)
}

/// The block that describes an interface, by its name where there is one.
fn interface(link: Link, name: Option<&str>) -> io::Result<Vec<u8>> {
    let name = name.map(|name| InterfaceDescriptionOption::IfName(name.into()));
    let resolution = InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO);
    describe(link.linktype(), SNAPLEN, name.into_iter().chain([resolution]).collect())
}

/// The block that describes what a pcap says of all its packets.
pub(super) fn interface_of_pcap(head: pcap::Head) -> io::Result<Vec<u8>> {
    let resolution = if head.unit == 1 { InterfaceTsResolution::NANO } else { InterfaceTsResolution::MICRO };
    let fcs = head.fcs.map(InterfaceDescriptionOption::IfFcsLen);
    let resolution = InterfaceDescriptionOption::IfTsResol(resolution);
    describe(head.linktype, head.snaplen, [resolution].into_iter().chain(fcs).collect())
}

fn describe(linktype: u16, snaplen: u32, options: Vec<InterfaceDescriptionOption<'_>>) -> io::Result<Vec<u8>> {
    let linktype = DataLink::from(u32::from(linktype));
    let mut writer = begun()?;
    let section = writer.get_ref().len();
    writer.write_pcapng_block(InterfaceDescriptionBlock { linktype, snaplen, options }).map_err(of_pcapng)?;
    Ok(writer.into_inner().split_off(section))
}

/// The block that says what became of the packets of the first interface until `time`.
fn statistics(link: Link, time: Timestamp, account: Received) -> io::Result<Vec<u8>> {
    let mut writer = begun()?;
    let linktype = DataLink::from(u32::from(link.linktype()));
    let resolution = vec![InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO)];
    let first = InterfaceDescriptionBlock { linktype, snaplen: SNAPLEN, options: resolution };
    writer.write_pcapng_block(first).map_err(of_pcapng)?;
    let before = writer.get_ref().len();
    let Received { received, dropped } = account;
    let options = vec![InterfaceStatisticsOption::IsbIfRecv(received), InterfaceStatisticsOption::IsbIfDrop(dropped)];
    let block = InterfaceStatisticsBlock { interface_id: 0, timestamp: Duration::from_nanos(time.0), options };
    writer.write_pcapng_block(block).map_err(of_pcapng)?;
    Ok(writer.into_inner().split_off(before))
}

fn begun() -> io::Result<PcapNgWriter<Vec<u8>>> {
    let writer_of_it = concat!("synfin ", env!("CARGO_PKG_VERSION"));
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(writer_of_it))],
        ..SectionHeaderBlock::default()
    };
    PcapNgWriter::with_section_header(Vec::new(), section).map_err(of_pcapng)
}

impl Interfaces {
    /// The first one alone.
    fn with(link: Link) -> Self {
        Self { first: link, numbers: HashMap::from([((0, link), 0)]), last: ((0, link), 0) }
    }

    /// The number of the interface a frame was seen on, described in `out` when first met.
    #[inline]
    fn number_of(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>) -> io::Result<u32> {
        let met = (frame.interface, frame.link);
        if self.last.0 != met {
            self.last = (met, self.find(out, met)?);
        }
        Ok(self.last.1)
    }

    fn find(&mut self, out: &mut Vec<u8>, met: (u32, Link)) -> io::Result<u32> {
        if let Some(number) = self.numbers.get(&met) {
            return Ok(*number);
        }
        out.extend(interface(met.1, None)?);
        let number = self.numbers.len() as u32;
        self.numbers.insert(met, number);
        Ok(number)
    }
}

/// Appends a pcap record.
///
/// Neither this nor [`put_packet`] is done by the crate's own types, which refuse frames with more
/// octets captured than sent and comments that are not UTF-8, both of which a capture may hold, and
/// whose checks cost more than all else that is done for a frame on its way from a ring to a file.
#[inline]
fn put_record(out: &mut Vec<u8>, link: Link, unit: u32, frame: &Frame<'_>) -> io::Result<()> {
    if frame.link != link {
        let what = format!("a pcap has one link type: this one {link}, a frame {}; write pcapng instead", frame.link);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let (seconds, nanoseconds) = frame.time.parts();
    let Ok(seconds) = u32::try_from(seconds) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a pcap reaches to the year 2106; write pcapng instead",
        ));
    };
    put_words(out, [seconds, nanoseconds / unit, octets(frame.bytes.len())?, frame.wire_len]);
    out.extend_from_slice(frame.bytes);
    Ok(())
}

/// Appends an enhanced packet block.
#[inline]
fn put_packet(out: &mut Vec<u8>, interface: u32, frame: &Frame<'_>, note: Option<&[u8]>) -> io::Result<()> {
    const ENHANCED_PACKET: u32 = 6;
    /// Octets of a block around an unpadded packet.
    const AROUND: usize = 32;
    let Timestamp(time) = frame.time;
    let captured = octets(frame.bytes.len())?;
    let begin = out.len();
    let len = octets(frame.bytes.len().next_multiple_of(4) + AROUND)?;
    put_words(out, [ENHANCED_PACKET, len, interface, (time >> 32) as u32, time as u32, captured, frame.wire_len]);
    put_padded(out, frame.bytes);
    let flags = flags(frame.aside);
    if frame.comment.is_none() && note.is_none() && flags == 0 {
        out.extend_from_slice(&len.to_le_bytes());
        return Ok(());
    }
    if flags != 0 {
        put_words(out, [u32::from(FLAGS) | 4 << 16, flags]);
    }
    put_comments(out, frame.comment, note);
    let len = octets(out.len() - begin + 4)?;
    out.extend_from_slice(&len.to_le_bytes());
    let place = out.get_mut(begin + 4..begin + 8).expect("a block was put there");
    place.copy_from_slice(&len.to_le_bytes());
    Ok(())
}

/// The option that holds the flags of a packet.
const FLAGS: u16 = 2;

/// The flags of a packet: which way it went, and what was left to the network card.
#[inline]
fn flags(aside: Aside) -> u32 {
    let way = match aside.direction {
        None => 0,
        Some(Direction::In) => 1,
        Some(Direction::Out) => 2,
    };
    way | u32::from(aside.unfinished) << 9 | u32::from(aside.segment_size.is_some()) << 11
}

/// Appends the comments of a packet block, and the end of its options.
fn put_comments(out: &mut Vec<u8>, theirs: Option<&[u8]>, ours: Option<&[u8]>) {
    const COMMENT: u16 = 1;
    const END: [u8; 4] = [0; 4];
    for comment in [theirs, ours].into_iter().flatten() {
        let comment = comment.get(..usize::from(u16::MAX)).unwrap_or(comment);
        out.extend(COMMENT.to_le_bytes());
        out.extend((comment.len() as u16).to_le_bytes());
        put_padded(out, comment);
    }
    out.extend(END);
}

#[inline]
fn put_words<const N: usize>(out: &mut Vec<u8>, words: [u32; N]) {
    out.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
}

/// Appends `bytes` and as many zeros as make their number a multiple of four.
#[inline]
fn put_padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    out.extend_from_slice(&[0; 4][..padding]);
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
