"""The catalog as a table: what there is, and what each set is good for."""

from __future__ import annotations

from collections.abc import Iterable

from geonets.core.packages import require
from geonets.data.catalog.records import Card

HEADS = ("name", "kind", "items", "task", "download", "good for")


def listing(cards: Iterable[Card], style: str = "simple", width: int | None = None) -> str:
    """A table of cards, a line each.

    Args:
        cards: to be listed.
        style: a format of `tabulate`, `"github"` for Markdown.
        width: of the last column; as wide as it is unless given.

    Example:
        >>> from geonets.data.catalog import card
        >>> print(listing([card("digits")], width=30).splitlines()[2])
        digits  images  1797     classification  none        Image classification in
    """
    rows = [(c.name, c.kind, "" if c.items is None else str(c.items), c.task, _download(c), c.about) for c in cards]
    widths = None if width is None else [None] * (len(HEADS) - 1) + [width]
    return require("tabulate").tabulate(rows, HEADS, tablefmt=style, maxcolwidths=widths, disable_numparse=True)


def _download(card: Card) -> str:
    """How much is to be fetched, and under which condition."""
    if not any(address.startswith("http") for file in card.files for address in file.addresses):
        return "none"
    sizes = [file.size for file in card.files]
    known = sum(size for size in sizes if size is not None)
    words = f"{known / 1e6:.1f} MB" if None not in sizes else "yes"
    return f"{words}, licence" if card.restricted else words
