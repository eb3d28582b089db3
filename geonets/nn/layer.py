"""`Layer`: what every layer of geonets is, and how a function of rows becomes a function of structures."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from geonets.core.errors import DtypeError, ShapeError
from geonets.core.neighborhoods.base import require_pos
from geonets.core.structure import Structure
from geonets.core.topology import Topology

P = ParamSpec("P")
T = TypeVar("T")


class Layer(nn.Module):
    """A module that takes a `Structure` and returns one.

    Subclass it for a layer of your own: set parameters and a spec in `__init__`, and call `geonets.engine.plan.run` in
    `forward`.
    """

    def __new__(cls, *given: Any, **named: Any) -> Any:
        """Remember what the layer is built with, so that it can be built again elsewhere."""
        layer = super().__new__(cls)
        layer.__dict__["_given"] = given, named
        return layer

    @property
    def arguments(self) -> dict[str, Any]:
        """What the layer was built with, by name; what was left out is not in it."""
        given, named = self.__dict__["_given"]
        bound = inspect.signature(type(self).__init__).bind(self, *given, **named).arguments
        return {name: value for name, value in bound.items() if value is not self}


class NodeWise(Layer):
    """Put before a torch module that acts on each row by itself, it makes that module take a `Structure` or rows."""

    def forward(self, input: Any) -> Any:
        """Apply the torch module to `x`, which may also be given as rows `(N, C)`."""
        return on_nodes(super().forward, input)


def on_nodes(function: Callable[[Tensor], Tensor], given: Any) -> Any:
    """Apply a function of rows to the `x` of a structure, or to rows."""
    return given.replace(x=function(features(given))) if isinstance(given, Structure) else function(given)


def features(structure: Structure, channels: int | None = None) -> Tensor:
    """The node features `(N, C)`, checked.

    Raises:
        DtypeError: if what was given is no structure.
        ShapeError: if it has no features, or not as many channels as the layer was built for.
    """
    x = _required(structure).x
    if x is None:
        raise ShapeError("`structure` must have node features; got none. Give it some: structure.replace(x=...).")
    if channels is not None and (x.ndim != 2 or x.shape[1] != channels):
        raise ShapeError(
            f"`structure.x` must have {channels} channels for this layer; got shape {tuple(x.shape)}. "
            f"Build the layer for {x.shape[-1]} channels, or change the features."
        )
    return x


def channels_of(in_channels: int | tuple[int, int]) -> tuple[int, int]:
    """Channels of the nodes that are heard, and of those that hear."""
    return (in_channels, in_channels) if isinstance(in_channels, int) else in_channels


def heard_and_hearing(
    structure: Structure, source: Structure | None, in_channels: int | tuple[int, int] | None = None
) -> tuple[Tensor, Tensor]:
    """Features `(N_s, C_s)` of the nodes that are heard and `(N_r, C_r)` of those that hear, checked.

    Args:
        structure: whose nodes hear.
        source: whose nodes are heard, or None where they are the structure's own.
        in_channels: of both, or of each.
    """
    heard, hearing = (None, None) if in_channels is None else channels_of(in_channels)
    return features(structure if source is None else source, heard), features(structure, hearing)


def positions(structure: Structure, layer: str) -> Tensor:
    """The node positions `(N, D)`, checked.

    Raises:
        DtypeError: if what was given is no structure.
        StructureError: if it has no positions; the message names the layer that asks.
    """
    require_pos(_required(structure), layer)
    return structure.pos


def remembered(build: Callable[P, T]) -> Callable[P, T]:
    """Build once for the same arguments; inside a compiler's trace, which must leave nothing behind, build anew."""
    kept = functools.cache(build)

    @functools.wraps(build)
    def built(*args: P.args, **options: P.kwargs) -> T:
        return build(*args, **options) if torch.compiler.is_compiling() else kept(*args, **options)

    return built


def with_rows(structure: Structure, topology: Topology, rows: Tensor) -> Structure:
    """The result of a layer: new features on the same nodes, or on the nodes of another topology."""
    others = structure.nodes if topology is structure.topology else {}
    return structure.on(topology, {**others, "x": rows})


def _required(structure: Structure) -> Structure:
    if not isinstance(structure, Structure):
        raise DtypeError(
            f"`structure` must be a Structure; got {type(structure).__name__}. "
            "Build one with gn.chain, gn.grid, gn.points or gn.graph."
        )
    return structure
