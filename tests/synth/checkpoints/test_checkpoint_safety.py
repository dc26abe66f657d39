import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import checkpoint_attacks as attacks
import checkpoint_samples as samples
import pytest
from costly_pickles import costly_pickles

from synth.checkpoints import CheckpointError, read_tensors
from synth.checkpoints.isolation import ChildLimits
from synth.generators import load_generator

REPOSITORY = Path(__file__).resolve().parents[3]
#: What goes the whole way, through the child; all attacks go through the reader itself.
WHOLE_WAY = [
    "os.system",
    "eval",
    "getattr chain alone",
    "numpy.load",
    "storage is a pickle",
    "storage is a torch file",
    "INST",
    "OBJ of a harmless class",
    "EXT1",
    "persistent id",
    "dotted STACK_GLOBAL",
    "BUILD on a class",
    "zip with os.system",
    "legacy torch with os.system",
]
BOUNDS = sorted(attacks.bounds_attacks())
ENDLESS = sorted(attacks.endless_attacks())
#: Reads files without the child, so that only the reader stands between them and the process, and
#: tells which audit events each of them caused, and how it ended.
WATCH = """
import json, mmap, sys
from pathlib import Path
from synth.checkpoints import child
from synth.checkpoints.conversion import collect, convert
from synth.checkpoints.errors import CheckpointError

child._warm_up()
files = [(path, open(path, "rb")) for path in sys.argv[1:]]
files = [(p, f, memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))) for p, f in files]
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
report = {}
for path, file, data in files:
    for read in (convert, collect):
        del events[:]
        try:
            read(data, file)
            outcome = "read"
        except CheckpointError as error:
            outcome = str(error)
        except BaseException as error:
            outcome = "fault: " + repr(error)
        report[path + ":" + read.__name__] = [outcome, sorted(set(events))]
print(json.dumps(report))
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))


def watch(files: dict[str, bytes], folder: Path) -> dict[str, tuple[str, list[str]]]:
    paths = []
    for index, content in enumerate(files.values()):
        paths.append(folder / f"{index}.pkl")
        paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *map(str, paths)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names = dict(zip(map(str, paths), files, strict=True))
    return {
        f"{names[key.rpartition(':')[0]]}: {key.rpartition(':')[2]}": (outcome, events)
        for key, (outcome, events) in json.loads(done.stdout).items()
    }


def test_an_ordinary_unpickler_falls_for_the_attacks(tmp_path):
    # Otherwise the tests below would prove nothing.
    for name in ("os.system alone", "eval alone", "getattr chain alone", "INST", "OBJ"):
        canary = tmp_path / name.replace(" ", "_")
        pickle.loads(attacks.code_attacks(canary)[name])
        assert canary.exists(), name


def test_nothing_runs_and_no_event_reaches_outside(tmp_path):
    canary = tmp_path / "canary"
    files = {**attacks.code_attacks(canary), **attacks.bounds_attacks()}
    files["harmless"] = samples.dump(samples.nvidia_torch())
    report = watch(files, tmp_path)
    assert not canary.exists()
    assert len(report) == 2 * len(files)
    for name, (outcome, events) in report.items():
        assert set(events) <= {"builtins.id"}, (name, events)
        assert not outcome.startswith("fault"), (name, outcome)
        if name not in ("harmless: convert", "harmless: collect"):
            assert outcome.startswith("needs "), (name, outcome)
    assert report["harmless: convert"][0] == "read"


@pytest.mark.parametrize("name", WHOLE_WAY)
def test_attacks_are_refused_with_a_clear_error(tmp_path, name):
    canary = tmp_path / "canary"
    path = tmp_path / "attack.pkl"
    path.write_bytes(attacks.code_attacks(canary)[name])
    with pytest.raises(CheckpointError, match=r"attack\.pkl: needs") as caught:
        load_generator(path)
    assert not canary.exists()
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").rglob("*.s*"))
    if name in ("os.system", "eval", "getattr chain alone", "numpy.load", "zip with os.system"):
        assert "attacks are made of" in str(caught.value)


def test_files_whose_numbers_lie_are_refused(tmp_path):
    report = watch(attacks.bounds_attacks(), tmp_path)
    for name in BOUNDS:
        outcome, _ = report[f"{name}: collect"]
        assert outcome.startswith("needs "), (name, outcome)


@pytest.mark.parametrize("name", ENDLESS)
def test_small_files_that_cost_others_for_ever_end_soon(tmp_path, name):
    path = tmp_path / "endless.pkl"
    path.write_bytes(attacks.endless_attacks()[name])
    start = time.monotonic()
    load = (
        load_generator
        if "modules" in name or "networks" in name or "in a dict" in name
        else read_tensors
    )
    with pytest.raises(CheckpointError, match=r"endless\.pkl: needs"):
        load(path)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("name", sorted(costly_pickles()))
def test_reading_costs_no_more_than_its_size_times_a_little(tmp_path, name):
    path = tmp_path / "costly.pkl"
    path.write_bytes(costly_pickles()[name])
    for load in (read_tensors, load_generator):
        before = os.times()
        with pytest.raises(CheckpointError, match=r"costly\.pkl: needs"):
            load(path)
        after = os.times()
        assert after.children_user - before.children_user < 15


def test_cpu_time_grows_with_the_file(tmp_path):
    path = tmp_path / "slow.pkl"
    path.write_bytes(attacks.endless_attacks()["deep tuples"])
    none = ChildLimits(cpu_s=0, cpu_s_per_gib=0)
    with pytest.raises(CheckpointError, match="needs at most 0 s of CPU time"):
        read_tensors(path, none)
    some = ChildLimits(cpu_s=0, cpu_s_per_gib=30 << 10)
    with pytest.raises(CheckpointError, match="nested containers"):
        read_tensors(path, some)


def test_terminal_codes_in_a_file_do_not_reach_the_error(tmp_path):
    path = tmp_path / "escape.pkl"
    path.write_bytes(samples.dump({"\x1b]0;owned\x07\x1b[2J": 1, "g_ema\u202e": 2}))
    with pytest.raises(CheckpointError) as caught:
        load_generator(path)
    message = str(caught.value)
    assert message.isprintable() and message.isascii() and "owned" in message
