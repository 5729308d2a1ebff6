#!/usr/bin/env python3
"""Takes out of a pcapng file what it says about the machine it was made on.

    plain-pcapng.py FILE

The options for hardware and operating system are removed from the section
header and from the interface descriptions; all else stays as it was. For
little-endian files of one section, as dumpcap writes them here.
"""

import struct
import sys

SECTION, INTERFACE = 0x0A0D0D0A, 1
DROP = {SECTION: (2, 3), INTERFACE: (12, 15)}  # hardware and OS
FIXED = {SECTION: 16, INTERFACE: 8}  # octets before the options


def without(options, drop):
    kept, at = b"", 0
    while at < len(options):
        code, length = struct.unpack_from("<HH", options, at)
        end = at + 4 + (length + 3) // 4 * 4
        if code not in drop:
            kept += options[at:end]
        at = end
        if code == 0:
            break
    return kept


def main(path):
    with open(path, "rb") as file:
        old = file.read()
    new, at = b"", 0
    while at < len(old):
        kind, length = struct.unpack_from("<II", old, at)
        body = old[at + 8 : at + length - 4]
        if kind in DROP:
            fixed = FIXED[kind]
            body = body[:fixed] + without(body[fixed:], DROP[kind])
        new += struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        at += length
    with open(path, "wb") as file:
        file.write(new)


main(sys.argv[1])
