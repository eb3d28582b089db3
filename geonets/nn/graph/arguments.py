"""What PyG's words for a reduction and an activation mean here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from geonets.core.options import one_of

Aggr = str | Sequence[str]
LEAST_STD = 1e-5**0.5
"""Up to it PyG's `StdAggregation` gives 0."""


def reductions(aggr: Aggr) -> str | tuple[str, ...]:
    """One reduction or several; PyG also says `"add"` for `"sum"`."""
    if isinstance(aggr, str):
        return "sum" if aggr == "add" else aggr
    return tuple("sum" if word == "add" else word for word in aggr)


def activation(act: str | Callable[..., Any] | None, act_kwargs: dict[str, Any] | None = None) -> Any:
    """A torch activation by its name in any case, a module or function as it is, or for None one that does nothing.

    Raises:
        OptionError: if torch has no activation of that name.
    """
    if not isinstance(act, str):
        return nn.Identity() if act is None else act
    by_name = {name.lower(): getattr(nn.modules.activation, name) for name in nn.modules.activation.__all__}
    one_of("act", act.lower(), tuple(by_name))
    return by_name[act.lower()](**(act_kwargs or {}))
