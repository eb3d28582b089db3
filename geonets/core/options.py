"""Options that are one of a few words, or a number."""

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


def number_or_one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise unless `value` is a number, or one of the words that the argument may be.

    Raises:
        OptionError: if it is something else.

    Example:
        >>> number_or_one_of("missing", 0.0, ("raise", "keep"))
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and value not in allowed:
        words = ", ".join(allowed)
        raise OptionError(f"`{name}` must be a number or one of {words}; got {value!r}. Choose one of them.")
