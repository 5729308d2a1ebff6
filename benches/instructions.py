#!/usr/bin/env python3
"""Counts the instructions that a packet takes, and holds them against the record.

    benches/instructions.py            # fails where one is more than 3 % above benches/instructions.tsv
    benches/instructions.py --renew    # writes the record anew
    benches/instructions.py --profile mix    # where they go, by function

A slowdown shows here without a quiet machine. The captures are made here, the same every time, each
in two sizes: what is counted for one is taken from what is counted for the other, so that starting
up is no part of it. Wants valgrind, and the release build in target/release.
"""

import argparse
import os
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benches/instructions.tsv"
MADE = ROOT / "target/instructions"
SYNFIN = ROOT / "target/release/synfin"

# What is counted: a capture, and what is done with it.
COUNTED = [
    ("mix", ["conns"]),
    ("small", ["conns"]),
    ("syns", ["conns"]),
    ("elephants", ["conns"]),
    ("mix", ["conns", "-T", "json"]),
    ("mix", ["conns", "-T", "json", "--no-apps"]),
    ("mix", ["read"]),
    ("mix", ["read", "-T", "json"]),
]

# Connections in the smaller capture of each kind; the larger has twice as many.
CONNECTIONS = {"mix": 400, "small": 1000, "syns": 10_000, "elephants": 40}

ALLOWED = 0.03

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="write the record anew")
    parser.add_argument("--profile", metavar="KIND", choices=CONNECTIONS, help="`conns` over this, by function")
    args = parser.parse_args()
    if args.profile:
        return profile(capture(args.profile, 2)[0])
    compiler = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    counts = {f"{' '.join(command)}, {kind}": per_packet(kind, command) for kind, command in COUNTED}
    if args.renew:
        lines = [f"# Instructions per packet, {compiler}; `benches/instructions.py --renew`"]
        lines += [f"{name}\t{count:.0f}" for name, count in counts.items()]
        RECORD.write_text("\n".join(lines) + "\n")
    return compare(counts, compiler)


def compare(counts: dict[str, float], compiler: str) -> int:
    """Prints every figure beside the recorded one; 1 where one is too large."""
    heading, *lines = RECORD.read_text().splitlines()
    record = {name: float(count) for name, count in (line.split("\t") for line in lines)}
    slower = False
    for name, count in counts.items():
        known = record.get(name)
        if known is None:
            print(f"{name:30} {count:8.0f}  not recorded yet")
            slower = True
            continue
        change = count / known - 1
        slower |= change > ALLOWED
        word = "SLOWER" if change > ALLOWED else "faster: renew the record" if change < -ALLOWED else ""
        print(f"{name:30} {count:8.0f}  {change:+7.1%}  {word}".rstrip())
    if slower:
        print(f"the record: {heading.removeprefix('# ')}\nthis is {compiler}")
        print("if a packet is worth more instructions now, `benches/instructions.py --renew` says so")
    return 1 if slower else 0


def per_packet(kind: str, command: list[str]) -> float:
    """Instructions for each packet of the larger capture that is not in the smaller."""
    (small, few), (large, many) = (capture(kind, times) for times in (1, 2))
    return (count(command, large) - count(command, small)) / (many - few)


def count(command: list[str], path: Path) -> int:
    """Instructions that a command executes."""
    told = callgrind("/dev/null", [*command, str(path)])
    return int(next(line for line in told.splitlines() if "Collected" in line).split()[-1])


def callgrind(out: str, arguments: list[str]) -> str:
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", str(SYNFIN), *arguments]
    env = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stderr}")
    return done.stderr


def profile(path: Path) -> int:
    out = MADE / "callgrind.out"
    callgrind(str(out), ["conns", str(path)])
    return subprocess.run(["callgrind_annotate", "--auto=no", str(out)]).returncode


def capture(kind: str, times: int) -> tuple[Path, int]:
    """A capture of a kind, and how many packets it has."""
    MADE.mkdir(parents=True, exist_ok=True)
    path = MADE / f"{kind}-{times}.pcap"
    packets = sorted(made(kind, CONNECTIONS[kind] * times), key=lambda packet: packet[0])
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        for time, frame in packets:
            file.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(frame), len(frame)))
            file.write(frame)
    return path, len(packets)


