"""`EGNNConv`: features that do not change when a molecule is turned, positions that turn with it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood, WithoutLoops
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.linear import after_first_linear, is_function_of_rows, parts_of
from geonets.nn.layer import Layer, features, positions
from geonets.nn.message_passing import LINKS, edge_features
from geonets.nn.molecule.distances import edge_steps, lengths

Network = Callable[[Tensor, Tensor, Tensor], Tensor]


class EGNNConv(Layer):
    """Messages from distances; they move the nodes along the edges, and change what the nodes know.

        m_ij = phi_e(x_i, x_j, |pos_i - pos_j|^2, e_ij)
        pos_i' = pos_i + mean_{j -> i, j != i} (pos_i - pos_j) phi_x(m_ij)
        x_i' = phi_h(x_i, sum_{j -> i, j != i} m_ij)

    Keys of the authors' `E_GCL`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        hidden_channels: of messages and hidden layers; `out_channels` unless given.
        edge_dim: channels of `edge_attr` where it is used.
        attention: weigh each message by a number between 0 and 1 that is read off it.
        normalize: move along `(pos_i - pos_j) / (|pos_i - pos_j| + 1)`, so that far nodes do not dominate.
        tanh: bound `phi_x` to -1 .. 1.
        residual: add `x_i` to `x_i'`.
        neighborhood: who hears whom; the topology's own links unless given. A node never hears itself.

    Returns:
        The same nodes with new `x` and new `pos`.

    Raises:
        OptionError: for `residual` between different numbers of channels.
        StructureError: if there are no positions, or no `edge_attr` where `edge_dim` asks for it.

    Reference: Satorras, Hoogeboom & Welling, "E(n) equivariant graph neural networks", 2021, equations 3-6; attention,
        section 3.3; `normalize`: Hoogeboom et al., "Equivariant diffusion for molecule generation in 3D", 2022.

    Example:
        >>> import torch, geonets as gn
        >>> atoms = gn.points(torch.randn(2, 5, 3), x=torch.randn(2, 5, 8))
        >>> moved = gn.nn.EGNNConv(8, 16, neighborhood=gn.Complete())(atoms)
        >>> moved.x.shape, moved.pos.shape
        (torch.Size([10, 16]), torch.Size([10, 3]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        hidden_channels: int | None = None,
        edge_dim: int | None = None,
        attention: bool = False,
        normalize: bool = False,
        tanh: bool = False,
        residual: bool = False,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        if residual and in_channels != out_channels:
            raise OptionError(
                f"`residual` must be False where out_channels differs from in_channels; got {in_channels} and "
                f"{out_channels} channels. Bring x to {out_channels} channels first."
            )
        self.in_channels, self.out_channels, self.edge_dim = in_channels, out_channels, edge_dim
        self.normalize, self.residual, self.neighborhood = normalize, residual, neighborhood
        hidden = out_channels if hidden_channels is None else hidden_channels
        read = 2 * in_channels + 1 + (edge_dim or 0)
        self.edge_mlp = nn.Sequential(nn.Linear(read, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.node_mlp = nn.Sequential(
            nn.Linear(in_channels + hidden, hidden), nn.SiLU(), nn.Linear(hidden, out_channels)
        )
        last = nn.Linear(hidden, 1, bias=False)
        nn.init.xavier_uniform_(last.weight, gain=0.001)  # nodes hardly move at first, as in the authors' code
        self.coord_mlp = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), last, *([nn.Tanh()] if tanh else []))
        self.att_mlp = nn.Sequential(nn.Linear(hidden, 1), nn.Sigmoid()) if attention else None
        self.spec = AggregateSpec(WithoutLoops(neighborhood), "sum", "opaque", by_edge=True)
        self.together = dataclasses.replace(self.spec, by_edge=False)

    def forward(self, structure: Structure) -> Structure:
        x, pos = features(structure, self.in_channels), positions(structure, "EGNNConv")
        steps, known = edge_steps(structure, self.spec.neighborhood, "EGNNConv"), self._edge_rows(structure)
        rows = steps if known is None else torch.cat([steps, known], 1)
        spec, operands = self._by_edge(x, rows, pos.shape[1]) or self._together(x, rows, pos.shape[1])
        messages, shifts, counts = run(spec, operands, structure).tensor_split((-1 - pos.shape[1], -1), 1)
        rows = self.node_mlp(torch.cat([x, messages], 1))
        return structure.replace(x=x + rows if self.residual else rows, pos=pos + shifts / counts.clamp(min=1))

    def _by_edge(self, x: Tensor, rows: Tensor, axes: int) -> tuple[AggregateSpec, AggregateOperands] | None:
        """The first layer is applied to nodes, which are fewer than edges; None where layers may do more than that."""
        others = [self.coord_mlp] if self.att_mlp is None else [self.coord_mlp, self.att_mlp]
        start, channels = after_first_linear(self.edge_mlp), self.in_channels
        if start is None or not all(map(is_function_of_rows, (self.edge_mlp, *others))):
            return None
        others += parts_of(self.edge_mlp)[1:]
        (linear, rest), learned = start, dict.fromkeys(weight for part in others for weight in part.parameters())
        if linear.weight in learned:  # shared by two layers
            return None
        own, other, read = linear.weight.split([channels, channels, linear.in_features - 2 * channels], 1)
        read = read.T.contiguous()  # what is read of edges is narrow: products with it are slow the other way round

        def of_terms(sender: Tensor, receiver: Tensor, edge: Tensor) -> Tensor:
            return rest(torch.addmm(receiver + sender, edge, read))

        terms, own_terms = functional.linear(x, other), functional.linear(x, own, linear.bias)
        message = functools.partial(self._message, of_terms, axes)
        return self.spec, AggregateOperands(terms, own_terms, rows, message, weights=(read, *learned))

    def _together(self, x: Tensor, rows: Tensor, axes: int) -> tuple[AggregateSpec, AggregateOperands]:
        """Every network is called once, with all edges."""

        def of_nodes(sender: Tensor, receiver: Tensor, edge: Tensor) -> Tensor:
            return self.edge_mlp(torch.cat([receiver, sender, edge], 1))

        return self.together, AggregateOperands(x, x, rows, functools.partial(self._message, of_nodes, axes))

    def _message(self, network: Network, axes: int, sender: Tensor, receiver: Tensor, edge: Tensor) -> Tensor:
        """`(E, hidden + D + 1)`: the message, where it moves the receiver, and a one to count by.

        Args:
            network: makes the message of what is read of sender, receiver, and edge: squared distances and features.
            axes: `D`.
            sender, receiver: one row an edge.
            edge: `(E, D + edge_dim)` the step from the sender to the receiver, and features.
        """
        step, known = edge[:, :axes], edge[:, axes:]
        squared = step.square().sum(1, keepdim=True)
        message = network(sender, receiver, torch.cat([squared, known], 1) if known.shape[1] else squared)
        if self.att_mlp is not None:
            message = message * self.att_mlp(message)
        if self.normalize:
            step = step / (lengths(step)[:, None] + 1)
        return torch.cat([message, step * self.coord_mlp(message), torch.ones_like(message[:, :1])], 1)

    def _edge_rows(self, structure: Structure) -> Tensor | None:
        if self.edge_dim is None:
            return None
        rows, links = edge_features(structure, self.neighborhood, "EGNNConv with edge_dim"), structure.topology.links
        return rows if links.loop_counts is None else rows[links.senders != links.receivers]

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, neighborhood={self.neighborhood}"
