"""Names that no checkpoint needs and that attacks are made of: a file with one is refused.

This list is a diagnosis, not the defence. The reader runs nothing whatever the name is; but a
file that wants `os.system` should be called what it is, rather than be converted in silence.
"""

from __future__ import annotations

from synth.checkpoints.errors import CheckpointError
from synth.checkpoints.records import Global


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Top-level modules of which no name belongs in a checkpoint.
_MODULES = _words(
    """
    _io _pickle _posixsubprocess _socket _thread _winapi aiohttp ast asyncio atexit bdb bz2 cProfile
    cloudpickle code codeop commands concurrent copyreg ctypes dill distutils doctest ensurepip
    fileinput ftplib functools gc getpass glob gzip http httplib imp importlib inspect io itertools
    joblib linecache logging lzma marshal mmap multiprocessing nt ntpath operator os pdb
    pickle pip pkgutil platform posix posixpath profile pty py_compile pydoc requests resource
    runpy sched select setuptools shelve shutil signal site smtplib socket socketserver sqlite3 ssl
    subprocess sys sysconfig tarfile telnetlib tempfile threading timeit trace traceback types
    urllib urllib2 urllib3 uuid venv webbrowser weakref winreg xmlrpc zipfile zipimport
    """
)
#: The harmless part of the builtins; everything else in there is refused.
_BUILTINS = _words(
    "bool bytearray bytes complex dict float frozenset int list long object set slice str tuple "
    "unicode"
)
_BUILTIN_MODULES = frozenset({"builtins", "__builtin__", "__builtins__"})
#: Libraries that checkpoints do name, with the few names in them that reach files or code.
_REACHING_NAMES = _words(
    "load loads loadtxt genfromtxt fromfile memmap open eval exec compile system popen "
    "load_library hub f2py runstring import_module __import__ getattr setattr"
)
_REACHING_MODULES = (
    "numpy.distutils",
    "numpy.f2py",
    "numpy.testing",
    "numpy.lib",
    "torch._dynamo",
    "torch._inductor",
    "torch.distributed",
    "torch.fx",
    "torch.hub",
    "torch.jit",
    "torch.multiprocessing",
    "torch.ops",
    "torch.package",
    "torch.serialization",
    "torch.testing",
    "torch.utils",
)


def refuse_suspicious(reference: Global) -> None:
    """Raise CheckpointError when `reference` is a name that only an attack would hold."""
    module, name = reference.module, reference.name
    top = module.split(".")[0]
    suspicious = (
        top in _MODULES
        or (module in _BUILTIN_MODULES and name not in _BUILTINS)
        or "." in name
        or name in _REACHING_NAMES
        or any(module == m or module.startswith(m + ".") for m in _REACHING_MODULES)
    )
    if suspicious:
        raise CheckpointError(
            f"needs a file of tensors; got one that refers to {reference}, which no checkpoint "
            "needs and attacks are made of; nothing of it was run; do not open it elsewhere"
        )
