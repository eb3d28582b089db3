"""Options that are one of a few words."""

from __future__ import annotations

from collections.abc import Sequence

from geonets.core.errors import OptionError


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Raise unless `value` is one of the words that the argument may be.

    Raises:
        OptionError: if it is another.

    Example:
        >>> one_of("reduce", "sum", ("sum", "mean"))
    """
    if value not in allowed:
        words = ", ".join(map(str, allowed))
        raise OptionError(f"`{name}` must be one of {words}; got {value!r}. Choose one of them.")
