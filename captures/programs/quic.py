#!/usr/bin/env python3
"""One end of a QUIC connection that carries one question and one answer, by aioquic.

    quic.py serve ADDRESS PORT CERTIFICATE KEY
    quic.py get ADDRESS PORT CERTIFICATE NAME v1|v2 [long]

`get` asks for NAME in its TLS hello and speaks the version named. With `long` it offers so many
application protocols that its hello does not fit into one packet.
"""

import asyncio
import sys

from aioquic.asyncio import connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicProtocolVersion

VERSIONS = {"v1": QuicProtocolVersion.VERSION_1, "v2": QuicProtocolVersion.VERSION_2}


async def answer(address, port, certificate, key):
    def take(reader, writer):
        async def reply():
            await reader.read()
            writer.write(b"Twelve cups.\n")
            writer.write_eof()

        asyncio.ensure_future(reply())

    settings = QuicConfiguration(alpn_protocols=["cups"], is_client=False)
    settings.load_cert_chain(certificate, key)
    await serve(address, int(port), configuration=settings, stream_handler=take)
    await asyncio.Future()


async def ask(address, port, certificate, name, version, *words):
    protocols = ["cups"] + [f"cups-of-another-kind-{n:03}" for n in range(60 if "long" in words else 0)]
    settings = QuicConfiguration(alpn_protocols=protocols, server_name=name)
    settings.original_version = VERSIONS[version]
    settings.supported_versions = [VERSIONS[version]]
    settings.load_verify_locations(certificate)
    async with connect(address, int(port), configuration=settings) as connection:
        reader, writer = await connection.create_stream()
        writer.write(b"How many cups?\n")
        writer.write_eof()
        await reader.read()


asyncio.run({"serve": answer, "get": ask}[sys.argv[1]](*sys.argv[2:]))
