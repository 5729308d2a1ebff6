# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_synfin_global_optspecs
    string join \n color= no-config h/help V/version
end

function __fish_synfin_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_synfin_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_synfin_using_subcommand
    set -l cmd (__fish_synfin_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c synfin -n "__fish_synfin_needs_command" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_needs_command" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_needs_command" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_needs_command" -s V -l version -d 'Print version'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "check" -d 'Holds synfin\'s answers against those of other tools'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "craft" -d 'A packet from scratch: shows it, writes it to a capture (-w), or sends it (--send)'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "play" -d 'Performs one end of a script against a real host, and says whether all went as written'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "socket-holders" -d 'Who holds which socket: asks on standard input, answers there too'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "man" -d 'A manual page, for those who package synfin'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "completions" -d 'What makes a shell complete synfin\'s words, for its start-up file'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "read" -d 'A line per packet, with what it meant for its connection'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "sniff" -d 'What passes an interface, a line per packet, with what it meant for its connection'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "conns" -d 'A line per connection: who, how it opened, how it closed'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "explain" -d 'The story of a connection, step by step'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "follow" -d 'What both ends of a conversation said'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "report" -d 'A page on a capture, complete in itself, for whoever has a browser'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "annotate" -d 'A capture with what every packet meant written beside it, for Wireshark and its kin'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "compare" -d 'Two captures of one conversation: what one side sent and the other never saw'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "script" -d 'A recorded connection as a script for `play`, ready to be edited'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "proto" -d 'Declare a protocol of one\'s own, check the declaration, or make it another program\'s'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "replay" -d 'Performs recorded connections again, against a living peer, and compares what it says'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "demo" -d 'A connection of one\'s own, performed and explained: no argument, no root, no set-up'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "interfaces" -d 'The interfaces of this machine, numbered: name, state, addresses'
complete -c synfin -n "__fish_synfin_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c synfin -n "__fish_synfin_using_subcommand check" -l against -d 'Ask this tool, which has to be installed' -r -f -a "tshark\t'Wireshark on the command line'"
complete -c synfin -n "__fish_synfin_using_subcommand check" -l answers -d 'Compare with the recorded answers in this folder' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand check" -l only -d 'Only captures whose name contains this text' -r
complete -c synfin -n "__fish_synfin_using_subcommand check" -l examples -d 'Show up to N unexplained differences of each field' -r
complete -c synfin -n "__fish_synfin_using_subcommand check" -s T -d 'How to write the outcome' -r -f -a "text\t'A table, and what the differences are'
markdown\t'The same in Markdown, with examples'"
complete -c synfin -n "__fish_synfin_using_subcommand check" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand check" -l apps -d 'Compare what runs above TCP alone'
complete -c synfin -n "__fish_synfin_using_subcommand check" -s v -l verbose -d 'A line per capture as well'
complete -c synfin -n "__fish_synfin_using_subcommand check" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l src -d 'Source address, or a range 10.0.0.1..10.0.0.9 [default: the one the kernel would choose]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l dst -d 'Destination address, or a range [default: 127.0.0.1]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l icmp -d 'An ICMP message, or ICMPv6 over IPv6: `echo`, `reply`, or type and code as in 3/1' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l arp -d 'An ARP packet, `request` or `reply`, about the addresses of --src and --dst' -r -f -a "request\t''
reply\t''"
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l protocol -d 'Nothing behind IP but the data, of this protocol' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l src-port -l source-port -d 'Source port [default: 40000]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l dst-port -l dest-port -d 'Destination port [default: 80]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l flags -d 'Flags in tcpdump\'s letters, FSRP.UEWe, or `none` [default: S]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l seq -d 'Sequence number [default: 0]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l ack -d 'Acknowledgment number [default: 0]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l win -d 'Window [default: 65535]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l urg -d 'Urgent pointer' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l options -d 'TCP options by name: \'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7\', \'kind 253 0102\', \'raw 0201\'' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l echo-id -d 'Identifier of an ICMP echo' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l echo-seq -d 'Number of an ICMP echo' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l ttl -d 'Time to live, or hop limit [default: 64]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l tos -d 'DSCP and ECN, eight bits' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l id -d 'Identification (IPv4)' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l ip-options -d 'IPv4 options, octets in hexadecimal' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l flow-label -d 'IPv6 flow label, 20 bits' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l hop-by-hop -d 'IPv6 hop-by-hop options, octets in hexadecimal' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l destination-options -d 'IPv6 destination options, octets in hexadecimal' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l data -d 'Payload: this text' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l data-hex -d 'Payload: these octets in hexadecimal' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l data-file -d 'Payload: what this file holds' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l data-len -d 'Payload: so many octets, the alphabet going round' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l wrong -d 'Make a field wrong, as in ip-len=20; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l vlan -d 'VLAN tags, outermost first, as in 100,7' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l src-mac -d 'Sender of the Ethernet frame' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l dst-mac -d 'Receiver of the Ethernet frame' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l fragment -d 'Cut each packet into IP fragments of at most N octets' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s c -l count -d 'How many packets [default: one, or as many as the longest range has values, up to 1000]' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l rate -d 'Packets a second' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s w -d 'Write the packets to this capture; pcapng where its name ends so, `-` is stdout' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s i -l interface -d 'Send frames on this interface, as they are' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l max-time -d 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m)' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l answers -d 'Show what comes back, too, until a time after the last packet (500ms, 2s); not with -i' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l allow-remote -d 'Let packets leave this machine for this network, as in 192.0.2.0/24; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s T -d 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l field -d 'A field to write with -T fields, csv or tsv' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s E -d 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n' -r
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l tcp -d 'A TCP segment; it is one unless something else is asked for'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l udp -d 'A UDP datagram'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l no-df -d 'Let routers fragment it (IPv4)'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l bad-checksum -d 'Make the transport\'s checksum wrong'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l ethernet -d 'Begin with an Ethernet header; --vlan, --src-mac, --dst-mac, --arp and -i do so too'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l send -d 'Send the packets: as IP packets by the kernel\'s routes, or with -i as frames'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l dry-run -d 'Say what --send would do, and do not do it'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l silent -d 'Show nothing of what is sent but how much it was; with -i, the fast way'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l allow-broadcast -d 'Let packets go to broadcast and multicast addresses'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s e -d 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s v -d 'Tell more: IP headers, checksums, comments, states (-v), empty segments\' numbers (-vv)'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s q -d 'Tell less: addresses and lengths, steps and states without words'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s S -d 'Sequence numbers as sent, not counted from each side\'s first'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s t -d 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l nano -d 'Nanoseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l micro -d 'Microseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s # -l number -d 'Number the packets'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s x -d 'Show the packet in hexadecimal; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s X -d 'Show the packet in hexadecimal and ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s A -d 'Show the packet in ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l summary -d 'End with what the whole run came to'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s l -d 'Let every line be seen as soon as it is written'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l apps -d 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l no-apps -d 'Leave that out, where it is told by itself'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l names -d 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s n -d 'Look up no names: nothing ever is, but hands are used to it'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand craft" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand play" -l to -d 'Play the client, against a server at this address' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l listen -d 'Play the server on this port, of 127.0.0.1 unless an address is named' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l from -d 'The address to speak from [default: the one that the route is for]' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l patience -d 'Wait so long for a packet where the script does not say' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l resend -d 'Say the last words again when no answer comes for so long' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l isn -d 'Count from this initial sequence number [default: one that is fresh]' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -l allow-remote -d 'Let packets go to this network beyond this machine; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand play" -s w -d 'Record the segments of both ends; a name in .pcapng keeps the script\'s comments with them' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand play" -s T -d 'What to write: text, or json (an object per line, the last of them the verdict)' -r -f -a "text\t''
json\t''"
complete -c synfin -n "__fish_synfin_using_subcommand play" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand play" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand play" -l print -d 'Print the script, and do nothing'
complete -c synfin -n "__fish_synfin_using_subcommand play" -l list -d 'List the stock scenes, and do nothing'
complete -c synfin -n "__fish_synfin_using_subcommand play" -l strict -d 'Let nothing pass that is not expected, repeats and bare acknowledgments included'
complete -c synfin -n "__fish_synfin_using_subcommand play" -s v -d 'Tell more of each packet'
complete -c synfin -n "__fish_synfin_using_subcommand play" -s q -d 'Tell less of each packet'
complete -c synfin -n "__fish_synfin_using_subcommand play" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand play" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand socket-holders" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand socket-holders" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand socket-holders" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_using_subcommand man" -l dir -d 'Write the pages of synfin and of all its commands into this folder' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand man" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand man" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand man" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_using_subcommand completions" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand completions" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand completions" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand read" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand read" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand read" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand read" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand read" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand read" -s w -d 'Write the packets to a file, and list none of them (but see --print); `-` is stdout' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand read" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand read" -s T -d 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)' -r
complete -c synfin -n "__fish_synfin_using_subcommand read" -l field -d 'A field to write with -T fields, csv or tsv' -r
complete -c synfin -n "__fish_synfin_using_subcommand read" -s E -d 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n' -r
complete -c synfin -n "__fish_synfin_using_subcommand read" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand read" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l annotate -d 'Write beside each packet what it meant, as a comment that Wireshark shows'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l print -d 'List the packets although they are written'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s e -d 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s v -d 'Tell more: IP headers, checksums, comments, states (-v), empty segments\' numbers (-vv)'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s q -d 'Tell less: addresses and lengths, steps and states without words'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s S -d 'Sequence numbers as sent, not counted from each side\'s first'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s t -d 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l nano -d 'Nanoseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l micro -d 'Microseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s # -l number -d 'Number the packets'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s x -d 'Show the packet in hexadecimal; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s X -d 'Show the packet in hexadecimal and ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s A -d 'Show the packet in ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l summary -d 'End with what the whole run came to'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s l -d 'Let every line be seen as soon as it is written'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l apps -d 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l no-apps -d 'Leave that out, where it is told by itself'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l names -d 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s n -d 'Look up no names: nothing ever is, but hands are used to it'
complete -c synfin -n "__fish_synfin_using_subcommand read" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s i -l interface -d 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l duration -d 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m, 2h)' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s s -l snapshot-length -d 'Octets of each packet to keep; 0 is the default' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s B -l buffer-size -d 'Size of the buffer that the kernel fills, in KiB' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s Q -l direction -d 'Only what comes, or what this host sends' -r -f -a "in\t''
out\t''
inout\t''"
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s y -l linktype -d 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL' -r -f -a "LINUX_SLL\t''
LINUX_SLL2\t''"
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s w -d 'Keep the packets in a file, and list none of them (but see --print); `-` is stdout' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s C -d 'Begin a new file when one has so many million octets (with k, m, g: KiB, MiB, GiB): FILE, FILE1, FILE2 and so on' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s G -d 'Begin a new file every so many seconds; FILE may have the time in it, as strftime(3) writes it (%Y%m%d-%H%M%S)' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s W -d 'With -C, write N files and then the first again; with -G alone, end after N files' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l threads -d 'Listen and write with N threads, each conversation in the file of one of them: FILE-0, FILE-1 and so on, before its ending' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s T -d 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l field -d 'A field to write with -T fields, csv or tsv' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s E -d 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n' -r
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s p -l no-promiscuous-mode -d 'Leave out what is sent to other hosts'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l immediate-mode -l immediate -d 'Let every packet be seen at once, at the cost of more work'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l pcap -d 'Write pcap, as for a name that ends in `.pcap`, and not pcapng'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s U -l packet-buffered -d 'Write every packet at once, not a block of them'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l annotate -d 'Write beside each packet what it meant, as a comment that Wireshark shows'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l print -d 'List the packets although they are kept'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s e -d 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s v -d 'Tell more: IP headers, checksums, comments, states (-v), empty segments\' numbers (-vv)'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s q -d 'Tell less: addresses and lengths, steps and states without words'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s S -d 'Sequence numbers as sent, not counted from each side\'s first'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s t -d 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l nano -d 'Nanoseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l micro -d 'Microseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s # -l number -d 'Number the packets'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s x -d 'Show the packet in hexadecimal; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s X -d 'Show the packet in hexadecimal and ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s A -d 'Show the packet in ASCII; twice, with its link header'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l summary -d 'End with what the whole run came to'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s l -d 'Let every line be seen as soon as it is written'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l apps -d 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l no-apps -d 'Leave that out, where it is told by itself'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l names -d 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s n -d 'Look up no names: nothing ever is, but hands are used to it'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l no-processes -d 'Do not look up which processes of this machine own the connections'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l no-sandbox -d 'Keep every right while packets are read: as root, all of root\'s; and open files, sockets and programs. Without this they are given up once everything is open, so that a packet that found a flaw in synfin would find nothing to use it for'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand sniff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s T -d 'How to write them' -r -f -a "table\t'A table that fits the terminal'
json\t'A JSON object per line'
fields\t'The fields named with -e'
csv\t'Comma-separated values: the fields named with -e, or all'
tsv\t'Tab-separated values: the same'
parquet\t'A Parquet file: the same, where synfin was built with it'
zeek\t'Zeek\'s conn.log'
ecs\t'An object of the Elastic Common Schema per line'"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s e -l field -d 'A field to write, with -T fields; may be repeated (`-e help` lists them)' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s E -d 'How to write fields: header=y, separator=/t, aggregator=/s, quote=d|s|n' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l sort -d 'Sort by this; the largest first, for what can be large' -r -f -a "id\t''
start\t''
duration\t''
packets\t''
bytes\t''
rtt\t''
setup\t''
retransmits\t''
zero-windows\t''
missed\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l top -d 'Write only the first N' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l proto -d 'Only this protocol (tcp, udp, icmp, or all); or know the protocols that a file declares (TOML; `synfin help proto`), and count their messages; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l columns -d 'These columns of the table, in this order' -r -f -a "id\t''
proto\t''
client\t''
server\t''
service\t''
processes\t''
messages\t''
open\t''
close\t''
by\t''
client-state\t''
server-state\t''
history\t''
client-packets\t''
server-packets\t''
client-bytes\t''
server-bytes\t''
retransmits\t''
rtt-server\t''
rtt-client\t''
duration\t''
app\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l width -d 'Fit into N columns; 0 is no limit [default: the terminal\'s]' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l every -d 'Of an interface: write all connections of the moment, again and again with this long in between (seconds, or with a unit: 500ms, 5s, 1m), and not each as it ends' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s i -l interface -d 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l duration -d 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m, 2h)' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s s -l snapshot-length -d 'Octets of each packet to keep; 0 is the default' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s B -l buffer-size -d 'Size of the buffer that the kernel fills, in KiB' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s Q -l direction -d 'Only what comes, or what this host sends' -r -f -a "in\t''
out\t''
inout\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s y -l linktype -d 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL' -r -f -a "LINUX_SLL\t''
LINUX_SLL2\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l reverse -d 'Sort the other way round'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l summary -d 'Numbers over all connections at the end (table and JSON)'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l wide -d 'All columns of the table in full, also those that say the same in every row'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l apps -d 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l no-apps -d 'Leave that out, where it is told by itself'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l names -d 'Call addresses by the names that answers of name servers in the input give them (table and JSON)'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l ascii -d 'Keep to ASCII [default: where the locale is not UTF-8]'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s p -l no-promiscuous-mode -d 'Leave out what is sent to other hosts'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l immediate-mode -l immediate -d 'Let every packet be seen at once, at the cost of more work'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l no-processes -d 'Do not look up which processes of this machine own the connections'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l no-sandbox -d 'Keep every right while packets are read: as root, all of root\'s; and open files, sockets and programs. Without this they are given up once everything is open, so that a packet that found a flaw in synfin would find nothing to use it for'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand conns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l conn -d 'Tell of connection N, as `conns` numbers them; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l limit -d 'Tell of at most N connections where none is chosen; 0 is all' -r
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l show -d 'Which parts of the story' -r -f -a "all\t'Heading, ladder and steps'
ladder\t'The ladder diagram under the heading'
steps\t'The steps under the heading'
verdict\t'The heading alone'"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s T -d 'In which form' -r -f -a "text\t'Text, with a ladder in characters'
rfc\t'Text, with the ladder as the figures of RFC 9293'
mermaid\t'Markdown, with the ladder as a Mermaid diagram'
svg\t'One SVG drawing, a ladder below the other'
html\t'A page with drawn ladders, complete in itself'"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l time -d 'What room time takes in the ladder' -r -f -a "even\t'A row after the other'
scale\t'The longer the wait, the more room (text, svg and html)'"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l width -d 'Fit into N columns; 0 is no limit [default: the terminal\'s]' -r
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l failed -d 'Tell only of connections in which something went wrong or took long'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l flood -d 'Tell of SYN floods instead: what one does to a server, why, and what the numbers of this capture say of it'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l no-apps -d 'Leave out what runs on connections and what was said there'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l names -d 'Call addresses by the names that answers of name servers in the input give them'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l ascii -d 'Keep to ASCII [default: where the locale is not UTF-8]'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l conn -d 'Follow conversation N, as `conns` numbers them; may be repeated [default: all]' -r
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l stream -d 'Follow what Wireshark gives this number as its tcp.stream (`3`) or udp.stream (`udp:3`); may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l from -d 'One side alone' -r -f -a "client\t''
server\t''"
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s T -d 'In which form' -r -f -a "text\t'Text; dots stand for what is no letter'
hex\t'Hexadecimal beside ASCII, with offsets in each side\'s stream'
raw\t'The octets as they are, of one conversation'
json\t'A JSON object for each event'"
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l zeros -d 'With -T raw, zeros in the place of what is missing, so that offsets hold'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s v -d 'A heading for every packet, with its place in the stream, not for every turn'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s t -d 'The time: not at all (-t), in seconds (-tt), since the last heading (-ttt), with its date (-tttt), since the first (-ttttt)'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l nano -d 'Nanoseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l micro -d 'Microseconds in every time'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l ascii -d 'Keep to ASCII [default: where the locale is not UTF-8]'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand follow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand report" -s o -l output -d 'The page to write; `-` is stdout' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand report" -l list -d 'List at most N connections: failures and slow ones first, of every kind some' -r
complete -c synfin -n "__fish_synfin_using_subcommand report" -l details -d 'Leave N kilobytes for the details of connections, in the same order' -r
complete -c synfin -n "__fish_synfin_using_subcommand report" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand report" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand report" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand report" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand report" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand report" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand report" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand report" -l no-payload -d 'Leave out the first words that each end said'
complete -c synfin -n "__fish_synfin_using_subcommand report" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand report" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand report" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand report" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand report" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s o -l output -d 'The pcapng to write; `-` is stdout' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand annotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand compare" -s T -d 'What to write' -r -f -a "text\t'Words'
json\t'An object per line'"
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l all -d 'Tell too of the connections to which nothing happened, however many there are'
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand compare" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand script" -l conn -d 'Write connection N, as `conns` numbers them; needed where there is more than one' -r
complete -c synfin -n "__fish_synfin_using_subcommand script" -l plays -d 'Which end is going to be played' -r -f -a "client\t''
server\t''"
complete -c synfin -n "__fish_synfin_using_subcommand script" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand script" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand script" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand script" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand script" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand script" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand script" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand script" -l fast -d 'Leave out the recorded times: every step as soon as it can be'
complete -c synfin -n "__fish_synfin_using_subcommand script" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand script" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand script" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand script" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand script" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand script" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -f -a "check" -d 'Say what is declared in files, or the first mistake in each'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -f -a "new" -d 'Print a declaration to begin with'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and not __fish_seen_subcommand_from check new export" -f -a "export" -d 'Print the protocol for another program'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from check" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from check" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from new" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from new" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from export" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from export" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand proto; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l to -d 'Perform the recorded clients, against a server at this address' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l serve -d 'Perform the recorded servers at this address, for real clients, each the next recording' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l conn -d 'Perform connection N, as `conns` numbers them; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l from -d 'The address to speak from [default: the one that the route is for]' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l pace -d 'When to go on, once the peer has said what was recorded: at once (fast), after the recorded time (recorded), or N times as soon (xN) [default: fast; with --stage, recorded]' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l concurrency -d 'Perform at most N connections at once; those that overlapped when they were recorded do' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l loop -d 'Perform everything N times' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l patience -d 'Give a connection up in which the peer says nothing for so long, beside the time that it took when it was recorded' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l max-time -d 'Stop after this time, whatever goes on' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l mss -d 'Ask for segments of at most N octets, instead of as many as recorded' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l ignore -d 'What may differ: a regular expression or a range of octets (8..16), of both directions or, behind `client:` or `server:`, of one; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s w -d 'Record the live segments of both ends: a pcapng with what each meant beside it, or a pcap where the name ends in .pcap' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s T -d 'What to write: text, or json (an object per connection, and one for all)' -r -f -a "text\t''
json\t''"
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l allow-remote -d 'Let packets leave this machine for this network, as in 192.0.2.0/24; may be repeated' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s r -d 'Capture to read, for hands that know tcpdump' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s c -l count -d 'Stop after N packets' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l checksums -d 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in' -r -f -a "ignore\t''
verify\t''"
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l max-connections -d 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l fail-on -d 'Fail where one of these was found; `scan` is any of the scans' -r -f -a "syn-flood\t''
overload\t''
backscatter\t''
scan\t''
port-scan\t''
host-scan\t''
block-scan\t''
impatient-client\t''
any\t''"
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s F -d 'Read the filter from FILE' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s i -l interface -d 'With --stage: send both ends\' segments on this interface, when their time has come' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l rewrite -d 'With --stage: other addresses for the recorded ones: an address, an address with a port, or a network; may be repeated, the first that fits counts' -r
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l all -d 'Perform all connections of the capture'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l allow-gaps -d 'Perform connections that were not recorded whole, too, as far as they go'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l diff -d 'Show what both ends did, recorded and live, side by side'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s v -d 'Show the segments, too, with what they mean'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s q -d 'Tell only of connections in which something differs'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l allow-broadcast -d 'Let packets go to broadcast and multicast addresses'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l resync -d 'After a damaged record, look for the next good one and go on'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l timers -d 'Give up connections after a silence too long for their state, as a live capture has to'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l no-defrag -d 'Leave datagrams that came in fragments in their pieces'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s d -d 'Print the filter\'s program and stop: for people (-d), as C (-dd), as numbers (-ddd)'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l stage -d 'Perform both ends, without a peer: into a capture (-w FILE), or onto an interface (-i IF)'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l original -d 'Perform the recorded clients with the addresses and ports they had, against the server program that COMMAND starts, in a network namespace of their own in which every address is here'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l craft -d 'Which end is built from scratch: client or server [default: what the scene is made for]' -r -f -a "client\t''
server\t''"
complete -c synfin -n "__fish_synfin_using_subcommand demo" -s w -d 'Record the segments of both ends; a name in .pcapng keeps the script\'s comments with them' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l proto -d 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated' -r -F
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l width -d 'Fit into N columns; 0 is no limit [default: the terminal\'s]' -r
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l step -d 'One segment at a time, on Enter, with its header drawn and the state diagram'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l list -d 'List the stock scenes, and do nothing'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l here -d 'Stay where this is called, on its loopback: to look on with another program'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -s 6 -l ipv6 -d 'Over IPv6'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l ascii -d 'Keep to ASCII [default: where the locale is not UTF-8]'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand interfaces" -l color -d 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise'
always\t'Always'
never\t'Never'"
complete -c synfin -n "__fish_synfin_using_subcommand interfaces" -l no-config -d 'Leave the configuration file alone'
complete -c synfin -n "__fish_synfin_using_subcommand interfaces" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "check" -d 'Holds synfin\'s answers against those of other tools'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "craft" -d 'A packet from scratch: shows it, writes it to a capture (-w), or sends it (--send)'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "play" -d 'Performs one end of a script against a real host, and says whether all went as written'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "socket-holders" -d 'Who holds which socket: asks on standard input, answers there too'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "man" -d 'A manual page, for those who package synfin'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "completions" -d 'What makes a shell complete synfin\'s words, for its start-up file'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "read" -d 'A line per packet, with what it meant for its connection'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "sniff" -d 'What passes an interface, a line per packet, with what it meant for its connection'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "conns" -d 'A line per connection: who, how it opened, how it closed'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "explain" -d 'The story of a connection, step by step'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "follow" -d 'What both ends of a conversation said'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "report" -d 'A page on a capture, complete in itself, for whoever has a browser'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "annotate" -d 'A capture with what every packet meant written beside it, for Wireshark and its kin'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "compare" -d 'Two captures of one conversation: what one side sent and the other never saw'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "script" -d 'A recorded connection as a script for `play`, ready to be edited'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "proto" -d 'Declare a protocol of one\'s own, check the declaration, or make it another program\'s'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "replay" -d 'Performs recorded connections again, against a living peer, and compares what it says'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "demo" -d 'A connection of one\'s own, performed and explained: no argument, no root, no set-up'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "interfaces" -d 'The interfaces of this machine, numbered: name, state, addresses'
complete -c synfin -n "__fish_synfin_using_subcommand help; and not __fish_seen_subcommand_from check craft play socket-holders man completions read sniff conns explain follow report annotate compare script proto replay demo interfaces help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c synfin -n "__fish_synfin_using_subcommand help; and __fish_seen_subcommand_from proto" -f -a "check" -d 'Say what is declared in files, or the first mistake in each'
complete -c synfin -n "__fish_synfin_using_subcommand help; and __fish_seen_subcommand_from proto" -f -a "new" -d 'Print a declaration to begin with'
complete -c synfin -n "__fish_synfin_using_subcommand help; and __fish_seen_subcommand_from proto" -f -a "export" -d 'Print the protocol for another program'
