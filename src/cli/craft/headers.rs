//! The headers of a packet as options, and as a line of a transcript.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::error::ErrorKind;

use super::line;
use super::values::{Addresses, Numbers, Octets, hex, number, up_to};
use super::wrong::{Wrong, wrong};
use crate::cli::usage;
use crate::craft::{Extension, Field, Icmp, Ipv4, Ipv6, Layer, Packet, Spot, Tcp, Udp};
use crate::wire::declared::Definition;
use crate::wire::notation;
use crate::wire::{Endpoint, Flags, OptionList, Seq, Window};

const KIND: &str = "kind";
const DEFAULT_PORTS: (u16, u16) = (40_000, 80);

/// What the packet says. Numbers may be ranges, 40000..40100 or 0..90000/1460: each packet takes
/// the next.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Headers")]
#[group(skip)]
pub(super) struct Headers {
    /// Source address, or a range 10.0.0.1..10.0.0.9 [default: the one the kernel would choose]
    #[arg(long, value_name = "ADDR")]
    src: Option<Addresses>,

    /// Destination address, or a range [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    dst: Option<Addresses>,

    /// A TCP segment; it is one unless something else is asked for
    #[arg(long, group = KIND)]
    tcp: bool,

    /// A UDP datagram
    #[arg(long, group = KIND)]
    udp: bool,

    /// An ICMP message, or ICMPv6 over IPv6: `echo`, `reply`, or type and code as in 3/1
    #[arg(long, group = KIND, value_name = "TYPE", num_args = 0..=1, default_missing_value = "echo")]
    icmp: Option<String>,

    /// An ARP packet, `request` or `reply`, about the addresses of --src and --dst
    #[arg(long, group = KIND, value_name = "OP", num_args = 0..=1, default_missing_value = "request")]
    pub(super) arp: Option<ArpOp>,

    /// Nothing behind IP but the data, of this protocol
    #[arg(long, group = KIND, value_name = "N")]
    protocol: Option<u8>,

    /// Source port [default: 40000]
    #[arg(long, value_name = "N", value_parser = up_to(65_535), visible_alias = "source-port")]
    src_port: Option<Numbers>,

    /// Destination port [default: 80]
    #[arg(long, value_name = "N", value_parser = up_to(65_535), visible_alias = "dest-port")]
    dst_port: Option<Numbers>,

    /// Flags in tcpdump's letters, FSRP.UEWe, or `none` [default: S]
    #[arg(long, value_name = "LETTERS", value_parser = flags)]
    flags: Option<Flags>,

    /// Sequence number [default: 0]
    #[arg(long, value_name = "N")]
    seq: Option<Numbers>,

    /// Acknowledgment number [default: 0]
    #[arg(long, value_name = "N")]
    ack: Option<Numbers>,

    /// Window [default: 65535]
    #[arg(long, value_name = "N", value_parser = up_to(65_535))]
    win: Option<Numbers>,

    /// Urgent pointer
    #[arg(long, value_name = "N")]
    urg: Option<u16>,

    /// TCP options by name: 'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7', 'kind 253 0102', 'raw 0201'
    #[arg(long, value_name = "LIST")]
    options: Option<OptionList>,

    /// Identifier of an ICMP echo
    #[arg(long, value_name = "N", value_parser = up_to(65_535))]
    echo_id: Option<Numbers>,

    /// Number of an ICMP echo
    #[arg(long, value_name = "N", value_parser = up_to(65_535))]
    echo_seq: Option<Numbers>,

    /// Time to live, or hop limit [default: 64]
    #[arg(long, value_name = "N", value_parser = up_to(255))]
    ttl: Option<Numbers>,

    /// DSCP and ECN, eight bits
    #[arg(long, value_name = "N", value_parser = octet)]
    tos: Option<u8>,

    /// Identification (IPv4)
    #[arg(long, value_name = "N", value_parser = up_to(65_535))]
    id: Option<Numbers>,

    /// Let routers fragment it (IPv4)
    #[arg(long)]
    no_df: bool,

    /// IPv4 options, octets in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = hex)]
    ip_options: Option<Octets>,

    /// IPv6 flow label, 20 bits
    #[arg(long, value_name = "N", value_parser = number)]
    flow_label: Option<u32>,

    /// IPv6 hop-by-hop options, octets in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = hex)]
    hop_by_hop: Option<Octets>,

