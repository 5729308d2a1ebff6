#!/usr/bin/env bash
# SYNs sent per second on a pair of interfaces, beside the other senders that are on this machine.
#
#   benches/send.sh [ROUNDS] [PROGRAM]     # 5 rounds, target/release/synfin
#
# All of it happens in a network namespace made for it, whose interfaces lead nowhere else; every
# sender is told how many packets to send or is ended after a few seconds. In each round each
# sender goes once, one after the other. The kernel counts what it sent; what a sender needs to
# start is taken off by a run of one packet. Told are the median of the rounds, and the median,
# least and greatest of the ratios to synfin in the same round: of time, and of processor time.
#
# Peers: apt-get install hping3 nmap netsniff-ng tcpreplay; pip install scapy (PYTHON names its python).
set -euo pipefail

if [ "${1-}" != --inside ]; then
    here=$(cd "$(dirname "$0")/.." && pwd)
    program=$(realpath "${2-$here/target/release/synfin}")
    [ -x "$program" ] || { echo "there is no $program: cargo build --release makes it" >&2; exit 1; }
    exec unshare --user --map-root-user --net --mount -- "$0" --inside "${1-5}" "$program"
fi

readonly rounds=$2 synfin=$3
readonly many=${MANY-300000} few=${FEW-20000} seconds=${SECONDS_EACH-2}
python=${PYTHON-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ip link set lo up
ip link add near type veth peer name far
ip addr add 10.9.0.1/24 dev near
ip link set near up
ip link set far up
theirs=$(ip -o link show far | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
ours=$(ip -o link show near | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
ip neigh add 10.9.0.77 lladdr "$theirs" dev near

# Each takes how many packets to send.
send_synfin() {
    "$synfin" craft -i near --src 10.9.0.1 --dst 10.9.0.77 --flags S --seq "0..4294967295" \
        --count "$1" --rate 10000000 --max-time 20s --silent --send
}
send_trafgen() { # by its ring
    trafgen --dev near --conf "$scratch/syn.cfg" --num "$1" --cpus 1
}
send_trafgen_sendto() {
    trafgen --dev near --conf "$scratch/syn.cfg" --num "$1" --cpus 1 -t0
}
send_tcpreplay() {
    tcpreplay -q -K --topspeed -i near --loop=$((($1 + 999) / 1000)) "$scratch/syns.pcap"
}
send_hping3() {
    timeout -s INT "$seconds" hping3 -q -S -p 80 --flood 10.9.0.77
}
send_nping() {
    nping -q -N -H --tcp --flags syn -p 80 --send-eth -e near --source-mac "$ours" --dest-mac "$theirs" \
        --rate 1000000 -c "$1" 10.9.0.77
}
send_scapy_raw() { "$python" "$scratch/scapy_send.py" raw "$1"; }
send_scapy() { "$python" "$scratch/scapy_send.py" build "$1"; }

cat >"$scratch/syn.cfg" <<CFG
{ eth(da=$theirs, sa=$ours), ipv4(sa=10.9.0.1, da=10.9.0.77, df), tcp(sp=40000, dp=80, syn) }
CFG
cat >"$scratch/scapy_send.py" <<'PY'
import sys
from scapy.all import IP, TCP, Ether, conf
how, count = sys.argv[1], int(sys.argv[2])
out = conf.L2socket(iface="near")
syn = Ether(dst="ff:ff:ff:ff:ff:fe") / IP(src="10.9.0.1", dst="10.9.0.77") / TCP(sport=40000, dport=80, flags="S")
octets = bytes(syn)
for n in range(count):
    if how == "raw":
        out.outs.send(octets)
    else:
        syn[TCP].seq = n
        out.send(syn)
PY
"$synfin" craft --src 10.9.0.1 --dst 10.9.0.77 --src-mac "$ours" --dst-mac "$theirs" --src-port 40000..40999 \
    -w "$scratch/syns.pcap" --silent

# name, program that has to be there, packets
senders=(
    "synfin:$synfin:$many" "trafgen:trafgen:$many" "trafgen_sendto:trafgen:$many" "tcpreplay:tcpreplay:$many"
    "hping3:hping3:$many" "nping:nping:$few" "scapy_raw:$python:$few" "scapy:$python:$((few / 10))"
)

sent() { ip -s -o link show near | sed -n 's/.*TX:[^0-9]*[0-9]* *\([0-9]*\).*/\1/p'; }

# run SENDER COUNT: how many packets went, how many seconds that took, and how many of a processor.
run() {
    local before TIMEFORMAT='%R %U %S'
    before=$(sent)
    { time "send_$1" "$2" >"$scratch/out" 2>&1; } 2>"$scratch/time" || [ "$1" = hping3 ] || {
        echo "$1 failed:" >&2
        tail -3 "$scratch/out" >&2
    }
    read -r real user system <"$scratch/time"
    echo "$(($(sent) - before)) $real $user $system"
}

is_there() {
    case $1 in
        scapy*) "$python" -c 'import scapy.all' 2>/dev/null ;;
        *) command -v "$2" >/dev/null ;;
    esac
}

for round in $(seq "$rounds"); do
    for sender in "${senders[@]}"; do
        IFS=: read -r name program count <<<"$sender"
        is_there "$name" "$program" || { [ "$round" -gt 1 ] || echo "not here: $name" >&2; continue; }
        # It has no end of its own at that speed, and starts at once.
        one="0 0 0 0"
        [ "$name" = hping3 ] || one=$(run "$name" 1)
        echo "$round $name $one $(run "$name" "$count")"
    done
done | tee "$scratch/rounds" >&2

"$python" - "$scratch/rounds" <<'PY'
import sys
from statistics import median

rounds = {}
for line in open(sys.argv[1]):
    number, name, *figures = line.split()
    sent1, real1, user1, system1, sent, real, user, system = map(float, figures)
    packets = sent - sent1
    seconds = max(real - real1, 1e-3)
    processor = max(user + system - user1 - system1, 1e-3)
    rounds.setdefault(name, {})[number] = (packets / seconds, packets / processor)
print("| sender | packets a second | synfin is so many times as fast | and takes so much less of a processor |")
print("|---|---|---|---|")
for name, of in sorted(rounds.items(), key=lambda item: -median(wall for wall, _ in item[1].values())):
    cells = [f"{median(wall for wall, _ in of.values()):,.0f}"]
    for what in (0, 1):
        ratios = [rounds["synfin"][number][what] / figures[what] for number, figures in of.items() if figures[what]]
        cells.append(f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"| {name} | {' | '.join(cells)} |")
PY
