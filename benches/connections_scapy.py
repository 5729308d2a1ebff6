#!/usr/bin/env python3
"""The connections of benches/connections.rs, as Scapy makes them: `pip install scapy`, then
`unshare -Urn sh -c 'ip link set lo up; python3 benches/connections_scapy.py 100'`.

The kernel is kept quiet as the player keeps it: by a listening socket whose IP_MINTTL is 255.
"""
import socket
import sys
import threading
import time

from scapy.all import IP, TCP, L3RawSocket, Raw, conf

HOME = "127.0.0.1"


def serve(listener):
    while True:
        stream, _ = listener.accept()
        with stream:
            if len(stream.recv(5)) == 5:
                stream.sendall(b"HELLO")
                stream.recv(5)


def play(wire, port, to, number):
    """One connection; returns whether the answer came."""
    ends = IP(src=HOME, dst=HOME)

    def ask(flags, seq, ack, data=b"", wanted=lambda tcp: True):
        wire.send(ends / TCP(sport=port, dport=to, flags=flags, seq=seq, ack=ack) / Raw(data))
        end = time.monotonic() + 2
        while time.monotonic() < end:
            got = wire.recv(65535)
            if got and TCP in got and got[TCP].dport == port and wanted(got[TCP]):
                return got[TCP]
        raise TimeoutError(f"connection {number}: no answer to {flags}")

    synack = ask("S", 1000, 0, wanted=lambda tcp: tcp.flags == "SA")
    answer = ask("PA", 1001, synack.seq + 1, b"hello", lambda tcp: bytes(tcp.payload)[:5] == b"HELLO")
    fin = ask("FA", 1006, answer.seq + 5, wanted=lambda tcp: "F" in tcp.flags)
    wire.send(ends / TCP(sport=port, dport=to, flags="A", seq=1007, ack=fin.seq + 1))


def main():
    count = min(int(sys.argv[1]) if len(sys.argv) > 1 else 100, 2000)
    conf.verb = 0
    listener = socket.create_server((HOME, 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    guard = socket.socket()
    guard.setsockopt(socket.IPPROTO_IP, 21, 255)  # IP_MINTTL
    guard.bind((HOME, 0))
    guard.listen(1)
    wire = L3RawSocket(iface="lo")
    start = time.monotonic()
    for number in range(count):
        play(wire, guard.getsockname()[1], listener.getsockname()[1], number)
    print(f"scapy          {count / (time.monotonic() - start):7.1f} connections/s")


main()