def made(kind: str, connections: int) -> list[tuple[int, bytes]]:
    """Times in microseconds, and frames."""
    packets = []
    for number in range(connections):
        # A new one every 2 ms: some hundreds of them are open at once.
        start = 1_790_000_000_000_000 + number * 2_000
        if kind == "mix":
            packets += mixed(number, start)
        elif kind == "small":
            packets += Talk(number, start, pause=40_000).open().send(0, 20).send(1, 30).send(0, 10).close().packets
        elif kind == "syns":
            packets += Talk(number, start).say(0, SYN).packets
        else:
            talk = Talk(number, start, pause=200, options=True).open()
            for _ in range(100):
                talk.send(1, 1_448, acked=False).send(1, 1_448)
            packets += talk.close().packets
    return packets


def mixed(number: int, start: int) -> list[tuple[int, bytes]]:
    """One after the other: a web page, names, a page over IPv6, a refusal, an aborted talk in a VLAN."""
    kind = number % 8
    if kind in (1, 3):
        return Talk(number, start, server=53).datagram(0, 40).datagram(1, 120).packets
    if kind == 5:
        return Talk(number, start, v6=number % 16 == 5).say(0, SYN).say(1, RST | ACK).packets
    talk = Talk(number, start, pause=15_000, v6=kind == 2, vlan=kind == 6, options=kind != 4).open().send(0, 300)
    for at in range(4 + number % 7):
        talk.send(1, 1_400, acked=at % 2 == 0)
    if kind == 7:
        talk.again(1, 1_400)
    talk.send(0, 90).send(1, 700)
    return (talk.say(1, RST | ACK) if kind == 6 else talk.close()).packets


class Talk:
    """A conversation being written down. Side 0 is the client."""

    def __init__(self, number, start, pause=1_000, server=443, v6=False, vlan=False, options=False):
        self.time, self.pause = start, pause
        self.v6, self.vlan, self.options = v6, vlan, options
        client, host = struct.pack(">I", number % 251 * 65_536 + number), struct.pack(">I", 1 + number % 13)
        prefix = bytes([0x20, 0x01, 0x0D, 0xB8, *[0] * 8]) if v6 else b""
        self.addresses = [prefix + bytes([10]) + client[1:], prefix + bytes([192]) + host[1:]]
        self.ports = [32_768 + number % 28_000, server]
        self.next = [(number * 2_654_435_761) % 2**32, (number * 40_503 + 7) % 2**32]
        self.packets = []

    def open(self):
        return self.say(0, SYN).say(1, SYN | ACK).say(0, ACK)

    def close(self):
        return self.say(0, FIN | ACK).say(1, FIN | ACK).say(0, ACK)

    def send(self, side, octets, acked=True):
        self.say(side, PSH | ACK, octets)
        return self.say(1 - side, ACK) if acked else self

    def again(self, side, octets):
        """What was sent last, once more."""
        self.next[side] = (self.next[side] - octets) % 2**32
        return self.send(side, octets)

    def say(self, side, flags, octets=0):
        ack = self.next[1 - side] if flags & ACK else 0
        options = b""
        if flags & SYN:
            options = b"\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07\x01\x01"
        if self.options:
            options += b"\x01\x01\x08\x0a" + struct.pack(">II", self.time // 1_000 % 2**32, 1)
        offset = (20 + len(options)) // 4 << 12
        ports = self.ports[side], self.ports[1 - side]
        header = struct.pack(">HHIIHHHH", *ports, self.next[side], ack, offset | flags, 0xFFFF, 0, 0)
        self.next[side] = (self.next[side] + octets + (1 if flags & (SYN | FIN) else 0)) % 2**32
        return self.packet(side, 6, header + options + bytes(octets))

    def datagram(self, side, octets):
        ports = self.ports[side], self.ports[1 - side]
        return self.packet(side, 17, struct.pack(">HHHH", *ports, 8 + octets, 0) + bytes(octets))

    def packet(self, side, protocol, payload):
        source, destination = self.addresses[side], self.addresses[1 - side]
        if self.v6:
            ip = struct.pack(">IHBB", 0x6000_0000, len(payload), protocol, 64) + source + destination
        else:
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), len(self.packets), 0x4000, 64, protocol, 0)
            ip += source + destination
        kind = b"\x86\xdd" if self.v6 else b"\x08\x00"
        link = bytes([2, 0, 0, 0, 0, 1 - side, 2, 0, 0, 0, 0, side]) + (b"\x81\x00\x00\x2a" if self.vlan else b"") + kind
        self.packets.append((self.time, link + ip + payload))
        self.time += self.pause
        return self


if __name__ == "__main__":
    sys.exit(main())
