"""`Transposed`: a kernel window that speaks instead of hearing."""

from __future__ import annotations

import dataclasses
import math
from typing import final

import torch

from geonets.core.errors import OptionError, ShapeError, StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.neighborhoods.stencil import Stencil, require_room
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Lattice, Topology, lattice_edges


@final
@dataclasses.dataclass(frozen=True)
class Transposed(Neighborhood):
    """The edges of a window the other way round: node `p` speaks to receiver `stride * p + dilation * k - padding`.

    There are as many receivers as `stencil` needs to give back these nodes, and `output_padding` more at the end. Along
    a periodic axis, which has no end, there are `stride` receivers for each node.

    Args:
        stencil: the window, with `padding_mode="zeros"`; its offset `k` stays the edge type.
        output_padding: further receivers along each axis: which of the sizes that `stencil` maps to this one is meant.

    Raises:
        OptionError: if `output_padding` is not less than stride or dilation, or the stencil pads with values.
    """

    stencil: Stencil
    output_padding: tuple[int, ...]

    def __post_init__(self) -> None:
        limits = [max(pair) for pair in zip(self.stencil.stride, self.stencil.dilation, strict=True)]
        if len(self.output_padding) != len(limits) or not all(
            0 <= more < limit for more, limit in zip(self.output_padding, limits, strict=True)
        ):
            raise OptionError(
                f"`output_padding` must be {len(limits)} integers from 0 to less than stride or dilation; "
                f"got {self.output_padding} (stride {self.stencil.stride}, dilation {self.stencil.dilation}). "
                "Pass less, or a larger stride."
            )
        if self.stencil.padding_mode != "zeros" or self.stencil.ceil_mode:
            raise OptionError(
                f"`padding_mode` must be 'zeros' for a transposed window; got {self.stencil.padding_mode!r}. "
                "Leave it out: a window that speaks has no values to pad with."
            )

    def target(self, topology: Topology) -> Topology:
        axes = self.stencil.num_axes
        if not isinstance(topology, Lattice) or topology.num_axes != axes:
            got = f"{topology.num_axes} axes" if isinstance(topology, Lattice) else f"a {type(topology).__name__}"
            raise StructureError(
                f"`structure` must be a lattice of {axes} axes for a transposed window; got {got}. "
                "Use a chain or grid with as many axes, or gn.nn.Refine."
            )
        return topology.remember(("target", self.key), lambda: self._target(topology))

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        coarse, fine = structure.topology, self.target(structure.topology)
        assert isinstance(coarse, Lattice) and isinstance(fine, Lattice)
        stride = torch.tensor(self.stencil.stride, device=fine.device)
        return lattice_edges(fine, coarse, self.stencil.steps(fine.device), stride).reversed

    def _target(self, lattice: Lattice) -> Lattice:
        sizes = lattice.sizes
        if sizes.uniform is not None:
            shifts = self._shifts(lattice)
            out = tuple(s * n + m for n, s, m in zip(sizes.uniform, self.stencil.stride, shifts, strict=True))
            if min(sizes.uniform) > 0 and min(out) < 1:
                raise self._too_small(sizes.uniform)
            out = out if min(sizes.uniform) > 0 else (0,) * len(out)
            require_room(sizes, sizes.num_items * math.prod(out), self.stencil)
            return lattice.with_sizes(Sizes.of(out, sizes.num_items, device=lattice.device))
        stride, shifts = (
            torch.tensor(numbers, device=lattice.device) for numbers in (self.stencil.stride, self._shifts(lattice))
        )
        table = stride * sizes.table + shifts
        empty = (sizes.table == 0).any(1, keepdim=True)
        small = ((table < 1) & ~empty).any(1).nonzero()
        if len(small):
            raise self._too_small(tuple(sizes.table[int(small[0])].tolist()), f", item {int(small[0])}")
        table = torch.where(empty, 0, table)
        require_room(sizes, float(table.double().prod(1).sum()), self.stencil)
        return lattice.with_sizes(Sizes(None, sizes.num_items, table, int(table.prod(1).sum())))

    def _shifts(self, lattice: Lattice) -> list[int]:
        """Receivers along each axis less stride times nodes (Dumoulin & Visin 2016, relation 14, with dilation)."""
        stencil = self.stencil
        reach = [d * (k - 1) + 1 for d, k in zip(stencil.dilation, stencil.kernel_size, strict=True)]
        cut = [before + after for before, after in zip(stencil.padding, stencil.padding_after, strict=True)]
        parts = zip(reach, stencil.stride, cut, self.output_padding, strict=True)
        shifts = [far - step - ends + more for far, step, ends, more in parts]
        return [0 if periodic else shift for shift, periodic in zip(shifts, lattice.periodic, strict=True)]

    def _too_small(self, size: tuple[int, ...], where: str = "") -> ShapeError:
        return ShapeError(
            f"`padding` must leave at least one receiver along each axis; got {self.stencil.padding} "
            f"for a window of {self.stencil.kernel_size} on an input of {size}{where}. "
            "Pad less: a transposed window's padding cuts the result."
        )
