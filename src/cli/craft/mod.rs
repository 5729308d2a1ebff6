//! A packet from the command line: shown, written, sent.

#[cfg(all(feature = "live", target_os = "linux"))]
mod answers;
mod headers;
mod line;
#[cfg(all(feature = "live", target_os = "linux"))]
mod send;
mod source;
mod values;
mod wrong;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::error::ErrorKind;

use super::output::Output;
use super::protocols::Protocols;
use super::show::Show;
use super::usage;
use crate::capture::file::{CaptureWriter, Format};
use crate::capture::tee::Tee;
use crate::capture::{self, Checksums, PumpError, Reading, Source, Summary, Tracker};
use crate::craft::{Arp, Bounds, Ethernet, Field, Layer, Packet, Spot, Template, Vlan};
use headers::{ArpOp, Headers, Sequence};
use source::{Change, Crafted, Keep, Plan};
use values::mac;

/// The Ethernet addresses at both ends of a wire.
#[derive(Clone, Copy, Debug)]
struct Macs {
    ours: [u8; 6],
    /// Of the other end, where there is one only.
    theirs: Option<[u8; 6]>,
}

/// Addresses of nobody's cards.
const OUR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THEIR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A packet from scratch: shows it, writes it to a capture (-w), or sends it (--send)
///
/// What it says stands in a line, as tcpdump and transcripts have it ('10.0.0.1:40000 > 10.0.0.2:80
/// S 0:0(0) win 65535 <mss 1460>'; mind the quotes), or in options. Lengths and checksums are right
/// unless one is asked to be wrong. Without --send nothing leaves the program.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Craft {
    /// The packet as a line: [FROM > TO] FLAGS seq:end(len) [ack N] [win N] [<options>], `udp (len)`,
    /// `icmp TYPE/CODE about ...`, or with --proto a message: `acme.get id=7 body="tea"`
    #[arg(value_name = "PACKET")]
    line: Vec<String>,

    #[command(flatten)]
    headers: Headers,

    /// VLAN tags, outermost first, as in 100,7
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Link")]
    #[arg(value_parser = clap::value_parser!(u16).range(0..4096))]
    vlan: Vec<u16>,

    /// Sender of the Ethernet frame
    #[arg(long, value_name = "MAC", value_parser = mac, help_heading = "Link")]
    src_mac: Option<[u8; 6]>,

    /// Receiver of the Ethernet frame
    #[arg(long, value_name = "MAC", value_parser = mac, help_heading = "Link")]
    dst_mac: Option<[u8; 6]>,

    /// Begin with an Ethernet header; --vlan, --src-mac, --dst-mac, --arp and -i do so too
    #[arg(long, help_heading = "Link")]
    ethernet: bool,

    /// Cut each packet into IP fragments of at most N octets
    #[arg(long, value_name = "MTU", help_heading = "Link")]
    fragment: Option<u16>,

    /// How many packets [default: one, or as many as the longest range has values, up to 1000]
    #[arg(short = 'c', long, value_name = "N", help_heading = "Amount")]
    count: Option<u64>,

    /// Packets a second
    #[arg(long, value_name = "N", default_value_t = Bounds::default().rate, help_heading = "Amount")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,

    /// Write the packets to this capture; pcapng where its name ends so, `-` is stdout
    #[arg(short = 'w', value_name = "FILE", help_heading = "Output")]
    write: Option<PathBuf>,

    #[cfg(all(feature = "live", target_os = "linux"))]
    #[command(flatten)]
    sending: send::Sending,

    #[command(flatten)]
    protocols: Protocols,

    #[command(flatten)]
    show: Show,
}

const EXAMPLES: &str = "\
Examples:
  synfin craft '127.0.0.1:40000 > 127.0.0.1:80 S 0:0(0) win 65535 <mss 1460,sackOK>'
  synfin craft --dst 127.0.0.1 --dst-port 80 --flags S --options 'mss 1460' --send
  synfin craft --udp --dst ::1 --dst-port 53 --data hello --bad-checksum --send
  synfin craft --src 10.0.0.1 --dst 10.0.0.2 --src-port 40000..40099 -w syns.pcap -q
  synfin craft --proto acme.toml 'acme.get id=7 body=74656100'
  synfin craft --icmp echo --data-len 3000 --fragment 1500 --send --answers 1s";