    /// IPv6 destination options, octets in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = hex)]
    destination_options: Option<Octets>,

    /// Payload: this text
    #[arg(long, value_name = "TEXT", group = "payload")]
    data: Option<String>,

    /// Payload: these octets in hexadecimal
    #[arg(long, value_name = "HEX", group = "payload", value_parser = hex)]
    data_hex: Option<Octets>,

    /// Payload: what this file holds
    #[arg(long, value_name = "FILE", group = "payload")]
    data_file: Option<PathBuf>,

    /// Payload: so many octets, the alphabet going round
    #[arg(long, value_name = "N", group = "payload")]
    data_len: Option<u16>,

    /// Make the transport's checksum wrong
    #[arg(long)]
    pub(super) bad_checksum: bool,

    /// Make a field wrong, as in ip-len=20; may be repeated
    #[arg(long, value_name = "FIELD=N", value_parser = wrong)]
    wrong: Vec<(Wrong, u32)>,
}

/// Which way an ARP packet goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum ArpOp {
    Request,
    Reply,
}

/// Values that change from packet to packet, and what of the packet they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sequence {
    Number(Spot, Numbers),
    Address(Spot, Addresses),
}

impl Sequence {
    /// How many there are before the first comes again.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Number(_, numbers) => numbers.len(),
            Self::Address(_, addresses) => addresses.len(),
        }
    }
}

impl Headers {
    /// The layers from IP on, as the options say: of ranges, the first value.
    pub(super) fn layers(&self) -> anyhow::Result<Vec<Layer>> {
        let (src, dst) = self.addresses()?;
        let mut layers = self.network(src, dst)?;
        layers.extend(self.transport(src.is_ipv6())?);
        let payload = self.payload()?;
        if !payload.is_empty() {
            layers.push(payload.into());
        }
        let unused = self.wrong.iter().find(|(field, value)| !layers.iter_mut().any(|layer| field.set(layer, *value)));
        if let Some((field, _)) = unused {
            return Err(usage(ErrorKind::ArgumentConflict, format!("this packet has no {}", field.name())).into());
        }
        Ok(layers)
    }

    /// The octets from IP on that a line of a transcript stands for.
    pub(super) fn read_line(&self, line: &str, known: &[Definition]) -> anyhow::Result<Vec<u8>> {
        if let Some(option) = self.not_beside_a_line() {
            let message = format!("the packet is written out already: '{option}' has no place beside it");
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        line::frame(line, known, |usual| {
            let (src, dst) = self.addresses()?;
            let port = |numbers: Option<Numbers>, usual| numbers.map_or(usual, |numbers| numbers.first() as u16);
            let (src_port, dst_port) =
                (port(self.src_port, DEFAULT_PORTS.0), port(self.dst_port, usual.unwrap_or(DEFAULT_PORTS.1)));
            Ok((Endpoint { addr: src, port: src_port }, Endpoint { addr: dst, port: dst_port }))
        })
    }

    /// What changes from packet to packet. With `fixed`, what is the same in all is among it.
    pub(super) fn sequences(&self, fixed: bool) -> Vec<Sequence> {
        let numbers = [
            (Spot::SrcPort, self.src_port),
            (Spot::DstPort, self.dst_port),
            (Spot::Seq, self.seq),
            (Spot::Ack, self.ack),
            (Spot::Window, self.win),
            (Spot::Ttl, self.ttl),
            (Spot::Id, self.id),
            (Spot::EchoId, self.echo_id),
            (Spot::EchoSeq, self.echo_seq),
        ];
        let numbers = numbers.into_iter().filter_map(|(spot, numbers)| Some(Sequence::Number(spot, numbers?)));
        let addresses = [(Spot::SrcAddr, self.src), (Spot::DstAddr, self.dst)];
        let addresses = addresses.into_iter().filter_map(|(spot, range)| Some(Sequence::Address(spot, range?)));
        numbers.chain(addresses).filter(|sequence| fixed || sequence.len() > 1).collect()
    }

    /// Source and destination, those of ranges the first.
    pub(super) fn addresses(&self) -> anyhow::Result<(IpAddr, IpAddr)> {
        let here = |like: IpAddr| match like {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        let (src, dst) = (self.src.map(Addresses::first), self.dst.map(Addresses::first));
        let (src, dst) = match (src, dst) {
            (Some(src), Some(dst)) => (src, dst),
            (Some(src), None) => (src, here(src)),
            (None, None) => (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()),
            (None, Some(dst)) if dst.is_loopback() => (here(dst), dst),
            (None, Some(dst)) => (source_for(dst)?, dst),
        };
        if src.is_ipv4() != dst.is_ipv4() {
            let message = format!("{src} and {dst} are addresses of different families");
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        Ok((src, dst))
    }

    fn network(&self, src: IpAddr, dst: IpAddr) -> anyhow::Result<Vec<Layer>> {
        let first = |numbers: Option<Numbers>, usual| numbers.map_or(usual, Numbers::first);
        let ttl = first(self.ttl, 64) as u8;
        let tos = self.tos.unwrap_or(0);
        let of_v4 = [("--id", self.id.is_some()), ("--no-df", self.no_df), ("--ip-options", self.ip_options.is_some())];
        let of_v6 = [
            ("--flow-label", self.flow_label.is_some()),
            ("--hop-by-hop", self.hop_by_hop.is_some()),
            ("--destination-options", self.destination_options.is_some()),
        ];
        let (layers, others, version) = match (src, dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let options = self.ip_options.as_ref().map(|octets| octets.0.clone()).unwrap_or_default();
                let id = first(self.id, 0) as u16;
                let ip = Ipv4 { ttl, tos, id, df: !self.no_df, options, ..Ipv4::new(src, dst) };
                (vec![Layer::from(ip)], of_v6, "IPv4")
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let flow_label = self.flow_label.unwrap_or(0);
                let ip = Ipv6 { hop_limit: ttl, traffic_class: tos, flow_label, ..Ipv6::new(src, dst) };
                let mut layers = vec![Layer::from(ip)];
                layers.extend(self.hop_by_hop.as_ref().map(|octets| Extension::hop_by_hop(&octets.0).into()));
                layers.extend(self.destination_options.as_ref().map(|octets| Extension::destination(&octets.0).into()));
                (layers, of_v4, "IPv6")
            }
            _ => return Err(anyhow!("{src} and {dst} are addresses of different families")),
        };
        match others.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(usage(ErrorKind::ArgumentConflict, format!("'{option}' has no place in {version}")).into())
            }
            None => Ok(layers),
        }
    }

