
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'synfin' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'synfin'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'synfin' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Holds synfin''s answers against those of other tools')
            [CompletionResult]::new('craft', 'craft', [CompletionResultType]::ParameterValue, 'A packet from scratch: shows it, writes it to a capture (-w), or sends it (--send)')
            [CompletionResult]::new('play', 'play', [CompletionResultType]::ParameterValue, 'Performs one end of a script against a real host, and says whether all went as written')
            [CompletionResult]::new('socket-holders', 'socket-holders', [CompletionResultType]::ParameterValue, 'Who holds which socket: asks on standard input, answers there too')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'A manual page, for those who package synfin')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'What makes a shell complete synfin''s words, for its start-up file')
            [CompletionResult]::new('read', 'read', [CompletionResultType]::ParameterValue, 'A line per packet, with what it meant for its connection')
            [CompletionResult]::new('sniff', 'sniff', [CompletionResultType]::ParameterValue, 'What passes an interface, a line per packet, with what it meant for its connection')
            [CompletionResult]::new('conns', 'conns', [CompletionResultType]::ParameterValue, 'A line per connection: who, how it opened, how it closed')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'The story of a connection, step by step')
            [CompletionResult]::new('follow', 'follow', [CompletionResultType]::ParameterValue, 'What both ends of a conversation said')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'A page on a capture, complete in itself, for whoever has a browser')
            [CompletionResult]::new('annotate', 'annotate', [CompletionResultType]::ParameterValue, 'A capture with what every packet meant written beside it, for Wireshark and its kin')
            [CompletionResult]::new('compare', 'compare', [CompletionResultType]::ParameterValue, 'Two captures of one conversation: what one side sent and the other never saw')
            [CompletionResult]::new('script', 'script', [CompletionResultType]::ParameterValue, 'A recorded connection as a script for `play`, ready to be edited')
            [CompletionResult]::new('proto', 'proto', [CompletionResultType]::ParameterValue, 'Declare a protocol of one''s own, check the declaration, or make it another program''s')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Performs recorded connections again, against a living peer, and compares what it says')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'A connection of one''s own, performed and explained: no argument, no root, no set-up')
            [CompletionResult]::new('interfaces', 'interfaces', [CompletionResultType]::ParameterValue, 'The interfaces of this machine, numbered: name, state, addresses')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'synfin;check' {
            [CompletionResult]::new('--against', '--against', [CompletionResultType]::ParameterName, 'Ask this tool, which has to be installed')
            [CompletionResult]::new('--answers', '--answers', [CompletionResultType]::ParameterName, 'Compare with the recorded answers in this folder')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only captures whose name contains this text')
            [CompletionResult]::new('--examples', '--examples', [CompletionResultType]::ParameterName, 'Show up to N unexplained differences of each field')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'How to write the outcome')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--apps', '--apps', [CompletionResultType]::ParameterName, 'Compare what runs above TCP alone')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'A line per capture as well')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'A line per capture as well')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;craft' {
            [CompletionResult]::new('--src', '--src', [CompletionResultType]::ParameterName, 'Source address, or a range 10.0.0.1..10.0.0.9 [default: the one the kernel would choose]')
            [CompletionResult]::new('--dst', '--dst', [CompletionResultType]::ParameterName, 'Destination address, or a range [default: 127.0.0.1]')
            [CompletionResult]::new('--icmp', '--icmp', [CompletionResultType]::ParameterName, 'An ICMP message, or ICMPv6 over IPv6: `echo`, `reply`, or type and code as in 3/1')
            [CompletionResult]::new('--arp', '--arp', [CompletionResultType]::ParameterName, 'An ARP packet, `request` or `reply`, about the addresses of --src and --dst')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Nothing behind IP but the data, of this protocol')
            [CompletionResult]::new('--src-port', '--src-port', [CompletionResultType]::ParameterName, 'Source port [default: 40000]')
            [CompletionResult]::new('--source-port', '--source-port', [CompletionResultType]::ParameterName, 'Source port [default: 40000]')
            [CompletionResult]::new('--dst-port', '--dst-port', [CompletionResultType]::ParameterName, 'Destination port [default: 80]')
            [CompletionResult]::new('--dest-port', '--dest-port', [CompletionResultType]::ParameterName, 'Destination port [default: 80]')
            [CompletionResult]::new('--flags', '--flags', [CompletionResultType]::ParameterName, 'Flags in tcpdump''s letters, FSRP.UEWe, or `none` [default: S]')
            [CompletionResult]::new('--seq', '--seq', [CompletionResultType]::ParameterName, 'Sequence number [default: 0]')
            [CompletionResult]::new('--ack', '--ack', [CompletionResultType]::ParameterName, 'Acknowledgment number [default: 0]')
            [CompletionResult]::new('--win', '--win', [CompletionResultType]::ParameterName, 'Window [default: 65535]')
            [CompletionResult]::new('--urg', '--urg', [CompletionResultType]::ParameterName, 'Urgent pointer')
            [CompletionResult]::new('--options', '--options', [CompletionResultType]::ParameterName, 'TCP options by name: ''mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7'', ''kind 253 0102'', ''raw 0201''')
            [CompletionResult]::new('--echo-id', '--echo-id', [CompletionResultType]::ParameterName, 'Identifier of an ICMP echo')
            [CompletionResult]::new('--echo-seq', '--echo-seq', [CompletionResultType]::ParameterName, 'Number of an ICMP echo')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live, or hop limit [default: 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'DSCP and ECN, eight bits')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Identification (IPv4)')
            [CompletionResult]::new('--ip-options', '--ip-options', [CompletionResultType]::ParameterName, 'IPv4 options, octets in hexadecimal')
            [CompletionResult]::new('--flow-label', '--flow-label', [CompletionResultType]::ParameterName, 'IPv6 flow label, 20 bits')
            [CompletionResult]::new('--hop-by-hop', '--hop-by-hop', [CompletionResultType]::ParameterName, 'IPv6 hop-by-hop options, octets in hexadecimal')
            [CompletionResult]::new('--destination-options', '--destination-options', [CompletionResultType]::ParameterName, 'IPv6 destination options, octets in hexadecimal')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Payload: this text')
            [CompletionResult]::new('--data-hex', '--data-hex', [CompletionResultType]::ParameterName, 'Payload: these octets in hexadecimal')
            [CompletionResult]::new('--data-file', '--data-file', [CompletionResultType]::ParameterName, 'Payload: what this file holds')
            [CompletionResult]::new('--data-len', '--data-len', [CompletionResultType]::ParameterName, 'Payload: so many octets, the alphabet going round')
            [CompletionResult]::new('--wrong', '--wrong', [CompletionResultType]::ParameterName, 'Make a field wrong, as in ip-len=20; may be repeated')
            [CompletionResult]::new('--vlan', '--vlan', [CompletionResultType]::ParameterName, 'VLAN tags, outermost first, as in 100,7')
            [CompletionResult]::new('--src-mac', '--src-mac', [CompletionResultType]::ParameterName, 'Sender of the Ethernet frame')
            [CompletionResult]::new('--dst-mac', '--dst-mac', [CompletionResultType]::ParameterName, 'Receiver of the Ethernet frame')
            [CompletionResult]::new('--fragment', '--fragment', [CompletionResultType]::ParameterName, 'Cut each packet into IP fragments of at most N octets')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'How many packets [default: one, or as many as the longest range has values, up to 1000]')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'How many packets [default: one, or as many as the longest range has values, up to 1000]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Packets a second')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Write the packets to this capture; pcapng where its name ends so, `-` is stdout')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Send frames on this interface, as they are')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Send frames on this interface, as they are')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m)')
            [CompletionResult]::new('--answers', '--answers', [CompletionResultType]::ParameterName, 'Show what comes back, too, until a time after the last packet (500ms, 2s); not with -i')
            [CompletionResult]::new('--allow-remote', '--allow-remote', [CompletionResultType]::ParameterName, 'Let packets leave this machine for this network, as in 192.0.2.0/24; may be repeated')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'A field to write with -T fields, csv or tsv')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--tcp', '--tcp', [CompletionResultType]::ParameterName, 'A TCP segment; it is one unless something else is asked for')
            [CompletionResult]::new('--udp', '--udp', [CompletionResultType]::ParameterName, 'A UDP datagram')
            [CompletionResult]::new('--no-df', '--no-df', [CompletionResultType]::ParameterName, 'Let routers fragment it (IPv4)')
            [CompletionResult]::new('--bad-checksum', '--bad-checksum', [CompletionResultType]::ParameterName, 'Make the transport''s checksum wrong')
            [CompletionResult]::new('--ethernet', '--ethernet', [CompletionResultType]::ParameterName, 'Begin with an Ethernet header; --vlan, --src-mac, --dst-mac, --arp and -i do so too')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send the packets: as IP packets by the kernel''s routes, or with -i as frames')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what --send would do, and do not do it')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Show nothing of what is sent but how much it was; with -i, the fast way')
            [CompletionResult]::new('--allow-broadcast', '--allow-broadcast', [CompletionResultType]::ParameterName, 'Let packets go to broadcast and multicast addresses')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more: IP headers, checksums, comments, states (-v), empty segments'' numbers (-vv)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Tell less: addresses and lengths, steps and states without words')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Sequence numbers as sent, not counted from each side''s first')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)')
            [CompletionResult]::new('--nano', '--nano', [CompletionResultType]::ParameterName, 'Nanoseconds in every time')
            [CompletionResult]::new('--micro', '--micro', [CompletionResultType]::ParameterName, 'Microseconds in every time')
            [CompletionResult]::new('-#', '-#', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('--number', '--number', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal; twice, with its link header')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal and ASCII; twice, with its link header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Show the packet in ASCII; twice, with its link header')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'End with what the whole run came to')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Let every line be seen as soon as it is written')
            [CompletionResult]::new('--apps', '--apps', [CompletionResultType]::ParameterName, 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...')
            [CompletionResult]::new('--no-apps', '--no-apps', [CompletionResultType]::ParameterName, 'Leave that out, where it is told by itself')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Look up no names: nothing ever is, but hands are used to it')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;play' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Play the client, against a server at this address')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Play the server on this port, of 127.0.0.1 unless an address is named')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The address to speak from [default: the one that the route is for]')
            [CompletionResult]::new('--patience', '--patience', [CompletionResultType]::ParameterName, 'Wait so long for a packet where the script does not say')
            [CompletionResult]::new('--resend', '--resend', [CompletionResultType]::ParameterName, 'Say the last words again when no answer comes for so long')
            [CompletionResult]::new('--isn', '--isn', [CompletionResultType]::ParameterName, 'Count from this initial sequence number [default: one that is fresh]')
            [CompletionResult]::new('--allow-remote', '--allow-remote', [CompletionResultType]::ParameterName, 'Let packets go to this network beyond this machine; may be repeated')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Record the segments of both ends; a name in .pcapng keeps the script''s comments with them')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write: text, or json (an object per line, the last of them the verdict)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the script, and do nothing')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List the stock scenes, and do nothing')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Let nothing pass that is not expected, repeats and bare acknowledgments included')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of each packet')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Tell less of each packet')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;socket-holders' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'synfin;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the pages of synfin and of all its commands into this folder')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'synfin;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'synfin;read' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Write the packets to a file, and list none of them (but see --print); `-` is stdout')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'A field to write with -T fields, csv or tsv')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--annotate', '--annotate', [CompletionResultType]::ParameterName, 'Write beside each packet what it meant, as a comment that Wireshark shows')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'List the packets although they are written')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more: IP headers, checksums, comments, states (-v), empty segments'' numbers (-vv)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Tell less: addresses and lengths, steps and states without words')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Sequence numbers as sent, not counted from each side''s first')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)')
            [CompletionResult]::new('--nano', '--nano', [CompletionResultType]::ParameterName, 'Nanoseconds in every time')
            [CompletionResult]::new('--micro', '--micro', [CompletionResultType]::ParameterName, 'Microseconds in every time')
            [CompletionResult]::new('-#', '-#', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('--number', '--number', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal; twice, with its link header')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal and ASCII; twice, with its link header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Show the packet in ASCII; twice, with its link header')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'End with what the whole run came to')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Let every line be seen as soon as it is written')
            [CompletionResult]::new('--apps', '--apps', [CompletionResultType]::ParameterName, 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...')
            [CompletionResult]::new('--no-apps', '--no-apps', [CompletionResultType]::ParameterName, 'Leave that out, where it is told by itself')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Look up no names: nothing ever is, but hands are used to it')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;sniff' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m, 2h)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Octets of each packet to keep; 0 is the default')
            [CompletionResult]::new('--snapshot-length', '--snapshot-length', [CompletionResultType]::ParameterName, 'Octets of each packet to keep; 0 is the default')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'Size of the buffer that the kernel fills, in KiB')
            [CompletionResult]::new('--buffer-size', '--buffer-size', [CompletionResultType]::ParameterName, 'Size of the buffer that the kernel fills, in KiB')
            [CompletionResult]::new('-Q', '-Q ', [CompletionResultType]::ParameterName, 'Only what comes, or what this host sends')
            [CompletionResult]::new('--direction', '--direction', [CompletionResultType]::ParameterName, 'Only what comes, or what this host sends')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL')
            [CompletionResult]::new('--linktype', '--linktype', [CompletionResultType]::ParameterName, 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep the packets in a file, and list none of them (but see --print); `-` is stdout')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Begin a new file when one has so many million octets (with k, m, g: KiB, MiB, GiB): FILE, FILE1, FILE2 and so on')
            [CompletionResult]::new('-G', '-G ', [CompletionResultType]::ParameterName, 'Begin a new file every so many seconds; FILE may have the time in it, as strftime(3) writes it (%Y%m%d-%H%M%S)')
            [CompletionResult]::new('-W', '-W ', [CompletionResultType]::ParameterName, 'With -C, write N files and then the first again; with -G alone, end after N files')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Listen and write with N threads, each conversation in the file of one of them: FILE-0, FILE-1 and so on, before its ending')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its columns those of json), or fields (those named with -e)')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'A field to write with -T fields, csv or tsv')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Leave out what is sent to other hosts')
            [CompletionResult]::new('--no-promiscuous-mode', '--no-promiscuous-mode', [CompletionResultType]::ParameterName, 'Leave out what is sent to other hosts')
            [CompletionResult]::new('--immediate-mode', '--immediate-mode', [CompletionResultType]::ParameterName, 'Let every packet be seen at once, at the cost of more work')
            [CompletionResult]::new('--immediate', '--immediate', [CompletionResultType]::ParameterName, 'Let every packet be seen at once, at the cost of more work')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--pcap', '--pcap', [CompletionResultType]::ParameterName, 'Write pcap, as for a name that ends in `.pcap`, and not pcapng')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Write every packet at once, not a block of them')
            [CompletionResult]::new('--packet-buffered', '--packet-buffered', [CompletionResultType]::ParameterName, 'Write every packet at once, not a block of them')
            [CompletionResult]::new('--annotate', '--annotate', [CompletionResultType]::ParameterName, 'Write beside each packet what it meant, as a comment that Wireshark shows')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'List the packets although they are kept')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help` lists them)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more: IP headers, checksums, comments, states (-v), empty segments'' numbers (-vv)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Tell less: addresses and lengths, steps and states without words')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Sequence numbers as sent, not counted from each side''s first')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date (-tttt), since the first packet (-ttttt)')
            [CompletionResult]::new('--nano', '--nano', [CompletionResultType]::ParameterName, 'Nanoseconds in every time')
            [CompletionResult]::new('--micro', '--micro', [CompletionResultType]::ParameterName, 'Microseconds in every time')
            [CompletionResult]::new('-#', '-#', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('--number', '--number', [CompletionResultType]::ParameterName, 'Number the packets')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal; twice, with its link header')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Show the packet in hexadecimal and ASCII; twice, with its link header')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Show the packet in ASCII; twice, with its link header')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'End with what the whole run came to')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Let every line be seen as soon as it is written')
            [CompletionResult]::new('--apps', '--apps', [CompletionResultType]::ParameterName, 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...')
            [CompletionResult]::new('--no-apps', '--no-apps', [CompletionResultType]::ParameterName, 'Leave that out, where it is told by itself')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Call addresses by the names that answers of name servers in the input have given them so far (text and JSON)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Look up no names: nothing ever is, but hands are used to it')
            [CompletionResult]::new('--no-processes', '--no-processes', [CompletionResultType]::ParameterName, 'Do not look up which processes of this machine own the connections')
            [CompletionResult]::new('--no-sandbox', '--no-sandbox', [CompletionResultType]::ParameterName, 'Keep every right while packets are read: as root, all of root''s; and open files, sockets and programs. Without this they are given up once everything is open, so that a packet that found a flaw in synfin would find nothing to use it for')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;conns' {
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'How to write them')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'A field to write, with -T fields; may be repeated (`-e help` lists them)')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'A field to write, with -T fields; may be repeated (`-e help` lists them)')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'How to write fields: header=y, separator=/t, aggregator=/s, quote=d|s|n')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by this; the largest first, for what can be large')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Write only the first N')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Only this protocol (tcp, udp, icmp, or all); or know the protocols that a file declares (TOML; `synfin help proto`), and count their messages; may be repeated')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'These columns of the table, in this order')
            [CompletionResult]::new('--width', '--width', [CompletionResultType]::ParameterName, 'Fit into N columns; 0 is no limit [default: the terminal''s]')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Of an interface: write all connections of the moment, again and again with this long in between (seconds, or with a unit: 500ms, 5s, 1m), and not each as it ends')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Interface to listen to, by name or by its number in the list (-D); `any` is all of them')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Stop after a time: seconds, or with a unit (500ms, 90s, 5m, 2h)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Octets of each packet to keep; 0 is the default')
            [CompletionResult]::new('--snapshot-length', '--snapshot-length', [CompletionResultType]::ParameterName, 'Octets of each packet to keep; 0 is the default')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'Size of the buffer that the kernel fills, in KiB')
            [CompletionResult]::new('--buffer-size', '--buffer-size', [CompletionResultType]::ParameterName, 'Size of the buffer that the kernel fills, in KiB')
            [CompletionResult]::new('-Q', '-Q ', [CompletionResultType]::ParameterName, 'Only what comes, or what this host sends')
            [CompletionResult]::new('--direction', '--direction', [CompletionResultType]::ParameterName, 'Only what comes, or what this host sends')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL')
            [CompletionResult]::new('--linktype', '--linktype', [CompletionResultType]::ParameterName, 'The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'Sort the other way round')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Numbers over all connections at the end (table and JSON)')
            [CompletionResult]::new('--wide', '--wide', [CompletionResultType]::ParameterName, 'All columns of the table in full, also those that say the same in every row')
            [CompletionResult]::new('--apps', '--apps', [CompletionResultType]::ParameterName, 'Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...')
            [CompletionResult]::new('--no-apps', '--no-apps', [CompletionResultType]::ParameterName, 'Leave that out, where it is told by itself')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Call addresses by the names that answers of name servers in the input give them (table and JSON)')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Keep to ASCII [default: where the locale is not UTF-8]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Leave out what is sent to other hosts')
            [CompletionResult]::new('--no-promiscuous-mode', '--no-promiscuous-mode', [CompletionResultType]::ParameterName, 'Leave out what is sent to other hosts')
            [CompletionResult]::new('--immediate-mode', '--immediate-mode', [CompletionResultType]::ParameterName, 'Let every packet be seen at once, at the cost of more work')
            [CompletionResult]::new('--immediate', '--immediate', [CompletionResultType]::ParameterName, 'Let every packet be seen at once, at the cost of more work')
            [CompletionResult]::new('--no-processes', '--no-processes', [CompletionResultType]::ParameterName, 'Do not look up which processes of this machine own the connections')
            [CompletionResult]::new('--no-sandbox', '--no-sandbox', [CompletionResultType]::ParameterName, 'Keep every right while packets are read: as root, all of root''s; and open files, sockets and programs. Without this they are given up once everything is open, so that a packet that found a flaw in synfin would find nothing to use it for')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;explain' {
            [CompletionResult]::new('--conn', '--conn', [CompletionResultType]::ParameterName, 'Tell of connection N, as `conns` numbers them; may be repeated')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Tell of at most N connections where none is chosen; 0 is all')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Which parts of the story')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'In which form')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'What room time takes in the ladder')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('--width', '--width', [CompletionResultType]::ParameterName, 'Fit into N columns; 0 is no limit [default: the terminal''s]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Tell only of connections in which something went wrong or took long')
            [CompletionResult]::new('--flood', '--flood', [CompletionResultType]::ParameterName, 'Tell of SYN floods instead: what one does to a server, why, and what the numbers of this capture say of it')
            [CompletionResult]::new('--no-apps', '--no-apps', [CompletionResultType]::ParameterName, 'Leave out what runs on connections and what was said there')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Call addresses by the names that answers of name servers in the input give them')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Keep to ASCII [default: where the locale is not UTF-8]')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;follow' {
            [CompletionResult]::new('--conn', '--conn', [CompletionResultType]::ParameterName, 'Follow conversation N, as `conns` numbers them; may be repeated [default: all]')
            [CompletionResult]::new('--stream', '--stream', [CompletionResultType]::ParameterName, 'Follow what Wireshark gives this number as its tcp.stream (`3`) or udp.stream (`udp:3`); may be repeated')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'One side alone')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'In which form')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--zeros', '--zeros', [CompletionResultType]::ParameterName, 'With -T raw, zeros in the place of what is missing, so that offsets hold')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'A heading for every packet, with its place in the stream, not for every turn')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'The time: not at all (-t), in seconds (-tt), since the last heading (-ttt), with its date (-tttt), since the first (-ttttt)')
            [CompletionResult]::new('--nano', '--nano', [CompletionResultType]::ParameterName, 'Nanoseconds in every time')
            [CompletionResult]::new('--micro', '--micro', [CompletionResultType]::ParameterName, 'Microseconds in every time')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Keep to ASCII [default: where the locale is not UTF-8]')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;report' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The page to write; `-` is stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The page to write; `-` is stdout')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List at most N connections: failures and slow ones first, of every kind some')
            [CompletionResult]::new('--details', '--details', [CompletionResultType]::ParameterName, 'Leave N kilobytes for the details of connections, in the same order')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-payload', '--no-payload', [CompletionResultType]::ParameterName, 'Leave out the first words that each end said')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;annotate' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The pcapng to write; `-` is stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The pcapng to write; `-` is stdout')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;compare' {
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Tell too of the connections to which nothing happened, however many there are')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;script' {
            [CompletionResult]::new('--conn', '--conn', [CompletionResultType]::ParameterName, 'Write connection N, as `conns` numbers them; needed where there is more than one')
            [CompletionResult]::new('--plays', '--plays', [CompletionResultType]::ParameterName, 'Which end is going to be played')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--fast', '--fast', [CompletionResultType]::ParameterName, 'Leave out the recorded times: every step as soon as it can be')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;proto' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what is declared in files, or the first mistake in each')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a declaration to begin with')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print the protocol for another program')
            break
        }
        'synfin;proto;check' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'synfin;proto;new' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'synfin;proto;export' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;replay' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Perform the recorded clients, against a server at this address')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Perform the recorded servers at this address, for real clients, each the next recording')
            [CompletionResult]::new('--conn', '--conn', [CompletionResultType]::ParameterName, 'Perform connection N, as `conns` numbers them; may be repeated')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The address to speak from [default: the one that the route is for]')
            [CompletionResult]::new('--pace', '--pace', [CompletionResultType]::ParameterName, 'When to go on, once the peer has said what was recorded: at once (fast), after the recorded time (recorded), or N times as soon (xN) [default: fast; with --stage, recorded]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Perform at most N connections at once; those that overlapped when they were recorded do')
            [CompletionResult]::new('--loop', '--loop', [CompletionResultType]::ParameterName, 'Perform everything N times')
            [CompletionResult]::new('--patience', '--patience', [CompletionResultType]::ParameterName, 'Give a connection up in which the peer says nothing for so long, beside the time that it took when it was recorded')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop after this time, whatever goes on')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'Ask for segments of at most N octets, instead of as many as recorded')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'What may differ: a regular expression or a range of octets (8..16), of both directions or, behind `client:` or `server:`, of one; may be repeated')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Record the live segments of both ends: a pcapng with what each meant beside it, or a pcap where the name ends in .pcap')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'What to write: text, or json (an object per connection, and one for all)')
            [CompletionResult]::new('--allow-remote', '--allow-remote', [CompletionResultType]::ParameterName, 'Let packets leave this machine for this network, as in 192.0.2.0/24; may be repeated')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Capture to read, for hands that know tcpdump')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after N packets')
            [CompletionResult]::new('--checksums', '--checksums', [CompletionResultType]::ParameterName, 'Whether checksums are looked at: the host that sent a packet often captures it with a checksum that is still to be filled in')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Follow at most N connections at once; with more, the least worth its room is given up, and told as evicted')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Fail where one of these was found; `scan` is any of the scans')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Read the filter from FILE')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'With --stage: send both ends'' segments on this interface, when their time has come')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'With --stage: send both ends'' segments on this interface, when their time has come')
            [CompletionResult]::new('--rewrite', '--rewrite', [CompletionResultType]::ParameterName, 'With --stage: other addresses for the recorded ones: an address, an address with a port, or a network; may be repeated, the first that fits counts')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Perform all connections of the capture')
            [CompletionResult]::new('--allow-gaps', '--allow-gaps', [CompletionResultType]::ParameterName, 'Perform connections that were not recorded whole, too, as far as they go')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what both ends did, recorded and live, side by side')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the segments, too, with what they mean')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Tell only of connections in which something differs')
            [CompletionResult]::new('--allow-broadcast', '--allow-broadcast', [CompletionResultType]::ParameterName, 'Let packets go to broadcast and multicast addresses')
            [CompletionResult]::new('--resync', '--resync', [CompletionResultType]::ParameterName, 'After a damaged record, look for the next good one and go on')
            [CompletionResult]::new('--timers', '--timers', [CompletionResultType]::ParameterName, 'Give up connections after a silence too long for their state, as a live capture has to')
            [CompletionResult]::new('--no-defrag', '--no-defrag', [CompletionResultType]::ParameterName, 'Leave datagrams that came in fragments in their pieces')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print the filter''s program and stop: for people (-d), as C (-dd), as numbers (-ddd)')
            [CompletionResult]::new('--stage', '--stage', [CompletionResultType]::ParameterName, 'Perform both ends, without a peer: into a capture (-w FILE), or onto an interface (-i IF)')
            [CompletionResult]::new('--original', '--original', [CompletionResultType]::ParameterName, 'Perform the recorded clients with the addresses and ports they had, against the server program that COMMAND starts, in a network namespace of their own in which every address is here')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;demo' {
            [CompletionResult]::new('--craft', '--craft', [CompletionResultType]::ParameterName, 'Which end is built from scratch: client or server [default: what the scene is made for]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Record the segments of both ends; a name in .pcapng keeps the script''s comments with them')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages; may be repeated')
            [CompletionResult]::new('--width', '--width', [CompletionResultType]::ParameterName, 'Fit into N columns; 0 is no limit [default: the terminal''s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'One segment at a time, on Enter, with its header drawn and the state diagram')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List the stock scenes, and do nothing')
            [CompletionResult]::new('--here', '--here', [CompletionResultType]::ParameterName, 'Stay where this is called, on its loopback: to look on with another program')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Over IPv6')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Over IPv6')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Keep to ASCII [default: where the locale is not UTF-8]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;interfaces' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Leave the configuration file alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'synfin;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Holds synfin''s answers against those of other tools')
            [CompletionResult]::new('craft', 'craft', [CompletionResultType]::ParameterValue, 'A packet from scratch: shows it, writes it to a capture (-w), or sends it (--send)')
            [CompletionResult]::new('play', 'play', [CompletionResultType]::ParameterValue, 'Performs one end of a script against a real host, and says whether all went as written')
            [CompletionResult]::new('socket-holders', 'socket-holders', [CompletionResultType]::ParameterValue, 'Who holds which socket: asks on standard input, answers there too')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'A manual page, for those who package synfin')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'What makes a shell complete synfin''s words, for its start-up file')
            [CompletionResult]::new('read', 'read', [CompletionResultType]::ParameterValue, 'A line per packet, with what it meant for its connection')
            [CompletionResult]::new('sniff', 'sniff', [CompletionResultType]::ParameterValue, 'What passes an interface, a line per packet, with what it meant for its connection')
            [CompletionResult]::new('conns', 'conns', [CompletionResultType]::ParameterValue, 'A line per connection: who, how it opened, how it closed')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'The story of a connection, step by step')
            [CompletionResult]::new('follow', 'follow', [CompletionResultType]::ParameterValue, 'What both ends of a conversation said')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'A page on a capture, complete in itself, for whoever has a browser')
            [CompletionResult]::new('annotate', 'annotate', [CompletionResultType]::ParameterValue, 'A capture with what every packet meant written beside it, for Wireshark and its kin')
            [CompletionResult]::new('compare', 'compare', [CompletionResultType]::ParameterValue, 'Two captures of one conversation: what one side sent and the other never saw')
            [CompletionResult]::new('script', 'script', [CompletionResultType]::ParameterValue, 'A recorded connection as a script for `play`, ready to be edited')
            [CompletionResult]::new('proto', 'proto', [CompletionResultType]::ParameterValue, 'Declare a protocol of one''s own, check the declaration, or make it another program''s')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Performs recorded connections again, against a living peer, and compares what it says')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'A connection of one''s own, performed and explained: no argument, no root, no set-up')
            [CompletionResult]::new('interfaces', 'interfaces', [CompletionResultType]::ParameterValue, 'The interfaces of this machine, numbered: name, state, addresses')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'synfin;help;check' {
            break
        }
        'synfin;help;craft' {
            break
        }
        'synfin;help;play' {
            break
        }
        'synfin;help;socket-holders' {
            break
        }
        'synfin;help;man' {
            break
        }
        'synfin;help;completions' {
            break
        }
        'synfin;help;read' {
            break
        }
        'synfin;help;sniff' {
            break
        }
        'synfin;help;conns' {
            break
        }
        'synfin;help;explain' {
            break
        }
        'synfin;help;follow' {
            break
        }
        'synfin;help;report' {
            break
        }
        'synfin;help;annotate' {
            break
        }
        'synfin;help;compare' {
            break
        }
        'synfin;help;script' {
            break
        }
        'synfin;help;proto' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what is declared in files, or the first mistake in each')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a declaration to begin with')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print the protocol for another program')
            break
        }
        'synfin;help;proto;check' {
            break
        }
        'synfin;help;proto;new' {
            break
        }
        'synfin;help;proto;export' {
            break
        }
        'synfin;help;replay' {
            break
        }
        'synfin;help;demo' {
            break
        }
        'synfin;help;interfaces' {
            break
        }
        'synfin;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
