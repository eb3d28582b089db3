"""MJCF, MuJoCo's model files: read as XML first, and compiled by MuJoCo in a process of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, final
from xml.sax.saxutils import quoteattr

import numpy as np

from geonets.core.errors import ReadError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.readers.isolation import apart
from geonets.data.readers.robots import JOINT_TYPES, Robot
from geonets.data.readers.source import Source
from geonets.data.readers.xml import Element, document

MAX_FILES = 1000
FOLDERS = ("assetdir", "meshdir", "texturedir")
NAMED = ("name", "class", "file", "joint", "body", "site", "geom", "tendon", "mesh", "material", "texture", "target")
NAMES = re.compile(rf".*({'|'.join(NAMED)}|prefix|model)\d?")
"""Attributes that hold names, which may read like numbers."""

TURNS = {0: "floating", 1: "ball", 2: "prismatic", 3: "revolute"}
"""MuJoCo's types of joints in our words."""


def read_mjcf(source: Source, *, directed: bool = True, max_seconds: int = 30) -> Structure:
    """A model as one item, as `robot` describes it: MuJoCo's bodies, of which the first is the world.

    A body with several joints has as many edges from its parent, in their order, and one without has a fixed one. A
    hinge is `revolute` where it is limited, else `continuous`; free joints are `floating`, slides `prismatic`. `meta`
    has the `tendons`: for each the joints that it couples, with their factors. Shapes count for masses and inertia.

    Included files and meshes are taken from the folder of the model, and from nowhere else; textures are not read.

    Args:
        source: the file.
        directed: whether each joint is one edge, from parent to child; else there is one each way.
        max_seconds: the most time that MuJoCo may take.

    Raises:
        MissingPackageError: if mujoco is not installed (extra `robots`).
        ReadError: with the line and the element, if a file is missing or outside the folder, a number is none, or
            MuJoCo cannot compile the model.

    Reference: E. Todorov, T. Erez, Y. Tassa, "MuJoCo: A physics engine for model-based control", IROS 2012.
    """
    require("mujoco", extra="robots")
    model = _Model(source)
    facts, arrays = apart(source, "mjcf", seconds=max_seconds, text=model.text, files=model.files)
    if "failed" in facts:
        raise model.failure(str(facts["failed"]))
    return _robot(facts, arrays).structure(directed)


