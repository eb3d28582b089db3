"""Going through long chains a stretch of time at a time."""

from __future__ import annotations

from collections.abc import Iterator

from geonets.core.errors import OptionError, UnsupportedError
from geonets.core.ranges import Rows
from geonets.core.structure import Structure
from geonets.core.topology import Chain


def windows(chains: Structure, steps: int) -> Iterator[Structure]:
    """The first `steps` steps of all chains, then the next, until the longest ends.

    A window has as many items as the chains, some of them empty; all fields of nodes and items come with it.

    Args:
        chains: of any lengths.
        steps: of a window; the last may be shorter.

    Raises:
        OptionError: if `steps` is not positive.
        UnsupportedError: if the structure is no batch of chains.

    Example:
        >>> import torch, geonets as gn
        >>> text = gn.chain([torch.randn(5, 3), torch.randn(2, 3)])
        >>> [part.topology.node_counts.tolist() for part in gn.windows(text, 3)]
        [[3, 2], [2, 0]]
    """
    if not isinstance(chains.topology, Chain):
        raise UnsupportedError(
            f"`chains` must be chains, which have a time to go along; got {chains.topology!r}. "
            "Take the fibres of a product first: structure.along('time')."
        )
    if steps < 1:
        raise OptionError(f"`steps` must be positive; got {steps}. Say how many steps a window has.")
    return _windows(chains, chains.topology, steps)


def _windows(chains: Structure, topology: Chain, steps: int) -> Iterator[Structure]:
    longest = topology.uniform[0] if topology.uniform else int(topology.node_counts.max()) if len(chains) else 0
    for start in range(0, longest, steps):
        counts = (topology.node_counts - start).clamp(min=0, max=steps)
        rows = Rows.of_items(topology.node_offsets[:-1] + start, counts)
        yield chains.on(Chain(counts), {name: rows.take(field) for name, field in chains.nodes.items()})
