"""Numbers of a settings record that must be above nothing: one sentence for all of them."""

from __future__ import annotations

import math
from numbers import Integral, Real


def check_positive(record: object, *names: str) -> None:
    """Raise ValueError unless each of the record's fields `names` is a finite number above 0.

    A field that is whole must then be 1 or more.
    """
    for name in names:
        value = getattr(record, name)
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not 0 < float(value) < math.inf:
            least = "of at least 1" if isinstance(value, Integral) else "above 0"
            raise ValueError(f"needs {name} {least}; got {name}={value!r}")
