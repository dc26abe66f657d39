"""Start the studio: bind its port, tell its address, serve until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from studio.app import build_app
from studio.parts import Studio
from studio.settings import EVERYWHERE, LOOPBACK, Address, StudioSettings
from synth.storage.locks import own_folder

#: Connections at once: pages hold one for events, and a browser opens six.
MOST_CONNECTIONS = 64
#: Of an answer that is being sent when the studio is stopped.
PATIENCE_S = 3


def serve(settings: StudioSettings, say: Callable[[str], None], browse: bool = True) -> None:
    """Serve until the process is stopped. Raises ValueError while another studio has the folder,
    OSError where the port is taken."""
    with own_folder(settings.folder), bind(settings.address) as listener:
        port = listener.getsockname()[1]
        address = replace(settings.address, port=port).with_token()
        app, studio = build_app(replace(settings, address=address))
        url = make_url(address)
        say(f"The studio is open at {url}")
        if address.host not in LOOPBACK:
            say(
                "Others can reach it: whoever has the password can make films here, and "
                "without a proxy that speaks https the password can be read on the way."
            )
        if browse:
            threading.Timer(1.0, webbrowser.open, [url]).start()
        _run(app, listener, studio)


def make_url(address: Address) -> str:
    """What opens the page; the token in it is for this start alone."""
    host = address.host if address.host not in EVERYWHERE else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{address.port}/?token={address.token}"


def bind(address: Address) -> socket.socket:
    """A socket that listens there. Raises OSError in one sentence where it cannot."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # With its protocol named: only then asyncio sends what is small at once (TCP_NODELAY). Else a
    # picture's body waits 40 ms for the browser to acknowledge its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(128)  # whoever comes while networks are imported waits, and is served
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno,
            f"needs a free port; {address.host}:{address.port} cannot be had; try port=0",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """Ends what would hold a stop up before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await asyncio.to_thread(self._studio.stop_answering)
        await super().shutdown(sockets)


def _run(app: object, listener: socket.socket, studio: Studio) -> None:
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=16 * 1024,
        ws="none",
        proxy_headers=False,
    )
    _Server(config, studio).run(sockets=[listener])
