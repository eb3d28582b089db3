"""The house holds: files import lower floors only, layers never ask what they stand on, files are short and named."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "geonets"

FLOORS = {
    "core/__init__.py": 0,
    "core/errors.py": 0,
    "core/records.py": 0,
    "core/loops.py": 0,
    "core/options.py": 1,
    "core/packages.py": 1,
    "core/shapes.py": 1,
    "core/tensors.py": 1,
    "core/ranges/": 1,
    "core/fields.py": 2,
    "core/topology/": 2,
    "core/structure/": 3,
    "core/sampling/": 3,
    "core/windows.py": 4,
    "core/neighborhoods/": 4,
    "core/relations.py": 4,
    "engine/__init__.py": 0,
    "engine/spec/": 5,
    "engine/rules.py": 5,
    "engine/moments.py": 5,
    "engine/reference/": 6,
    "engine/kernels/": 6,
    "engine/kinds.py": 7,
    "engine/plan.py": 7,
    "nn/": 8,
    "data/__init__.py": 0,
    "data/colors.py": 9,
    "data/constructors.py": 9,
    "check/": 9,
    "data/trees.py": 10,
    "data/voxels.py": 10,
    "data/interop/": 10,
    "data/transforms/": 10,
    "data/archives.py": 10,
    "data/storage/": 10,
    "models/": 10,
    "data/readers/": 11,
    "data/loading/": 11,
    "view/": 11,
    "training/": 11,
    "data/catalog/": 12,
    "__init__.py": 13,
    "tour/": 13,
    "cli.py": 14,
}
"""The floor of every file, by the longest prefix of its path. A new file or folder gets its place here."""

KINDS = {"Chain", "Graph", "Grid", "Lattice", "OnLattice", "Product", "Set", "SparseGrid"}
MOST_LINES = 400
NO_NAMES = re.compile(r"(^|_)(utils?|helpers?)($|_)|^get_", re.IGNORECASE)
NATIVE = re.compile(r"conv\d|conv_|convolution|lstm|gru|rnn|attention|pool|embedding_bag|unfold", re.IGNORECASE)


def test_files_import_lower_floors_only() -> None:
    assert floor_breaches(PACKAGE) == []


def test_files_do_not_import_in_circles() -> None:
    assert circles(PACKAGE) == []


def test_layers_never_ask_what_they_stand_on() -> None:
    assert questions_of_kind(PACKAGE) == []


def test_the_reference_computes_everything_itself() -> None:
    assert native_calls(PACKAGE) == []


def test_files_are_short() -> None:
    assert long_files(PACKAGE) == []


def test_names_say_what_they_name() -> None:
    assert empty_names(PACKAGE) == []


def floor_breaches(root: Path) -> list[str]:
    """Files without a floor, and imports that lead sideways or up."""
    breaches = []
    for path, imported in imports(root).items():
        own = room_of(path)
        if own is None:
            breaches.append(f"{path} has no floor: give it one in FLOORS")
            continue
        for other in imported:
            room = room_of(other)
            if room is not None and room != own and FLOORS[room] >= FLOORS[own]:
                breaches.append(f"{path} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[room]})")
    return breaches


def circles(root: Path) -> list[str]:
    """The first circle of imports, those inside functions included."""
    try:
        graphlib.TopologicalSorter(imports(root)).prepare()
    except graphlib.CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def questions_of_kind(root: Path) -> list[str]:
    """Places in nn/ and models/ that ask for the kind of a topology."""
    found = []
    for path, tree in trees(root):
        if not path.startswith(("nn/", "models/")):
            continue
        for node in ast.walk(tree):
            asked: ast.AST | None = None
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("isinstance", "issubclass")
            ):
                asked = node.args[1]
            elif isinstance(node, ast.MatchClass):
                asked = node.cls
            elif isinstance(node, ast.Compare):
                asked = node
            if asked is not None and KINDS & {name_of(part) for part in ast.walk(asked)}:
                found.append(f"{path}:{getattr(asked, 'lineno', '?')} asks for the kind of a topology")
    return found


def native_calls(root: Path) -> list[str]:
    """Calls in the reference to what it is there to be compared with."""
    return [
        f"{path}:{node.lineno} calls {name_of(node.func)}"
        for path, tree in trees(root)
        if path.startswith("engine/reference/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and NATIVE.search(name_of(node.func))
    ]


def long_files(root: Path) -> list[str]:
    """Files that nobody reads in one go."""
    lines = {path.relative_to(root).as_posix(): len(path.read_text().splitlines()) for path in root.rglob("*.py")}
    return [f"{path} has {count} lines, more than {MOST_LINES}" for path, count in lines.items() if count > MOST_LINES]


def empty_names(root: Path) -> list[str]:
    """Files, functions and classes whose name says nothing."""
    found = []
    for path, tree in trees(root):
        parts = [part.removesuffix(".py") for part in path.split("/")]
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        names = [*parts, *(node.name for node in ast.walk(tree) if isinstance(node, defined))]
        found += [f"{path} has the name {name}" for name in names if NO_NAMES.search(name)]
    return found


def trees(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every file's path below the package, and its syntax tree."""
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(root).as_posix(), ast.parse(path.read_text(), str(path))


