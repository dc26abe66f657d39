"""Who may come in: every request passes here before anything of it is read.

    Host      one of the studio's own names, so that a foreign name that was made to point to this
              computer (DNS rebinding) reaches nothing
    Origin    where a browser sends one, the studio's own; where a request changes something and
              there is none, the browser's word (Sec-Fetch-Site) must not be cross-site
    Token     in a cookie (the page), or as `Authorization: Bearer` (programs); with a password,
              `Authorization: Basic` does as well
    Sockets   are refused: nothing here needs one

Out: the request goes on, or a short refusal. Answers get a Content-Security-Policy of 'self'.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.settings import Address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
SAFE_METHODS = ("GET", "HEAD")
#: After a wrong password, so that guessing takes long.
GUESS_S = 1.0


class Gate:
    """The ASGI application behind it is reached by invited requests only."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        if address.token is None:
            raise ValueError("needs an address with a token; try address.with_token()")
        self._app, self._address = app, address
        self._token = address.token
        self._hosts = address.list_hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = _read_headers(scope)
        refusal = self._refuse(scope, headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        if refusal is not None:
            if self._address.password is not None and "authorization" in headers:
                await asyncio.sleep(GUESS_S)
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _refuse(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """The refusal of a request; None for one that may pass."""
        if not self._is_own_host(headers.get("host", "")):
            return _say(421, "needs a request to this computer by its own name; got another Host")
        if not self._is_own_page(scope["method"], headers):
            return _say(403, "needs a request from the studio's own page; got another Origin")
        if scope["path"] == "/" and scope["query_string"]:
            return self._greet(scope["query_string"])
        if self._knows_token(headers):
            return None
        if self._address.password is not None:
            answer = _say(401, "needs the password of this studio")
            answer.headers["www-authenticate"] = 'Basic realm="Moodreel studio", charset="UTF-8"'
            return answer
        if scope["path"] == "/":
            return PlainTextResponse(
                "This studio opens with the address that was printed when it started.", 401
            )
        return _say(401, "needs the token that was printed when the studio started")

    def _is_own_host(self, host: str) -> bool:
        name = host.lower()
        is_ipv6 = name.startswith("[")
        return (name[1:].partition("]") if is_ipv6 else name.partition(":"))[0] in self._hosts

    def _is_own_page(self, method: str, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            try:
                parts = urlsplit(origin)
            except ValueError:  # no address at all, such as one with an open bracket
                return False
            is_web = parts.scheme in ("http", "https")
            return is_web and parts.netloc.lower() == headers.get("host", "").lower()
        if method in SAFE_METHODS:
            return True
        # Browsers send Origin with what changes things; programs send neither.
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")

    def _knows_token(self, headers: dict[str, str]) -> bool:
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return _is_same(value.strip(), self._token)
        if scheme.lower() == "basic" and self._address.password is not None:
            return _is_same(_read_password(value), self._address.password)
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        cookie = cookies.get(self._cookie_name)
        return cookie is not None and _is_same(cookie.value, self._token)

    @property
    def _cookie_name(self) -> str:
        """Cookies of one computer are shared by its ports, so the name tells studios apart."""
        return f"moodreel_{self._address.port}"

    def _greet(self, query: bytes) -> Response:
        """The address that was printed: its token becomes a cookie, and leaves the address."""
        given = parse_qs(query.decode("latin-1")).get("token", [""])[0]
        if not _is_same(given, self._token):
            return PlainTextResponse("This token is not the studio's: it was started again.", 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie_name, self._token, httponly=True, samesite="strict")
        return answer


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _read_password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _read_headers(scope: Scope) -> dict[str, str]:
    """Names in lower case; of a header that is sent twice both values, which are then no value."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _add_headers(message: MutableMapping[str, Any]) -> None:
    present = {name.lower() for name, _ in message.get("headers", [])}
    more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    if b"cache-control" not in present:
        more.append((b"cache-control", b"no-store"))
    message["headers"] = [*message.get("headers", []), *more]


def _say(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
