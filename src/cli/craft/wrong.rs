//! Fields that are wrong on request: `ip-len=20`.

use super::values::number;
use crate::craft::{Field, Layer};

/// A field that can be asked to be wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Wrong {
    /// The version of IP, four bits
    Version,
    /// Length of the IPv4 header in words
    HeaderLen,
    /// IPv4 total length, IPv6 payload length
    IpLen,
    /// What IP says that it carries
    Protocol,
    /// Checksum of the IPv4 header
    IpChecksum,
    /// Place of a fragment, in units of eight octets (IPv4)
    FragmentOffset,
    /// More fragments, 0 or 1 (IPv4)
    MoreFragments,
    /// The flag that has to be 0 (IPv4)
    Reserved,
    /// Length of the TCP header in words
    DataOffset,
    /// Length in the UDP header
    UdpLen,
    /// Checksum of TCP, UDP or ICMP
    Checksum,
}

impl Wrong {
    /// Sets the field, if the layer has it.
    pub(super) fn set(self, layer: &mut Layer, value: u32) -> bool {
        match (self, layer) {
            (Self::Version, Layer::Ipv4(ip)) => ip.version = Field::Wrong(value as u8),
            (Self::Version, Layer::Ipv6(ip)) => ip.version = Field::Wrong(value as u8),
            (Self::HeaderLen, Layer::Ipv4(ip)) => ip.header_len = Field::Wrong(value as u8),
            (Self::IpLen, Layer::Ipv4(ip)) => ip.total_len = Field::Wrong(value as u16),
            (Self::IpLen, Layer::Ipv6(ip)) => ip.payload_len = Field::Wrong(value as u16),
            (Self::Protocol, Layer::Ipv4(ip)) => ip.protocol = Field::Wrong(value as u8),
            (Self::Protocol, Layer::Ipv6(ip)) => ip.next_header = Field::Wrong(value as u8),
            (Self::IpChecksum, Layer::Ipv4(ip)) => ip.checksum = Field::Wrong(value as u16),
            (Self::FragmentOffset, Layer::Ipv4(ip)) => ip.fragment_offset = value as u16,
            (Self::MoreFragments, Layer::Ipv4(ip)) => ip.mf = value != 0,
            (Self::Reserved, Layer::Ipv4(ip)) => ip.reserved = value != 0,
            (Self::DataOffset, Layer::Tcp(tcp)) => tcp.data_offset = Field::Wrong(value as u8),
            (Self::UdpLen, Layer::Udp(udp)) => udp.len = Field::Wrong(value as u16),
            (Self::Checksum, Layer::Tcp(tcp)) => tcp.checksum = Field::Wrong(value as u16),
            (Self::Checksum, Layer::Udp(udp)) => udp.checksum = Field::Wrong(value as u16),
            (Self::Checksum, Layer::Icmp(icmp)) => icmp.checksum = Field::Wrong(value as u16),
            _ => return false,
        }
        true
    }

    pub(super) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Reads a field and its value.
pub(super) fn wrong(text: &str) -> Result<(Wrong, u32), String> {
    let names = || {
        let names: Vec<String> =
            <Wrong as clap::ValueEnum>::value_variants().iter().map(|field| field.name()).collect();
        format!("the fields are {}", names.join(", "))
    };
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("a field and a value are wanted, as in ip-len=20; {}", names()))?;
    let field = <Wrong as clap::ValueEnum>::from_str(name, false).map_err(|_| names())?;
    Ok((field, number(value)?))
}
