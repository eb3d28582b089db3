"""`causality` and `receptive_field`: which nodes can be heard at which."""

from __future__ import annotations

import dataclasses
import html
from collections import Counter
from typing import Any, final

import torch
from torch import Tensor

from geonets.check.report import Gap, Report, counted, worst_of
from geonets.check.shifts import lattice_of
from geonets.check.trial import Answer, Call, Trial, distances, place_of, scale_of
from geonets.core.errors import GeonetsError, ItemError, OptionError, UnsupportedError
from geonets.core.structure import Structure
from geonets.core.topology import Lattice, Topology

MOST_STEPS = 64
Node = int | tuple[int, ...]


def causality(
    layer: Any,
    structure: Structure,
    axis: str = "time",
    *,
    training: bool = False,
    call: Call | None = None,
    seed: int = 0,
) -> Report:
    """Whether what happens at a time leaves everything before it as it was, bit by bit.

    For each time `t` the features of all nodes at `t` are drawn anew; results before `t` must be equal, not close. The
    report names the first leak: from which time to which.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: on a chain or grid that has the axis.
        axis: the name of the axis that is time.
        training: try it in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the new features.

    Returns:
        A `Report`; its verdict is `"causal"` or `"fails"`.

    Raises:
        UnsupportedError: if the structure is no lattice, or the result is on other nodes than a lattice.
        OptionError: if it has no such axis.

    Reference: van den Oord et al., "WaveNet: a generative model for raw audio", 2016, section 2.1.

    Example:
        >>> import torch, geonets as gn
        >>> weather = gn.chain(torch.randn(2, 10, 3))
        >>> gn.check.causality(gn.nn.GRU(3, 4), weather).verdict
        'causal'
        >>> gn.check.causality(gn.nn.Conv1d(3, 4, 3, padding=1), weather).what
        'from time 1 to time 0'
    """
    trial = Trial(layer, structure, training, call, seed)
    given, topology = trial.structure, lattice_of(trial.structure, "causality")
    if axis not in topology.axes:
        raise OptionError(
            f"`axis` must be one of {', '.join(topology.axes)}; got {axis!r}. Name the axis that is time."
        )
    number = topology.axes.index(axis)
    places = topology.coordinates()[:, number]
    before = trial(given)
    num_steps = int(places.max()) + 1 if len(places) else 0
    steps = (
        range(1, num_steps)
        if num_steps <= MOST_STEPS
        else sorted(trial.order(num_steps - 1)[:MOST_STEPS].add(1).tolist())
    )
    gaps: list[Gap] = []
    for step in steps:
        later = (places == step)[:, None]
        changed = {
            name: torch.where(later.reshape(-1, *[1] * (field.ndim - 1)), trial.normal(field), field)
            for name, field in given.nodes.items()
            if field.is_floating_point()
        }
        after = trial(given.replace(nodes=changed))
        gaps += [_leak(old, new, number, topology, step, axis) for old, new in zip(before, after, strict=True)]
        if gaps[-1].too_large:
            break
    worst = next((gap for gap in gaps if gap.too_large), worst_of(gaps))
    return trial.report(
        "causality",
        worst,
        0.0,
        "fails" if worst.too_large else "causal",
        f"new features at {counted(len(steps), 'time')} of {num_steps}, one after another (seed {seed})",
        law=f"leave what comes before a change along {axis} as it was",
        advice="Pad on the left only (padding='causal'), process one way, or mask the future.",
    )


