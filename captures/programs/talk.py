#!/usr/bin/env python3
"""One end of a conversation, told step by step on the command line.

    talk.py STEP [ARGUMENT ...] STEP [ARGUMENT ...] ...

Making the socket
    tcp | tcp6 | udp | udp6     a new socket (the former one stays as it is)
    bind ADDRESS PORT           with SO_REUSEADDR
    listen N                    N is the backlog
    accept                      go on with the accepted connection
    again                       go back to the listening socket
    connect ADDRESS PORT
    fastopen ADDRESS PORT N     connect with N octets of data in the SYN
    fastopen-listen             let the listening socket take such data
    connect-many N ADDRESS PORT N connections at once, not waited for

Talking
    send N                      N octets
    say TEXT                    TEXT and a line end
    recv N                      read until N octets are here
    recv-end                    read until the other side's FIN
    drip N COUNT SECONDS        COUNT times N octets, SECONDS apart
    recvfrom                    read one datagram, remember whose it was
    reply N                     send N octets to that one
    sendto ADDRESS PORT N       a datagram of N octets
    reply-hex HEX | sendto-hex ADDRESS PORT HEX
                                the same with these octets

Ending
    shutdown                    send a FIN, go on reading
    close                       close both directions
    reset                       close with SO_LINGER 0: sends RST
    forget                      drop the socket without a word (TCP_REPAIR),
                                as a host does that loses its power

Other
    rcvbuf N | sndbuf N | mss N
    nodelay
    keepalive IDLE INTERVAL COUNT
    timeout SECONDS             for every step after it
    pause SECONDS
    until TIME                  wait for TIME (seconds since 1970)
    try STEP ...                this step may fail

A step that fails ends the program with status 1.
"""

import os
import socket
import struct
import sys
import time

TCP_REPAIR = 19
PATTERN = b"abcdefghijklmnopqrstuvwxyz0123456789-synfin-\n"


def octets(n):
    return (PATTERN * (int(n) // len(PATTERN) + 1))[: int(n)]


class Talk:
    def __init__(self, words):
        self.words = list(words)
        self.sock = self.listener = self.peer = None
        self.kept = []
        self.seconds = None

    def word(self):
        return self.words.pop(0)

    def address(self):
        return self.word(), int(self.word())

    def option(self, level, name, value):
        self.sock.setsockopt(level, name, value)

    def run(self):
        while self.words:
            step = self.word()
            may_fail = step == "try"
            if may_fail:
                step = self.word()
            try:
                self.step(step)
            except OSError as error:
                print(f"talk: {step}: {error}", file=sys.stderr)
                if not may_fail:
                    sys.exit(1)

    def make(self, family, kind):
        self.kept.append(self.sock)
        self.sock = socket.socket(family, kind)
        self.sock.settimeout(self.seconds)

    def step(self, step):
        match step:
            case "tcp":
                self.make(socket.AF_INET, socket.SOCK_STREAM)
            case "tcp6":
                self.make(socket.AF_INET6, socket.SOCK_STREAM)
            case "udp":
                self.make(socket.AF_INET, socket.SOCK_DGRAM)
            case "udp6":
                self.make(socket.AF_INET6, socket.SOCK_DGRAM)
            case "bind":
                self.option(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.sock.bind(self.address())
            case "listen":
                self.sock.listen(int(self.word()))
                self.listener = self.sock
            case "accept":
                self.kept.append(self.sock)
                self.sock, _ = self.listener.accept()
                self.sock.settimeout(self.seconds)
            case "again":
                self.kept.append(self.sock)
                self.sock = self.listener
            case "connect":
                self.sock.connect(self.address())
            case "fastopen":
                where = self.address()
                self.sock.settimeout(None)  # else the call does not wait for the handshake
                self.sock.sendto(octets(self.word()), socket.MSG_FASTOPEN, where)
                self.sock.settimeout(self.seconds)
            case "fastopen-listen":
                self.option(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
            case "connect-many":
                count, where = int(self.word()), self.address()
                for _ in range(count):
                    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                    sock.setblocking(False)
                    sock.connect_ex(where)
                    self.kept.append(sock)
            case "send":
                self.sock.sendall(octets(self.word()))
            case "say":
                self.sock.sendall(self.word().encode() + b"\r\n")
            case "recv":
                wanted = int(self.word())
                while wanted > 0:
                    got = self.sock.recv(wanted)
                    if not got:
                        raise OSError("the other side has ended")
                    wanted -= len(got)
            case "recv-end":
                while self.sock.recv(65536):
                    pass
            case "drip":
                data, count, seconds = octets(self.word()), int(self.word()), float(self.word())
                for _ in range(count):
                    self.sock.sendall(data)
                    time.sleep(seconds)
            case "recvfrom":
                _, self.peer = self.sock.recvfrom(65536)
            case "reply":
                self.sock.sendto(octets(self.word()), self.peer)
            case "sendto":
                where = self.address()
                self.sock.sendto(octets(self.word()), where)
            case "reply-hex":
                self.sock.sendto(bytes.fromhex(self.word()), self.peer)
            case "sendto-hex":
                where = self.address()
                self.sock.sendto(bytes.fromhex(self.word()), where)
            case "shutdown":
                self.sock.shutdown(socket.SHUT_WR)
            case "close":
                self.sock.close()
            case "reset":
                self.option(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.sock.close()
            case "forget":
                self.option(socket.IPPROTO_TCP, TCP_REPAIR, 1)
                self.sock.close()
            case "rcvbuf":
                self.option(socket.SOL_SOCKET, socket.SO_RCVBUF, int(self.word()))
            case "sndbuf":
                self.option(socket.SOL_SOCKET, socket.SO_SNDBUF, int(self.word()))
            case "mss":
                self.option(socket.IPPROTO_TCP, socket.TCP_MAXSEG, int(self.word()))
            case "nodelay":
                self.option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            case "keepalive":
                self.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                self.option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(self.word()))
                self.option(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, int(self.word()))
                self.option(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, int(self.word()))
            case "timeout":
                self.seconds = float(self.word())
                if self.sock:
                    self.sock.settimeout(self.seconds)
            case "pause":
                time.sleep(float(self.word()))
            case "until":
                time.sleep(max(0.0, float(self.word()) - time.time()))
            case _:
                sys.exit(f"talk: no such step: {step}\n{__doc__}")


Talk(sys.argv[1:]).run()
# Exit without a tidy-up by the interpreter: what is still open ends here.
sys.stderr.flush()
os._exit(0)
