"""`view`: look at a structure."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from geonets.core.errors import MissingPackageError, OptionError
from geonets.core.structure import Structure
from geonets.view.page import write_page
from geonets.view.paint import Color
from geonets.view.scene import Scene
from geonets.view.window import has_display, show_window, write_picture

DEFAULT_PAGE = "geonets-view.html"


def view(
    structure: Structure,
    color: Color = None,
    save: str | Path | None = None,
    title: str | None = None,
    item: int | None = 0,
) -> Path | None:
    """Look at one item, or at all in one place: points, a molecule as balls and sticks, a network, a mesh, a lattice.

    Where there is a display this opens a window; else it writes one HTML file that works offline. A PNG or a window
    needs Open3D; where it cannot load, HTML takes its place and one line on the standard error says what to install.

    Args:
        structure: of any kind; see `geonets.view.scene.Scene.of` for where its nodes are drawn.
        color: a node field's name, or one value a node: numbers are drawn on a scale, integers, bools and strings as
            categories, three columns between 0 and 1, or of bytes, as red, green and blue.
        save: a file to write instead: `.png` or `.html`.
        title: what to write above.
        item: which one; None shows all of them, as a scene has them.

    Returns:
        The file that was written, or None after a window was closed.

    Raises:
        OptionError: if `save` ends otherwise, or `color` names no field.
        ShapeError: if `color` has not one value a node, or positions have more than three coordinates.
        StructureError: if there is nothing to show.

    Example:
        >>> import tempfile, geonets as gn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     view(gn.molecule("CCO"), save=f"{folder}/ethanol.html").name
        'ethanol.html'
    """
    path = None if save is None else Path(save)
    if path is not None and path.suffix.lower() not in (".png", ".html"):
        raise OptionError(f"`save` must end in .png or .html; got {str(save)!r}. Choose one of them.")
    shown = Scene.of(structure, color, title, item)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    if path is None and has_display():
        try:
            show_window(shown)
        except MissingPackageError as error:
            _advise(str(error))
        else:
            return None
    if path is not None and path.suffix.lower() == ".png":
        try:
            write_picture(shown, path)
        except MissingPackageError as error:
            _advise(str(error))
            path = path.with_suffix(".html")
        else:
            return path
    return _written(shown, path)


def _written(shown: Scene, path: Path | None) -> Path:
    if path is None:
        path = Path(DEFAULT_PAGE)
        print(f"Open {path.resolve()} in a browser to look at it.")
    write_page(shown, path)
    return path


@functools.cache
def _advise(message: str) -> None:
    """Once is enough."""
    print(f"geonets writes HTML instead: {message}", file=sys.stderr)
