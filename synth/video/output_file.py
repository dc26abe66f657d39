"""The file that video encoders write into: the disk's errors are kept, not lost on the way.

In: bytes and seeks from PyAV. Out: a file, or the first OSError that kept it from being one.
"""

from __future__ import annotations

import os
from pathlib import Path


class OutputFile:
    """A file for PyAV that remembers the first error of the disk and swallows what follows.

    PyAV calls it from C and drops or repeats exceptions there; the encoder asks for the error
    after each call instead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: OSError | None = None
        self._file = open(path, "wb+", buffering=0)  # noqa: SIM115 - closed by close()

    def write(self, data: bytes) -> int:
        """Write all of `data`, or remember why not."""
        left = memoryview(data)
        try:
            while left and self.error is None:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move in the file; stays where it is after an error."""
        return self._file.seek(offset, whence) if self.error is None else self._file.tell()

    def tell(self) -> int:
        """The position in bytes."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Read `size` bytes from the position on."""
        return self._file.read(size)

    def sync(self) -> None:
        """Raise the remembered error, if any; have the disk keep what was written."""
        if self.error is not None:
            raise self.error
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
