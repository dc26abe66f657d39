"""Who may import whom, checked from the imports themselves, in functions and `if`s as well."""

import ast
import importlib.util
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SIBLINGS = {"embed", "directions", "emotion_seq"}
OURS = {"synth", "studio", "scripts", "benchmarks", "configs", *SIBLINGS}
#: package -> our packages that it may import, besides itself.
ALLOWED = {
    "synth": set(),
    **{sibling: {"synth"} for sibling in SIBLINGS},
    "studio": {"synth", *SIBLINGS},
    "scripts": {"synth", "studio", *SIBLINGS},
}


#: Room of synth -> the rooms that it may import, besides itself and the modules on the ground.
ROOMS = {
    "storage": set(),
    "video": {"storage"},
    "checkpoints": {"storage"},
    "generators": {"checkpoints", "storage"},
    "judging": {"generators", "checkpoints", "storage"},
    "learning": {"judging", "generators", "checkpoints", "storage"},
    "faces": {"generators", "checkpoints", "storage"},
    "sound": {"video", "storage"},
    "motion": {"faces", "sound", "video", "generators", "checkpoints", "storage"},
    "scores": {"faces", "video", "judging", "storage"},
    "film": {"motion", "faces", "scores", "video", "judging", "generators", "storage"},
}
WORKSHOP = "synth.workshop"
#: Modules that stand on the ground, under all rooms, and what they may import of synth.
GROUND = {
    "batches", "devices", "emotions", "limits", "plain_text", "progress", "resizing",
    "setting_text", "types",
}  # fmt: skip


