#!/usr/bin/env python3
"""A wire in user space: two TAP interfaces and what happens between them.

    wire.py CLIENT-IF SERVER-IF [--delay MS] [--trunk A B ID[,ID]] [RULE ...]

Frames that come out of one interface go into the other one, MS milliseconds
later. A rule changes the fate of chosen segments:

    "lose SIDE KIND WHICH"        the segment never arrives
    "late SIDE KIND WHICH MS"     it arrives MS milliseconds later than others
    "twice SIDE KIND WHICH"       it arrives twice

SIDE   client or server: who sent it
KIND   syn      SYN without ACK
       synack   SYN with ACK
       ack      a bare ACK: no data, no SYN, FIN or RST
       data     carries data (and no SYN)
       fin      has FIN set
       last-ack a bare ACK sent when FINs have been seen from both sides
       big      data in a frame of more than 1400 octets
       tcp      any TCP segment
       udp      any UDP datagram
WHICH  counts the segments of that kind from that side, from 1:
       "1", "2,5", "3-6", "4-" or "all"

With --trunk, a frame is tagged (802.1Q; with two IDs an 802.1ad tag outside
and an 802.1Q tag inside), crosses the link between interfaces A and B and is
untagged again, as if two switches stood between the hosts.

The word "ready" is printed once the TAP interfaces exist.
"""

import argparse
import fcntl
import heapq
import itertools
import os
import select
import socket
import struct
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
ETH_P_ALL, PACKET_OUTGOING = 0x0003, 4
TPID_Q, TPID_AD = 0x8100, 0x88A8
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def tcp_of(frame):
    """(flags, number of data octets) of a TCP segment, else None."""
    ethertype = int.from_bytes(frame[12:14], "big")
    ip = frame[14:]
    if ethertype == 0x0800 and ip[9] == 6 and not int.from_bytes(ip[6:8], "big") & 0x1FFF:
        tcp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4], "big")]
    elif ethertype == 0x86DD and ip[6] == 6:
        tcp = ip[40 : 40 + int.from_bytes(ip[4:6], "big")]
    else:
        return None
    return tcp[13], len(tcp) - (tcp[12] >> 4) * 4


def carries_udp(frame):
    ethertype = int.from_bytes(frame[12:14], "big")
    return (ethertype == 0x0800 and frame[23] == 17) or (ethertype == 0x86DD and frame[20] == 17)


def numbers(text):
    """Turns "2,5-7,9-" into a test for a number."""
    if text == "all":
        return lambda n: True
    spans = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        spans.append((int(first), float("inf") if dash and not last else int(last or first)))
    return lambda n: any(first <= n <= last for first, last in spans)


class Rule:
    def __init__(self, text):
        self.what, self.side, self.kind, which, *rest = text.split()
        self.hits = numbers(which)
        self.late = float(rest[0]) / 1000 if rest else 0.0
        self.seen = 0

    def applies(self, side, kinds):
        if side != self.side or self.kind not in kinds:
            return False
        self.seen += 1
        return self.hits(self.seen)


class Wire:
    def __init__(self, rules, delay):
        self.rules, self.delay = rules, delay
        self.fins = set()
        self.queue, self.order = [], itertools.count()

    def kinds(self, side, frame):
        tcp = tcp_of(frame)
        if tcp is None:
            return {"udp"} if carries_udp(frame) else set()
        flags, data = tcp
        kinds = {"tcp"}
        if flags & SYN:
            kinds.add("synack" if flags & ACK else "syn")
        elif data:
            kinds.add("data")
            if len(frame) > 1400:
                kinds.add("big")
        elif not flags & (FIN | RST):
            kinds.add("ack")
            if len(self.fins) == 2:
                kinds.add("last-ack")
        if flags & FIN:
            kinds.add("fin")
            self.fins.add(side)
        return kinds

    def take(self, side, frame):
        """A frame leaves one host: decide when, and how often, it arrives."""
        kinds = self.kinds(side, frame)
        hits = [rule for rule in self.rules if rule.applies(side, kinds)]
        if any(rule.what == "lose" for rule in hits):
            return
        due = time.monotonic() + self.delay + sum(rule.late for rule in hits)
        for _ in range(2 if any(rule.what == "twice" for rule in hits) else 1):
            heapq.heappush(self.queue, (due, next(self.order), side, frame))


def tag(frame, ids):
    tpids = [TPID_Q] if len(ids) == 1 else [TPID_AD, TPID_Q]
    tags = b"".join(struct.pack("!HH", tpid, vid) for tpid, vid in zip(tpids, ids))
    return frame[:12] + tags + frame[12:]


def untag(frame):
    while int.from_bytes(frame[12:14], "big") in (TPID_Q, TPID_AD):
        frame = frame[:12] + frame[16:]
    return frame


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("client")
    parser.add_argument("server")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--trunk", nargs=3, metavar=("A", "B", "IDS"))
    parser.add_argument("--rule", dest="rules", action="append", type=Rule, default=[])
    args = parser.parse_args()

    taps = {"client": open_tap(args.client), "server": open_tap(args.server)}
    peer = {"client": "server", "server": "client"}
    side_of = {fd: side for side, fd in taps.items()}

    trunk, ids = {}, []
    if args.trunk:
        ids = [int(vid) for vid in args.trunk[2].split(",")]
        for side, name in zip(("client", "server"), args.trunk):
            trunk[side] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            trunk[side].bind((name, ETH_P_ALL))
            side_of[trunk[side].fileno()] = side
    trunk_fds = {sock.fileno() for sock in trunk.values()}

    wire = Wire(args.rules, args.delay / 1000)
    print("ready", flush=True)

    def hand_over(side, frame):
        try:
            os.write(taps[side], frame)
        except OSError:
            pass  # the interface is down or gone

    while True:
        timeout = max(0.0, wire.queue[0][0] - time.monotonic()) if wire.queue else None
        readable, _, _ = select.select(list(side_of), [], [], timeout)
        for fd in readable:
            side = side_of[fd]
            if fd in trunk_fds:
                frame, address = trunk[side].recvfrom(65536)
                if address[2] != PACKET_OUTGOING:
                    hand_over(side, untag(frame))
                continue
            try:
                wire.take(side, os.read(fd, 65536))
            except OSError:
                pass
        while wire.queue and wire.queue[0][0] <= time.monotonic():
            _, _, side, frame = heapq.heappop(wire.queue)
            if trunk:
                trunk[side].send(tag(frame, ids))
            else:
                hand_over(peer[side], frame)


main()
