"""`Scene`: what there is to see of one item, whatever draws it."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, final

import numpy as np

from geonets.core.errors import ShapeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.topology import Lattice, Set
from geonets.view.elements import ELEMENT_COLORS, OTHER_ELEMENT
from geonets.view.molecules import Shape, shape_of
from geonets.view.paint import Array, Categories, Color, Paint, Scale, paint

Kind = Literal["cloud", "lattice", "molecule", "network", "mesh"]

SEED = 0
LARGE_NETWORK = 500
"""Nodes from which a spring layout gets fewer rounds, to take seconds."""

ATOM, POINT, NODE = 0.27, 0.55, 0.4
"""Radius of a ball: of an atom's van der Waals radius, or of the median distance to the nearest node."""


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """One item of a structure, ready to be drawn.

    Args:
        kind: what it is drawn as.
        positions: `(N, 3)`.
        radii: `(N,)` of the balls, in the unit of the positions.
        segments: `(S, 2)` node numbers of the sticks: each pair of linked nodes once.
        strands: `(S,)` parallel sticks of each segment: a double bond has two.
        faces: `(F, 3)` node numbers of triangles.
        paint: colours of the nodes, and what they mean.
        labels: what each node is.
        toward: unit vector from the middle of the scene to the eye.
        up: unit vector that points upwards for the eye.
        title: what to write above.
    """

    kind: Kind
    positions: Array
    radii: Array
    segments: Array
    strands: Array
    faces: Array
    paint: Paint
    labels: tuple[str, ...]
    toward: Array
    up: Array
    title: str

    @staticmethod
    def of(structure: Structure, color: Color = None, title: str | None = None, item: int | None = 0) -> Scene:
        """What there is to see of one item, or of all in one place.

        Positions are the field `pos`; else the places of a chain or a grid; else, of a molecule, a conformation; else a
        spring layout of its links. All seeds are fixed. A molecule is told by the fields that `gn.molecule` and the
        readers of molecules write, or by the `"smiles"` of its record.

        Args:
            structure: of any kind.
            color: a node field's name or one value a node, see `geonets.view.paint.paint`.
            title: what to write above; the SMILES string or the name of a molecule unless given.
            item: which one; None shows all of them where their positions are, as a scene has them.

        Raises:
            ItemError: if there is no such item.
            ShapeError: if positions have more than three coordinates.
            StructureError: if there is nothing to show (no nodes, or neither positions nor links), or a position is
                no number.

        Reference: Fruchterman & Reingold, "Graph drawing by force-directed placement", 1991 (the spring layout).

        Example:
            >>> import geonets as gn
            >>> ethanol = Scene.of(gn.molecule("CCO"))
            >>> ethanol.kind, ethanol.positions.shape, ethanol.segments.tolist(), ethanol.paint.names
            ('molecule', (3, 3), [[0, 1], [1, 2]], ('C', 'O'))
        """
        shown = structure if item is None else structure[item]
        if not shown.num_nodes:
            raise StructureError(
                f"`structure` must have nodes to be shown; got none ({_where(item)}). Choose another item."
            )
        first = 0 if item is None else int(structure.topology.node_offsets[item % len(structure)])
        colors = paint(structure, color, slice(first, first + shown.num_nodes))
        record: Any = shown.meta[0] if shown.meta is not None and len(shown) == 1 else {}
        segments = _segments(shown)
        given = _given_positions(shown, item)
        smiles = record.get("smiles") if isinstance(record.get("smiles"), str) else None
        shape = shape_of(shown, smiles, embed=given is None) if len(shown) == 1 else None
        kind = _kind(shown, shape)
        positions = given if given is not None else shape.positions if shape else None
        if positions is None:
            positions = _spring(shown, segments, item)
        if kind == "molecule" and shape is not None and color is None:
            colors = _elements(shape)
        toward, up = _viewpoint(positions, kind, given is not None)
        return Scene(
            kind=kind,
            positions=positions,
            radii=shape.radii * ATOM
            if shape
            else np.full(len(positions), (POINT if kind == "cloud" else NODE) * spacing(positions)),
            segments=segments,
            strands=np.array([shape.orders.get((a, b), 1) if shape else 1 for a, b in segments.tolist()], dtype=int),
            faces=_faces(shown),
            paint=colors,
            labels=_labels(record, shape, colors if color is not None else None, shown.num_nodes),
            toward=toward,
            up=up,
            title=title if title is not None else str(smiles or record.get("name", "")) if shape else "",
        )

    @property
    def colors(self) -> Array:
        """`(N, 3)` red, green and blue between 0 and 1."""
        return self.paint.rgb

    @property
    def center(self) -> Array:
        """`(3,)` the middle of the box around all nodes."""
        return (self.positions.min(0) + self.positions.max(0)) / 2

    @property
    def extent(self) -> float:
        """Radius of the ball around `center` that holds everything."""
        reach = np.linalg.norm(self.positions - self.center, axis=1) + (0 if len(self.faces) else self.radii)
        return float(reach.max()) or 1.0


def _where(item: int | None) -> str:
    return "all items" if item is None else f"item {item}"


