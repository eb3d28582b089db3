"""`Description`: what a file says of a structure, asked for word by word and not trusted."""

from __future__ import annotations

import json
from typing import Any, final

from geonets.data.storage.header import Fault


@final
class Description:
    """A JSON object of a header, or an object in it.

    Args:
        value: what was read.
        place: where it stands, for messages.
        fault: makes the errors.
    """

    def __init__(self, value: Any, place: str, fault: Fault) -> None:
        self.value, self.place, self.fault = value, place, fault
        if not isinstance(value, dict):
            raise self.error("an object", value, place)

    @staticmethod
    def of(text: str, place: str, fault: Fault) -> Description:
        """What a text describes.

        Raises:
            ReadError: if it is no JSON object.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        return Description(value, place, fault)

    def error(self, rule: str, got: Any, place: str) -> Exception:
        """The error that says what must stand at a place."""
        return self.fault(f"describe {rule} there", repr(got), place, "Save the structure again with gn.save.")

    def part(self, name: str) -> Description:
        """An object in it."""
        return Description(self._value(name), f"{self.place}.{name}", self.fault)

    def parts(self, name: str) -> dict[str, Description]:
        """Objects by name."""
        whole = self.part(name)
        return {key: whole.part(key) for key in whole.value}

    def word(self, name: str) -> str:
        """A text."""
        return self._checked(name, "a word", lambda value: isinstance(value, str))

    def words(self, name: str) -> list[str]:
        """Different texts."""
        return self._checked(name, "different words", _are_words)

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return self._checked(name, "true or false", lambda value: isinstance(value, bool))

    def flags(self, name: str) -> list[bool]:
        """Several of them."""
        is_right = lambda value: isinstance(value, list) and all(isinstance(one, bool) for one in value)  # noqa: E731
        return self._checked(name, "a list of true and false", is_right)

    def count(self, name: str) -> int:
        """A number from 0 to 2**63 - 1."""
        return self._checked(name, "a count", _is_count)

    def counts(self, name: str) -> list[int] | None:
        """Several of them, or nothing."""
        is_right = lambda value: value is None or (isinstance(value, list) and all(map(_is_count, value)))  # noqa: E731
        return self._checked(name, "a list of counts, or null", is_right)

    def _value(self, name: str) -> Any:
        if name not in self.value:
            raise self.error(f"its {name}", sorted(self.value), self.place)
        return self.value[name]

    def _checked(self, name: str, rule: str, is_right: Any) -> Any:
        value = self._value(name)
        if not is_right(value):
            raise self.error(rule, value, f"{self.place}.{name}")
        return value


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value) and len(set(value)) == len(value)