def find_imports(source: str, module: str) -> set[str]:
    """Full names of all modules that `source`, the text of `module`, imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            name = importlib.util.resolve_name(name, module) if node.level else name
            found |= {name} | {f"{name}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = ast.unparse(node.func).split(".")[-1]
            if function in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def find_breaches(package: str, imports: Set[str]) -> set[str]:
    """The imports that modules of `package` must not have."""
    foreign = OURS - ALLOWED[package] - {package}
    roots = {name: name.split(".")[0] for name in imports}
    breaches = {name for name, root in roots.items() if root in foreign}
    if package != "scripts":
        breaches |= {name for name, root in roots.items() if root in ("hydra", "omegaconf")}
    return breaches


def find_room_breaches(parts: tuple[str, ...], imports: Set[str]) -> set[str]:
    """The imports within synth that the module of these path parts must not have."""
    ours = {name for name in imports if name.startswith("synth.")}
    if parts[:2] == ("synth", "workshop") or parts[0] in ("scripts", "benchmarks"):
        return set()
    workshop = {name for name in ours if f"{name}.".startswith(f"{WORKSHOP}.")}
    # What synth itself offers may come from any room but the workshop.
    if parts[0] != "synth" or parts == ("synth", "__init__.py"):
        return workshop
    room = parts[1].removesuffix(".py")
    allowed = GROUND | ({room} | ROOMS[room] if room in ROOMS else set())
    return {name for name in ours if name.split(".")[1] not in allowed}


@cache
def read_imports(file: Path) -> frozenset[str]:
    """Of a module by its path in the repository."""
    source = (REPOSITORY / file).read_text(encoding="utf-8")
    return frozenset(find_imports(source, ".".join(file.parent.parts)))


def list_modules() -> list[Path]:
    return [
        file.relative_to(REPOSITORY)
        for package in sorted(ALLOWED)
        for file in sorted((REPOSITORY / package).rglob("*.py"))
    ]


@pytest.mark.parametrize("file", list_modules(), ids=str)
def test_module_imports_only_what_its_package_may(file):
    package, imports = file.parts[0], read_imports(file)
    assert not find_breaches(package, imports), f"{file} must not import these"
    assert not find_room_breaches(file.parts, imports), f"{file} must not import these"


def test_every_room_has_its_rule():
    folders = {path.parent.name for path in (REPOSITORY / "synth").glob("*/__init__.py")}
    modules = {path.stem for path in (REPOSITORY / "synth").glob("*.py")}
    assert folders == {*ROOMS, "workshop"}
    assert modules == {*GROUND, "__init__"}


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("synth", "import directions.fitting.fit"),
        ("synth", "from embed.networks import identity"),
        ("synth", "def f():\n    from scripts.entry import build"),
        ("synth", "import hydra.utils"),
        ("synth", "importlib.import_module('emotion_seq.model')"),
        ("embed", "from directions.fitting.fit import fit_directions"),
        ("directions", "if 1:\n    import emotion_seq"),
        ("emotion_seq", "from omegaconf import OmegaConf"),
        ("scripts", "import benchmarks.synthesis"),
        ("studio", "from scripts.entry import run_script"),
        ("synth", "import studio.app"),
        ("embed", "from studio import orders"),
    ],
)
def test_the_check_sees_a_breach(package, line):
    assert find_breaches(package, find_imports(line, package))


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("synth", "from synth.types import WPlus"),
        ("synth", "from . import directions_of_light"),
        ("embed", "from synth import latents"),
        ("scripts", "import hydra, directions.store, embed.networks.identity"),
    ],
)
def test_the_check_lets_pass_what_is_allowed(package, line):
    assert not find_breaches(package, find_imports(line, package))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("synth/checkpoints/loading.py", "from synth.generators.native import load_native"),
        ("synth/generators/stylegan2.py", "from synth.faces import face"),
        ("synth/motion/walks.py", "def f():\n    from synth.film.film import make_film"),
        ("synth/faces/face.py", "import synth.motion.base"),
        ("synth/scores/acd.py", "from synth.motion.base import Plan"),
        ("synth/video/writing.py", "from synth import scores"),
        ("synth/types.py", "from synth.storage.atomic import write_atomically"),
        ("synth/film/film.py", "from synth.workshop.training import train"),
        ("synth/__init__.py", "import synth.workshop"),
        ("emotion_seq/model.py", "importlib.import_module('synth.workshop.portraits')"),
    ],
)
def test_the_check_sees_a_breach_between_rooms(file, line):
    parts = Path(file).parts
    assert find_room_breaches(parts, find_imports(line, ".".join(parts[:-1])))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("synth/film/film.py", "from synth.motion.base import Plan"),
        ("synth/generators/loading.py", "from synth.checkpoints import find_native"),
        ("synth/video/writing.py", "from synth.types import Frames"),
        ("synth/__init__.py", "from synth.film.film import make_film"),
        ("synth/workshop/training/train.py", "from synth.learning import fitting"),
        ("benchmarks/training.py", "import synth.workshop.training"),
        ("embed/faces/align.py", "from synth.motion import paths"),
    ],
)
def test_the_check_lets_pass_what_rooms_may(file, line):
    parts = Path(file).parts
    assert not find_room_breaches(parts, find_imports(line, ".".join(parts[:-1])))


def name_module(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_circles(graph: Mapping[str, set[str]]) -> list[str]:
    """The modules that import themselves by way of others."""
    reached = {module: set(imports) for module, imports in graph.items()}
    for between in graph:
        for module in graph:
            if between in reached[module]:
                reached[module] |= reached[between]
    return sorted(module for module in graph if module in reached[module])


def test_no_module_imports_itself_by_way_of_others():
    """Also not in a function, nor for type checkers alone. Registries by name are not imports."""
    modules = {name_module(file): file for file in list_modules()}
    graph = {}
    for module, file in modules.items():
        found = read_imports(file) & set(modules)
        # `from package import module` is an import of the module.
        inner = {name.rpartition(".")[0] for name in found}
        packages = {name for name in found if modules[name].name == "__init__.py"}
        graph[module] = found - (packages & inner) - {module}
    assert find_circles(graph) == []


def test_the_check_sees_a_circle():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}
    assert find_circles(graph) == ["a", "b", "c"]
    assert find_circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
