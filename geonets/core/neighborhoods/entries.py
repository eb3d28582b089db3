"""`Entries`: nodes hear the channels in which their features, kept sparse, are not zero."""

from __future__ import annotations

import dataclasses
from typing import final

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.base import Neighborhood
from geonets.core.structure import Level, Structure
from geonets.core.topology import EdgeList

FIELDS = ("nodes", "channels", "values")


@final
@dataclasses.dataclass(frozen=True)
class Entries(Neighborhood):
    """Nodes hear channels: `x W` is a sum of rows of `W`, of each channel in which `x` has an entry, times its value.

    Args:
        level: which holds the entries: `nodes`, `channels` and `values`; `gn.keep_sparse` makes it.
        num_channels: how many channels there are.

    Raises:
        StructureError: if there is no such level, or an entry in a channel that is not there.
    """

    level: str
    num_channels: int

    def of(self, structure: Structure) -> Level:
        """The level that holds the entries."""
        found = structure.levels.get(self.level)
        if found is None or not all(name in found.fields for name in FIELDS):
            raise StructureError(
                f"`structure` must have a level {self.level!r} with {', '.join(FIELDS)}; "
                f"got the levels {', '.join(structure.levels) or 'none'}. Make it first: gn.keep_sparse(...)."
            )
        return found

    def edges(self, structure: Structure, source: Structure | None = None) -> EdgeList:
        """From channels to nodes, whatever the channels say."""
        key = "entries", self.num_channels  # the level is kept when features change
        found = self.of(structure).remember(key, lambda: self.build(structure, structure))
        return found if found.num_receivers == structure.num_nodes else self.build(structure, structure)

    def build(self, structure: Structure, source: Structure) -> EdgeList:
        level = self.of(structure)
        channels = level["channels"]
        if len(channels) and not 0 <= int(channels.min()) <= int(channels.max()) < self.num_channels:
            raise StructureError(
                f"`structure` must have entries in channels 0 .. {self.num_channels - 1} on its level {self.level!r}; "
                f"got {int(channels.min())} .. {int(channels.max())}. Build the layer for as many channels."
            )
        return EdgeList.of(channels, level["nodes"], num_senders=self.num_channels, num_receivers=structure.num_nodes)
