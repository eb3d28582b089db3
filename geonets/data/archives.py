"""Zip and tar archives, unpacked without trust: nothing lands outside the folder, and nothing half."""

from __future__ import annotations

import bz2
import dataclasses
import errno
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, final

from geonets.core.errors import OptionError, ReadError

MAX_MEMBERS = 10_000
MAX_BYTES = 16 << 30
MAX_RATIO = 200
"""Bytes unpacked for each byte of the archive; what is smaller than `FREE_BYTES` may have any ratio."""

FREE_BYTES = 16 << 20
MAX_HEADER = 1 << 20
XZ_MEMORY = 256 << 20
CHUNK = 1 << 20
EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE)  # not the archive's fault
UNKNOWN = (NotImplementedError, RuntimeError)  # zipfile's words for another compression, and for a password


def unpack(
    path: str | Path,
    folder: str | Path,
    *,
    max_members: int = MAX_MEMBERS,
    max_bytes: int = MAX_BYTES,
    max_ratio: int = MAX_RATIO,
) -> Path:
    """Unpack a zip or tar archive (plain, or compressed by gzip, bzip2 or xz) into a new folder.

    The folder appears when all members are in it, or not at all. Absolute names, names that lead upwards, links,
    devices, names given twice and encrypted members are refused, and so is whatever is damaged or cut.

    Args:
        path: of the archive; which kind it is, its first bytes tell.
        folder: to be made; it may exist if it is empty.
        max_members: the most files and folders.
        max_bytes: the most bytes of all files together.
        max_ratio: the most bytes of all files for each byte of the archive, from 16 MiB on.

    Returns:
        The folder.

    Raises:
        OptionError: if the folder holds something already.
        ReadError: naming the member, if the archive is damaged, or is not to be unpacked.

    Example:
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with zipfile.ZipFile(Path(place, "a.zip"), "w") as archive:
        ...         archive.writestr("inside/a.txt", "hello")
        ...     (unpack(Path(place, "a.zip"), Path(place, "a")) / "inside" / "a.txt").read_text()
        'hello'
    """
    archive, folder = Path(path), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OptionError(f"`folder` must be new or empty; got {str(folder)!r}. Name another one, or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _Unpacking(archive, beside, max_members, max_bytes, max_ratio).run()
        beside.chmod(0o755)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


@final
@dataclasses.dataclass
class _Unpacking:
    """One archive on its way into one folder."""

    archive: Path
    folder: Path
    max_members: int
    max_bytes: int
    max_ratio: int
    place: str = "its first bytes"
    members: int = 0
    written: int = 0
    files: set[str] = dataclasses.field(default_factory=set)
    folders: set[str] = dataclasses.field(default_factory=set)

    def run(self) -> None:
        try:
            self._tar() if self._begins(b"PK") is False else self._zip()
        except ReadError:
            raise
        except UNKNOWN as error:
            raise self.error("hold members that can be unpacked", str(error), "Pack it again, plainly.") from None
        except DAMAGED as error:
            if isinstance(error, OSError) and error.errno in DISK:
                raise
            raise self.damaged(str(error) or "an early end") from None

    def damaged(self, got: str) -> ReadError:
        """The error of an archive that is cut or broken."""
        return self.error("be an intact archive", got, "Fetch it again.")

    def error(self, rule: str, got: str, cure: str) -> ReadError:
        """An error that names the archive and the member."""
        message = f"`path` must {rule}; got {got[:200]} ({self.archive}, {self.place}). {cure}"
        return ReadError(message, source=str(self.archive), place=self.place)

    def _begins(self, signature: bytes) -> bool:
        with self.archive.open("rb") as file:
            return file.read(len(signature)) == signature

    def _zip(self) -> None:
        self.place = "end of central directory"
        with zipfile.ZipFile(self.archive) as packed:
            members = packed.infolist()
            self._count(len(members))
            for member in members:
                name = member.orig_filename.replace("\\", "/")
                self.place = f"member {self.members + 1}, {name[:80]!r}"
                kind = stat.S_IFMT(member.external_attr >> 16)  # zero where the packer knew of no such thing
                path = self._path(name, name.endswith("/"), kind in (0, stat.S_IFREG, stat.S_IFDIR))
                if path is not None:
                    with packed.open(member) as content:
                        self._write(content, path)

    def _tar(self) -> None:
        with self.archive.open("rb") as file:
            stream: Any = _Bounded(self, file)
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=_headers(self)) as packed:
                for member in packed:
                    self._count(self.members + 1)
                    self.place = f"member {self.members + 1}, {member.name[:80]!r}"
                    plain = (member.isreg() or member.isdir()) and not member.issparse()
                    path = self._path(member.name, member.isdir(), plain)
                    content = packed.extractfile(member)
                    if path is not None and content is not None:
                        self._write(content, path)
            self.place = "the end"
            while stream.read(CHUNK):  # the checksum of compressed bytes stands behind them
                pass

    def _count(self, members: int) -> None:
        if members > self.max_members:
            self.place = "member limit"
            cure = "Raise the limit if you trust it: unpack(..., max_members=...)."
            raise self.error(f"hold at most {self.max_members} members", f"{members} or more", cure)

    def _path(self, name: str, is_folder: bool, is_plain: bool) -> Path | None:
        """Where a member goes; None for a folder, which is made."""
        self.members += 1
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\0" in name or ":" in name[1:2] or not name.strip("/. "):
            if is_folder and name in (".", "./"):
                return None
            raise self.error("hold names inside its folder only", repr(name[:200]), "Do not trust this archive.")
        if max(len(os.fsencode(part)) for part in pure.parts) > 255:
            raise self.error("hold names of at most 255 bytes", repr(name[:50] + "..."), "Pack it with shorter names.")
        if not is_plain:
            got = f"{name!r}, a link or device"
            raise self.error("hold files and folders only", got, "Pack what the links point to.")
        key = str(pure).casefold()  # some disks do not tell A from a
        above = {str(parent).casefold() for parent in pure.parents}
        if key in self.files or (not is_folder and key in self.folders) or above & self.files:
            raise self.error("hold each name once", f"{name!r} again", "Pack it again, or name another member.")
        self.folders |= above | ({key} if is_folder else set())
        path = self.folder.joinpath(*pure.parts)
        (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
        if not is_folder:
            self.files.add(key)
        return None if is_folder else path

    def _write(self, content: IO[bytes], path: Path) -> None:
        with path.open("xb") as file:
            while chunk := content.read(CHUNK):
                self.written += len(chunk)
                self.limit(self.written)
                file.write(chunk)

    def limit(self, count: int) -> None:
        """Raise if so many bytes are more than may come out."""
        most = min(self.max_bytes, max(FREE_BYTES, self.max_ratio * self.archive.stat().st_size))
        if count > most:
            cure = "Raise the limits if you trust it: unpack(..., max_bytes=..., max_ratio=...)."
            raise self.error(f"hold at most {most} bytes, {self.max_ratio} for each of its own", "more", cure)


def _headers(unpacking: _Unpacking) -> type[tarfile.TarInfo]:
    """Headers of members; what is no header ends the reading with an error, not with a shorter archive."""

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
            try:
                header = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                    raise  # the closing block
                raise unpacking.damaged(f"{error} behind it") from None
            if header.type in EXTENDED and header.size > MAX_HEADER:
                raise unpacking.damaged(f"a header of {header.size} bytes")
            return header

    return Header


@final
class _Bounded:
    """The bytes of a tar file, decompressed as far as they are asked for, and counted."""

    def __init__(self, unpacking: _Unpacking, file: IO[bytes]) -> None:
        self.unpacking = unpacking
        self.parts = self._parts(file)
        self.rest = b""
        self.count = 0

    def read(self, size: int) -> bytes:
        """The next bytes; fewer only at the end."""
        while len(self.rest) < size and (part := next(self.parts, b"")):
            self.rest += part
            self.count += len(part)
            self.unpacking.limit(self.count - 64 * tarfile.BLOCKSIZE * (1 + self.unpacking.members))  # less headers
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def _parts(self, file: IO[bytes]) -> Iterator[bytes]:
        head = file.read(6)
        file.seek(0)
        if head.startswith(b"\x1f\x8b"):
            return self._decompressed(file, lambda: zlib.decompressobj(wbits=31))
        if head.startswith(b"BZh"):
            return self._decompressed(file, bz2.BZ2Decompressor)
        if head == b"\xfd7zXZ\0":
            return self._decompressed(file, lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY))
        return iter(lambda: file.read(CHUNK), b"")

    def _decompressed(self, file: IO[bytes], new: Any) -> Iterator[bytes]:
        """Streams of a compressed file, one after another, in bounded pieces."""
        waiting = file.read(CHUNK)
        while waiting:
            stream = new()
            while not stream.eof:
                if not waiting and getattr(stream, "needs_input", True):
                    waiting = file.read(CHUNK)
                part = stream.decompress(waiting, CHUNK)
                if not (waiting or part or stream.eof):
                    raise self.unpacking.damaged("a cut compressed file")
                waiting = getattr(stream, "unconsumed_tail", b"")  # zlib hands back what bzip2 and xz keep
                if part:
                    yield part
            waiting = (stream.unused_data or file.read(CHUNK)).lstrip(b"\0")
