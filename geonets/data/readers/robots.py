"""Robots, whatever the format: links are nodes, joints are typed edges, actuators a level of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from geonets.core.fields import Level
from geonets.core.structure import Structure
from geonets.data.constructors import graph
from geonets.data.readers.read import read
from geonets.data.readers.source import Source

JOINT_TYPES = ("fixed", "revolute", "continuous", "prismatic", "planar", "floating", "ball")
"""The type of a joint by its number, which is the `edge_type` of its edge; that of an edge back is 7 more."""

TRANSMISSIONS = ("joint", "joint in parent", "slider-crank", "tendon", "site", "body")
"""What an actuator acts on, by number."""


def robot(path: str | Path, *, directed: bool = True, **options: Any) -> Structure:
    """A robot from a URDF or MJCF file as one item: links are nodes, joints are typed edges from parent to child.

    Lengths are in metres, masses in kilograms, angles in radians. `nodes`: `mass`, `com` and `inertia` (about the
    centre of mass) in the link's frame, `pos` and `rotation` of that frame at rest. `edges`: `origin` and `rotation`
    of the child's frame in the parent's at rest, `anchor` and `axis` in the child's frame, `limits`, `effort`,
    `velocity`, `damping`, `friction`, `armature`, `stiffness`; where there is no limit it is infinite. `edge_type` is
    the joint's place in `JOINT_TYPES`. `levels["actuators"]` has the `link` that each moves. `meta` has all names.

    Args:
        path: of the file.
        directed: whether each joint is one edge; else there is a second one from child to parent, with the same fields
            and an `edge_type` that is `len(JOINT_TYPES)` higher, so that links hear both ways.
        **options: of `read`.

    Raises:
        ReadError: naming the file, the line and the element, if it is no such file, or the joints form no tree.

    Example:
        >>> import tempfile
        >>> text = '''<robot name="arm"><link name="base"/><link name="hand"/><joint name="wrist" type="continuous">
        ...     <parent link="base"/><child link="hand"/><origin xyz="0 0 0.5"/><axis xyz="0 0 1"/></joint></robot>'''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "arm.urdf").write_text(text)
        ...     arm = robot(Path(folder, "arm.urdf"))
        >>> arm.pos.tolist(), JOINT_TYPES[arm.topology.links.edge_type], arm.meta[0]["joints"]
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]], 'continuous', ['wrist'])
    """
    content = Source(path, **{name: value for name, value in options.items() if name == "max_bytes"}).content
    return read(path, format="mjcf" if b"<mujoco" in content else "urdf", directed=directed, **options)


@final
@dataclasses.dataclass(frozen=True)
class Robot:
    """What a file says of a robot, in numbers; the joints are those of a tree.

    Args:
        name: of the model.
        links: their names.
        nodes: fields of the links.
        joints: their names.
        ends: `(J, 2)` the parent and child of each joint, as numbers of links.
        types: `(J,)` places in `JOINT_TYPES`.
        edges: fields of the joints.
        actuators: their names.
        drives: `(A, 3)` for each actuator its place in `TRANSMISSIONS`, the joint that it moves or -1, and the link.
        actuation: further fields of the actuators.
        notes: what else `meta` keeps.
    """

    name: str
    links: list[str]
    nodes: dict[str, np.ndarray]
    joints: list[str]
    ends: np.ndarray
    types: np.ndarray
    edges: dict[str, np.ndarray]
    actuators: list[str]
    drives: np.ndarray
    actuation: dict[str, np.ndarray]
    notes: dict[str, Any]

    def structure(self, directed: bool) -> Structure:
        """One item: an edge a joint, or one each way."""
        pos, rotation = self._at_rest()
        given = np.concatenate([self.ends, *([] if directed else [self.ends[:, ::-1]])])
        rows = np.concatenate([np.arange(len(self.ends))] * (1 if directed else 2))
        types = np.concatenate([self.types, *([] if directed else [self.types + len(JOINT_TYPES)])])
        order = np.argsort(given[:, 1], kind="stable")  # receiver order, as the edges' rows will be
        names = [self.joints[row] for row in rows[order]]
        place = np.concatenate([np.argsort(order, kind="stable")[: len(self.joints)], [-1]])  # of a joint's first edge
        actuators = {name: _tensor(field) for name, field in self.actuation.items()}
        actuators |= {"transmission": _tensor(self.drives[:, 0]), "link": _tensor(self.drives[:, 2])}
        actuators["joint"] = _tensor(place[self.drives[:, 1]])
        notes = {"name": self.name, "links": self.links, "joints": names, "actuators": self.actuators}
        return graph(
            torch.from_numpy(given.T.copy()),
            num_nodes=len(self.links),
            pos=_tensor(pos),
            edge_type=torch.from_numpy(types),
            nodes={"rotation": _tensor(rotation), **{name: _tensor(field) for name, field in self.nodes.items()}},
            edges={name: _tensor(field[rows]) for name, field in self.edges.items()},
            levels={"actuators": Level(torch.tensor([len(self.actuators)]), actuators, frozenset({"link"}))},
            meta=[{**notes, **self.notes}],
        )

    def _at_rest(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each link's frame is in that of the root, when no joint has moved."""
        pos = np.zeros((len(self.links), 3))
        rotation = np.tile(np.eye(3), (len(self.links), 1, 1))
        waiting = np.isin(np.arange(len(self.links)), self.ends[:, 1])
        for _ in range(len(self.links)):  # once for each level of the tree
            ready = np.flatnonzero(~waiting[self.ends[:, 0]] & waiting[self.ends[:, 1]])
            if not len(ready):
                break
            parents, children = self.ends[ready].T
            pos[children] = pos[parents] + _turned(rotation[parents], self.edges["origin"][ready])
            rotation[children] = rotation[parents] @ self.edges["rotation"][ready]
            waiting[children] = False
        return pos, rotation


def checked_tree(source: Source, links: Sequence[str], joints: Sequence[tuple[str, int, int, str]]) -> None:
    """Raise unless every link but one is the child of exactly one joint, and all hang together.

    Args:
        source: the file, for messages.
        links: their names.
        joints: of each its name, parent, child and place in the file.

    Raises:
        ReadError: naming the joint.
    """
    cure = "Make the joints a tree: every link but the root is the child of one joint."
    above: dict[int, tuple[str, int, str]] = {}
    for name, parent, child, place in joints:
        if child in above:
            got = f"link {links[child]!r} as the child of joints {above[child][0]!r} and {name!r}"
            raise source.error("have one parent for each link", got, place, cure)
        above[child] = name, parent, place
    known = set(range(len(links))) - above.keys()
    if len(known) > 1:
        got = ", ".join(repr(links[link]) for link in sorted(known))
        raise source.error("have one root link", got, f"link {links[max(known)]}", cure)
    for name, parent, place in above.values():
        path: set[int] = set()
        while parent not in known and parent not in path:
            path.add(parent)
            parent = above[parent][1]  # noqa: PLW2901
        if parent not in known:
            raise source.error("have no loops", f"joint {name!r} in or below one", place, cure)
        known.update(path)


def rotation_of(rpy: np.ndarray) -> np.ndarray:
    """`(..., 3, 3)` rotation matrices of roll, pitch and yaw: turns about the fixed x, then y, then z, in radians."""
    (cr, cp, cy), (sr, sp, sy) = np.moveaxis(np.cos(rpy), -1, 0), np.moveaxis(np.sin(rpy), -1, 0)
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def _turned(rotation: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (rotation @ vectors[..., None])[..., 0]


def _tensor(numbers: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(numbers, np.float32 if numbers.dtype.kind == "f" else np.int64))
