"""Names that the server gives: 128 random bits as 26 letters and digits; nothing else is a name."""

from __future__ import annotations

import base64
import re
import secrets

_PATTERN = re.compile(r"[a-z2-7]{26}")


def make_id() -> str:
    """A new name."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def is_id(value: object) -> bool:
    """Whether this is such a name."""
    return isinstance(value, str) and bool(_PATTERN.fullmatch(value))


def check_id(value: object) -> str:
    """The name, if it is one. Raises ValueError for anything else, above all for paths."""
    if not isinstance(value, str) or not is_id(value):
        raise ValueError("needs an id that this server gave; got something else")
    return value
