"""Pickles, and files of `torch.save`, which are pickles: refused, since reading one may run code."""

from __future__ import annotations

import io
import zipfile
from typing import NoReturn

from geonets.data.readers.source import Source

CURE = "Load it where you trust it, and save what it holds with gn.save, or as safetensors."


def read_pickle(source: Source) -> NoReturn:
    """Refuse a file, and say where its pickle is.

    Args:
        source: the file.

    Raises:
        ReadError: always.
    """
    content = source.content
    rule = "be of a format that cannot run code when it is read"
    if not content.startswith(b"PK"):
        got = "a pickle, which can" if content.startswith(b"\x80") else "no archive of torch.save, if not a pickle"
        raise source.error(rule, got, "byte 0", CURE)
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        got = f"a damaged archive of torch.save: {error}"
        raise source.error(rule, got, f"end, byte {len(content)}", CURE) from None
    pickled = next((name for name in names if name.endswith(".pkl")), "no member of it")
    raise source.error(rule, "an archive of torch.save, which holds a pickle", f"{pickled}, byte 0", CURE)
