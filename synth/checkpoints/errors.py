"""The one error of this package, and a safe way to quote what a foreign file says."""

from __future__ import annotations


class CheckpointError(ValueError):
    """A checkpoint that is broken, unknown, or asks for something a checkpoint has no need of."""


def quote(value: object, longest: int = 80) -> str:
    """Text out of a foreign file for an error message: ASCII, escaped, cut to `longest`.

    Only plain scalars are shown. A container or a record is named by its type alone, since
    printing a crafted nesting can take for ever, and a raw string could drive a terminal.
    """
    if isinstance(value, str):
        text = ascii(value[: longest + 1])
    elif isinstance(value, int) and not isinstance(value, bool):
        text = (
            str(value) if value.bit_length() < 128 else f"an integer of {value.bit_length()} bits"
        )
    elif value is None or isinstance(value, (bool, float)):
        text = repr(value)
    else:
        text = f"a {type(value).__name__}"
    return text if len(text) <= longest else text[:longest] + "..."