def imports(root: Path) -> dict[str, set[str]]:
    """The files that every file imports, wherever in it the import stands."""
    files = {}
    for path in root.rglob("*.py"):
        place = path.relative_to(root)
        parts = place.parent.parts if place.name == "__init__.py" else (*place.parent.parts, place.stem)
        files[".".join((root.name, *parts))] = place.as_posix()
    found = {}
    for path, tree in trees(root):
        package = [root.name, *path.split("/")[:-1]]
        named: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) + 1 - node.level] if node.level else []
                module = ".".join([*base, *([node.module] if node.module else [])])
                inner = {f"{module}.{alias.name}" for alias in node.names}
                named |= {name if name in files else module for name in inner}
            elif isinstance(node, ast.Call) and name_of(node.func) in ("import_module", "__import__"):
                named |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
        found[path] = {files[name] for name in named if name in files} - {path}
    return found


def room_of(path: str) -> str | None:
    """The entry of FLOORS that a file belongs to."""
    return max(
        (room for room in FLOORS if path == room or (room.endswith("/") and path.startswith(room))),
        key=len,
        default=None,
    )


def name_of(node: ast.AST) -> str:
    """`Chain` of `Chain` and of `gn.Chain`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


Check = Callable[[Path], list[str]]
BROKEN: dict[str, tuple[Check, dict[str, str], str]] = {
    "upwards": (
        floor_breaches,
        {"core/errors.py": "from geonets.nn import layer", "nn/layer.py": ""},
        "core/errors.py (floor 0) imports nn/layer.py (floor 8)",
    ),
    "sideways": (
        floor_breaches,
        {"engine/kernels/pooling.py": "", "engine/reference/a.py": "import geonets.engine.kernels.pooling"},
        "engine/reference/a.py (floor 6) imports engine/kernels/pooling.py (floor 6)",
    ),
    "upwards inside a function": (
        floor_breaches,
        {"core/structure/structure.py": "def f():\n    from ...nn import layer", "nn/layer.py": ""},
        "core/structure/structure.py (floor 3) imports nn/layer.py (floor 8)",
    ),
    "upwards by name": (
        floor_breaches,
        {
            "core/structure/structure.py": "import importlib\nimportlib.import_module('geonets.nn.layer')",
            "nn/layer.py": "",
        },
        "core/structure/structure.py (floor 3) imports nn/layer.py (floor 8)",
    ),
    "without a floor": (floor_breaches, {"cellar.py": ""}, "cellar.py has no floor: give it one in FLOORS"),
    "in a circle": (
        circles,
        {"nn/a.py": "from geonets.nn.b import B", "nn/b.py": "def f():\n    from geonets.nn import a"},
        "nn/a.py",
    ),
    "isinstance": (questions_of_kind, {"nn/a.py": "isinstance(t, (int, gn.Chain))"}, "nn/a.py:1 asks"),
    "type": (questions_of_kind, {"models/a.py": "type(t) is Graph"}, "models/a.py:1 asks"),
    "match": (questions_of_kind, {"nn/a.py": "match t:\n    case Grid():\n        pass"}, "nn/a.py:2 asks"),
    "fused": (native_calls, {"engine/reference/a.py": "torch.lstm(x)"}, "engine/reference/a.py:1 calls lstm"),
    "convolution": (native_calls, {"engine/reference/a.py": "F.conv2d(x)"}, "engine/reference/a.py:1 calls conv2d"),
    "long": (long_files, {"nn/a.py": "x = 1\n" * (MOST_LINES + 1)}, "nn/a.py has 401 lines"),
    "file name": (empty_names, {"nn/utils.py": ""}, "nn/utils.py has the name utils"),
    "function name": (empty_names, {"nn/a.py": "def get_rows(): ..."}, "nn/a.py has the name get_rows"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_check_can_fail(name: str, tmp_path: Path) -> None:
    check, files, message = BROKEN[name]
    for path, text in files.items():
        file = tmp_path / "geonets" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = check(tmp_path / "geonets")
    assert len(found) == 1
    assert message in found[0]


def test_a_sound_house_passes_every_check(tmp_path: Path) -> None:
    for path, text in {
        "core/errors.py": "",
        "nn/layer.py": "from geonets.core.errors import E",
        "nn/a.py": "from geonets.nn import layer",
    }.items():
        file = tmp_path / "geonets" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for check in (floor_breaches, circles, questions_of_kind, native_calls, long_files, empty_names):
        assert check(tmp_path / "geonets") == []
