"""Small answers leave at once: no picture waits for the acknowledgement of its head."""

import asyncio
import socket

from studio.serving import bind
from studio.settings import Address


def test_answers_are_not_held_back():
    async def connect() -> int:
        found = asyncio.get_running_loop().create_future()

        def answer(reader, writer):
            taken = writer.get_extra_info("socket")
            found.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with bind(Address(port=0)) as listener:
            server = await asyncio.start_server(answer, sock=listener)
            _, writer = await asyncio.open_connection(*listener.getsockname())
            held = await found
            writer.close()
            server.close()
            return held

    assert asyncio.run(connect())
