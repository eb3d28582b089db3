"""What a structure takes for granted, in words: the question to ask before choosing a layer."""

from __future__ import annotations

from geonets.core.topology import Chain, Graph, OnLattice, Product, Set, SparseGrid, Topology


class Assumptions(dict[str, str]):
    """What is assumed, by aspect; prints one line each."""

    def __str__(self) -> str:
        width = max(map(len, self))
        return "\n".join(f"{aspect:<{width}}  {words}" for aspect, words in self.items())

    __repr__ = __str__


def assumptions(topology: Topology, has_positions: bool) -> Assumptions:
    """What is assumed by putting features on this topology, in words."""
    if isinstance(topology, OnLattice):
        found = _of_lattice(topology)
    elif isinstance(topology, Product):
        found = {
            "order": "whatever each factor assumes, along it: first "
            f"{assumptions(topology.first, False)['order']}; second {assumptions(topology.second, False)['order']}",
            "locality": "a node's links change its place in one factor at a time; strong neighbourhoods change both",
            "translation": "as in each factor; every node of one factor meets every node of the other, none is missing",
            "permutation": "as in each factor: relabelling one relabels all its copies alike",
            "cost": "grows with the product of the factors' sizes",
        }
    elif isinstance(topology, Set):
        found = {
            "order": "none: the nodes of an item may be listed in any order",
            "locality": "none by itself: there are no links; KNN and Radius assume that near points matter most",
            "translation": "none by itself"
            if not has_positions
            else "holds for layers that read differences of pos only",
            "permutation": "layers must not depend on the order of the nodes; attention and reductions do not",
            "cost": "a reduction grows with the nodes, attention with the square of the nodes of an item",
        }
    else:
        typed = isinstance(topology, Graph) and topology.links.edge_type is not None
        found = {
            "order": "none: nodes and edges may be listed in any order; edges have a direction",
            "locality": "a node hears its listed neighbours; what is k links away arrives after k layers",
            "relations": "edges of one type mean the same everywhere" if typed else "all edges mean the same",
            "translation": "none: there is no grid to move on",
            "permutation": "layers must not depend on node numbers: they see no more than the Weisfeiler-Leman test",
            "cost": "grows with the nodes and edges",
        }
    found["sizes"] = "none: items may differ in size" + (", as these do" if topology.uniform is None else "")
    if has_positions:
        found["rotation and scale"] = (
            "pos is in one unit and one frame for all items; a rotation changes the result "
            "unless a layer reads distances only, or is equivariant"
        )
    return Assumptions(found)


def _of_lattice(topology: OnLattice) -> dict[str, str]:
    lattice = topology.lattice
    axes = ", ".join(lattice.axes)
    around = [axis for axis, periodic in zip(lattice.axes, lattice.periodic, strict=True) if periodic]
    open_axes = [axis for axis in lattice.axes if axis not in around]
    ends = [f"along {', '.join(around)} there is none, the last node is followed by the first"] if around else []
    ends += [f"along {', '.join(open_axes)} items end, and padding says what a window finds there"] if open_axes else []
    where = f"along {', '.join(around)}, elsewhere in the interior" if around and open_axes else "in the interior"
    where = where if open_axes else "everywhere"
    found = {
        "order": f"nodes follow one another along ({axes}); the axes have a fixed order and direction",
        "spacing": f"neighbouring places are equally far apart along each of ({axes}), in all items",
        "locality": "what matters for a node lies within the window; further away arrives after several layers",
        "translation": f"the same local rule everywhere, along every axis; exact {where}",
        "boundary": "; ".join(ends),
        "permutation": "none: exchanging nodes is another input",
        "rotation and scale": "none: a turned or enlarged input is another input",
        "cost": f"grows with {'the length' if isinstance(topology, Chain) else 'the number of places'}, "
        "times the places of the window",
    }
    if "time" in lattice.axes:
        found["causality"] = "a symmetric window hears the future too; pad in front only, or use a recurrence"
    if isinstance(topology, SparseGrid):
        found["existence"] = "places without a node are not there: they say nothing, and no layer fills them"
        found["cost"] = "grows with the nodes that exist, times the places of the window, not with the whole lattice"
    return found
