"""What a reader can take in at once: files of at most 300 lines, functions of few parameters."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = (
    "synth",
    "embed",
    "directions",
    "emotion_seq",
    "studio",
    "scripts",
    "benchmarks",
    "configs",
)
MOST_LINES = 300
MOST_PARAMETERS = 6


def list_files(*packages: str) -> list[Path]:
    return [
        file.relative_to(REPOSITORY)
        for package in packages
        for file in sorted((REPOSITORY / package).rglob("*.py"))
    ]


def find_wide_functions(source: str) -> list[str]:
    """Functions of more parameters than `MOST_PARAMETERS`, itself or the class aside.

    Compiled kernels, which take numbers and arrays only, may have more.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if any("compile_kernel" in ast.unparse(decorator) for decorator in node.decorator_list):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        names = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
        if len(names) > MOST_PARAMETERS:
            found.append(node.name)
    return found


def test_no_file_is_too_long():
    lengths = {
        str(file): len((REPOSITORY / file).read_text(encoding="utf-8").splitlines())
        for file in list_files(*PACKAGES, "tests")
    }
    assert {file: count for file, count in lengths.items() if count > MOST_LINES} == {}


def test_no_function_takes_too_much():
    wide = {
        str(file): found
        for file in list_files(*PACKAGES)
        if (found := find_wide_functions((REPOSITORY / file).read_text(encoding="utf-8")))
    }
    assert wide == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a, b, c, d, e, f): pass", []),
        ("def f(a, b, c, d, e, f, g): pass", ["f"]),
        ("class A:\n    def f(self, a, b, c, /, d, *, e, f, g): pass", ["f"]),
        ("class A:\n    def f(self, a, b, c, /, d, *, e, f): pass", []),
        ("@compile_kernel(inline=True)\ndef f(a, b, c, d, e, f, g): pass", []),
    ],
)
def test_the_check_counts_parameters(source, found):
    assert find_wide_functions(source) == found
