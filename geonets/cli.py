"""The command line: `geonets demo`, `view`, `read`, `formats`, `datasets`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from geonets.core.errors import GeonetsError
from geonets.core.packages import require
from geonets.core.structure import Structure


class Command(click.Group):
    """A group whose commands end with a message, not a traceback, when the user can mend what went wrong."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command and turn our errors into click's."""
        try:
            return super().invoke(ctx)
        except GeonetsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="geonets")
def main() -> None:
    """Structured inputs: one vocabulary of layers for sequences, images, point clouds, molecules and networks."""


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("geonets-demo"), show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def demo(out: Path, seed: int) -> None:
    """Take the tour: four structures, four worlds, one vocabulary; it ends in a report to look at."""
    from geonets.tour import tour

    tour(out, seed)


@main.command()
@click.argument("what")
@click.option("--save", type=click.Path(path_type=Path), help="Write a .png or .html file instead of opening a window.")
@click.option("--item", type=int, default=0, show_default=True, help="Which one, where there are several.")
@click.option("--all", "everything", is_flag=True, help="All items in one place, such as the parts of a scene.")
def view(what: str, save: Path | None, item: int, everything: bool) -> None:
    """Look at WHAT: a file of any format that `geonets formats` lists, or a molecule in SMILES."""
    from geonets.view import view as show

    written = show(_structure(what), save=save, title=Path(what).name, item=None if everything else item)
    if written is not None:
        click.echo(written)


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "name", help="What it is, where its content and name do not tell: see `geonets formats`.")
@click.option("--skip", is_flag=True, help="Leave out the records that cannot be read, and say which.")
def read(path: Path, name: str | None, skip: bool) -> None:
    """Say what the file or folder PATH holds."""
    from geonets.data.readers import read as read_file

    structure, skipped = read_file(path, format=name, on_error="skip") if skip else (read_file(path, format=name), [])
    click.echo(repr(structure.topology))
    click.echo(_table(("level", "field", "shape", "type", "least", "mean", "most"), _statistics(structure)))
    for error in skipped:
        click.echo(f"left out: {error}")


@main.command()
def formats() -> None:
    """List the formats that `geonets read` knows."""
    from geonets.data.readers import FORMATS

    rows = [(known.name, known.about, " ".join(known.suffixes), ", ".join(known.options)) for known in FORMATS]
    click.echo(_table(("format", "what it holds", "suffixes", "options"), rows))


@main.command()
@click.argument("name", required=False)
@click.option("--cards", type=click.Path(path_type=Path), help="A folder of your own cards.")
@click.option("--fetch", is_flag=True, help="Bring the data set here, and prepare it.")
@click.option("--root", type=click.Path(path_type=Path), help="Where data sets are kept.")
@click.option("--accept", is_flag=True, help="Accept its licence.")
def datasets(name: str | None, cards: Path | None, fetch: bool, root: Path | None, accept: bool) -> None:
    """List the data sets and what each is good for; with NAME, show its card."""
    from geonets.data import catalog
    from geonets.data.catalog.listing import listing

    if name is None:
        click.echo(listing(catalog.cards(cards).values(), width=60))
    elif fetch:
        click.echo(repr(catalog.dataset(name, root=root, cards=cards, accept_licence=accept)))
    else:
        click.echo(catalog.card(name, cards))


def _structure(what: str) -> Structure:
    from geonets.data.interop.chemistry import molecule
    from geonets.data.readers import FORMATS, Source, read
    from geonets.data.readers.read import recognised

    path = Path(what)
    if path.exists() or any(path.suffix.lower() in known.suffixes for known in FORMATS):
        options: dict[str, Any] = {"drop_invalid": True} if "drop_invalid" in recognised(Source(path)).options else {}
        return read(path, **options)  # a point without return is nowhere to be seen
    return molecule(what)


def _statistics(structure: Structure) -> list[tuple[object, ...]]:
    """A row for each field: its level, name, shape and type; the least, mean and largest of its finite values."""
    levels = {level: getattr(structure, level) for level in ("nodes", "edges", "globals")}
    levels |= {level: held.fields for level, held in structure.levels.items()}
    rows = []
    for level, fields in levels.items():
        for name, field in fields.items():
            values = field.double().flatten()
            values = values[values.isfinite()]
            spread = (values.min().item(), values.mean().item(), values.max().item()) if len(values) else ("", "", "")
            rows.append((level, name, " x ".join(map(str, field.shape)), str(field.dtype)[6:], *spread))
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return require("tabulate").tabulate(rows, head, floatfmt=".5g", disable_numparse=[2])
