"""`Dataset`: all items as one Structure, and which of them train, validate and test."""

from __future__ import annotations

import dataclasses
import functools
import html
from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import OptionError, UnsupportedError
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.data.catalog import splits
from geonets.data.catalog.records import PARTS, SPLITS, Card, Split


@final
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data set: one Structure, its card, and its parts.

    `train`, `val` and `test` are Structures, the chosen items of `full`. Of a single graph, whose nodes are what is
    chosen, they are `(N,)` masks: `loss(net(full).x[train], full.y[train])`.

    Args:
        card: what is known of it.
        full: all items.
        rows: of each part that there is: items of `full`, or nodes where it is a single graph.
        notes: what its files told besides: `classes`, `words`, records that were `skipped`.
        how: which split this is, in words.

    Example:
        >>> import geonets as gn
        >>> club = gn.dataset("karate")
        >>> club.full.num_nodes, int(club.train.sum())
        (34, 2)
    """

    card: Card
    full: Structure
    rows: Mapping[str, Tensor]
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    how: str = ""

    @functools.cached_property
    def train(self) -> Any:
        """What a model may see: a Structure, or `(N,)` bool on a single graph."""
        return self._part("train")

    @functools.cached_property
    def val(self) -> Any:
        """What chooses among models: a Structure, or `(N,)` bool on a single graph."""
        return self._part("val")

    @functools.cached_property
    def test(self) -> Any:
        """What nobody looks at before the end: a Structure, or `(N,)` bool on a single graph."""
        return self._part("test")

    @property
    def classes(self) -> Sequence[str]:
        """What the numbers of `y` stand for, where they do."""
        return self.notes.get("classes") or (self.card.target.classes if self.card.target else ())

    @property
    def is_network(self) -> bool:
        """Whether it is a single graph, whose nodes are split."""
        return self.card.kind == "networks" and len(self.full) == 1

    def split(self, kind: str, *, fractions: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0) -> Dataset:
        """The same data, split otherwise.

        Args:
            kind: `random`, `stratified` (every class has the same share in each part), or `scaffold` (molecules of one
                part have no scaffold in another).
            fractions: of train, val and test.
            seed: of the random and stratified.

        Raises:
            OptionError: if the kind is another, or the fractions do not make one.
            UnsupportedError: if the split needs what the data have not: classes, or SMILES strings.

        Example:
            >>> import geonets as gn
            >>> digits = gn.dataset("digits").split("stratified", fractions=(0.5, 0.25, 0.25), seed=1)
            >>> len(digits.train), len(digits.val), len(digits.test)
            (898, 450, 449)
        """
        one_of("kind", kind, ("random", "scaffold", "stratified"))
        if len(fractions) != 3 or abs(sum(fractions) - 1) > 1e-3 or min(fractions) < 0:
            raise OptionError(
                f"`fractions` must be three numbers that make one; got {tuple(fractions)}. Say which part train, "
                "val and test are of the whole."
            )
        if kind == "random":
            count = self.full.num_nodes if self.is_network else len(self.full)
            rows = splits.random(count, fractions, seed)
        elif kind == "stratified":
            rows = splits.stratified(self._class_of_each(), fractions, seed)
        else:
            rows = splits.scaffold(self._smiles(), fractions)
        how = f"{kind} {tuple(fractions)}" + ("" if kind == "scaffold" else f", seed {seed}")
        return Dataset(self.card, self.full, rows, self.notes, how)

    def folds(self, count: int = 10, *, seed: int = 0) -> list[Dataset]:
        """Cross validation: the data `count` times, each time another part tests and the next one validates.

        Args:
            count: of the folds, at least three; classes are spread evenly over them.
            seed: of the drawing.

        Raises:
            OptionError: if there are fewer than three.

        Example:
            >>> import geonets as gn
            >>> [len(fold.test) for fold in gn.dataset("digits").folds(3)]
            [599, 599, 599]
        """
        if count < 3:
            raise OptionError(f"`count` must be at least 3; got {count}. One fold tests, one validates, others train.")
        found = splits.folds(self._class_of_each(), count, seed)
        return [
            Dataset(self.card, self.full, rows, self.notes, f"fold {number + 1} of {count}, seed {seed}")
            for number, rows in enumerate(found)
        ]

    def as_stated(self, split: Split) -> Dataset:
        """The split of a card; `published` and `none` are in the rows already."""
        assert split.kind in SPLITS
        if split.kind in ("published", "none"):
            return dataclasses.replace(self, how=split.kind)
        return self.split(split.kind, fractions=split.fractions, seed=split.seed)

    def _part(self, name: str) -> Any:
        rows = self.rows.get(name, torch.empty(0, dtype=torch.long))
        if self.is_network:
            mask = torch.zeros(self.full.num_nodes, dtype=torch.bool)
            mask[rows] = True
            return mask
        if len(rows) and int(rows[-1]) - int(rows[0]) + 1 == len(rows):
            return self.full[int(rows[0]) : int(rows[-1]) + 1]  # neighbours are a view
        return self.full[rows]

    def _class_of_each(self) -> Tensor:
        y = self.full.y
        count = self.full.num_nodes if self.is_network else len(self.full)
        if y is None or y.ndim != 1 or y.is_floating_point() or len(y) != count:
            got = "none" if y is None else f"{tuple(y.shape)} {y.dtype}"
            raise UnsupportedError(
                f"`y` must be one whole number for each of the {count} rows to be stratified; got {got} "
                f"({self.card.name}). Use split('random')."
            )
        return y

    def _smiles(self) -> list[str]:
        strings = [item.get("smiles") for item in self.full.meta or ()]
        if None in strings or len(strings) != len(self.full):
            raise UnsupportedError(
                f"`kind` must be random or stratified where `meta` has no SMILES strings; got 'scaffold' "
                f"({self.card.name}). Use split('random')."
            )
        return [str(string) for string in strings]

    def _rows(self) -> list[tuple[str, str]]:
        word = "nodes" if self.is_network else "items"
        parts = [f"{name} {len(self.rows[name])}" for name in PARTS if name in self.rows]
        target = self.card.target
        found = [("split", f"{', '.join(parts)} {word}: {self.how}" if parts else "none")]
        if target is not None:
            found.append(
                ("target", f"{target.name} [{target.unit}]" + (f", {len(self.classes)} classes" * bool(self.classes)))
            )
        found += [("skipped", f"{len(self.notes['skipped'])} records")] if self.notes.get("skipped") else []
        return [*found, ("licence", self.card.licence)]

    def __repr__(self) -> str:
        lines = [f"{name:<8}{text}" for name, text in self._rows()]
        return "\n  ".join([f"Dataset {self.card.name}: {self.card.title}", *lines, *repr(self.full).splitlines()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in self._rows()
        )
        head = f"<b>Dataset {html.escape(self.card.name)}</b>: {html.escape(self.card.title)}"
        return f"{head}<table>{rows}</table>{self.full._repr_html_()}"
