"""`PNAConv`: several reductions, each scaled by how many neighbours were heard."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.arguments import LEAST_STD, activation, reductions
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS, edge_features

SCALERS = ("identity", "amplification", "attenuation", "linear", "inverse_linear")


class DegreeScaler(nn.Module):
    """Rows times functions of their degree `d`, joined along the channels; 1 where the degree is the training set's.

    `amplification` is `log(d + 1) / delta` with `delta` the mean of `log(d + 1)`, `attenuation` its inverse; `linear`
    is `d / mean(d)`, `inverse_linear` its inverse.

    Args:
        scalers: of `identity amplification attenuation linear inverse_linear`.
        deg: `(D+1,)` how many nodes of the training set have each degree.
        train_norm: learn the two means.
    """

    avg_deg_lin: Tensor
    avg_deg_log: Tensor

    def __init__(self, scalers: Sequence[str], deg: Tensor, train_norm: bool = False) -> None:
        super().__init__()
        for scaler in scalers:
            one_of("scalers", scaler, SCALERS)
        self.scalers = tuple(scalers)
        share = deg.double() / deg.sum()
        degrees = torch.arange(len(deg), dtype=torch.float64, device=deg.device)
        for name, of_degree in (("avg_deg_lin", degrees), ("avg_deg_log", (degrees + 1).log())):
            value = (share * of_degree).sum(0, keepdim=True).to(torch.get_default_dtype())
            self.register_parameter(name, nn.Parameter(value)) if train_norm else self.register_buffer(name, value)

    def forward(self, rows: Tensor, degrees: Tensor) -> Tensor:
        """`(N, ..., C)` rows and `(N,)` degrees to `(N, ..., S C)`; attenuation takes degree 0 for 1."""
        degree = degrees.to(rows.dtype).reshape(-1, *[1] * (rows.ndim - 1))
        heard = degree.clamp(min=1)
        factors: dict[str, Callable[[], Any]] = {
            "identity": lambda: 1,
            "amplification": lambda: (degree + 1).log() / self.avg_deg_log,
            "attenuation": lambda: self.avg_deg_log / (heard + 1).log(),
            "linear": lambda: degree / self.avg_deg_lin,
            "inverse_linear": lambda: self.avg_deg_lin / heard,
        }
        return torch.cat([rows * factors[scaler]() for scaler in self.scalers], -1)


class PNAConv(Layer):
    """`x_i' = W post([x_i, scale_{d_i} reduce_{j -> i} pre([x_i, x_j, W_e e_ij])])`, in `towers`.

    All aggregators reduce the same messages, and all scalers scale each of them. Arguments and keys of PyG's `PNAConv`.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result, a multiple of `towers`.
        aggregators: of `sum mean max min var std softmax`.
        scalers: of `identity amplification attenuation linear inverse_linear`.
        deg: `(D+1,)` how many nodes of the training set have each degree: `PNAConv.degree_histogram(train)`.
        edge_dim: channels of `edge_attr` where it is used.
        towers: networks side by side.
        pre_layers: linear layers of `pre`.
        post_layers: linear layers of `post`.
        divide_input: each tower reads its part of the channels, not all of them.
        act: between the linear layers, a torch activation by name, or a module.
        act_kwargs: what it is built with.
        train_norm: learn the mean degrees.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        OptionError: if the channels cannot be divided among the towers, or a word is not one of those above.
        StructureError: if `edge_dim` is given and there is no `edge_attr`.

    Reference: Corso et al., "Principal neighbourhood aggregation for graph nets", 2020, equations 5-9.

    Example:
        >>> import torch, geonets as gn
        >>> coffee = gn.molecule("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
        >>> deg = gn.nn.PNAConv.degree_histogram(coffee)
        >>> conv = gn.nn.PNAConv(9, 8, ["mean", "max", "std"], ["identity", "amplification"], deg, edge_dim=3)
        >>> deg.tolist(), conv(coffee).x.shape
        ([0, 5, 2, 7], torch.Size([14, 8]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        aggregators: Sequence[str],
        scalers: Sequence[str],
        deg: Tensor,
        edge_dim: int | None = None,
        towers: int = 1,
        pre_layers: int = 1,
        post_layers: int = 1,
        divide_input: bool = False,
        act: str | Callable[..., Any] | None = "relu",
        act_kwargs: dict[str, Any] | None = None,
        train_norm: bool = False,
        neighborhood: Neighborhood = LINKS,
    ) -> None:
        super().__init__()
        for name, channels in (("in_channels", in_channels if divide_input else 0), ("out_channels", out_channels)):
            if channels % towers:
                raise OptionError(
                    f"`{name}` must be a multiple of towers={towers}; got {channels}. Choose another number of towers."
                )
        self.in_channels, self.out_channels, self.edge_dim = in_channels, out_channels, edge_dim
        self.towers, self.divide_input = towers, divide_input
        self.width = in_channels // towers if divide_input else in_channels
        parts = 2 if edge_dim is None else 3
        reads = ("sender", "receiver") if edge_dim is None else ("sender", "receiver", "edge")
        self.spec = AggregateSpec(neighborhood, reductions(aggregators), "opaque", reads, least_std=LEAST_STD)
        self.aggr_module = DegreeScaler(scalers, deg, train_norm)
        if edge_dim is not None:
            self.edge_encoder = nn.Linear(edge_dim, self.width)
        joint = (len(self.spec.reductions) * len(scalers) + 1) * self.width
        before = [parts * self.width, *[self.width] * pre_layers]
        after = [joint, *[out_channels // towers] * post_layers]
        self.pre_nns = nn.ModuleList(_network(before, act, act_kwargs) for _ in range(towers))
        self.post_nns = nn.ModuleList(_network(after, act, act_kwargs) for _ in range(towers))
        self.lin = nn.Linear(out_channels, out_channels)

    @staticmethod
    def degree_histogram(structure: Structure, neighborhood: Neighborhood = LINKS) -> Tensor:
        """`(D+1,)`: how many nodes hear 0, 1, ..., D others."""
        return torch.bincount(neighborhood.edges(structure).degrees, minlength=1)

    def forward(self, structure: Structure) -> Structure:
        x = features(structure, self.in_channels)
        towers = x.unflatten(1, (self.towers, -1)) if self.divide_input else x[:, None].expand(-1, self.towers, -1)
        spoken, heard = self._first(towers, 1, bias=False), self._first(towers, 0, bias=True)
        operands = AggregateOperands(spoken, heard, self._of_edges(structure), self._message)
        reduced = run(self.spec, operands, structure)  # (N, towers, aggregators * width)
        scaled = self.aggr_module(reduced, self.spec.neighborhood.edges(structure).degrees)
        joint = torch.cat([towers, scaled], -1)
        return structure.replace(x=self.lin(_by_tower(self.post_nns, joint).flatten(1)))

    def _first(self, rows: Tensor, part: int, bias: bool) -> Tensor:
        """The first linear layer of each tower's `pre`, on one of the parts that it reads: receiver, sender or edge."""
        columns = slice(part * self.width, (part + 1) * self.width)
        linears: list[Any] = [network[0] for network in self.pre_nns]  # pyright: ignore[reportIndexIssue]
        return torch.stack(
            [
                functional.linear(rows[:, tower], linear.weight[:, columns], linear.bias if bias else None)
                for tower, linear in enumerate(linears)
            ],
            1,
        )

    def _of_edges(self, structure: Structure) -> Tensor | None:
        if self.edge_dim is None:
            return None
        encoded = self.edge_encoder(edge_features(structure, self.spec.neighborhood, "PNAConv with edge_dim"))
        return self._first(encoded[:, None].expand(-1, self.towers, -1), 2, bias=False)

    def _message(self, sender: Tensor, receiver: Tensor, edge: Tensor | None = None) -> Tensor:
        rows = sender + receiver if edge is None else sender + receiver + edge
        rest: list[Any] = [network[1:] for network in self.pre_nns]  # pyright: ignore[reportIndexIssue]
        return _by_tower(rest, rows) if len(rest[0]) else rows

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, towers={self.towers}, edge_dim={self.edge_dim}"


def _by_tower(networks: Any, rows: Tensor) -> Tensor:
    """Each tower's network on its rows: `(N, towers, C)` to `(N, towers, C')`."""
    return torch.stack([network(rows[:, tower]) for tower, network in enumerate(networks)], 1)


def _network(widths: list[int], act: Any, act_kwargs: dict[str, Any] | None) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(widths[0], widths[1])]
    for before, after in itertools.pairwise(widths[1:]):
        layers += [activation(act, act_kwargs), nn.Linear(before, after)]
    return nn.Sequential(*layers)
