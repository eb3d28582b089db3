"""Archives: the one file in a zip or tar that can be read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geonets.core.errors import ReadError
from geonets.core.structure import Structure
from geonets.data.archives import MAX_MEMBERS, unpack
from geonets.data.readers.read import read_source, recognised
from geonets.data.readers.source import Source

LISTED = 20


def read_zip(
    source: Source,
    *,
    member: str | None = None,
    max_members: int = MAX_MEMBERS,
    options: Mapping[str, Any] | None = None,
) -> Structure:
    """The one readable file, or folder of files that belong together, of a zip archive.

    Args:
        source: the archive.
        member: its name within, where there are several.
        max_members: the most files and folders that the archive may hold.
        options: `format` and options of its reader.

    Raises:
        ReadError: if the archive is damaged or not to be trusted, or has not exactly one readable member; they are
            listed.
        OptionError: if the member's reader has no such option.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = unpack(source.path, Path(place, "all"), max_members=max_members, max_bytes=source.max_bytes)
        return read_source(_chosen(source, folder, member), **(options or {}))


def read_tar(
    source: Source,
    *,
    member: str | None = None,
    max_members: int = MAX_MEMBERS,
    options: Mapping[str, Any] | None = None,
) -> Structure:
    """The one readable file, or folder of files that belong together, of a tar archive; else as `read_zip`."""
    return read_zip(source, member=member, max_members=max_members, options=options)


def _chosen(source: Source, folder: Path, member: str | None) -> Source:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if member is not None:
        if not (folder / member).resolve().is_relative_to(folder.resolve()) or not (folder / member).exists():
            raise _several(source, f"hold {member!r}", names, "Name one of them: read(path, member=...).")
        return _within(source, folder, member)
    inner = folder
    while len(inside := list(inner.iterdir())) == 1 and inside[0].is_dir():
        inner = inside[0]
    whole = _within(source, folder, inner.relative_to(folder).as_posix())
    if _is_readable(whole):
        return whole
    readable = [name for name in names if _is_readable(_within(source, folder, name))]
    if len(readable) != 1:
        raise _several(source, "hold one file that can be read", readable or names, "Choose: read(path, member=...).")
    return _within(source, folder, readable[0])


def _within(source: Source, folder: Path, name: str) -> Source:
    """A member as a source that tells its archive's name, and notes what is skipped there."""
    member = Source(folder / name, on_error=source.on_error, max_bytes=source.max_bytes)
    member.name = f"{source.name}/{name}"
    member.skipped = source.skipped
    return member


def _is_readable(source: Source) -> bool:
    try:
        recognised(source)
    except ReadError:
        return False
    return True


def _several(source: Source, rule: str, names: list[str], cure: str) -> ReadError:
    shown = ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
    return source.error(rule, f"{len(names)}: {shown}" if names else "none", "its members", cure)
