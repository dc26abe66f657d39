"""A disk that takes no more, as far as this process is concerned."""

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def limit_file_size(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let files grow beyond it, like a disk that is full.

    Only inside a test, never around it: what pytest writes about a test is refused as well where
    its output goes to a file.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
