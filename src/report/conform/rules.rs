//! The classes of differences that are understood.

use super::tally::Rule;
use crate::wire::{Span, Timestamp};

macro_rules! rules {
    ($($name:ident = $id:literal: $why:literal;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $id, why: $why };)*
    };
}

rules! {
    APP_HOLE = "said beyond a hole": "Octets of the stream are not in the capture: each tool finds its way again at another message.";
    APP_ONLY_HERE = "protocol told by its port there": "tshark chooses most dissectors by port and shows nothing of a protocol on another one; synfin goes by what is said.";
    APP_BY_PORT = "protocol supposed by its port there": "tshark's dissector of the port shows fields of what synfin does not take for that protocol, or of a stream whose beginning it does not know.";
    APP_TWICE = "packet captured twice": "The capture shows a packet twice, as of two points on its way: tshark counts what it says twice, synfin once.";
    DNS_LISTED = "records in one list, messages malformed": "tshark lists the records of all sections, and types and names within some of them, in one list for a packet: which of them answer cannot always be said. Of a message that contradicts itself it shows what stands before; synfin takes it for something else.";
    DNS_TIME = "paired otherwise": "tshark pairs by the id, cut messages and multicast too, and knows repeats in its own way; synfin by id, name and type, and counts from the first question.";
    APP_LINES = "lines of one reply": "A reply of SMTP may take several lines, each with the code of all: tshark shows the code of every line, synfin that of the reply.";
    APP_QUIC = "hello in QUIC": "Of QUIC synfin opens what the client says first, and keeps some of the names that it offers; tshark opens the server's answer too, and shows all.";
    APP_NOT_KNOWN = "application not looked for": "nDPI knows some four hundred applications; synfin knows those that it has a file for in capture/apps, and few more by name.";
    APP_NOT_HEARD = "application by other means": "nDPI also goes by ports, addresses, lists of hosts and what it saw before; synfin names what the octets of the flow say.";
    APP_HERE_ALONE = "application named here alone": "synfin names what the octets say where nDPI's own tests expect nothing.";
    FRAGMENT = "fragment": "A piece of a datagram that cannot be put together, because pieces are missing, cut or contradict each other: tshark reads what a first piece shows, synfin leaves it out.";
    PUT_TOGETHER = "datagram put together": "tshark was asked about checksums without putting fragments together, and so has no verdict; synfin has.";
    LINK = "link type": "tshark dissects many link layers that synfin does not read (802.11, Frame Relay, ATM, ...).";
    MALFORMED = "malformed header": "A header whose own lengths contradict each other: a receiver drops it, so synfin does not follow it; tshark shows what can be shown.";
    CUT = "cut by the snap length": "The capture ends inside the header: tshark shows the fields that are there, synfin reads a header whole or not at all.";
    GIVES_UP = "tshark gives up": "tshark calls the packet malformed and shows nothing where synfin still reads the header.";
    INNER = "inside a tunnel": "tshark goes on into what the packet encapsulates; synfin reads the outermost headers.";
    OFFLOAD = "length left to the hardware": "An IPv4 total length of 0: tshark shows the length it presumes, synfin the field as sent; both read to the end of the frame.";
    AUTHENTICATION = "authentication header": "synfin looks through an IP authentication header as part of the IP header; tshark counts it apart.";
    BROKEN_OPTIONS = "broken options": "The TCP option list contradicts itself: tshark shows the first of a kind and guesses on, synfin marks the list as malformed.";
    SHORT_FRAME = "frame shorter than its IP packet": "The IP header claims more than the whole frame had, mostly because a tool cut the file without keeping the lengths: tshark counts what the frame holds, synfin what the header says, as the sequence numbers do.";
    NO_TIME = "packet without a time": "A pcapng simple packet block has no time: tshark leaves it empty, synfin keeps the time of the packet before.";
    RARP = "reverse ARP": "tshark reads RARP as ARP; synfin leaves it out.";
    S_TAG = "service VLAN tag": "tshark calls only 802.1Q ids vlan.id; synfin lists those of 802.1ad service tags with them.";
    JUMBO = "jumbogram": "An IPv6 payload length of 0: tshark shows the field, synfin the length the jumbo option or the frame gives.";
    TWO_OF_A_KIND = "an option twice": "A segment carries several MPTCP options: tshark's table keeps the first subtype, synfin the last.";
    FRAME_IN_FRAME = "frame in a frame": "Whole Ethernet frames travel inside (FabricPath, backbone bridging, MPLS pseudowires): both see the IP packet, but name another of the two Ethernet headers.";
    RENUMBERED = "later number": "tshark also numbers streams that it finds inside packets (tunnels, proxies, fragments, malformed headers), which synfin does not follow: the same packets form the same stream under a later number.";
    OWN_CONVERSATIONS = "conversation of a dissector's own": "tshark's SNMP, RTP and like dissectors set up conversations of their own, which divide the datagrams between one pair of endpoints into several streams.";
    SINGLE = "stream of one packet": "tshark prints a stream's completeness before it takes the packet in, so that it prints 0 for a stream of one packet even in two passes.";
    ANNOUNCED = "stream announced by another": "tshark's FTP and H.225 dissectors announce the connections to come, and the SYN of an announced one does not set the SYN bit.";
    OTHER_FRAMES = "frames synfin does not follow": "tshark puts frames into the stream that synfin leaves out: quoted in an ICMP error, inside a tunnel, pieces of fragments, or with malformed headers.";
    IP_VERSION = "wrong ethertype": "The type says IPv4 and the packet is IPv6 or the other way round: synfin goes by the packet's own version, as tshark does, which then counts two headers.";
    MACSEC = "MACsec": "tshark looks into MACsec frames that are not encrypted; synfin leaves them out.";
    ARP_SIZES = "ARP with other lengths": "synfin reads ARP for IPv4 over Ethernet; tshark shows addresses of any length.";
    SOURCE_ROUTE = "source route": "A packet with a source route: tshark names as destination the last hop of the option, synfin the address in the header.";
    LONG_FRAME = "absurd frame length": "tshark caps lengths at 2147483647; synfin shows the number in the file.";
    LATE_FRACTION = "second with more than a second": "The fraction of the time is a second or more (a damaged or hostile file): tshark prints it as it stands, synfin carries it into the seconds.";
    FILE_FORMAT = "another file format": "tshark reads some forty file formats, synfin pcap and pcapng, and says so.";
    FILE_VARIANT = "another variant of pcap": "The file's header lies about its records; the two readers take it for different variants of the format.";
    ZEROS = "a stretch of zeros": "A damaged file goes on with zeros: tshark reads them as empty packets, synfin stops and tells the damage.";
    ROLES = "other roles": "Zeek calls the first sender originator unless a list of server ports says otherwise; synfin goes by SYN and SYN/ACK first, then by service ports, then by the lower port.";
    ZEEK_TIMERS = "divided otherwise": "Zeek ends a connection seconds after its close, an attempt after seconds without an answer, and any after minutes of silence, and begins another with the next packet; synfin keeps one record until the endpoints are used again. Only records of the same packets are compared.";
    ZEEK_SCALE = "window scale beyond 14": "Zeek shifts a window by any scale that was sent, until nothing is left of it; RFC 7323 says to use 14.";
    ZEEK_CHECKSUMS = "dropped for its checksum": "Zeek drops packets with wrong checksums before it follows connections; synfin notes them and goes on.";
    ZEEK_CUT = "payload not captured": "The snap length or a tool cut packets: Zeek writes gaps for the octets it cannot hand on, or drops the packet; synfin goes by the lengths in the headers.";
    ZEEK_FINS = "a second FIN": "An end sends another FIN at another number. Zeek moves its idea of the end along and finds a gap before it, or none; synfin keeps to the first.";
    ZEEK_LIMIT = "analyzer limit": "Zeek writes x where one of its analyzers gave up on the content, which synfin does not look into.";
    ZEEK_SIZES = "sizes across what is missing": "Zeek's sizes are distances between the first and the last sequence number it believes, whatever lies between and whatever segment it is from; synfin counts the octets seen, and those acknowledged unseen.";
    ZEEK_FRAGMENTS = "octets of fragments": "Zeek counts the IP octets of a datagram put together once, synfin those of the frame that completes it.";
    ZEEK_EXTENSIONS = "octets of extension headers": "synfin counts the whole IPv6 packet, Zeek leaves out some of its extension headers.";
    ZEEK_JUMP = "another SYN/ACK": "A server answers the same SYN twice with different numbers, or a third party does: Zeek takes the numbers of the last answer for the connection's, synfin those the client acknowledged.";
    ZEEK_FLIP = "counted before the flip": "Zeek turned originator and responder round (^ in its history) but left what it had counted until then where it was.";
    DUPLICATES = "captured twice": "The capture shows packets twice: the peer counts the copies as packets or retransmissions of the connection, synfin marks them and leaves them out.";
    OTHER_BOUNDS = "bounds of a connection": "Where endpoints are used again, or a server answers twice with different numbers, tshark compares with the numbers of its stream and synfin with those of its connection, which do not begin at the same packet.";
    ODD_FLAGS = "flags no stack sends": "tshark reads the numbers of any segment; synfin names segments with odd flags or absurd numbers and leaves their numbers alone.";
    KIND_OF_REPEAT = "another name for a repeat": "Both see that octets come again or late. tshark decides between its names by 20 ms since the last ACK and the first round trip, synfin by which octets were seen, duplicate ACKs, timestamps and identifications.";
    COVERAGE = "repeat by coverage": "tshark calls a segment a repeat if it begins below the highest number so far; synfin if its octets were seen, which finds repeats inside longer segments and spares first sightings.";
    DUPLICATE_ACK = "what a duplicate ACK is": "tshark 4.0 calls any repeated bare ACK with an unchanged window a duplicate; synfin asks for data outstanding (RFC 5681), and takes a changed window with SACK blocks for one too.";
    FIRST_WINDOW = "first scaled window": "The window of a SYN is not scaled and that of the next segment is: tshark takes the change of the field for a window update.";
    WINDOW_UPDATE = "what a window update is": "tshark calls any change of the window without new acknowledgement an update, synfin names keep-alives, challenges and duplicate ACKs first.";
    KEEP_ALIVE = "what a keep-alive is": "tshark calls any octet or none at one below the next number a keep-alive; synfin asks that all before it was acknowledged, and while the window is closed calls it a probe of the window, which is what Linux means by it.";
    MISSING_OCTETS = "book of missing octets": "Both note what is missing once, at different packets: tshark at each jump and each acknowledgement beyond its highest contiguous octet; synfin takes for sent what was acknowledged, and notes the rest.";
    ACK_OF_SEEN = "alarm over octets that were seen": "tshark says that a segment acknowledges what was not captured, where nothing is missing in the connection: after repeats, probes and FINs its highest number to be acknowledged lags behind.";
    AFTER_RESET = "after a reset": "tshark takes the window of 0 in a RST for a closed window, and a single octet after it for a probe that does not count.";
    ENCAPSULATED = "encapsulation": "Frames with MPLS, VLAN or fabric headers, which not every tool takes off, or which it takes for a reason to count flows apart.";
    PUT_IN_ORDER = "payload put in order": "Arkime counts the payload it put in order, each octet once and none without a beginning; synfin's sum here is of all segments.";
    ICMP_IN_FLOW = "ICMP errors counted in": "Suricata counts ICMP errors about a flow as packets of the flow; synfin ties them to the connection without counting them.";
    CUT_OTHERWISE = "lengths of cut packets": "Packets that were cut, came in fragments or have lengths that contradict each other: every tool counts them in its own way.";
    FULL_WITH_FIN = "full window with a FIN": "tshark does not look at the window of a segment with FIN.";
    TIME = "time before 1970 or past 2554": "synfin's clock counts nanoseconds from 1970 to 2554; other times are out of its range.";
}

/// The rule for a time that tshark and synfin tell differently.
pub(super) fn of_time(theirs: &str, ours: Timestamp) -> Option<&'static Rule> {
    if theirs.is_empty() {
        return Some(&NO_TIME);
    }
    let seconds: i64 = theirs.split('.').next()?.parse().ok()?;
    if theirs.starts_with('-') || !(0..18_446_744_073).contains(&seconds) {
        return Some(&TIME);
    }
    let beyond = Timestamp(seconds as u64 * 1_000_000_000).until(ours);
    (beyond >= Span::from_secs(1)).then_some(&LATE_FRACTION)
}