    fn transport(&self, v6: bool) -> anyhow::Result<Option<Layer>> {
        let first = |numbers: Option<Numbers>, usual: u16| numbers.map_or(u32::from(usual), Numbers::first);
        let src_port = first(self.src_port, DEFAULT_PORTS.0) as u16;
        let dst_port = first(self.dst_port, DEFAULT_PORTS.1) as u16;
        let transport = if self.udp {
            Some(Udp::new(src_port, dst_port).into())
        } else if let Some(icmp) = &self.icmp {
            let (kind, code) = icmp_type(icmp, v6)?;
            let word = first(self.echo_id, 0) << 16 | first(self.echo_seq, 0);
            Some(Icmp { word, ..Icmp::new(kind, code) }.into())
        } else if self.protocol.is_some() {
            None
        } else {
            let tcp = Tcp {
                seq: Seq(first(self.seq, 0)),
                ack: Seq(first(self.ack, 0)),
                window: Window(first(self.win, u16::MAX) as u16),
                urgent: self.urg.unwrap_or(0),
                options: self.options.unwrap_or_default(),
                ..Tcp::new(src_port, dst_port, self.flags.unwrap_or(Flags::SYN))
            };
            Some(tcp.into())
        };
        let (is_tcp, is_icmp) = (matches!(transport, Some(Layer::Tcp(_))), self.icmp.is_some());
        let has_ports = is_tcp || self.udp;
        let strangers = [
            ("--src-port", self.src_port.is_some() && !has_ports),
            ("--dst-port", self.dst_port.is_some() && !has_ports),
            ("--flags", self.flags.is_some() && !is_tcp),
            ("--seq", self.seq.is_some() && !is_tcp),
            ("--ack", self.ack.is_some() && !is_tcp),
            ("--win", self.win.is_some() && !is_tcp),
            ("--urg", self.urg.is_some() && !is_tcp),
            ("--options", self.options.is_some() && !is_tcp),
            ("--echo-id", self.echo_id.is_some() && !is_icmp),
            ("--echo-seq", self.echo_seq.is_some() && !is_icmp),
        ];
        match strangers.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(usage(ErrorKind::ArgumentConflict, format!("'{option}' has no place in this packet")).into())
            }
            None => Ok(transport),
        }
    }

    fn payload(&self) -> anyhow::Result<Vec<u8>> {
        if let Some(path) = &self.data_file {
            return fs::read(path).with_context(|| format!("cannot read the payload from {}", path.display()));
        }
        let letters = (b'a'..=b'z').cycle().take(self.data_len.unwrap_or(0).into());
        Ok(match (&self.data, &self.data_hex) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(octets)) => octets.0.clone(),
            (None, None) => letters.collect(),
        })
    }

    /// An option that says what a line says already.
    fn not_beside_a_line(&self) -> Option<&'static str> {
        let given = [
            ("--tcp", self.tcp),
            ("--udp", self.udp),
            ("--icmp", self.icmp.is_some()),
            ("--arp", self.arp.is_some()),
            ("--protocol", self.protocol.is_some()),
            ("--flags", self.flags.is_some()),
            ("--urg", self.urg.is_some()),
            ("--options", self.options.is_some()),
            ("--tos", self.tos.is_some()),
            ("--no-df", self.no_df),
            ("--ip-options", self.ip_options.is_some()),
            ("--flow-label", self.flow_label.is_some()),
            ("--hop-by-hop", self.hop_by_hop.is_some()),
            ("--destination-options", self.destination_options.is_some()),
            ("--data", self.data.is_some()),
            ("--data-hex", self.data_hex.is_some()),
            ("--data-file", self.data_file.is_some()),
            ("--data-len", self.data_len.is_some()),
            ("--wrong", !self.wrong.is_empty()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// Whether something that the kernel fills in is asked to be wrong.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn has_wrong_ip(&self) -> bool {
        self.wrong.iter().any(|(field, _)| matches!(field, Wrong::IpLen | Wrong::IpChecksum))
    }

    /// The protocol number that stands for what follows IP.
    pub(super) fn set_protocol(&self, packet: &mut Packet) {
        let Some(protocol) = self.protocol else { return };
        for layer in &mut packet.layers {
            match layer {
                Layer::Ipv4(ip) if ip.protocol == Field::Right => ip.protocol = Field::Wrong(protocol),
                Layer::Ipv6(ip) if ip.next_header == Field::Right => ip.next_header = Field::Wrong(protocol),
                _ => {}
            }
        }
    }
}

