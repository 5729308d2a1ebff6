//! What the help of each command ends with. A test has every line understood.

/// The examples of the command `name`.
pub(super) fn of(name: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(command, _)| *command == name).map(|(_, text)| *text)
}

const EXAMPLES: &[(&str, &str)] = &[
    (
        "read",
        "\
Examples:
  synfin read capture.pcap                      every packet, and what it meant
  synfin read -tttt -S capture.pcap tcp port 443  with dates and numbers as sent, of one port
  synfin read -T json capture.pcap.zst          an object per packet, for jq and DuckDB
  synfin read -T csv -e n -e tcp.seq capture.pcap  two columns of the same, for a spreadsheet
  synfin read -T fields -e ip.src -e synfin.step capture.pcap  by Wireshark's names",
    ),
    (
        "sniff",
        "\
Examples:
  synfin sniff -i eth0                          every packet as it passes, and what it meant
  synfin sniff -i any -c 100 tcp port 443       a hundred of one port, whatever the interface
  synfin sniff -i eth0 -w kept.pcap -C 100      kept in files of a hundred million octets",
    ),
    (
        "conns",
        "\
Examples:
  synfin conns capture.pcap                     a table that fits the terminal
  synfin conns --wide capture.pcap              all its columns
  synfin conns --sort setup --top 10 capture.pcap  the ten that took longest to open
  synfin conns --columns client,server,open,close capture.pcap
  synfin conns -T csv capture.pcap              every field, for a spreadsheet
  synfin conns -T zeek capture.pcap             a conn.log
  synfin conns -i any --every 2s                those of this machine, again and again",
    ),
    (
        "explain",
        "\
Examples:
  synfin explain capture.pcap                   the story of the first ten connections
  synfin explain --failed capture.pcap          of those in which something went wrong
  synfin explain --conn 3 --show ladder capture.pcap  one of them, as a picture",
    ),
    (
        "follow",
        "\
Examples:
  synfin follow --conn 3 capture.pcap           what both ends of a conversation said
  synfin follow --conn 3 -T hex capture.pcap    the same in hexadecimal
  synfin follow --conn 3 --from server -T raw capture.pcap > octets  one side, octet for octet
  synfin follow -T json capture.pcap udp port 53  an object for every datagram of a filter",
    ),
    (
        "annotate",
        "\
Examples:
  synfin annotate capture.pcap -o told.pcapng   for Wireshark: a comment beside every packet
  synfin annotate capture.pcap -o - tcp port 80  some of it, to standard output",
    ),
    (
        "demo",
        "\
Examples:
  synfin demo                                   a handshake, a request, a close
  synfin demo --list                            the scenes there are
  synfin demo --step                            one segment at a time, with the header drawn",
    ),
    (
        "proto",
        "\
Examples:
  synfin proto new acme > acme.toml             a declaration to begin with
  synfin proto check acme.toml                  what it declares, or where its mistake is
  synfin proto export lua acme.toml > acme.lua  a dissector for Wireshark and tshark
  synfin proto export ksy acme.toml > acme.ksy  a specification for Kaitai Struct",
    ),
    (
        "interfaces",
        "\
Examples:
  synfin interfaces                             also synfin -D, as tcpdump has it",
    ),
    (
        "replay",
        "\
Examples:
  synfin replay capture.pcap --to 127.0.0.1:8080  its client, against a server of one's own",
    ),
    (
        "compare",
        "\
Examples:
  synfin compare client.pcap server.pcap        one conversation, seen from both ends",
    ),
    (
        "report",
        "\
Examples:
  synfin report capture.pcap -o report.html     one page that explains a capture",
    ),
    (
        "script",
        "\
Examples:
  synfin script capture.pcap                    a recorded connection as a script to play",
    ),
];
