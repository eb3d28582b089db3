"""`read`: any file that somebody else wrote, as a Structure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

from geonets.core.errors import OptionError, ReadError
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.data.readers.formats import FORMATS, Format
from geonets.data.readers.source import MAX_BYTES, OnError, Source


@overload
def read(
    path: str | Path,
    *,
    format: str | None = None,
    on_error: Literal["raise"] = "raise",
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> Structure: ...


@overload
def read(
    path: str | Path,
    *,
    format: str | None = None,
    on_error: Literal["skip"],
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> tuple[Structure, list[ReadError]]: ...


def read(
    path: str | Path,
    *,
    format: str | None = None,
    on_error: OnError = "raise",
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> Structure | tuple[Structure, list[ReadError]]:
    """Read a file or folder of any known format; the format is told by its content, then by its suffix.

    Nothing in a file is trusted: nothing is unpickled, counts are checked against the bytes that are there, and a
    file that is broken is a `ReadError` that names the file, the place and the reason.

    Args:
        path: of the file or folder; `.gz` files are decompressed.
        format: its name (`geonets formats` lists them), where the content and suffix do not tell, or tell wrongly.
        on_error: `"raise"` at the first record that cannot be read, or `"skip"` it.
        max_bytes: the most bytes that it may have after decompression.
        **options: of the format's reader.

    Returns:
        The Structure; with `on_error="skip"` also the list of errors of the records that were left out.

    Raises:
        ReadError: if it cannot be read.
        OptionError: if the format is unknown or has no such option.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "corner.off").write_text("OFF 3 1 0\\n0 0 0\\n1 0 0\\n0 1 0\\n3 0 1 2\\n")
        ...     read(Path(folder, "corner.off")).num_nodes
        3
    """
    one_of("on_error", on_error, ("raise", "skip"))
    source = Source(path, on_error=on_error, max_bytes=max_bytes)
    structure = read_source(source, format=format, **options)
    return structure if on_error == "raise" else (structure, source.skipped)


def read_source(source: Source, *, format: str | None = None, **options: Any) -> Structure:
    """What `read` does with a source; what is left out, the source notes.

    Raises:
        ReadError: if it cannot be read.
        OptionError: if the format is unknown or has no such option.
    """
    chosen = named(format) if format is not None else recognised(source)
    unknown = options.keys() - chosen.options.keys()
    if unknown:
        word, words = min(unknown), ", ".join(chosen.options) or "none"
        raise OptionError(
            f"`{word}` must be an option of the format {chosen.name}; got {word}={options[word]!r}. "
            f"Its options: {words}."
        )
    return chosen.reader(source, **options)


def named(name: str) -> Format:
    """The format of a name.

    Raises:
        OptionError: if there is none.
    """
    one_of("format", name, [known.name for known in FORMATS])
    return next(known for known in FORMATS if known.name == name)


def recognised(source: Source) -> Format:
    """The format that a file has by its content or its suffix.

    Raises:
        ReadError: if it is empty or nothing fits.
    """
    suffix = source.suffix
    if not source.is_folder and source.path.stat().st_size == 0:
        raise source.error("hold something", "an empty file", "byte 0", "Fetch or write it again.")
    fitting = [known for known in FORMATS if suffix in known.suffixes]
    for known in FORMATS:
        if known.content is not None and (known.sure or known in fitting) and known.content(source):
            return known
    if fitting:  # those that know their content have seen that it is not theirs
        return next((known for known in fitting if known.content is None), fitting[0])
    suffixes = " ".join(sorted({suffix for known in FORMATS for suffix in known.suffixes}))
    cure = f"Name it, read(path, format=...), or convert the file to one of {suffixes}."
    raise source.error("be of a known format", repr(source.path.name), "its name and first bytes", cure)