@final
class _Model:
    """One text without includes, each element on a line of its own, and the files that it names."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.files: dict[str, str] = {}
        self.lines: list[tuple[Source, Element]] = []
        self.read = {source.path.resolve()}
        self.root = document(source)
        if self.root.tag != "mujoco":
            got, cure = f"<{self.root.tag}>", "Check that it is MJCF."
            raise source.error("be a <mujoco> model", got, f"line {self.root.line}", cure)
        self.came_from: dict[int, Source] = {}
        self.include(self.root)
        self.folders = {
            name: folder
            for element in self.root.below()
            if element.tag == "compiler"
            for name, folder in element.attributes.items()
            if name in FOLDERS
        }
        self.text = "\n".join(self.written())

    def include(self, root: Element) -> None:
        """Put the content of other files where it is included."""
        waiting = [(root, self.source)]
        while waiting:
            element, file = waiting.pop()
            self.came_from[id(element)] = file
            inside: list[tuple[Element, Source]] = []
            listed = [(child, file) for child in reversed(element.children)]
            while listed:
                child, home = listed.pop()
                if child.tag == "include":
                    included, other = self.included(child, home)
                    listed += [(grandchild, other) for grandchild in reversed(included.children)]
                else:
                    inside.append((child, home))
            element.children = [child for child, _ in inside]
            waiting += inside

    def included(self, element: Element, file: Source) -> tuple[Element, Source]:
        """The root of an included file."""
        place = f"line {element.line}, include"
        path = self.inside(element.attributes.get("file", ""), file, place)
        if path in self.read or len(self.read) >= MAX_FILES:
            rule, got = f"include at most {MAX_FILES} files, each once", f"{path.name!r} again or too many"
            raise file.error(rule, got, place, "Take the include out.")
        self.read.add(path)
        other = Source(path, max_bytes=self.source.max_bytes)
        return document(other), other

    def written(self) -> Iterator[str]:
        """The lines of the whole; `lines` has the element of each."""
        waiting: list[tuple[Element, bool]] = [(self.root, False)]
        while waiting:
            element, ended = waiting.pop()
            file = self.came_from[id(element)]
            self.lines.append((file, element))
            if ended:
                yield f"</{element.tag}>"
                continue
            attributes = self.attributes(element, file)
            yield f"<{element.tag}{''.join(f' {name}={quoteattr(value)}' for name, value in attributes.items())}>"
            waiting.append((element, True))
            waiting += [(child, False) for child in reversed(element.children)]

    def inside(self, name: str, file: Source, place: str, folder: str = "") -> Path:
        """The path of a file that is named, once it is known to be there and in the folder of the model."""
        home = self.source.path.resolve().parent
        path = (home / folder / name).resolve()
        odd = "\0" in name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or not name
        if odd or not path.is_relative_to(home):
            got, cure = repr(name), "Put the file into the folder of the model, and name it from there."
            raise file.error("name files inside its folder only", got, place, cure)
        if not path.is_file():
            raise file.error("name files that are there", repr(name), place, "Put the file there, or correct the name.")
        return path

    def attributes(self, element: Element, file: Source) -> dict[str, str]:
        """The attributes as MuJoCo is to see them: numbers finite, files known, no textures."""
        place = f"line {element.line}, {element.tag}"
        found = dict(element.attributes)
        for name, value in found.items():
            if not NAMES.fullmatch(name) and not _is_finite(value):
                raise file.error("have finite numbers", f"{name}={value[:100]!r}", f"{place} {name}", "Correct it.")
        if element.tag == "texture":
            kept = {name: found[name] for name in ("name", "type") if name in found}
            return {**kept, "builtin": "flat", "width": "1", "height": "1"}
        if element.tag == "compiler":
            return {name: value for name, value in found.items() if name not in FOLDERS}
        if element.tag in ("model", "attach", "plugin"):
            raise file.error("be a model without parts elsewhere", f"<{element.tag}>", place, "Include them instead.")
        for name in [name for name in found if name.startswith("file")]:
            folder = self.folders.get("meshdir", self.folders.get("assetdir", ""))
            path = self.inside(found[name], file, place, folder)
            if path.stat().st_size > self.source.max_bytes:
                raise file.error(f"name files of at most {self.source.max_bytes} bytes", repr(found[name]), place, MORE)
            found.setdefault("name", path.stem)
            found[name] = f"file{len(self.files)}{path.suffix.lower()}"
            self.files[found[name]] = str(path)
        return found

    def failure(self, message: str) -> ReadError:
        """What MuJoCo says, with the place in the file from which the line came."""
        got = " ".join(message.partition("\nElement")[0].split())
        found = re.search(r"line (\d+)", message)
        row = int(found[1]) - 1 if found else 0
        file, element = self.lines[row if row < len(self.lines) else 0]
        place = f"line {element.line}, {element.tag} {element.attributes.get('name', '')}".rstrip()
        if file is not self.source:
            place = f"{file.path.name}, {place}"
        return self.source.error("be a model that MuJoCo compiles", repr(got), place, "Correct it there.")


MORE = "Raise the limit: read(path, max_bytes=...)."


def _is_finite(value: str) -> bool:
    """Whether a text is no list of numbers, or all of these are finite."""
    try:
        return all(math.isfinite(float(word)) for word in value.split())
    except ValueError:
        return True


def _robot(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Robot:
    """The tables of a compiled model, in our words."""
    names = facts["names"]
    parents, owners = arrays["body_parentid"].astype(np.int64), arrays["jnt_bodyid"].astype(np.int64)
    welded = np.setdiff1d(np.arange(1, len(parents)), owners)
    children = np.concatenate([owners, welded])
    order = np.argsort(children, kind="stable")  # joints in MuJoCo's order, welds where their body is
    place = np.concatenate([np.argsort(order), [-1]])
    children, joints = children[order], len(owners)
    limited = arrays["jnt_limited"].astype(bool)
    kinds = [TURNS[int(kind)] for kind in arrays["jnt_type"]]
    kinds = [
        "continuous" if kind == "revolute" and not held else kind for kind, held in zip(kinds, limited, strict=True)
    ]
    types = np.array([JOINT_TYPES.index(kind) for kind in kinds] + [0] * len(welded), np.int64)[order]
    turns = np.isin(arrays["jnt_type"], (2, 3))
    most = np.abs(arrays["jnt_actfrcrange"]).max(1, initial=0)

    def rows(values: np.ndarray, of_welds: float = 0) -> np.ndarray:
        """The values of the joints, and one for each body without."""
        return np.concatenate([values, np.full((len(welded), *values.shape[1:]), of_welds)])[order]

    driven = arrays["drives"].astype(np.int64)
    drives = np.stack([arrays["actuator_trntype"], place[driven[:, 0]] if joints else driven[:, 0], driven[:, 1]], 1)
    turned = _rotations(arrays["body_iquat"])
    inertia = turned @ (arrays["body_inertia"][:, :, None] * turned.transpose(0, 2, 1))
    joint_names = [*names["joints"], *[""] * len(welded)]
    tendons = {
        name or f"tendon {number}": {names["joints"][int(joint)] or str(int(joint)): factor for joint, factor in parts}
        for number, (name, parts) in enumerate(zip(names["tendons"], facts["coupled"], strict=True))
    }
    return Robot(
        name=facts["model"],
        links=names["bodies"],
        nodes={"mass": arrays["body_mass"], "com": arrays["body_ipos"], "inertia": inertia},
        joints=[joint_names[row] for row in order],
        ends=np.stack([parents[children], children], 1),
        types=types,
        edges={
            "origin": arrays["body_pos"][children],
            "rotation": _rotations(arrays["body_quat"])[children],
            "anchor": rows(arrays["jnt_pos"]),
            "axis": rows(np.where(turns[:, None], arrays["jnt_axis"], 0.0)),
            "limits": rows(np.where(limited[:, None], arrays["jnt_range"], [-np.inf, np.inf])),
            "effort": rows(np.where(arrays["jnt_actfrclimited"].astype(bool), most, np.inf), np.inf),
            "velocity": rows(np.full(joints, np.inf), np.inf),
            "damping": rows(arrays["dof_damping"]),
            "friction": rows(arrays["dof_frictionloss"]),
            "armature": rows(arrays["dof_armature"]),
            "stiffness": rows(arrays["jnt_stiffness"]),
        },
        actuators=names["actuators"],
        drives=drives,
        actuation={"gear": arrays["actuator_gear"], **_ranges(arrays)},
        notes={"format": "mjcf", **({"tendons": tendons} if tendons else {})},
    )


def _ranges(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The bounds of the control and the force of each actuator, infinite where there are none."""
    words = (("control", "ctrl"), ("force", "force"))
    held = {name: arrays[f"actuator_{word}limited"][:, None] != 0 for name, word in words}
    return {name: np.where(held[name], arrays[f"actuator_{word}range"], [-np.inf, np.inf]) for name, word in words}


def _rotations(quaternions: np.ndarray) -> np.ndarray:
    """`(..., 3, 3)` rotation matrices of unit quaternions `(w, x, y, z)`."""
    w, x, y, z = np.moveaxis(quaternions, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))
