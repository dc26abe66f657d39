import os
import subprocess
import sys
from pathlib import Path

import checkpoint_samples as samples
import pytest
import torch

from synth.checkpoints import CheckpointError, read_tensors
from synth.checkpoints.isolation import ChildLimits, ChildTask, run_child
from synth.generators import convert_checkpoint

REPOSITORY = Path(__file__).resolve().parents[3]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def network(tmp_path) -> Path:
    path = tmp_path / "network.pkl"
    path.write_bytes(samples.dump(samples.nvidia_torch()))
    return path


def test_report_tells_format_and_sandbox(network, tmp_path):
    report = convert_checkpoint(network, tmp_path / "network.safetensors")
    assert report.source_format == "stylegan2-ada-pytorch"
    assert report.notes == ("the file holds no discriminator",)
    assert "audit hook" in report.sandbox
    if sys.platform.startswith("linux") and os.uname().machine in ("x86_64", "aarch64"):
        assert report.sandbox == ("limits", "system calls", "audit hook")


def test_equal_sources_give_equal_bytes(network, tmp_path):
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    convert_checkpoint(network, first)
    convert_checkpoint(network, second)
    assert first.read_bytes() == second.read_bytes()


def test_memory_limit(tmp_path):
    path = tmp_path / "large.pt"
    # The names are decoded, which takes memory; a limit far below must stop it with a message.
    path.write_bytes(b"\x80\x02X" + (1 << 27).to_bytes(4, "little") + b"a" * (1 << 27) + b".")
    tight = ChildLimits(memory_bytes=300 << 20, memory_per_byte=0)
    with pytest.raises(CheckpointError, match=r"large\.pt: needs more than the 300 MiB"):
        read_tensors(path, tight)


def test_wall_and_cpu_limits(network, tmp_path):
    with pytest.raises(CheckpointError, match=r"network\.pkl: needs at most 0\.01 s"):
        convert_checkpoint(network, tmp_path / "a.safetensors", ChildLimits(wall_s=0.01))
    slow = tmp_path / "slow.pkl"
    slow.write_bytes(b"\x80\x02" + b"]0" * 490_000 + b"N.")
    monkey = ChildLimits(cpu_s=0, cpu_s_per_gib=0)
    with pytest.raises(CheckpointError, match=r"slow\.pkl: needs at most 0 s of CPU"):
        read_tensors(slow, monkey)
    assert not (tmp_path / "a.safetensors").exists()


def test_output_limit(tmp_path):
    shared = torch.zeros(1000, 1000)
    path = tmp_path / "shared.pt"
    torch.save({f"t{n}": shared for n in range(20)}, path)
    with pytest.raises(CheckpointError, match="share"):
        read_tensors(path)


def test_no_half_file_after_a_refusal(tmp_path):
    path = tmp_path / "attack.pkl"
    path.write_bytes(samples.dump(samples.Call(samples.Name("os", "system"), ("true",))))
    with pytest.raises(CheckpointError):
        convert_checkpoint(path, tmp_path / "out.safetensors")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["attack.pkl"]


def test_the_child_gets_nothing_of_the_environment(network, tmp_path, monkeypatch):
    # A module of the user's folder or PYTHONPATH must not be imported in place of a library's.
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with open(network, "rb") as source, open(tmp_path / "out", "wb") as output:
        report = run_child(ChildTask("generator", "name", ""), source, output)
    assert report.source_format == "stylegan2-ada-pytorch"


AUDIT = """
import os, socket, subprocess, sys
from synth.checkpoints.sandbox import forbid_audited_events
forbid_audited_events()
attempts = {
    "open": lambda: open(sys.argv[1], "w"),
    "import": lambda: __import__("turtle"),
    "system": lambda: os.system("true"),
    "process": lambda: subprocess.Popen(["true"]),
    "socket": lambda: socket.socket(),
    "eval": lambda: eval("1"),
    "remove": lambda: os.remove(sys.argv[1]),
    "hook": lambda: sys.addaudithook(print),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except Exception as error:
        print(name, type(error).__name__)
    else:
        print(name, "went through")
sys.stdout.flush()
os._exit(0)
"""


def test_audit_hook_refuses_what_reaches_outside(tmp_path):
    lines = run_python(AUDIT, str(tmp_path / "canary")).splitlines()
    assert len(lines) == 8
    for line in lines:
        # Python keeps a refused hook to itself: it is not added, and nothing is raised.
        assert line.endswith("CheckpointError") or line == "hook went through", line
    assert not (tmp_path / "canary").exists()


CALLS = """
import os, socket, sys
from synth.checkpoints.sandbox import forbid_system_calls
reading, writing = os.pipe()
if not forbid_system_calls():
    sys.exit("no filter here")
attempts = {
    "create": lambda: os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY),
    "read": lambda: os.open("/etc/hostname", os.O_RDONLY),
    "remove": lambda: os.unlink(sys.argv[1]),
    "list": lambda: os.listdir("/"),
    "socket": lambda: socket.socket(),
    "fork": lambda: os.fork(),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "signal": lambda: os.kill(1, 0),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except OSError as error:
        print(name, error.errno)
    else:
        print(name, "went through")
os.write(writing, b"x")
print("pipe", os.read(reading, 1))
sys.stdout.flush()
os._exit(0)
"""


@LINUX
@pytest.mark.skipif(
    os.name == "nt" or os.uname().machine not in ("x86_64", "aarch64"), reason="machine"
)
def test_system_call_filter_leaves_open_files_alone_and_refuses_the_rest(tmp_path):
    lines = run_python(CALLS, str(tmp_path / "canary")).splitlines()
    assert lines[-1] == "pipe b'x'"
    assert len(lines) == 9 and all(line.endswith(" 1") for line in lines[:-1]), lines
