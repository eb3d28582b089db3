"""`Source`: one file to be read, its bytes, the names for messages, and what to do with broken records."""

from __future__ import annotations

import functools
import zlib
from pathlib import Path
from typing import Literal, final

from geonets.core.errors import ReadError

MAX_BYTES = 4 << 30
"""The most bytes that a file may have, after decompression, unless `max_bytes` says otherwise."""

GZIP = b"\x1f\x8b"
OnError = Literal["raise", "skip"]


@final
class Source:
    """A file or folder that a reader reads; files that end in `.gz` are decompressed on the way.

    Readers take all bytes from here and make all their errors here, so that every error names the file and the place.

    Args:
        path: of a file or folder.
        on_error: `"raise"` at the first broken record, or `"skip"` it and note it in `skipped`.
        max_bytes: the most bytes that the file may have after decompression.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "a.xyz").write_text("0 0 0")
        ...     Source(Path(folder, "a.xyz")).lines
        ['0 0 0']
    """

    def __init__(self, path: str | Path, *, on_error: OnError = "raise", max_bytes: int = MAX_BYTES) -> None:
        self.path = Path(path)
        self.name = str(path)
        self.on_error: OnError = on_error
        self.max_bytes = max_bytes
        self.skipped: list[ReadError] = []
        if not self.path.exists():
            raise self.error("exist", "no such file or folder", "the whole path", "Check the path.")

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files that belong together."""
        return self.path.is_dir()

    @property
    def suffix(self) -> str:
        """The last suffix in lower case, before `.gz` where there is one."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes[-1:] == [".gz"] and len(suffixes) > 1:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""

    @functools.cached_property
    def content(self) -> bytes:
        """All bytes, decompressed.

        Raises:
            ReadError: if there are more than `max_bytes`, or compressed data are damaged.
        """
        self._check_size()
        with self.path.open("rb") as file:
            head = file.read(2)
            content = head + file.read()
        return self._decompressed(content) if head == GZIP else content

    def on_disk(self, folder: str | Path) -> Path:
        """Where the decompressed content lies: the file itself, or a copy that is made in a folder of the caller.

        Raises:
            ReadError: as `content` does.
        """
        self._check_size()
        with self.path.open("rb") as file:
            if file.read(2) != GZIP:
                return self.path.resolve()
        copy = Path(folder, "content")
        copy.write_bytes(self.content)
        return copy

    def head(self, count: int = 4096) -> bytes:
        """The first bytes, decompressed, at the cost of these only."""
        with self.path.open("rb") as file:
            first = file.read(max(count, 4096))
        if first[:2] != GZIP:
            return first[:count]
        try:
            return zlib.decompressobj(wbits=31).decompress(first, count)
        except zlib.error:
            return b""

    @functools.cached_property
    def text(self) -> str:
        """The content as UTF-8, without a byte order mark; line ends become `\\n`.

        Raises:
            ReadError: if it is not UTF-8 text, with the line where it stops being so.
        """
        content = self.content
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise self.error("be UTF-8 text", "UTF-16", "line 1", "Save it as UTF-8.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            place, got = f"line {line}, byte {error.start}", f"byte 0x{content[error.start]:02x}"
            raise self.error("be UTF-8 text", got, place, "Save it as UTF-8.") from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise self.error("be text", "a zero byte", f"line {line}", "Name the format: read(path, format=...).")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @functools.cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends; line `n` of an editor is `lines[n - 1]`."""
        lines = self.text.split("\n")
        return lines[:-1] if lines[-1] == "" else lines

    def member(self, name: str) -> Source:
        """A file inside this folder, read under the same limits.

        Raises:
            ReadError: if there is no such file, or the name leads out of the folder.
        """
        path = self.path / name
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise self.error("name files inside its folder only", repr(name), "a member", "Correct the name.")
        if not path.is_file():
            raise self.error(
                f"hold the file {name}", "none of that name", name, "Put it there, or name another folder."
            )
        member = Source(path, on_error=self.on_error, max_bytes=self.max_bytes)
        member.skipped = self.skipped
        return member

    def error(self, rule: str, got: str, place: str, cure: str, record: int | None = None) -> ReadError:
        """An error to be raised: `` `path` must <rule>; got <got> (<file>, <place>). <Cure>``.

        Args:
            rule: what must hold, as in "have three coordinates a line".
            got: what was found there instead.
            place: the line, byte, record, row or member.
            cure: what to do, a sentence.
            record: the number of the broken record, counted from 1, where the file holds several.
        """
        where = place if record is None else f"record {record}, {place}"
        message = f"`path` must {rule}; got {_shortened(got)} ({self.name}, {where}). {cure}"
        return ReadError(message, source=self.name, place=where)

    def leave_out(self, error: ReadError) -> None:
        """Raise the error of a broken record, or note it and go on where records may be skipped."""
        if self.on_error == "raise":
            raise error
        self.skipped.append(error)

    def _decompressed(self, content: bytes) -> bytes:
        """Every member of a gzip file, never more than `max_bytes`."""
        parts, total, rest = [], 0, content
        while rest:
            stream = zlib.decompressobj(wbits=31)
            try:
                part = stream.decompress(rest, self.max_bytes - total + 1)
            except zlib.error as error:
                at = len(content) - len(rest)
                raise self.error(
                    "be an intact gzip file", str(error), f"compressed member at byte {at}", "Fetch it again."
                ) from None
            parts.append(part)
            total += len(part)
            if total > self.max_bytes:
                raise self._too_large("more when decompressed")
            if not stream.eof:
                raise self.error("be a whole gzip file", "a cut one", f"end, byte {len(content)}", "Fetch it again.")
            rest = stream.unused_data.lstrip(b"\0")  # tapes and some tools pad with zeros
        return b"".join(parts)

    def _check_size(self) -> None:
        size = self.path.stat().st_size
        if size > self.max_bytes:
            raise self._too_large(f"{size} bytes")

    def _too_large(self, got: str) -> ReadError:
        return self.error(
            f"have at most {self.max_bytes} bytes", got, "the whole file", "Raise the limit: read(path, max_bytes=...)."
        )


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."
