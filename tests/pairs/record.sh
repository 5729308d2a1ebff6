#!/usr/bin/env bash
# Remakes the pairs of captures in this folder: `record.sh`, as root. Wants ip, iptables, tcpdump, python3.
#
# A client (10.1.0.2), a router and a server (192.0.2.2) in namespaces of their own; nothing leaves the
# machine. The router translates the client's address (masquerade, to ports from 61000 on) and lowers the
# MSS of every SYN to 1200. In `reset` it then sends a RST to each end in the name of the other, in the
# middle of the talk.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tag=pair$$
on() { ip netns exec "$tag-$1" "${@:2}"; }
clean() { for host in client router server; do ip netns del "$tag-$host" 2>/dev/null || true; done; }
trap clean EXIT

for host in client router server; do ip netns add "$tag-$host"; on $host ip link set lo up; done
ip -n "$tag-client" link add name lan type veth peer name lan netns "$tag-router"
ip -n "$tag-server" link add name wan type veth peer name wan netns "$tag-router"
on client ip addr add 10.1.0.2/24 dev lan
on router ip addr add 10.1.0.1/24 dev lan
on router ip addr add 192.0.2.1/24 dev wan
on server ip addr add 192.0.2.2/24 dev wan
for link in client/lan router/lan router/wan server/wan; do
    on "${link%/*}" ip link set "${link#*/}" up
    on "${link%/*}" ethtool -K "${link#*/}" tso off gso off gro off tx off >/dev/null 2>&1 || true
done
on client ip route add default via 10.1.0.1
on router sysctl -qw net.ipv4.ip_forward=1
on router iptables -t nat -A POSTROUTING -o wan -p tcp -j MASQUERADE --to-ports 61000-61999
on router iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1200

story() { # story NAME: both captures, and what the ends and the router do meanwhile
    ip netns exec "$tag-client" tcpdump -q -U -Z root -w "$here/$1-at-client.pcap" -i lan tcp 2>/dev/null & one=$!
    ip netns exec "$tag-server" tcpdump -q -U -Z root -w "$here/$1-at-server.pcap" -i wan tcp 2>/dev/null & two=$!
    sleep 1
    ip netns exec "$tag-server" timeout 10 python3 "$here/ends.py" server & server=$!
    sleep 0.5
    [ "$1" = nat ] || { ip netns exec "$tag-router" timeout 10 python3 "$here/ends.py" router & sleep 0.5; }
    ip netns exec "$tag-client" timeout 10 python3 "$here/ends.py" client
    wait $server || true
    sleep 1
    kill $one $two; wait $one $two || true
}

story nat
story reset
