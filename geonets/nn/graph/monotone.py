"""Networks on edges that a maximum passes: it is then looked for among nodes, and the rest is computed on nodes.

For `f` that rises, `max_j f(a_i + b_j) = f(a_i + max_j b_j)`. A batch norm rises or falls in each channel; its moments
over the edges follow from the mean and the variance of what each node hears, as variances of groups add up.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import torch
from torch import Tensor, nn

from geonets.core.structure import Structure
from geonets.core.topology import EdgeList
from geonets.engine.moments import remember_moments
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from geonets.nn.graph.linear import class_of, never_falls, parts_of


@dataclasses.dataclass(frozen=True)
class Monotone:
    """What follows the first linear layer of a network, where a maximum passes it.

    Args:
        norm: a batch norm, or None.
        rest: of functions that rise.
    """

    norm: nn.BatchNorm1d | None
    rest: tuple[nn.Module, ...]


def after_linear(network: Any) -> Monotone | None:
    """What follows a first linear layer: a batch norm or none, then functions that rise; None if anything else."""
    parts = parts_of(network)[1:]
    norm = parts[0] if parts and class_of(parts[0]) is nn.BatchNorm1d else None
    rest = tuple(parts if norm is None else parts[1:])
    return Monotone(norm, rest) if all(map(never_falls, rest)) else None


def extremes(
    spec: AggregateSpec,
    after: Monotone,
    heard: Tensor,
    own: Tensor,
    spoken: Tensor,
    structure: Structure,
    source: Structure | None = None,
) -> Tensor:
    """`max_j f(a_i - c_i + b_j)` or the minimum; 0 where nobody speaks.

    Args:
        spec: of the aggregation by messages, whose neighborhood and reduction count.
        after: `f`.
        heard: `(N_r, C)` terms `a_i` of the receivers.
        own: `(N_r, C)` terms `c_i` of the receivers; the same tensor as `spoken`, where they are what they say.
        spoken: `(N_s, C)` terms `b_j` of the senders.
        structure: whose nodes hear.
        source: whose nodes are heard.

    Returns:
        `(N_r, C)`.
    """
    norm, edges = after.norm, spec.neighborhood.edges(structure, structure if source is None else source)
    batch = norm is not None and (norm.training or norm.running_mean is None)
    message = "difference" if spoken is own and not batch else "sender"
    heard = heard - own if message == "sender" else heard
    if norm is None:
        rows = heard + _aggregated(spec, (str(spec.reduce),), message, spoken, structure, source)[0]
    else:
        dtype = heard.dtype
        sign = 1.0 if norm.weight is None else torch.where(norm.weight.detach() < 0, -1, 1).to(spoken)
        wanted = (str(spec.reduce), "mean", "var") if batch else (str(spec.reduce),)
        if batch:  # moments of half numbers are computed in single precision, as torch's own norm does
            heard, spoken = (rows.to(torch.promote_types(dtype, torch.float32)) for rows in (heard, spoken))
        found, *moments = _aggregated(spec, wanted, message, spoken * sign, structure, source)
        mean, var = norm.running_mean, norm.running_var
        if batch:
            mean, var = _moments(heard + moments[0] * sign, moments[1], edges)
            remember_moments(norm, mean.detach(), var.detach(), edges.num_edges)
        assert mean is not None and var is not None
        rows = heard + found * sign - mean
        scale = (var + norm.eps).rsqrt()
        rows = rows * scale if norm.weight is None else rows * (scale * norm.weight) + norm.bias
        rows = rows.to(dtype)
    rows = functools.reduce(lambda given, part: part(given), after.rest, rows)
    return rows if _all_hear(edges) else torch.where((edges.degrees > 0)[:, None], rows, 0)


def _all_hear(edges: EdgeList) -> bool:
    """Whether every node is known to hear something; a trace does not ask numbers."""
    if torch.compiler.is_compiling():
        return False
    return edges.remember("all hear", lambda: bool((edges.degrees > 0).all()))


def _moments(means: Tensor, variances: Tensor, edges: EdgeList) -> tuple[Tensor, Tensor]:
    """Mean and variance over all edges, of the means and variances over each node's: a sum in which nothing cancels."""
    shares = (edges.degrees.to(means.dtype) / edges.num_edges)[:, None]
    rough = (shares * means).sum(0).detach()
    mean = rough + (shares * (means - rough)).sum(0)
    return mean, (shares * (variances + (means - mean).square())).sum(0)


def _aggregated(
    spec: AggregateSpec,
    reduce: tuple[str, ...],
    message: str,
    rows: Tensor,
    structure: Structure,
    source: Structure | None,
) -> tuple[Tensor, ...]:
    found: Tensor = run(_of_senders(spec, reduce, message), AggregateOperands(rows), structure, source)
    return found.chunk(len(reduce), -1)


@functools.lru_cache(64)
def _of_senders(spec: AggregateSpec, reduce: tuple[str, ...], message: str) -> AggregateSpec:
    return AggregateSpec(spec.neighborhood, reduce, message)
