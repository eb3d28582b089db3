"""URDF, the unified robot description format of ROS."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.robots import JOINT_TYPES, Robot, checked_tree, rotation_of
from geonets.data.readers.source import Source
from geonets.data.readers.xml import Element, document

LARGEST = float(np.finfo(np.float32).max)
DEFAULT = re.compile(r"\$\(optenv \w+ ?([^()]*)\)")
NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]*)?([eE][+-]?[0-9])?")
LIMITED = ("revolute", "prismatic")
FREE = {"limits": (-math.inf, math.inf), "effort": math.inf, "velocity": math.inf}


def read_urdf(source: Source, *, directed: bool = True) -> Structure:
    """A robot as one item, as `robot` describes it; actuators are those of `<transmission>` elements.

    A link's `<inertial>` is turned into the link's frame; one without it has no mass. A joint without `<axis>` turns
    about x. A revolute or prismatic joint with `<limit>` has 0 where a bound is not said; one without is not limited.
    `$(optenv NAME numbers)` are these numbers, whatever the environment says. `meta["mimic"]` has which joint each
    mimicking joint follows, `meta["left_out"]` a reduction that is no number. Shapes, sensors and simulator settings
    are not read.

    Args:
        source: the file.
        directed: whether each joint is one edge, from parent to child; else there is one each way.

    Raises:
        ReadError: with the line and the element, if a name is missing, there twice or not known, a number is none, or
            the joints form no tree.

    Reference: I. Sucan, J. Kay, "URDF XML specifications", wiki.ros.org/urdf/XML.
    """
    root = document(source)
    if root.tag != "robot":
        raise source.error("be a <robot>", f"<{root.tag}>", f"line {root.line}", "Check that it is a URDF file.")
    file = _File(source)
    links, joints = root.all("link"), root.all("joint")
    if not links:
        raise source.error("have at least one link", "none", f"line {root.line}, robot", "Add a <link>.")
    link_names, joint_names = file.names(links), file.names(joints)
    number = {name: place for place, name in enumerate(link_names)}
    ends = np.array([file.ends(joint, number) for joint in joints], np.int64).reshape(-1, 2)
    places = [f"line {joint.line}, joint {name}" for joint, name in zip(joints, joint_names, strict=True)]
    named_ends = zip(joint_names, *ends.T.tolist(), places, strict=True)
    checked_tree(source, link_names, list(named_ends))
    actuators = [pair for element in root.all("transmission") for pair in file.actuators(element, joint_names)]
    mimic = {name: file.mimic(joint, joint_names) for name, joint in zip(joint_names, joints, strict=True)}
    followed = {name: said for name, said in mimic.items() if said is not None}
    acted = np.array([joint for _, joint, _ in actuators], np.int64)
    moved = np.where(acted < 0, 0, ends[acted, 1]) if len(joints) else np.zeros_like(acted)
    unlimited = np.tile([-np.inf, np.inf], (len(actuators), 1))
    return Robot(
        name=root.attributes.get("name", ""),
        links=link_names,
        nodes=_columns([file.inertial(link) for link in links], {"mass": (), "com": (3,), "inertia": (3, 3)}),
        joints=joint_names,
        ends=ends,
        types=np.array([JOINT_TYPES.index(file.type(joint)) for joint in joints], np.int64),
        edges=_columns([file.joint(joint) for joint in joints], JOINT_FIELDS),
        actuators=[name for name, _, _ in actuators],
        drives=np.stack([np.zeros_like(acted), acted, moved], 1),
        actuation={
            "gear": np.array([[gear, 0, 0, 0, 0, 0] for _, _, gear in actuators], float).reshape(-1, 6),
            "control": unlimited,
            "force": unlimited,
        },
        notes={"format": "urdf"}
        | ({"mimic": followed} if followed else {})
        | ({"left_out": file.left_out} if file.left_out else {}),
    ).structure(directed)


JOINT_FIELDS: dict[str, tuple[int, ...]] = {
    **{"origin": (3,), "rotation": (3, 3), "anchor": (3,), "axis": (3,), "limits": (2,)},
    **dict.fromkeys(("effort", "velocity", "damping", "friction", "armature", "stiffness"), ()),
}
"""The fields of a joint, and the shape of each."""


def _columns(records: Sequence[dict[str, Any]], shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    return {
        name: np.array([record[name] for record in records], float).reshape(-1, *shape)
        for name, shape in shapes.items()
    }


@final
class _File:
    """The elements of a file, as names and numbers."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.left_out: list[str] = []

    def names(self, elements: Sequence[Element]) -> list[str]:
        """The names of links or joints, each once."""
        seen: dict[str, int] = {}
        for element in elements:
            name = element.attributes.get("name", "")
            if not name or name in seen:
                rule, got = f"give every {element.tag} a name of its own", f"{name!r} again" if name else "none"
                raise self.source.error(rule, got, _place(element), "Rename one of them.")
            seen[name] = element.line
        return list(seen)

    def type(self, joint: Element) -> str:
        """The type of a joint, in our words."""
        found = joint.attributes.get("type", "none")
        found = {"spherical": "ball"}.get(found, found)  # Bullet's word
        if found not in JOINT_TYPES:
            raise self.source.error(
                f"have joints of type {', '.join(JOINT_TYPES)}", found, _place(joint), "Correct it."
            )
        return found

    def ends(self, joint: Element, number: dict[str, int]) -> tuple[int, int]:
        """The parent and child of a joint."""
        parent, child = (self.reference(joint, end, "link", number) for end in ("parent", "child"))
        return parent, child

    def reference(self, joint: Element, tag: str, attribute: str, number: dict[str, int]) -> int:
        """The number of what an element of a joint names."""
        element = joint.first(tag)
        name = None if element is None else element.attributes.get(attribute)
        if name not in number:
            rule, got = f"name a {attribute} that is there as the {tag}", repr(name) if name else "none"
            raise self.source.error(rule, got, f"{_place(joint)} {tag}", f"Correct the name, or add the {attribute}.")
        return number[name]

    def numbers(self, owner: Element, element: Element | None, attribute: str, default: Sequence[float]) -> np.ndarray:
        """The numbers of an attribute: as many as the default has, finite, and of single precision."""
        text = None if element is None else element.attributes.get(attribute)
        if element is None or text is None:
            return np.array(default, float)
        try:
            found = [float(word) if "_" not in word else math.nan for word in DEFAULT.sub(r"\1", text).split()]
        except ValueError:
            found = []
        if len(found) != len(default) or not all(abs(value) <= LARGEST for value in found):
            many = "a finite number" if len(default) == 1 else f"{len(default)} finite numbers"
            place = f"line {element.line}, {owner.tag} {owner.attributes.get('name', '')} {element.tag}"
            raise self.source.error(f"have {many} as {attribute}", repr(text), place, "Correct the entry.")
        return np.array(found)

    def frame(self, owner: Element, holder: Element | None) -> tuple[np.ndarray, np.ndarray]:
        """The position and rotation of an `<origin>`."""
        origin = None if holder is None else holder.first("origin")
        turn = self.numbers(owner, origin, "rpy", (0, 0, 0))
        return self.numbers(owner, origin, "xyz", (0, 0, 0)), rotation_of(turn)

    def inertial(self, link: Element) -> dict[str, Any]:
        """The mass, centre of mass and inertia of a link, in its own frame."""
        held = link.first("inertial")
        mass = self.numbers(link, held and held.first("mass"), "value", (0,))[0]
        if mass < 0:
            raise self.source.error(
                "have masses that are not negative", str(mass), f"{_place(link)} mass", "Correct it."
            )
        com, rotation = self.frame(link, held)
        about = held and held.first("inertia")
        xx, xy, xz, yy, yz, zz = (
            self.numbers(link, about, name, (0,))[0] for name in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
        )
        inertia = rotation @ np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) @ rotation.T
        return {"mass": mass, "com": com, "inertia": inertia}

    def joint(self, joint: Element) -> dict[str, Any]:
        """The fields of a joint."""
        kind, limit, dynamics = self.type(joint), joint.first("limit"), joint.first("dynamics")
        origin, rotation = self.frame(joint, joint)
        axis = self.numbers(joint, joint.first("axis"), "xyz", (1, 0, 0))
        length = float(np.linalg.norm(axis))
        turns = kind not in ("fixed", "floating", "ball")
        if turns and not length > 0:
            place = f"{_place(joint)} axis"
            raise self.source.error("have an axis of some length", "0 0 0", place, "Write one, such as 0 0 1.")
        limits = (0.0, 0.0) if kind == "fixed" else FREE["limits"]
        if kind in LIMITED and limit is not None:
            limits = tuple(self.numbers(joint, limit, name, (0,))[0] for name in ("lower", "upper"))
            if limits[0] > limits[1]:
                place = f"{_place(joint)} limit"
                raise self.source.error("have lower limits below upper ones", f"{limits}", place, "Exchange them.")
        most = {name: self.numbers(joint, limit, name, (FREE[name],))[0] for name in ("effort", "velocity")}
        lost = {name: self.numbers(joint, dynamics, name, (0,))[0] for name in ("damping", "friction")}
        return {
            **{"origin": origin, "rotation": rotation, "anchor": np.zeros(3), "limits": limits, **most, **lost},
            **{"axis": axis / length if turns else np.zeros(3), "armature": 0.0, "stiffness": 0.0},
        }

    def mimic(self, joint: Element, names: Sequence[str]) -> dict[str, Any] | None:
        """Which joint a joint follows, and how: `multiplier * position + offset`."""
        said = joint.first("mimic")
        if said is None:
            return None
        leader = names[self.reference(joint, "mimic", "joint", {name: place for place, name in enumerate(names)})]
        factor, shift = (self.numbers(joint, said, *given)[0] for given in (("multiplier", (1,)), ("offset", (0,))))
        return {"joint": leader, "multiplier": float(factor), "offset": float(shift)}

    def actuators(self, transmission: Element, joints: Sequence[str]) -> list[tuple[str, int, float]]:
        """The name, joint (or -1) and gear ratio of each actuator of a transmission."""
        named = [element.attributes.get("name") for element in transmission.all("joint")]
        moved = [joints.index(name) for name in named if name in joints] or [-1]
        found = []
        for place, element in enumerate(transmission.all("actuator")):
            reduction = element.first("mechanicalReduction") or transmission.first("mechanicalReduction")
            gear = 1.0
            if reduction is not None and NUMBER.fullmatch(reduction.text.strip()):
                gear = float(reduction.text)
            elif reduction is not None:
                self.left_out.append(f"line {reduction.line}, mechanicalReduction {reduction.text.strip()[:50]!r}")
            name = element.attributes.get("name", "")
            found.append((name, moved[min(place, len(moved) - 1)], gear))
        return found


def _place(element: Element) -> str:
    return f"line {element.line}, {element.tag} {element.attributes.get('name', '')}".rstrip()
