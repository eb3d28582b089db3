"""What every way out asks first: that nothing gets lost which the other side cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.structure import Structure
from geonets.core.topology import OnLattice, Topology

LEVELS = ("nodes", "edges", "globals")


def refuse_losses(
    structure: Structure,
    target: str,
    *,
    meta: tuple[str, ...] | None = None,
    edge_types: bool = True,
    kinds: tuple[type[Topology], ...] | None = None,
    axes: tuple[str, ...] = (),
    part: str = "",
    **held: tuple[str, ...] | None,
) -> None:
    """Raise if a structure has what another library cannot hold.

    Args:
        structure: what is to go there.
        target: the other library, for the message.
        meta: the entries of records that it holds, or None for any.
        edge_types: whether it holds the types of links.
        kinds: the topologies that it holds, or None where links of any go there as edges.
        axes: what those of a lattice among them are called there.
        part: the call that takes a part and leaves the rest, if there is one.
        **held: by level the names of the fields that it holds, or None for any; other levels it does not hold at all.

    Raises:
        StructureError: if a level, a field, a remark or what the topology says would be lost.
    """

    def refuse(rule: str, got: str, cure: str) -> NoReturn:
        way = f", or take the part that you want: {part}" if part else ""
        lost = "it" if rule.startswith(("no level", "no meta")) else "them"
        raise StructureError(
            f"`structure` must have {rule} for {target}, which would lose {lost}; got {got}. {cure}{way}."
        )

    for level in structure.levels:
        if level not in held:
            rows = int(structure.levels[level].counts.sum())
            refuse(f"no level {level!r}", f"one of {rows} rows", "Remove it first: structure.replace(levels={})")
    levels: dict[str, Mapping[str, Tensor]] = {name: getattr(structure, name) for name in LEVELS}
    levels |= {name: level.fields for name, level in structure.levels.items()}
    for level, fields in levels.items():
        kept = held.get(level, ())
        lost = [name for name in fields if kept is not None and name not in kept]
        if lost:
            beside = f" beside {', '.join(kept)}" if kept else ""
            cure = f"{level}={{{lost[0]!r}: None}}" if level in LEVELS else "levels={}"
            refuse(f"no fields of {level}{beside}", ", ".join(lost), f"Remove them first: structure.replace({cure})")
    remarks = dict.fromkeys(name for record in structure.meta or () for name in record)
    lost = [] if meta is None else [name for name in remarks if name not in meta]
    if lost:
        beside = f" beside {', '.join(meta or ())}" if meta else ""
        refuse(f"no meta{beside}", ", ".join(lost), "Remove it first: structure.replace(meta=None)")
    topology = structure.topology
    if kinds is not None and not isinstance(topology, kinds):
        rule = "no links or places but those of a " + " or ".join(kind.__name__ for kind in kinds)
        refuse(rule, repr(topology), "Keep the nodes alone: gn.Structure(gn.Set(counts), structure.nodes)")
    if not edge_types and topology.has_links and topology.links.edge_type is not None:
        refuse("no edge types", "some", "Forget them: gn.graph(edge_index, x)")
    if axes and isinstance(topology, OnLattice) and (topology.lattice.axes != axes or topology.is_periodic):
        around = ", periodic" if topology.is_periodic else ""
        rule, got = f"the axes ({', '.join(axes)}), none periodic,", f"({', '.join(topology.lattice.axes)}){around}"
        refuse(rule, got, "Build it anew with these axes")


def field_of(structure: Structure, level: str, name: str) -> Tensor:
    """A field of a level.

    Raises:
        StructureError: if there is none of that name.
    """
    fields = getattr(structure, level)
    if name not in fields:
        raise StructureError(
            f"`structure` must have the {level} field {name!r}; got {', '.join(fields) or 'none'}. "
            f"Name one of them, or add it: structure.replace({level}={{{name!r}: ...}})."
        )
    return fields[name]