/// The option that sets a spot.
pub(super) fn option(spot: Spot) -> &'static str {
    match spot {
        Spot::SrcAddr => "src",
        Spot::DstAddr => "dst",
        Spot::Ttl => "ttl",
        Spot::Id => "id",
        Spot::SrcPort => "src-port",
        Spot::DstPort => "dst-port",
        Spot::Seq => "seq",
        Spot::Ack => "ack",
        Spot::Window => "win",
        Spot::EchoId => "echo-id",
        Spot::EchoSeq => "echo-seq",
    }
}

fn octet(text: &str) -> Result<u8, String> {
    u8::try_from(number(text)?).map_err(|_| "255 is the most there is room for".to_owned())
}

fn flags(text: &str) -> Result<Flags, String> {
    notation::whole(text, notation::flags).map_err(|fault| fault.what)
}

/// Type and code by name or number.
fn icmp_type(text: &str, v6: bool) -> Result<(u8, u8), clap::Error> {
    let numbers = || {
        let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
        Some((kind.parse().ok()?, code.parse().ok()?))
    };
    match (text, v6) {
        ("echo", false) => Ok((8, 0)),
        ("echo", true) => Ok((128, 0)),
        ("reply", false) => Ok((0, 0)),
        ("reply", true) => Ok((129, 0)),
        _ => numbers().ok_or_else(|| {
            usage(
                ErrorKind::ValueValidation,
                format!("'{text}' is none of 'echo', 'reply', or type and code as in 3/1"),
            )
        }),
    }
}

/// The source address that packets to `dst` have by themselves.
#[cfg(all(feature = "live", target_os = "linux"))]
fn source_for(dst: IpAddr) -> anyhow::Result<IpAddr> {
    crate::craft::inject::source_for(dst).map_err(|error| anyhow!("{error}; say whose packet it is: --src ADDR"))
}

#[cfg(not(all(feature = "live", target_os = "linux")))]
fn source_for(dst: IpAddr) -> anyhow::Result<IpAddr> {
    Err(usage(ErrorKind::MissingRequiredArgument, format!("say whose packet to {dst} it is: --src ADDR")).into())
}
