"""Who may import whom, checked from the imports themselves, in functions and `if`s as well."""

import ast
import importlib.util
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SIBLINGS = {"embed", "directions", "emotion_seq"}
OURS = {"synth", "scripts", "benchmarks", "configs", *SIBLINGS}
#: package -> our packages that it may import, besides itself.
ALLOWED = {
    "synth": set(),
    **{sibling: {"synth"} for sibling in SIBLINGS},
    "scripts": {"synth", *SIBLINGS},
}


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


def find_breaches(package: str, imports: set[str]) -> set[str]:
    """The imports that modules of `package` must not have."""
    foreign = OURS - ALLOWED[package] - {package}
    roots = {name: name.split(".")[0] for name in imports}
    breaches = {name for name, root in roots.items() if root in foreign}
    if package != "scripts":
        breaches |= {name for name, root in roots.items() if root in ("hydra", "omegaconf")}
    return breaches


def list_modules() -> list[Path]:
    return [
        file.relative_to(REPOSITORY)
        for package in ALLOWED
        for file in sorted((REPOSITORY / package).rglob("*.py"))
    ]


@pytest.mark.parametrize("file", list_modules(), ids=str)
def test_module_imports_only_what_its_package_may(file):
    package = file.parts[0]
    parent = ".".join(file.parent.parts)
    imports = find_imports((REPOSITORY / file).read_text(encoding="utf-8"), parent)
    assert not find_breaches(package, imports), f"{file} must not import these"


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("synth", "import synth.motion.direction_sets"),
        ("synth", "from embed.networks import identity"),
        ("synth", "def f():\n    from scripts.entry import build"),
        ("synth", "import hydra.utils"),
        ("synth", "importlib.import_module('emotion_seq.model')"),
        ("embed", "from synth.motion.direction_sets import load_directions"),
        ("directions", "if 1:\n    import emotion_seq"),
        ("emotion_seq", "from omegaconf import OmegaConf"),
        ("scripts", "import benchmarks.synthesis"),
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
        ("scripts", "import hydra, synth.motion.direction_sets, embed.networks.identity"),
    ],
)
def test_the_check_lets_pass_what_is_allowed(package, line):
    assert not find_breaches(package, find_imports(line, package))
