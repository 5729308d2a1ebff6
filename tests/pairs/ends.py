"""What the hosts of record.sh do: a server that answers each line, a client that sends some, and a router
that breaks in after the third."""

import socket
import struct
import sys
import time

SERVER = ("192.0.2.2", 8080)
LINES = 6


def server():
    with socket.create_server(("", SERVER[1])) as listener:
        conn, _ = listener.accept()
        with conn:
            try:
                while line := conn.recv(4096):
                    conn.sendall(line.upper() * 100)
            except ConnectionResetError:
                pass


def client():
    with socket.create_connection(SERVER, timeout=5) as conn:
        for n in range(LINES):
            try:
                conn.sendall(b"line %d of the client\n" % n)
                left = 2100
                while left > 0:
                    left -= len(conn.recv(left)) or left
            except (ConnectionError, TimeoutError):
                return
            time.sleep(0.05)


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def reset(src, dst, ports, seq):
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    tcp = struct.pack("!HHIIBBHHH", *ports, seq, 0, 5 << 4, 4, 0, 0, 0)
    sum_ = checksum(addresses + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 99, 6, 0) + addresses
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(ip + tcp, (dst, 0))


def router():
    """Waits for the third answer to be acknowledged, and resets both ends in each other's name."""
    near = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    near.bind(("lan", 0x0800))
    far = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    far.bind(("wan", 0x0800))
    lines, last = 0, None
    # The line and its acknowledgements; the client waits 50 ms before the next.
    while (packet := heard(near, 0.02 if lines == 3 else 5)) is not None:
        sport, dport, seq, ack, offset = struct.unpack("!HHIIB", packet[20:33])
        length = struct.unpack("!H", packet[2:4])[0] - 20 - (offset >> 4) * 4
        lines += length > 0
        last = (dport, sport), ack, seq + length
    ports, to_client, to_server = last
    outer = struct.unpack("!H", heard(far, 1)[22:24])[0]
    # Each next number is the one that the other end has acknowledged or sent last.
    reset("192.0.2.2", "10.1.0.2", ports, to_client)
    reset("192.0.2.1", "192.0.2.2", (outer, ports[0]), to_server)


def heard(interface, seconds):
    interface.settimeout(seconds)
    try:
        while (packet := interface.recv(4096))[9] != 6:
            pass
        return packet
    except TimeoutError:
        return None


{"server": server, "client": client, "router": router}[sys.argv[1]]()