def spacing(positions: Array) -> float:
    """The median distance of a node to the nearest other one."""
    if len(positions) < 2:
        return 1.0
    tree = require("scipy.spatial", "scipy").cKDTree(positions)
    some = positions[:: max(1, len(positions) // 2000)]
    return float(np.median(tree.query(some, k=2)[0][:, 1])) or float(np.ptp(positions, axis=0).max()) / 50 or 1.0


def _kind(shown: Structure, shape: Shape | None) -> Kind:
    if shape is not None:
        return "molecule"
    if "faces" in shown.levels:
        return "mesh"
    if isinstance(shown.topology, Lattice):
        return "lattice"
    return "network" if _has_links(shown) else "cloud"


def _has_links(shown: Structure) -> bool:
    return not isinstance(shown.topology, Set)


def _segments(shown: Structure) -> Array:
    if not _has_links(shown) or "faces" in shown.levels:
        return np.empty((0, 2), dtype=int)
    links = shown.topology.links
    pairs = np.stack([links.senders.cpu().numpy(), links.receivers.cpu().numpy()], 1)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0).reshape(-1, 2)


def _faces(shown: Structure) -> Array:
    if "faces" not in shown.levels:
        return np.empty((0, 3), dtype=int)
    return shown.levels["faces"]["vertices"].cpu().numpy()


def _given_positions(shown: Structure, item: int | None) -> Array | None:
    pos = shown.pos
    if pos is None and isinstance(shown.topology, Lattice):
        steps = shown.topology.coordinates().flip(1)  # the last axis runs to the right, those before down and away
        pos = steps * steps.new_tensor([1] + [-1] * (steps.shape[1] - 1))
    if pos is None:
        return None
    if pos.ndim != 2 or not 1 <= pos.shape[1] <= 3:
        raise ShapeError(
            f"`pos` must have one to three coordinates to be shown; got shape {tuple(pos.shape)} ({_where(item)}). "
            "Choose three: structure.replace(pos=structure.pos[:, :3])."
        )
    positions = np.zeros((len(pos), 3))
    positions[:, : pos.shape[1]] = pos.detach().cpu().double().numpy()
    if not np.isfinite(positions).all():
        row = int(np.argwhere(~np.isfinite(positions))[0, 0])
        raise StructureError(
            f"`pos` must be finite to be shown; got {positions[row].tolist()} ({_where(item)}, node {row}). "
            "Correct or leave out the node."
        )
    return positions


def _spring(shown: Structure, segments: Array, item: int | None) -> Array:
    if not len(segments):
        raise StructureError(
            f"`structure` must have positions or links to be shown; got neither ({_where(item)}). "
            "Give it positions: structure.replace(pos=...)."
        )
    networkx = require("networkx")
    network = networkx.Graph(segments.tolist())
    network.add_nodes_from(range(shown.num_nodes))
    rounds = 20 if shown.num_nodes >= LARGE_NETWORK else 200
    places = networkx.spring_layout(network, dim=3, seed=SEED, iterations=rounds)
    return np.array([places[node] for node in range(shown.num_nodes)], dtype=float)


def _elements(shape: Shape) -> Categories:
    symbols, codes = np.unique(np.array(shape.elements), return_inverse=True)
    names = tuple(str(symbol) for symbol in symbols)
    return Categories(codes, names, tuple(ELEMENT_COLORS.get(name, OTHER_ELEMENT) for name in names))


def _labels(record: Any, shape: Shape | None, shown_colors: Paint | None, count: int) -> tuple[str, ...]:
    if shape is not None:
        labels = [f"{symbol} {node}" for node, symbol in enumerate(shape.elements)]
    else:
        labels = [str(name) for name in record.get("node_names", ())] or [f"node {node}" for node in range(count)]
    if isinstance(shown_colors, Categories):
        names = [shown_colors.names[code] for code in shown_colors.codes]
        labels = [f"{label}: {name}" for label, name in zip(labels, names, strict=True)]
    elif isinstance(shown_colors, Scale):
        name, values = shown_colors.name, shown_colors.values
        labels = [f"{label}: {name} {value:.4g}" for label, value in zip(labels, values, strict=True)]
    return tuple(labels)


def _viewpoint(positions: Array, kind: Kind, given: bool) -> tuple[Array, Array]:
    """Where the eye is, and its up: from a corner for given positions, else across the two widest directions."""
    centred = positions - positions.mean(0)
    if kind == "lattice" or not centred[:, 2].any():
        toward, up = np.array([0.45, 0.35, 1.0]), np.array([0.0, 1.0, 0.0])
        toward = toward if centred[:, 2].any() else np.array([0.0, 0.0, 1.0])
    elif given and kind != "molecule":
        toward, up = np.array([0.8, -1.0, 0.6]), np.array([0.0, 0.0, 1.0])
    else:
        axes = np.linalg.eigh(centred.T @ centred)[1].T
        thin, middle, wide = axes * np.sign(axes[np.arange(3), np.abs(axes).argmax(1)])[:, None]
        toward, up = thin + 0.4 * middle + 0.25 * wide, middle
    return toward / np.linalg.norm(toward), up
