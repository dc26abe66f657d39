"""Keep freed memory in the process, so that the next large tensor costs no page faults.

glibc hands blocks of 32 MB and more back to the kernel when they are freed, and gets them zeroed
page by page when they are needed again. A feature map of a 1024x1024 picture is four times that
size and lives for one layer, so the faults add up to much of a picture's time.
"""

from __future__ import annotations

import ctypes
import sys

# Parameter numbers of glibc's mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_NEVER_TRIM = 2**31 - 1


def reuse_freed_memory() -> bool:
    """Make this process's C allocator keep what is freed, from now on; True where that works.

    For processes that compute large tensors over and over on a CPU: the process then stays at its
    peak size. Does nothing, and returns False, where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    # Blocks of any size from the heap, and the heap's end never given back.
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIM))
