"""Write datasets/README.md, the table of all cards: `python docs/datasets.py`."""

from __future__ import annotations

from pathlib import Path

from geonets.data.catalog import cards
from geonets.data.catalog.listing import listing

PAGE = Path(__file__).parent.parent / "datasets" / "README.md"
HEAD = """# The catalog

One card a data set: where it comes from, its licence and checksums, how it is read, what is to be predicted, how it is
split, and what others reached. `gn.dataset("esol")` fetches, checks, prepares and splits it; `geonets datasets NAME`
shows a card; [docs/datasets.md](../docs/datasets.md) tells how to write one for files of your own.

`unverified` stands where no checksum is known from bytes at hand, from a publisher, or from public loaders that agree:
it is recorded at the first download, and enforced from then on.

"""

if __name__ == "__main__":
    PAGE.write_text(HEAD + listing(cards().values(), "github") + "\n")
