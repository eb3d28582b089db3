"""Names and remarks of other libraries as JSON holds them, so that they come back as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from geonets.core.errors import StructureError

MARKS = {"tuple": tuple, "frozenset": frozenset, "set": set, "dict": dict}
"""What JSON does not know, by the key under which its parts are listed."""


def as_json(value: Any, what: str, cure: str) -> Any:
    """A value as JSON holds it: tuples, sets and dicts of any keys are marked, arrays become lists.

    Args:
        value: anything.
        what: the argument's name, for the message.
        cure: what to do where JSON cannot hold it.

    Raises:
        StructureError: if JSON cannot hold it.

    Example:
        >>> as_json((1, "a"), "name", "Rename it.")
        {'tuple': [1, 'a']}
    """
    if isinstance(value, np.generic | np.ndarray | Tensor):
        value = value.tolist()
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return [as_json(part, what, cure) for part in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and not value.keys() <= MARKS.keys():
            return {key: as_json(part, what, cure) for key, part in value.items()}
        return {"dict": [[as_json(key, what, cure), as_json(part, what, cure)] for key, part in value.items()]}
    for mark, kind in MARKS.items():
        if isinstance(value, kind):
            return {mark: [as_json(part, what, cure) for part in value]}
    raise StructureError(
        f"`{what}` must be numbers, text, or lists, tuples, sets and dicts of them, to be kept; "
        f"got {type(value).__name__} ({value!r}). {cure}"
    )


def from_json(value: Any) -> Any:
    """What `as_json` was given.

    Example:
        >>> from_json({"tuple": [1, "a"]})
        (1, 'a')
    """
    if isinstance(value, list):
        return [from_json(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (mark := next(iter(value))) in MARKS:
        return MARKS[mark](from_json(value[mark]))
    return {key: from_json(part) for key, part in value.items()}
