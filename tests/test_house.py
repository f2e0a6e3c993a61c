"""House rules that a machine can hold: sizes, names, who imports what, and nothing of the machine this was written on.

The arrows between rooms are held by import-linter, in pyproject.toml.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
MODULES = sorted((HOUSE / "appliance").rglob("*.py"))
ROOMS = ("appliance", "web", "packaging", "tests")
CODE = {".py", ".js", ".css", ".html"}
MAX_FILE_LINES = 250
LARGER_FILES: dict[str, int] = {}  # name: lines, each with its reason; there is none
MAX_FUNCTION_LINES = 40
GLANCE_LINES = 25
MAX_SHARE_BEYOND_A_GLANCE = 0.05
LARGER_FUNCTIONS = {"server/openapi.py:_paths": 60}  # a table: one line per address
CATCHES_EVERYTHING = {
    "server/edge/connection.py": 2
}  # the guard: whatever fails in a connection stays in that connection, and is logged
NOT_OUR_WORDS = re.compile(r"manager|helper|util|processor", re.IGNORECASE)
DEVICE_ROOM = "appliance.cameras"
DEVICE_LIBRARIES = {"cv2", "numpy", "simplejpeg", "picamera2", "libcamera", "av"}
OF_ANOTHER_MACHINE = re.compile(rb"(?<![\w.~-])/(?:work|root)/")


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE / "appliance").as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}:{node.name}", node


def test_files_are_read_in_a_sitting() -> None:
    files = [path for room in ROOMS for path in (HOUSE / room).rglob("*") if path.suffix in CODE]
    lines = {path.relative_to(HOUSE).as_posix(): path.read_bytes().count(b"\n") for path in files}
    assert {name: count for name, count in lines.items() if count > LARGER_FILES.get(name, MAX_FILE_LINES)} == {}
    assert [name for name in LARGER_FILES if lines.get(name, 0) <= MAX_FILE_LINES] == [], "no exception any more"


def test_functions_fit_in_a_glance() -> None:
    lines = {name: (node.end_lineno or node.lineno) - node.lineno + 1 for name, node in functions()}
    too_long = {name: count for name, count in lines.items() if count > LARGER_FUNCTIONS.get(name, MAX_FUNCTION_LINES)}
    longest = max(lines, key=lambda name: lines[name])
    assert too_long == {}, f"the longest is {longest} with {lines[longest]} lines"
    assert sum(lines.values()) / len(lines) < 15
    assert sum(count > GLANCE_LINES for count in lines.values()) / len(lines) < MAX_SHARE_BEYOND_A_GLANCE


def test_names_say_what_a_thing_is() -> None:
    names = [name_of(path) for path in MODULES]
    for path in MODULES:
        named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        names += [f"{name_of(path)}:{node.name}" for node in ast.walk(tree_of(path)) if isinstance(node, named)]
    assert [name for name in names if NOT_OUR_WORDS.search(name)] == []


def test_every_module_says_what_belongs_in_it() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_unexpected_failures_are_caught_by_nobody() -> None:
    """A catch-all that raises again has only cleaned up; one that goes on hides what nobody thought of."""
    caught = {name_of(path): sum(map(swallows, ast.walk(tree_of(path)))) for path in MODULES}
    assert {name: count for name, count in caught.items() if count > CATCHES_EVERYTHING.get(name, 0)} == {}


def swallows(node: ast.AST) -> bool:
    """Does this `except` catch everything and go on?"""
    if not isinstance(node, ast.ExceptHandler):
        return False
    catches = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
    everything = any(
        each is None or (isinstance(each, ast.Name) and each.id in ("Exception", "BaseException")) for each in catches
    )
    last = node.body[-1]
    return everything and not (isinstance(last, ast.Raise) and last.exc is None)


def modules_outside_the_device_room() -> list[str]:
    dotted = [".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__") for path in MODULES]
    return [name for name in dotted if not f"{name}.".startswith(f"{DEVICE_ROOM}.") and not name.endswith("__main__")]


def test_server_starts_without_device_libraries() -> None:
    """All rooms but cameras/, imported in a fresh interpreter: the server stays small, and starts fast."""
    ask = (
        "import importlib, sys\n"
        f"for name in {modules_outside_the_device_room()!r}: importlib.import_module(name)\n"
        f"print(sorted({DEVICE_LIBRARIES!r} & set(sys.modules)), {DEVICE_ROOM!r} in sys.modules)"
    )
    assert answer_of(ask) == "[] False"


@pytest.mark.parametrize("module", ["appliance.main", "appliance.cli"])
def test_entrance_imports_no_device_library(module: str) -> None:
    assert answer_of(f"import {module}, sys; print(sorted({DEVICE_LIBRARIES!r} & set(sys.modules)))") == "[]"


def test_worker_knows_no_server() -> None:
    ask = "import appliance.cameras.worker, sys; print(sorted({'quart', 'hypercorn', 'trio'} & set(sys.modules)))"
    assert answer_of(ask) == "[]"


def answer_of(program: str) -> str:
    """What a fresh interpreter prints; warnings count as failures there too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_points_into_the_machine_this_was_written_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE,
        capture_output=True,
        check=True,
    ).stdout.decode()
    files = [HOUSE / name for name in listed.split("\0") if name]
    assert HOUSE / "pyproject.toml" in files
    pointing = [
        f"{file.relative_to(HOUSE)}:{number}"
        for file in files
        if file.is_file()
        for number, line in enumerate(file.read_bytes().split(b"\n"), 1)
        if OF_ANOTHER_MACHINE.search(line)
    ]
    assert pointing == []


def test_what_the_readme_names_is_there() -> None:
    """The table of what works names the tests that show it."""
    named = re.findall(
        r"`((?:tests|docs|config|appliance|web|bench)/[\w./]*)(?:::(\w+))?", (HOUSE / "README.md").read_text()
    )
    assert len(named) > 20
    for path, test in named:
        assert (HOUSE / path).exists(), path
        assert not test or f"def {test}(" in (HOUSE / path).read_text(), test