impl Craft {
    /// Makes the packets, and does with them what is asked.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        let plan = self.plan()?;
        let mut keep = Keep(self.writer(&plan)?);
        #[cfg(all(feature = "live", target_os = "linux"))]
        if self.sending.is_asked_for() {
            if self.headers.has_wrong_ip() && plan.link == capture::Link::Raw {
                let _ = writeln!(
                    io::stderr(),
                    "synfin: the kernel puts length and checksum of IPv4 headers right; frames (-i) go as they are"
                );
            }
            let told = self.sending.run(plan, |source| self.tell(out, Tee::new(source, &mut keep)));
            keep.finish()?;
            out.flush().context("cannot write")?;
            let (told, sent) = told?;
            self.sending.conclude(sent)?;
            return Ok(told);
        }
        let mut crafted = Crafted::new(plan);
        let told = self.tell(out, Tee::new(&mut crafted, &mut keep))?;
        keep.finish()?;
        crafted.failure().map_or(Ok(told), |failure| Err(failure.into()))
    }

    /// Shows what `source` makes, unless nobody wants to see it.
    fn tell(&self, out: &mut Output, mut source: impl Source) -> anyhow::Result<Summary> {
        let reading = Reading { checksums: Checksums::Verify, reassemble: true };
        let mut pump = |sink: &mut dyn capture::Sink| {
            capture::pump(&mut source, reading, &mut Tracker::default(), sink).map_err(|error| match error {
                PumpError::Source(error) => anyhow::Error::from(error),
                PumpError::Sink(_) => error.into(),
            })
        };
        if self.shows_nothing() {
            pump(&mut Nothing)
        } else {
            self.show.in_full().write(out, None, &self.protocols, pump)
        }
    }

    fn shows_nothing(&self) -> bool {
        #[cfg(all(feature = "live", target_os = "linux"))]
        if self.sending.is_silent() {
            return true;
        }
        self.write.as_deref() == Some(Path::new("-"))
    }

    /// What is to be made.
    fn plan(&self) -> anyhow::Result<Plan> {
        let link = self.link()?;
        let line = self.line.join(" ");
        let mut template = match (line.is_empty(), self.headers.arp) {
            (false, _) => {
                let octets = self.headers.read_line(&line, &self.protocols.known()?)?;
                let (octets, ip_at) = behind(&link, octets)?;
                let mut template = Template::read(octets, ip_at);
                self.changes(&template, true)?.into_iter().for_each(|change| change.apply(&mut template, 0));
                template
            }
            (true, Some(op)) => Template::new(&self.arp(link.clone(), op)?)?,
            (true, None) => {
                let mut packet = Packet { layers: link.clone() };
                packet.layers.extend(self.headers.layers()?);
                self.headers.set_protocol(&mut packet);
                Template::new(&packet)?
            }
        };
        if self.headers.bad_checksum && !template.spoil_checksum() {
            return Err(usage(ErrorKind::ArgumentConflict, "this packet has no checksum to make wrong").into());
        }
        let changes = self.changes(&template, false)?;
        let longest = changes.iter().map(Change::len).max().unwrap_or(1);
        Ok(Plan {
            link: if link.is_empty() { capture::Link::Raw } else { capture::Link::Ethernet },
            link_len: link.iter().map(|layer| if matches!(layer, Layer::Vlan(_)) { 4 } else { 14 }).sum(),
            template,
            changes,
            mtu: self.fragment.map(usize::from),
            count: self.count.unwrap_or(longest.min(Bounds::default().count)),
            rate: self.rate,
        })
    }

    /// What changes from packet to packet; with `fixed`, all that is asked for.
    fn changes(&self, template: &Template, fixed: bool) -> anyhow::Result<Vec<Change>> {
        let place = |spot: Spot| {
            template.place(spot).ok_or_else(|| {
                usage(ErrorKind::ArgumentConflict, format!("'--{}' has no place in this packet", headers::option(spot)))
            })
        };
        let change = |sequence: Sequence| match sequence {
            Sequence::Number(spot, numbers) => Ok(Change::Number(place(spot)?, numbers)),
            Sequence::Address(spot, addresses) => Ok(Change::Address(place(spot)?, addresses)),
        };
        self.headers.sequences(fixed).into_iter().map(change).collect()
    }

    /// The layers before IP.
    fn link(&self) -> anyhow::Result<Vec<Layer>> {
        let on_interface = self.interface_macs()?;
        let asked = self.ethernet
            || !self.vlan.is_empty()
            || self.src_mac.is_some()
            || self.dst_mac.is_some()
            || self.headers.arp.is_some();
        if !asked && on_interface.is_none() {
            return Ok(Vec::new());
        }
        let Macs { ours, theirs } = on_interface.unwrap_or(Macs { ours: OUR_MAC, theirs: Some(THEIR_MAC) });
        let everybody = (self.headers.arp == Some(ArpOp::Request)).then_some([0xff; 6]);
        let Some(dst) = self.dst_mac.or(everybody).or(theirs) else {
            let message = "whose frame is it? `--dst-mac MAC` says (`ip neigh` lists whom this host knows)";
            return Err(usage(ErrorKind::MissingRequiredArgument, message).into());
        };
        let mut layers = vec![Ethernet::new(self.src_mac.unwrap_or(ours), dst).into()];
        layers.extend(self.vlan.iter().map(|id| Layer::from(Vlan::new(*id))));
        Ok(layers)
    }

    /// The addresses at both ends of the interface that is sent on, as far as they are known.
    #[cfg(all(feature = "live", target_os = "linux"))]
    fn interface_macs(&self) -> anyhow::Result<Option<Macs>> {
        self.sending.macs()
    }

    #[cfg(not(all(feature = "live", target_os = "linux")))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    fn interface_macs(&self) -> anyhow::Result<Option<Macs>> {
        Ok(None)
    }

    fn arp(&self, mut layers: Vec<Layer>, op: ArpOp) -> anyhow::Result<Packet> {
        let (IpAddr::V4(src), IpAddr::V4(dst)) = self.headers.addresses()? else {
            return Err(usage(ErrorKind::ArgumentConflict, "ARP is for IPv4 addresses").into());
        };
        let (ours, theirs) = match layers.first() {
            Some(Layer::Ethernet(header)) => (header.src, header.dst),
            _ => (OUR_MAC, THEIR_MAC),
        };
        layers.push(match op {
            ArpOp::Request => Arp::request(ours, src, dst).into(),
            ArpOp::Reply => Arp::reply(ours, src, theirs, dst).into(),
        });
        Ok(Packet { layers })
    }

    fn writer(&self, plan: &Plan) -> anyhow::Result<Option<CaptureWriter<Box<dyn Write>>>> {
        let Some(path) = &self.write else { return Ok(None) };
        let output: Box<dyn Write> = if path == Path::new("-") {
            Box::new(BufWriter::new(io::stdout()))
        } else {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        };
        let pcapng = path.extension().is_some_and(|extension| extension == "pcapng");
        let format = if pcapng { Format::Pcapng } else { Format::Pcap };
        let writer = CaptureWriter::new(output, format, plan.link);
        writer.map(Some).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A sink that lets everything go by.
struct Nothing;

impl capture::Sink for Nothing {}

/// The octets of an IP packet behind its link header, and where it begins.
fn behind(link: &[Layer], packet: Vec<u8>) -> anyhow::Result<(Vec<u8>, usize)> {
    let ethertype = if packet.first().is_some_and(|first| first >> 4 == 6) { 0x86dd } else { 0x0800 };
    let mut layers = link.to_vec();
    match layers.last_mut() {
        Some(Layer::Vlan(tag)) => tag.ethertype = Field::Wrong(ethertype),
        Some(Layer::Ethernet(header)) => header.ethertype = Field::Wrong(ethertype),
        _ => return Ok((packet, 0)),
    }
    let mut octets = Packet { layers }.build()?;
    let ip_at = octets.len();
    octets.extend(packet);
    Ok((octets, ip_at))
}
