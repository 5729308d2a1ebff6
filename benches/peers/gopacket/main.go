// Follows the TCP and UDP flows of a capture the way gopacket's documentation recommends where speed
// counts: a DecodingLayerParser that decodes into the same layers again and again, and a map of flows.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A flow is a pair of endpoints, the same in both directions.
type flow struct {
	net, transport gopacket.Flow
}

// What is counted of it.
type counts struct {
	packets, octets, syns, fins, resets uint64
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	reader, err := pcapgo.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		panic(err)
	}
	var (
		ethernet layers.Ethernet
		tag      layers.Dot1Q
		ip4      layers.IPv4
		ip6      layers.IPv6
		tcp      layers.TCP
		udp      layers.UDP
		payload  gopacket.Payload
	)
	parser := gopacket.NewDecodingLayerParser(
		layers.LayerTypeEthernet, &ethernet, &tag, &ip4, &ip6, &tcp, &udp, &payload)
	parser.IgnoreUnsupported = true
	decoded := make([]gopacket.LayerType, 0, 8)
	flows := make(map[flow]*counts)
	for {
		data, _, err := reader.ZeroCopyReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		if parser.DecodeLayers(data, &decoded) != nil {
			continue
		}
		var key flow
		var segment *layers.TCP
		for _, layer := range decoded {
			switch layer {
			case layers.LayerTypeIPv4:
				key.net = ip4.NetworkFlow()
			case layers.LayerTypeIPv6:
				key.net = ip6.NetworkFlow()
			case layers.LayerTypeTCP:
				key.transport, segment = tcp.TransportFlow(), &tcp
			case layers.LayerTypeUDP:
				key.transport = udp.TransportFlow()
			}
		}
		known := flows[key]
		if known == nil {
			known = flows[flow{key.net.Reverse(), key.transport.Reverse()}]
		}
		if known == nil {
			known = &counts{}
			flows[key] = known
		}
		known.packets++
		known.octets += uint64(len(data))
		if segment != nil {
			if segment.SYN {
				known.syns++
			}
			if segment.FIN {
				known.fins++
			}
			if segment.RST {
				known.resets++
			}
		}
	}
	fmt.Println(len(flows), "flows")
}
