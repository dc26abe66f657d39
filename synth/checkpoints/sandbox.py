"""What the child process takes away from itself before it looks at a foreign file.

The reader runs nothing out of the file, so none of this should ever matter; it is there for the
mistake that nobody has found yet. Three layers, each on its own:

- limits on address space, CPU seconds, written bytes, processes and core dumps (POSIX);
- an audit hook that refuses every event of the interpreter that reaches outside: opening files,
  importing, compiling, processes, sockets, native calls. It cannot be removed again;
- a system-call filter (Linux on x86-64 and 64-bit ARM, no privileges needed) that leaves memory
  management and the three files that are already open, and refuses all else with EPERM.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

from synth.checkpoints.errors import CheckpointError

try:
    import resource
except ImportError:  # Windows
    resource = None

#: Audit events that reach nothing outside the process; all others are refused.
_HARMLESS_EVENTS = frozenset(
    {
        "array.__new__",
        "builtins.id",
        "cpython._PySys_ClearAuditHooks",
        "cpython.PyInterpreterState_Clear",
        "gc.get_objects",
        "gc.get_referents",
        "gc.get_referrers",
        "object.__getattr__",
        "object.__setattr__",
        "sys._getframe",
        "sys.unraisablehook",
        "sys.excepthook",
    }
)

# System-call numbers from the kernel's unistd tables.
_ALLOWED_CALLS = {
    "x86_64": {
        "read": 0,
        "write": 1,
        "close": 3,
        "fstat": 5,
        "lseek": 8,
        "mmap": 9,
        "mprotect": 10,
        "munmap": 11,
        "brk": 12,
        "rt_sigaction": 13,
        "rt_sigprocmask": 14,
        "rt_sigreturn": 15,
        "pread64": 17,
        "pwrite64": 18,
        "writev": 20,
        "sched_yield": 24,
        "mremap": 25,
        "madvise": 28,
        "getpid": 39,
        "exit": 60,
        "gettimeofday": 96,
        "sigaltstack": 131,
        "gettid": 186,
        "futex": 202,
        "clock_gettime": 228,
        "exit_group": 231,
        "getrandom": 318,
        "rseq": 334,
    },
    "aarch64": {
        "close": 57,
        "lseek": 62,
        "read": 63,
        "write": 64,
        "writev": 66,
        "pread64": 67,
        "pwrite64": 68,
        "fstat": 80,
        "exit": 93,
        "exit_group": 94,
        "futex": 98,
        "clock_gettime": 113,
        "sched_yield": 124,
        "sigaltstack": 132,
        "rt_sigaction": 134,
        "rt_sigprocmask": 135,
        "rt_sigreturn": 139,
        "gettimeofday": 169,
        "getpid": 172,
        "gettid": 178,
        "brk": 214,
        "munmap": 215,
        "mremap": 216,
        "mmap": 222,
        "mprotect": 226,
        "madvise": 233,
        "getrandom": 278,
        "rseq": 293,
    },
}
_AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE_WITH_EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06


def limit_resources(memory_bytes: int, cpu_s: int, output_bytes: int) -> bool:
    """Bound this process for good; False where the system has no such limits."""
    if resource is None:
        return False
    limits = {
        "RLIMIT_AS": memory_bytes,
        "RLIMIT_CPU": cpu_s,
        "RLIMIT_FSIZE": output_bytes,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }
    for name, value in limits.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        _, hard = resource.getrlimit(number)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (bound, bound))
        except (OSError, ValueError):
            # macOS knows RLIMIT_AS but takes no value for it; the wall clock still holds there.
            continue
    return True


def forbid_audited_events() -> None:
    """From now on, any event of the interpreter that reaches outside raises CheckpointError."""

    def refuse(event: str, _: tuple) -> None:
        if event not in _HARMLESS_EVENTS:
            raise CheckpointError(f"needs to read tensors alone; the event {event} was refused")

    sys.addaudithook(refuse)


def forbid_system_calls() -> bool:
    """Leave memory management and open files; False where there is no such filter."""
    machine = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "aarch64"}.get(platform.machine())
    if not sys.platform.startswith("linux") or machine is None or sys.maxsize <= 2**32:
        return False
    program = _assemble_filter(machine)
    code = ctypes.create_string_buffer(program, len(program))

    class FilterProgram(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    argument = FilterProgram(len(program) // 8, ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(argument), 0, 0) == 0


def _assemble_filter(machine: str) -> bytes:
    """A classic BPF program over struct seccomp_data: number at byte 0, architecture at byte 4."""

    def instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
        return struct.pack("<HBBI", code, if_true, if_false, operand)

    numbers = sorted(_ALLOWED_CALLS[machine].values())
    program = [
        instruction(_LOAD_WORD, 0, 0, 4),
        instruction(_JUMP_IF_EQUAL, 1, 0, _AUDIT_ARCHITECTURES[machine]),
        instruction(_RETURN, 0, 0, _KILL),
        instruction(_LOAD_WORD, 0, 0, 0),
    ]
    for index, number in enumerate(numbers):
        # To the last instruction when equal; numbers of other calling conventions match nothing.
        program.append(instruction(_JUMP_IF_EQUAL, len(numbers) - index, 0, number))
    program.append(instruction(_RETURN, 0, 0, _REFUSE_WITH_EPERM))
    program.append(instruction(_RETURN, 0, 0, _ALLOW))
    return b"".join(program)