def _leak(old: Answer, new: Answer, number: int, given: Lattice, step: int, axis: str) -> Gap:
    """The first place before `step` whose result changed."""
    target = old.topology
    if old.level != "nodes" or not isinstance(target, Lattice) or target.axes != given.axes:
        raise UnsupportedError(
            f"`layer` must return nodes along {axis} for check.causality; got {target!r}. "
            "Check the layers before the readout, or choose a part of what it returns with call=."
        )
    size, length = (int(t.sizes.sizes[:, number].max()) if t.num_items else 1 for t in (given, target))
    ratio = max(round(size / max(length, 1)), 1)  # a strided result p stands for the input at p times the stride
    places = target.coordinates()[:, number]
    errors = distances(old.rows, new.rows).flatten(1).amax(1).masked_fill(places * ratio >= step, 0.0)
    if not bool((errors > 0).any()):
        return Gap(0.0, 0.0, False, None, "")
    leaks = (errors > 0).nonzero().squeeze(1)
    row = int(leaks[places[leaks].argmin()])
    error = float(errors[row])
    channel = int(distances(old.rows[row], new.rows[row]).flatten().argmax())
    scale = scale_of(old.rows)
    return Gap(
        error, error / scale, True, place_of(old, row, channel), f"from {axis} {step} to {axis} {int(places[row])}"
    )


