"""`JumpingKnowledge`: each node chooses among what it knew after each layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from geonets.core.errors import OptionError, StructureError
from geonets.core.options import one_of
from geonets.core.ranges import Sizes
from geonets.core.structure import Structure
from geonets.core.topology.lattice import ONE_CHAIN
from geonets.nn.layer import Layer, features
from geonets.nn.recurrent import LSTM


class JumpingKnowledge(Layer):
    """Join the results of several layers, node by node; arguments, keys and results of PyG's `JumpingKnowledge`.

    `"cat"` puts them side by side, `"max"` takes the largest entry of each channel, `"lstm"` reads them as a sequence
    and weighs them: `x_i = sum_t softmax_t(w . lstm(x_i^1, ..., x_i^T)_t) x_i^t`.

    Args:
        mode: `"cat"`, `"max"` or `"lstm"`.
        channels: of each result; needed for `"lstm"`.
        num_layers: how many results there will be; needed for `"lstm"`.

    Raises:
        OptionError: if `"lstm"` is not told `channels` and `num_layers`.
        StructureError: if the structures have not all the same nodes.

    Reference: Xu et al., "Representation learning on graphs with jumping knowledge networks", 2018, section 4.1.

    Example:
        >>> import torch, geonets as gn
        >>> atoms = gn.molecule("CCO")
        >>> first = gn.nn.GCNConv(9, 4)(atoms)
        >>> gn.nn.JumpingKnowledge("cat")([first, gn.nn.GCNConv(4, 4)(first)]).x.shape
        torch.Size([3, 8])
    """

    def __init__(self, mode: str, channels: int | None = None, num_layers: int | None = None) -> None:
        super().__init__()
        one_of("mode", mode, ("cat", "max", "lstm"))
        self.mode = mode
        self.lstm = self.att = None
        if mode == "lstm":
            if channels is None or num_layers is None:
                raise OptionError(
                    f"`channels` and `num_layers` must be given with mode='lstm'; got {channels} and {num_layers}. "
                    "Pass JumpingKnowledge('lstm', channels=64, num_layers=3), say."
                )
            hidden = num_layers * channels // 2
            self.lstm = LSTM(channels, hidden, bidirectional=True, batch_first=True)
            self.att = nn.Linear(2 * hidden, 1)

    def forward(self, structures: Sequence[Structure]) -> Structure:
        """Join the `x` of all; the other fields are those of the last."""
        if not structures or any(structure.topology is not structures[0].topology for structure in structures):
            count = len({id(structure.topology) for structure in structures})
            raise StructureError(
                f"`structures` must be results of layers on the same nodes; got {count} topologies. "
                "Pass a list with the result of each layer."
            )
        rows = torch.stack([features(structure) for structure in structures], 1)  # (N, T, C)
        if self.mode == "cat":
            joined = rows.flatten(1)
        elif self.mode == "max":
            joined = rows.max(1).values
        else:
            assert self.lstm is not None and self.att is not None
            steps = Sizes.of((rows.shape[1],), len(rows), device=rows.device)
            layers = ONE_CHAIN.with_sizes(steps)  # what a node knew is a chain of T steps
            read = self.lstm(Structure(layers, {"x": rows.flatten(0, 1)})).x
            weights = self.att(read).reshape(rows.shape[:2]).softmax(1)
            joined = (rows * weights[..., None]).sum(1)
        return structures[-1].replace(x=joined)

    def extra_repr(self) -> str:
        return self.mode
