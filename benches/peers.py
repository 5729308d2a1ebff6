#!/usr/bin/env python3
"""Measures synfin against its peers on the same captures, and prints the ratios as Markdown.

    benches/peers.py                        # a tenth of each workload, five pairs of runs
    benches/peers.py --full --pairs 9       # the whole: 3.7 GB of captures, an hour or two
    benches/peers.py -w w1 -p tcpdump       # only this workload, only peers so called
    benches/peers.py --record               # the tables of docs/BENCHMARKS.md anew
    benches/peers.py --list                 # which peers there are, and how to get those that are missing

The workloads are made by a generator that is not part of this project: a folder that holds the
crates `gen` (`workloads KIND OUT.pcap SEED SCALE`) and `floor` (the bare tracking pass). It is
named by --workloads or SYNFIN_WORKLOADS, and looked for beside the project. Peers run as they are
found on the machine, each in turn with us, A B A B, the output of both to /dev/null and the file
in the page cache. The ratio is our wall time over the peer's, pair by pair: the median, and the
least and the greatest. A peer that is too slow or too large for a workload gets a tenth of it, or a
hundredth, and so do we beside it. Peak memory below that of the Python that starts the commands,
some 20 MiB, is not seen.
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The page that tells the ratios, and between what.
PAGE = ROOT / "docs/BENCHMARKS.md"
BEGIN, END = "<!-- written by benches/peers.py --record -->", "<!-- up to here -->"

WORKLOADS = {
    "w1": "a realistic mix",
    "w2": "small packets, many connections",
    "w3": "a SYN each from as many sources",
    "w4": "a few elephants",
}

CONNS = ["conns", "{file}"]


@dataclass(frozen=True)
class Peer:
    """A command to compare with, and what the comparison has to come to."""

    name: str
    command: list[str]
    install: str
    ours: list[str] = field(default_factory=lambda: CONNS)
    # By workload: our time over the peer's, at most; a workload that is not named is not run.
    most: dict[str, float] = field(default_factory=dict)
    # The same, for what we aim at beyond that.
    aim: dict[str, float] = field(default_factory=dict)
    # How the capture is packed for both.
    packing: str = ""

    @property
    def tool(self) -> str:
        return self.command[0]


def each(w1: float, w2: float, w3: float, w4: float) -> dict[str, float]:
    return {"w1": w1, "w2": w2, "w3": w3, "w4": w4}


TEN_FIELDS = (
    "frame.number frame.time_epoch ip.src ip.dst tcp.srcport tcp.dstport tcp.seq tcp.ack tcp.flags tcp.len".split()
)

PEERS = [
    Peer("cat", ["cat", "{file}"], "part of every system", aim={"w1": 3.0}),
    Peer(
        "the bare tracking pass",
        ["floor", "{file}", "read:256", "trk_pf"],
        "comes with the generator",
        most=each(2.0, 3.0, 3.0, 2.0),
    ),
    Peer(
        "tcpdump -w /dev/null",
        ["tcpdump", "-r", "{file}", "-w", "/dev/null"],
        "apt-get install tcpdump",
        most=each(0.7, 1.8, 2.0, 0.5),
        aim={"w1": 0.40, "w2": 0.90},
    ),
    Peer("capinfos -c", ["capinfos", "-c", "{file}"], "apt-get install wireshark-common", aim={"w1": 0.70}),
    Peer("tcpstat", ["tcpstat", "-r", "{file}"], "apt-get install tcpstat"),
    Peer(
        "tcptrace -n",
        ["tcptrace", "-n", "{file}"],
        "apt-get install tcptrace",
        most=each(0.18, 0.06, 0.03, 0.2),
    ),
    Peer(
        "zeek -b, conn.log",
        ["zeek", "-b", "-C", "-r", "{file}", "base/protocols/conn"],
        "https://software.opensuse.org/download.html?project=security:zeek&package=zeek",
        most=each(0.05, 0.018, 0.01, 0.15),
    ),
    Peer(
        "tshark -q -z conv,tcp",
        ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", "{file}"],
        "apt-get install tshark",
        most=each(0.025, 0.023, 0.02, 0.023),
    ),
    Peer(
        "gopacket, a flow map",
        ["flows-gopacket", "{file}"],
        "apt-get install golang-go golang-github-google-gopacket-dev golang-golang-x-net-dev golang-golang-x-sys-dev; "
        "cd benches/peers/gopacket; GO111MODULE=off GOPATH=/usr/share/gocode "
        "go build -o ../../../target/peers/bin/flows-gopacket main.go",
        most={"w1": 0.5, "w2": 0.25, "w4": 0.6},
    ),
    Peer(
        "flowscope",
        ["flows-flowscope", "{file}"],
        "cargo install --locked --path benches/peers/flowscope --root target/peers",
        most={"w1": 0.45, "w2": 0.22, "w4": 0.6},
    ),
    Peer("softflowd", ["softflowd", "-d", "-r", "{file}"], "apt-get install softflowd"),
    Peer("argus", ["argus", "-X", "-r", "{file}", "-w", "/dev/null"], "apt-get install argus-server"),
    Peer(
        "tcpdump -nn",
        ["tcpdump", "-nn", "-r", "{file}"],
        "apt-get install tcpdump",
        ours=["read", "{file}"],
        most={"w1": 0.03},
        aim={"w1": 0.025},
    ),
    Peer(
        "tshark -T fields, ten fields",
        ["tshark", "-n", "-T", "fields", *(part for name in TEN_FIELDS for part in ("-e", name)), "-r", "{file}"],
        "apt-get install tshark",
        ours=["read", "-T", "json", "{file}"],
        most={"w1": 0.07},
    ),
    *(
        Peer(f"{tool} -dc", [tool, "-dc", "{file}"], f"apt-get install {tool}", CONNS, {"w1": 1.15}, aim, suffix)
        for tool, aim, suffix in (("gzip", {"w1": 0.7}, "gz"), ("zstd", {"w1": 1.05}, "zst"), ("lz4", {}, "lz4"))
    ),
]

# Peers without a word on a workload run on those where they are of interest.
ANYWHERE = {"cat", "capinfos -c", "tcpstat", "softflowd", "argus"}

PACKERS = {"gz": ["gzip", "-6", "-c"], "zst": ["zstd", "-q", "-3", "-c"], "lz4": ["lz4", "-q", "-c"]}


class Unavailable(Exception):
    """Why something cannot be measured here; the message says what to do."""


@dataclass
class Run:
    """What one run of one command took."""

    seconds: float
    peak_mib: float


@dataclass
class Row:
    """A comparison that was made."""

    peer: Peer
    part: float
    ours: list[Run]
    theirs: list[Run]

    def ratios(self) -> list[float]:
        return sorted(a.seconds / b.seconds for a, b in zip(self.ours, self.theirs, strict=True))


def main() -> int:
    args = arguments()
    bench = Bench(args)
    if args.list:
        for peer in PEERS:
            print(f"{peer.name:30} {'found' if bench.found(peer) else 'missing: ' + peer.install}")
        return 0
    try:
        bench.prepare()
    except Unavailable as reason:
        print(f"peers.py: {reason}", file=sys.stderr)
        return 1
    call = " ".join(["benches/peers.py", *sys.argv[1:]])
    told = [f"{date.today().isoformat()}, {machine()}; {args.pairs} pairs each; `{call}`"]
    print(told[0])
    above = False
    for workload in args.workload or WORKLOADS:
        rows, notes = bench.compare(workload)
        table, too_much = table_of(bench, workload, rows, notes)
        print(f"\n{table}", flush=True)
        told.append(table)
        above |= too_much
    missing = [f"- {peer.name}: {peer.install}" for peer in bench.peers if not bench.found(peer)]
    if missing:
        told.append("\n".join(["Not compared with, since missing on that machine:", "", *missing]))
        print(f"\n{told[-1]}")
    if args.record:
        record("\n\n".join(told))
    return 1 if above and args.strict else 0


def record(tables: str) -> None:
    """Puts the tables between the two marks of the page about benchmarks."""
    text = PAGE.read_text()
    (before, _), (_, after) = text.split(BEGIN), text.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("-w", "--workload", action="append", choices=WORKLOADS, help="only this one; may be repeated")
    add("-p", "--peer", action="append", metavar="TEXT", help="only peers whose name has this in it")
    add("--full", action="store_true", help="the workloads in full size")
    add("--scale", type=float, metavar="PART", help="this part of their full size (0.1)")
    add("--pairs", type=int, default=5, metavar="N", help="pairs of runs (5)")
    add("--patience", type=float, default=180, metavar="S", help="what takes longer gets a smaller part (180)")
    add("--workloads", type=Path, metavar="DIR", help="the folder with gen and floor")
    add("--dir", type=Path, default=ROOT / "target/peers", help="where captures and builds go (target/peers)")
    add("--synfin", type=Path, metavar="FILE", help="the program to measure, if not target/release/synfin")
    add("--cpu", action="store_true", help="compare processor time, all cores together, instead of wall time")
    add("--strict", action="store_true", help="end with 1 if a ratio is above what it may be")
    add("--record", action="store_true", help="write the tables into docs/BENCHMARKS.md")
    add("--list", action="store_true", help="list the peers and end")
    args = parser.parse_args()
    args.scale = args.scale or (1.0 if args.full else 0.1)
    return args


class Bench:
    """The commands, the captures, and the runs."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.dir: Path = args.dir.resolve()
        self.bin = self.dir / "bin"
        wanted = args.peer or [""]
        self.peers = [peer for peer in PEERS if any(text in peer.name for text in wanted)]
        self.synfin: Path = (args.synfin or ROOT / "target/release/synfin").resolve()
        self.packets: dict[Path, int] = {}
        os.environ["PATH"] = f"{self.bin}:{os.environ.get('PATH', '')}"
        os.environ["TZ"] = "UTC"

    def found(self, peer: Peer) -> bool:
        return shutil.which(peer.tool) is not None and (not peer.packing or self.packer(peer) is not None)

    def packer(self, peer: Peer) -> str | None:
        return shutil.which(PACKERS[peer.packing][0])

    def prepare(self) -> None:
        """Builds what is to be built."""
        self.bin.mkdir(parents=True, exist_ok=True)
        sources = self.sources()
        if not self.args.synfin:
            tell("building synfin")
            subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
        for crate, program in (("gen", "workloads"), ("floor", "floor")):
            if (self.bin / program).exists():
                continue
            tell(f"building {program}")
            # A copy: the folder may be read-only, and cargo writes a lock file.
            copy = self.dir / "src" / crate
            if not copy.exists():
                shutil.copytree(sources / crate, copy, ignore=shutil.ignore_patterns("target"))
                for path in (copy, *copy.rglob("*")):
                    path.chmod(0o755 if path.is_dir() else 0o644)
            subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=copy, check=True)
            shutil.copy(copy / "target/release" / program, self.bin / program)

    def sources(self) -> Path:
        named = self.args.workloads or os.environ.get("SYNFIN_WORKLOADS")
        sources = Path(named or ROOT.parent / "shared/workloads").resolve()
        if not (sources / "gen/Cargo.toml").exists() and not (self.bin / "workloads").exists():
            raise Unavailable(
                f"there is no generator in {sources}: name the folder that holds `gen` and `floor` "
                "with --workloads or SYNFIN_WORKLOADS"
            )
        return sources

    def capture(self, workload: str, scale: float, packing: str = "") -> Path:
        """The capture of a workload, made where it is not there yet."""
        path = self.dir / f"{workload}-{scale:g}.pcap"
        if not path.exists():
            tell(f"making {path.name}")
            making = path.with_suffix(".making")
            command = ["workloads", workload, str(making), "1", f"{scale:g}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            making.rename(path)
        if not packing:
            return path
        packed = path.with_suffix(f".pcap.{packing}")
        if not packed.exists():
            tell(f"making {packed.name}")
            making = path.with_suffix(".making")
            with making.open("wb") as out:
                subprocess.run([*PACKERS[packing], str(path)], check=True, stdout=out)
            making.rename(packed)
        return packed

    def count(self, path: Path) -> int:
        """How many packets a capture has."""
        if path not in self.packets:
            command = [str(self.synfin), "conns", "--top", "0", "--summary", str(path)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            self.packets[path] = int(next(line for line in told.splitlines() if " frames, " in line).split()[0])
        return self.packets[path]

    def compare(self, workload: str) -> tuple[list[Row], list[str]]:
        """Runs all peers on a workload; and what could not be done."""
        rows, notes = [], []
        for peer in self.peers:
            wanted = workload in peer.most or workload in peer.aim or peer.name in ANYWHERE
            if not wanted or not self.found(peer):
                continue
            for part in (1.0, 0.1, 0.01):
                row = self.pairs(peer, workload, part)
                if row:
                    rows.append(row)
                    break
            else:
                notes.append(f"{peer.name}: fails even on a hundredth, or takes longer than {self.args.patience:g} s")
        return rows, notes

    def pairs(self, peer: Peer, workload: str, part: float) -> Row | None:
        """Runs us and a peer in turn; `None` where the peer cannot do it."""
        path = self.capture(workload, self.args.scale * part, peer.packing)
        ours = [str(self.synfin), *fill(peer.ours, path)]
        theirs = fill(peer.command, path)
        row = Row(peer, part, [], [])
        tell(f"{workload}: {peer.name}" + (f" on a part of {part:g}" if part < 1 else ""))
        # Before anything is counted: whether the peer can, and all programs in the cache.
        if self.run(ours, path) is None:
            raise SystemExit(f"peers.py: {' '.join(ours)} failed")
        if self.run(theirs, path) is None:
            return None
        for _ in range(self.args.pairs):
            a, b = self.run(ours, path), self.run(theirs, path)
            if a is None or b is None:
                return None
            row.ours.append(a)
            row.theirs.append(b)
        return row

    def run(self, command: list[str], path: Path) -> Run | None:
        """Runs a command over a file; `None` where it failed, took too long or wanted most of the memory."""
        into_cache(path)
        scratch = self.dir / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        began = time.perf_counter()
        quiet = subprocess.DEVNULL
        child = subprocess.Popen(command, cwd=scratch, stdin=quiet, stdout=quiet, stderr=quiet)
        room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
        try:
            resource.prlimit(child.pid, resource.RLIMIT_DATA, (room, room))
        except (PermissionError, ProcessLookupError):
            pass  # it has given up its rights already, or is done: either way it is no danger
        timer = threading.Timer(self.args.patience, child.kill)
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        if self.args.cpu:
            seconds = usage.ru_utime + usage.ru_stime
        return Run(seconds, usage.ru_maxrss / 1024) if child.returncode == 0 else None


def fill(command: list[str], path: Path) -> list[str]:
    return [str(path) if part == "{file}" else part for part in command]


def into_cache(path: Path) -> None:
    """Before every run: a kernel may take back what nobody read for some seconds, as long as a slow peer runs."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def table_of(bench: Bench, workload: str, rows: list[Row], notes: list[str]) -> tuple[str, bool]:
    """A workload's table, and whether a ratio is above what it may be."""
    path = bench.capture(workload, bench.args.scale)
    size = path.stat().st_size / 1e6
    lines = [
        f"### {workload.upper()}: {WORKLOADS[workload]} ({bench.count(path):,} packets, {size:,.0f} MB)",
        "",
        "| peer | ratio | least to greatest | at most | aim | ours, ns a packet | peer's | ours, MiB | peer's |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    above = False
    for row in rows:
        ratios = row.ratios()
        ratio = statistics.median(ratios)
        most, aim = row.peer.most.get(workload), row.peer.aim.get(workload)
        above |= most is not None and ratio > most
        name = row.peer.name if row.peer.ours is CONNS else f"{row.peer.name} (`{' '.join(row.peer.ours[:-1])}`)"
        name += {1.0: "", 0.1: ", on a tenth", 0.01: ", on a hundredth"}[row.part]
        count = bench.count(bench.capture(workload, bench.args.scale * row.part))
        times = (statistics.median(run.seconds for run in runs) for runs in (row.ours, row.theirs))
        cells = [
            name,
            figure(ratio) + ("" if most is None or ratio <= most else " (!)"),
            f"{figure(ratios[0])} to {figure(ratios[-1])}",
            figure(most),
            figure(aim),
            *(f"{time * 1e9 / count:,.0f}" for time in times),
            *(f"{max(run.peak_mib for run in runs):,.0f}" for runs in (row.ours, row.theirs)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for note in notes:
        lines += ["", note]
    return "\n".join(lines), above


def figure(value: float | None) -> str:
    """Three figures or so."""
    if value is None:
        return ""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Linux {platform.release()}"


def tell(what: str) -> None:
    print(f"peers.py: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