@final
@dataclasses.dataclass(frozen=True)
class ReceptiveField:
    """The nodes of one item that can be heard at one node.

    Args:
        layer: the class of the layer.
        node: of the result.
        item: to which it belongs.
        nodes: numbers in the item of the nodes that it hears, ascending.
        num_nodes: how many nodes the item has.
        extents: on lattices, the first and last place heard along each axis.
        sizes: on lattices, the item's size along each axis.
        hops: elsewhere, how many of the nodes at each distance along the links are heard: `{hops: (heard, all)}`.
        other_items: heard nodes of other items; anything but none is a leak.
    """

    layer: str
    node: int
    item: int
    nodes: tuple[int, ...]
    num_nodes: int
    extents: dict[str, tuple[int, int]]
    sizes: tuple[int, ...]
    hops: dict[int, tuple[int, int]]
    other_items: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        lines = [
            f"receptive field of {self.layer} at node {self.node} of item {self.item}",
            f"    {len(self.nodes)} of {self.num_nodes} nodes"
            + "".join(f", {axis} {low} .. {high}" for axis, (low, high) in self.extents.items()),
        ]
        for hops, (heard, total) in self.hops.items():
            lines.append(f"    {'not linked' if hops < 0 else f'{hops} hops away'}: {heard} of {total}")
        if self.other_items:
            lines.append(f"    LEAK: nodes of the items {', '.join(map(str, self.other_items))} are heard too")
        return "\n".join([*lines, *(f"    {line}" for line in self._picture())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, *rest = str(self).splitlines()
        body = html.escape("\n".join(line.removeprefix("    ") for line in rest))
        return f"<b>{html.escape(first)}</b><pre style='line-height:1'>{body}</pre>"

    def _picture(self) -> list[str]:
        """A line a row of the last two axes, `#` where a node is heard."""
        if not 1 <= len(self.sizes) <= 2 or not self.nodes:
            return []
        width = self.sizes[-1]
        heard = set(self.nodes)
        marks = "".join("#" if number in heard else "." for number in range(self.num_nodes))
        return [marks[start : start + width] for start in range(0, self.num_nodes, width)]


def receptive_field(
    layer: Any,
    structure: Structure,
    node: Node,
    *,
    item: int = 0,
    draws: int = 8,
    call: Call | None = None,
    seed: int = 0,
) -> ReceptiveField:
    """Which nodes of the input reach one node of the result: those whose features have a gradient there.

    A gradient may be zero by chance (a ReLU that is off, a maximum taken elsewhere), so several random features are
    drawn and a node counts if it is heard in any of them.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: what it is asked on; its features are drawn anew.
        node: of the result: its number in the item, or its place along every axis.
        item: to which it belongs.
        draws: random features.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the features.

    Returns:
        A `ReceptiveField`: nodes, their extent along each axis of a lattice, or how many hops away they are.

    Raises:
        ItemError: if there is no such node.

    Reference: Luo et al., "Understanding the effective receptive field in deep convolutional networks", 2016.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.nn.Sequential(gn.nn.Conv1d(1, 4, 3, padding=1), gn.nn.Conv1d(4, 1, 3, padding=2, dilation=2))
        >>> gn.check.receptive_field(net, gn.chain(torch.randn(1, 20, 1)), node=10)
        receptive field of Sequential at node 10 of item 0
            7 of 20 nodes, time 7 .. 13
            .......#######......
    """
    trial = Trial(layer, structure, False, call, seed)
    given = trial.structure
    heard = torch.zeros(given.num_nodes, dtype=torch.bool, device=given.device)
    number, answered = 0, None
    for _ in range(draws):
        drawn = given.replace(x=trial.normal(given.x)) if given.x is not None else given
        leafy, leaves = trial.leaves(drawn)
        answer = next(answer for answer in trial.answers(leafy) if answer.level == "nodes")
        answered = answer.topology
        number, row = _row_of(answered, node, item)
        total = (answer.rows[row] * trial.normal(answer.rows[row])).sum()
        inputs = [leaf for leaf in leaves.values() if len(leaf) == given.num_nodes]
        grads = torch.autograd.grad(total, inputs, allow_unused=True) if total.requires_grad else []
        for grad in grads:
            if grad is not None:
                heard |= (grad != 0).flatten(1).any(1)
    topology = given.topology
    items = topology.item_ids
    start = int(topology.node_offsets[item])
    inside = (heard & (items == item)).nonzero().squeeze(1)
    others = items[heard & (items != item)].unique().tolist()
    extents: dict[str, tuple[int, int]] = {}
    sizes: tuple[int, ...] = ()
    hops: dict[int, tuple[int, int]] = {}
    if isinstance(topology, Lattice):
        sizes = tuple(topology.sizes.sizes[item].tolist())
        if len(inside):
            low, high = (bound.tolist() for bound in torch.aminmax(topology.coordinates()[inside], dim=0))
            extents = {axis: (low[a], high[a]) for a, axis in enumerate(topology.axes)}
    elif answered is not None and torch.equal(answered.node_counts, topology.node_counts):
        hops = _hops(topology, heard & (items == item), start + number, items == item)
    heard_here, count = tuple((inside - start).tolist()), int(topology.node_counts[item])
    return ReceptiveField(trial.name, number, item, heard_here, count, extents, sizes, hops, tuple(others))


def _row_of(topology: Topology, node: Node, item: int) -> tuple[int, int]:
    """The number of a node in its item, and its row."""
    count = int(topology.node_counts[item]) if 0 <= item < topology.num_items else 0
    number, sizes = node if isinstance(node, int) else 0, topology.sizes.sizes
    if not isinstance(node, int):
        for place, size in zip(node, sizes[item].tolist() if count else (), strict=False):
            number = number * size + place if 0 <= place < size else count
    if not 0 <= number < count:
        raise ItemError(
            f"`node` must be one of the {count} nodes of item {item} of the result; got {node}. "
            "Pass its number in the item, or its place along every axis."
        )
    return number, int(topology.node_offsets[item]) + number


def _hops(topology: Topology, heard: Tensor, centre: int, mine: Tensor) -> dict[int, tuple[int, int]]:
    """How many nodes are heard at each distance against the direction of the links."""
    try:
        links = topology.links
    except GeonetsError:  # a set has none
        return {}
    distance = torch.full_like(heard, -1, dtype=torch.long)
    distance[centre] = 0
    for hop in range(int(mine.sum())):
        reached = links.senders[distance[links.receivers] == hop]
        fresh = reached[distance[reached] < 0]
        if not len(fresh):
            break
        distance[fresh] = hop + 1
    totals, found = Counter(distance[mine].tolist()), Counter(distance[heard].tolist())
    far = max(found, default=0)
    return {hop: (found[hop], totals[hop]) for hop in sorted(totals) if 0 <= hop <= far + 1 or (hop < 0 and found[hop])}
