"""The errors that geonets raises on purpose.

Every message reads: `` `argument` must <rule>; got <value> (<where>). <What to do.>``
"""

from __future__ import annotations

from typing import Any


class GeonetsError(Exception):
    """The root of every error that geonets raises on purpose."""


class ShapeError(GeonetsError, ValueError):
    """A tensor has the wrong number of rows, columns or axes."""


class DtypeError(GeonetsError, TypeError):
    """A tensor or an argument has the wrong type."""


class StructureError(GeonetsError, ValueError):
    """Nodes, edges, items or fields do not fit together."""


class OptionError(GeonetsError, ValueError):
    """An argument is outside the values that it may take."""


class ItemError(GeonetsError, IndexError):
    """An index names an item that the structure does not have."""


class UnsupportedError(GeonetsError, NotImplementedError):
    """The operation has no meaning on this structure, or is not available for it."""


class ReadError(GeonetsError, ValueError):
    """A file or a piece of text cannot be read.

    Args:
        message: what is wrong and what to do.
        source: the file's name, or None for text that came from no file.
        place: where in it: a line, byte, record, row or member; or None.
    """

    def __init__(self, message: str, *, source: str | None = None, place: str | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_error, (str(self), self.source, self.place)


class FetchError(GeonetsError, OSError):
    """A data set cannot be brought here: its address, its bytes, or the room for it."""


class MissingPackageError(GeonetsError, ImportError):
    """An optional package, or a system library below it, is not installed."""


class CheckError(GeonetsError, AssertionError):
    """A layer does not keep a law that was required of it."""


def _read_error(message: str, source: str | None, place: str | None) -> ReadError:
    return ReadError(message, source=source, place=place)
