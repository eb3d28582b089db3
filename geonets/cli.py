"""The command line: `geonets demo`, `geonets view`."""

from __future__ import annotations

from pathlib import Path

import click

from geonets.core.errors import GeonetsError
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
def view(what: str, save: Path | None) -> None:
    """Look at WHAT: a mesh or point file (OFF, OBJ, PLY, STL, ...), or a molecule in SMILES."""
    from geonets.view import view as show

    written = show(_structure(what), save=save, title=Path(what).name)
    if written is not None:
        click.echo(written)


def _structure(what: str) -> Structure:
    from geonets.data.interop.chemistry import molecule
    from geonets.data.interop.shapes import load_shape

    path = Path(what)
    if path.exists() or path.suffix:
        return load_shape(path)
    return molecule(what)
