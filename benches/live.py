#!/usr/bin/env python3
"""Measures live capture against its peers: what share of the packets is captured, at what cost of CPU.

    benches/live.py                         # 500,000 frames of 54 octets and 200,000 of 1,514, five rounds
    benches/live.py --rounds 9 --only tcpdump synfin
    benches/live.py --tail                  # 1,000 frames, and Ctrl-C 50 ms after the last

Everything happens on a veth in a network namespace that is made for it and goes with it: nothing
leaves the machine. The sender is trafgen (of netsniff-ng), which sends so many frames as fast as it
can and ends; it has one core, the receivers have another. Receivers take turns, round by round, and
write to memory (/dev/shm) or, where they write text, to /dev/null. Cost is the receiver's time on a
CPU, from when it listens to half a second after the last frame, over the packets that it captured; what the kernel does for it while the sender sends is
the sender's, and the same for all with a ring. Printed is the median of the rounds with the least
and the greatest, and the ratio to tcpdump, round by round.

Needs trafgen and netsniff-ng, tcpdump, dumpcap and capinfos (of tshark), iproute2, util-linux. The
loops of pnet and of the pcap crate are built from benches/receivers, which needs libpcap-dev.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYNFIN = ROOT / "target/release/synfin"
RECEIVERS = ROOT / "benches/receivers/target/release"
SIZES = {54: 500_000, 1514: 200_000}
INSIDE = "SYNFIN_BENCH_INSIDE"


def receivers() -> dict[str, list[str]]:
    """The command of each receiver; OUT is the file to write."""
    return {
        "tcpdump -w": ["tcpdump", "-Z", "root", "-i", "v1", "-w", "OUT.pcap"],
        "tcpdump -w -B 16384": ["tcpdump", "-Z", "root", "-i", "v1", "-B", "16384", "-w", "OUT.pcap"],
        "dumpcap": ["dumpcap", "-q", "-i", "v1", "-w", "OUT.pcapng"],
        "netsniff-ng": ["netsniff-ng", "--in", "v1", "--out", "OUT.pcap", "--silent"],
        "pnet": [str(RECEIVERS / "with-pnet"), "v1", "OUT.pcap"],
        "pcap crate": [str(RECEIVERS / "with-pcap"), "v1", "OUT.pcap"],
        "synfin -w": [str(SYNFIN), "sniff", "-i", "v1", "-w", "OUT.pcapng"],
        "synfin -w -B 2048": [str(SYNFIN), "sniff", "-i", "v1", "-B", "2048", "-w", "OUT.pcapng"],
        "synfin -w .pcap": [str(SYNFIN), "sniff", "-i", "v1", "-w", "OUT.pcap"],
        "synfin, text": [str(SYNFIN), "sniff", "-i", "v1"],
        "synfin -q, text": [str(SYNFIN), "sniff", "-i", "v1", "-q"],
        "synfin, JSON": [str(SYNFIN), "sniff", "-i", "v1", "-T", "json"],
        "synfin -w --print": [str(SYNFIN), "sniff", "-i", "v1", "-w", "OUT.pcapng", "--print"],
        "tcpdump, text": ["tcpdump", "-Z", "root", "-nn", "-i", "v1"],
    }


def main() -> None:
    args = arguments()
    if os.environ.get(INSIDE) is None:
        if not args.no_build:
            build()
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        command = ["unshare", *user, "--net", sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)
    for name in ["v0", "v1"]:
        if name == "v0":
            run("ip link add v0 type veth peer name v1")
        run(f"ip link set {name} arp off addrgenmode none")
        run(f"ip link set {name} up")
    commands = {name: command for name, command in receivers().items() if wanted(name, command, args.only)}
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        if args.tail:
            tail(commands, Path(folder))
        else:
            for size, count in SIZES.items():
                measure(commands, Path(folder), size, int(count * args.scale), args.rounds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each receiver has its turn")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the frames, at most 10")
    parser.add_argument("--only", nargs="+", default=[], help="only receivers with one of these words")
    parser.add_argument("--tail", action="store_true", help="what is left of 1,000 frames at Ctrl-C")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    args = parser.parse_args()
    args.scale = min(args.scale, 10.0)
    return args


def build() -> None:
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    built = subprocess.run(["cargo", "build", "--release"], cwd=ROOT / "benches/receivers", check=False)
    if built.returncode != 0:
        print("not measured: pnet and the pcap crate (is libpcap-dev installed?)", file=sys.stderr)


def wanted(name: str, command: list[str], only: list[str]) -> bool:
    if only and not any(word in name for word in only):
        return False
    there = shutil.which(command[0]) is not None
    if not there:
        print(f"not measured: {name} ({command[0]} is not there)", file=sys.stderr)
    return there


def measure(commands: dict[str, list[str]], folder: Path, size: int, count: int, rounds: int) -> None:
    shares: dict[str, list[float]] = {name: [] for name in commands}
    costs: dict[str, list[float]] = {name: [] for name in commands}
    rates = []
    for _ in range(rounds):
        for name, command in commands.items():
            captured, cpu, rate = once(command, folder, size, count, patience=0.5)
            shares[name].append(captured / count)
            costs[name].append(cpu / max(captured, 1) * 1e9)
            rates.append(rate)
    print(f"\n{count:,} frames of {size:,} octets, offered at {statistics.median(rates) / 1000:.0f} "
          f"({min(rates) / 1000:.0f} to {max(rates) / 1000:.0f}) thousand a second, {rounds} rounds")
    print(f"{platform.release()}, {os.cpu_count()} cores\n")
    print("| receiver | captured | ns of CPU a packet | against tcpdump -w |")
    print("|---|---|---|---|")
    for name in commands:
        base = costs.get("tcpdump -w") or costs[name]
        ratios = [ours / theirs for ours, theirs in zip(costs[name], base)]
        print(f"| {name} | {spread(shares[name], '{:.1%}')} | {spread(costs[name], '{:.0f}')} "
              f"| {spread(ratios, '{:.2f}')} |")


def tail(commands: dict[str, list[str]], folder: Path) -> None:
    print("| receiver | of 1,000 frames, stopped 50 ms after the last |")
    print("|---|---|")
    for name, command in commands.items():
        kept = [once(command, folder, 54, 1_000, patience=0.05)[0] for _ in range(3)]
        print(f"| {name} | {', '.join(str(count) for count in kept)} |")


def once(command: list[str], folder: Path, size: int, count: int, patience: float) -> tuple[int, float, float]:
    """Packets captured, seconds of CPU, frames a second that were offered."""
    out = folder / "out"
    command = [word.replace("OUT", str(out)) for word in command]
    others = sockets()
    with open(folder / "told", "w+b") as told, open(os.devnull, "wb") as null:
        receiver = subprocess.Popen(["taskset", "-c", str(os.cpu_count() - 1), *command], stdout=null, stderr=told)
        deadline = time.monotonic() + 10
        while sockets() <= others and time.monotonic() < deadline and receiver.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)
        config = folder / "frame.cfg"
        config.write_text(frame(size))
        before, begun = on_cpu(receiver.pid), time.monotonic()
        run(f"taskset -c 0 trafgen --in {config} --out v0 -n {count} --cpus 1")
        rate = count / (time.monotonic() - begun)
        time.sleep(patience)
        cpu = on_cpu(receiver.pid) - before
        receiver.send_signal(signal.SIGINT)
        receiver.wait()
        told.seek(0)
        said = told.read().decode(errors="replace")
    captured = None
    for path in folder.glob("out*"):
        counted = subprocess.run(["capinfos", "-c", "-M", "-T", "-r", str(path)], capture_output=True, text=True, check=False)
        captured = int(counted.stdout.split()[-1]) if counted.stdout.split() else 0
        path.unlink()
    if captured is None:
        match = re.search(r"(\d+) packets? captured", said)
        captured = int(match.group(1)) if match else 0
    if receiver.returncode != 0:
        print(f"{command}: {receiver.returncode}\n{said}", file=sys.stderr)
    return captured, cpu, rate


def frame(size: int) -> str:
    """A TCP SYN of so many octets, in the language of trafgen."""
    total = size - 14
    return (f"{{ 0x02,0,0,0,0,2, 0x02,0,0,0,0,1, 0x08,0, 0x45,0,c16({total}), 0,1,0x40,0, 64,6,0,0, 10,0,0,1, "
            f"10,0,0,2, c16(12345), c16(80), c32(1), c32(0), 0x50,2, c16(8192), 0,0,0,0, fill(0x61,{size - 54}) }}\n"
            if size > 54 else
            f"{{ 0x02,0,0,0,0,2, 0x02,0,0,0,0,1, 0x08,0, 0x45,0,c16({total}), 0,1,0x40,0, 64,6,0,0, 10,0,0,1, "
            f"10,0,0,2, c16(12345), c16(80), c32(1), c32(0), 0x50,2, c16(8192), 0,0,0,0 }}\n")


def on_cpu(pid: int) -> float:
    """Seconds that all threads of a process were on a CPU."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def sockets() -> int:
    return len(Path("/proc/net/packet").read_text().splitlines())


def run(line: str) -> None:
    subprocess.run(line.split(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def spread(values: list[float], form: str) -> str:
    middle, least, greatest = statistics.median(values), min(values), max(values)
    return f"{form.format(middle)} ({form.format(least)} to {form.format(greatest)})"


if __name__ == "__main__":
    main()
