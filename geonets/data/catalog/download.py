"""Downloads: taken up again where they broke off, bounded in time and size, and checked before anybody reads them."""

from __future__ import annotations

import dataclasses
import http.client
import os
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

from geonets.core.errors import FetchError
from geonets.core.packages import require
from geonets.data.catalog.digests import digest, read_json, write_json
from geonets.data.catalog.records import UNVERIFIED, File

CHUNK = 1 << 16
REDIRECTS = 5
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers of a server that may be another one a little later."""

PAGES = (b"<!doctype html", b"<html", b"<?xml version", b"<head", b"<!--")


@final
@dataclasses.dataclass(frozen=True)
class Limits:
    """How long and how much a download may be.

    Args:
        silence: seconds without a byte.
        seconds: for one file in all.
        bytes: of a file whose card tells no size.
        attempts: at each address.
        pause: seconds before the second attempt; twice as many before each further one.
    """

    silence: float = 30.0
    seconds: float = 6 * 3600.0
    bytes: int = 16 << 30
    attempts: int = 4
    pause: float = 1.0


class _Again(Exception):
    """An attempt failed in a way that the next one may not."""


def download(file: File, path: Path, *, wanted: str | None = None, limits: Limits | None = None) -> None:
    """Bring a file from the first of its addresses that gives the right bytes; it appears whole or not at all.

    What an earlier attempt left in `<path>.part` is taken up again if the server still has the same file.

    Args:
        file: what to bring.
        path: where to.
        wanted: its sha256, where that is known from elsewhere than the card.
        limits: of time and size.

    Raises:
        FetchError: naming the address, if none gives the right bytes within the limits, or there is no room.
    """
    wanted = wanted if file.sha256 == UNVERIFIED else file.sha256
    limits, errors = limits or Limits(), []
    for address in file.addresses:
        try:
            return _Download(file, address, path, wanted, limits).run()
        except FetchError as error:
            errors.append(error)
    assert errors, "a file without addresses is not downloaded"
    raise errors[0] if len(errors) == 1 else _all_failed(file, errors)


def _all_failed(file: File, errors: list[FetchError]) -> FetchError:
    what = "; ".join(str(error).partition(" must ")[2].partition("). ")[0] + ")" for error in errors)
    return FetchError(f"`{file.name}` must be at one of its {len(errors)} addresses; got: {what}. {LATER}")


LATER = "Try again later, or fetch it yourself and name its folder: dataset(name, source=...)."


@final
@dataclasses.dataclass
class _Download:
    """One file from one address."""

    file: File
    address: str
    path: Path
    wanted: str | None
    limits: Limits

    def run(self) -> None:
        self.part = self.path.with_name(f"{self.path.name}.part")
        self.memo = self.path.with_name(f"{self.path.name}.part.json")
        self.end = time.monotonic() + self.limits.seconds
        self._keep_or_drop_part()
        reason = ""
        for attempt in range(self.limits.attempts):
            if attempt:
                time.sleep(self.limits.pause * 2 ** (attempt - 1))
            resumed = self._length()
            try:
                self._bring()
            except _Again as error:
                reason = str(error)
                continue
            except OSError as error:
                if isinstance(error, FetchError):
                    raise
                raise self.error("fit on the disk", str(error), "Make room, or name another root.") from None
            wrong = self._mismatch()
            if wrong is None:
                os.replace(self.part, self.path)
                self.memo.unlink(missing_ok=True)
                return
            self._drop()
            if not resumed:
                raise self.error(f"have the {wrong[0]} {wrong[1]}", wrong[2], "Do not use it; its source has changed.")
            reason = f"another {wrong[0]}"
        raise self.error(f"come within {self.limits.attempts} attempts", reason, LATER)

    def error(self, rule: str, got: str, cure: str) -> FetchError:
        """An error that names the file and the address."""
        return FetchError(f"`{self.file.name}` must {rule}; got {got[:200]} ({self.address}). {cure}")

    def _bring(self) -> None:
        """One attempt: append to the part what the server has beyond it."""
        have = self._length()
        if self.file.size is not None and have == self.file.size:
            return
        with self._answer(have) as answer:
            if answer.status_code == 416 and have:  # nothing beyond: it was whole, or is another
                return
            if have and not _continues(answer, have):
                self._drop()
                if answer.status_code == 206:
                    raise _Again("another part of the file")
            self._refuse(answer)
            known = self._remember(answer)
            with self.part.open("ab", buffering=0) as file, _bar(self.file.name, known, self._length()) as bar:
                for chunk in self._chunks(answer):
                    if not file.tell():
                        self._refuse_page(chunk)
                    file.write(chunk)
                    bar.update(len(chunk))
                    self._in_bounds(file.tell())
                file.flush()
                os.fsync(file.fileno())
        if known is not None and self._length() < known:
            raise _Again(f"{self._length()} of {known} bytes")

    def _answer(self, have: int) -> Any:
        """The answer at the end of all redirects, each of which must lead to another web address."""
        requests = require("requests")
        headers = {"Accept-Encoding": "identity", "User-Agent": "geonets"}
        if have:
            headers["Range"] = f"bytes={have}-"
            version = read_json(self.memo).get("version")
            headers |= {"If-Range": version} if version else {}
        address = self.address
        for _ in range(REDIRECTS + 1):
            scheme = urllib.parse.urlsplit(address).scheme
            if scheme not in ("http", "https") or (scheme == "http" and self.address.startswith("https:")):
                cure = "Do not use it; its source has changed."
                raise self.error("come from a web address, as safe as its own", f"a redirect to {address}", cure)
            try:
                answer = requests.get(
                    address,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.limits.silence, self.limits.silence),
                )
            except requests.exceptions.Timeout:
                raise _Again(f"silence for {self.limits.silence:g} seconds") from None
            except (requests.exceptions.RequestException, ValueError) as error:
                raise _Again(f"{type(error).__name__}: {str(error)[:150]}") from None
            if not answer.is_redirect:
                return answer
            address = urllib.parse.urljoin(address, answer.headers["Location"])
            answer.close()
        raise self.error(f"come after at most {REDIRECTS} redirects", f"one more, to {address}", LATER)

    def _refuse(self, answer: Any) -> None:
        """Raise for an answer that is not the file."""
        status = f"{answer.status_code} {answer.reason}"
        if answer.status_code in AGAIN:
            raise _Again(status)
        if answer.status_code not in (200, 206):
            raise self.error("be there", status, LATER)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/html" and not self.file.name.endswith((".html", ".htm")):
            raise self.error("be a file", "a web page", "Look at the address in a browser: it may ask for something.")

    def _refuse_page(self, start: bytes) -> None:
        if start.lstrip().lower().startswith(PAGES) and not self.file.name.endswith((".html", ".htm", ".xml")):
            raise self.error("be a file", f"a web page, {start[:40]!r}", "Look at the address in a browser.")

    def _remember(self, answer: Any) -> int | None:
        """Note which version of the file the part belongs to; how long the whole is, if the server tells."""
        version = answer.headers.get("ETag", "")
        version = answer.headers.get("Last-Modified", "") if version.startswith("W/") or not version else version
        write_json(self.memo, {"address": self.address, "version": version})
        length = answer.headers.get("Content-Length", "")
        known = self._length() + int(length) if length.isascii() and length.isdigit() else None
        if known is not None:
            self._in_bounds(known)
            free = os.statvfs(self.part.parent).f_bavail * os.statvfs(self.part.parent).f_frsize
            if int(length) > free:
                raise self.error(f"fit on the disk, which has {free} bytes left", f"{length}", "Make room.")
        return known

    def _chunks(self, answer: Any) -> Iterator[bytes]:
        """What comes, as it comes, until the time is up."""
        broken = (require("urllib3").exceptions.HTTPError, http.client.HTTPException)
        try:
            while chunk := answer.raw.read1(CHUNK, decode_content=False):
                yield chunk
                if time.monotonic() > self.end:
                    cure = "Try again: it will be taken up where it broke off."
                    raise self.error(f"come within {self.limits.seconds:g} seconds", f"{self._length()} bytes", cure)
        except broken as error:
            raise _Again(f"an end after {self._length()} bytes, {type(error).__name__}") from None

    def _in_bounds(self, size: int) -> None:
        most = self.limits.bytes if self.file.size is None else self.file.size
        if size > most:
            self._drop()
            word = "at most " if self.file.size is None else ""
            raise self.error(f"have {word}{most} bytes", f"{size} or more", "Do not use it; its source has changed.")

    def _mismatch(self) -> tuple[str, str, str] | None:
        """The first thing that the whole file is not: what, as it must be, and as it is."""
        for kind, wanted in (("md5", self.file.md5), ("sha256", self.wanted)):
            if wanted is not None and (found := digest(self.part, kind)) != wanted:
                return kind, wanted, found
        if self.file.size is not None and self._length() != self.file.size:
            return "size", str(self.file.size), str(self._length())
        return None

    def _keep_or_drop_part(self) -> None:
        """A part is of use if it came from here and the server, or a checksum, can tell whether it still fits."""
        memo = read_json(self.memo)
        if memo.get("address") != self.address or not (memo.get("version") or self.wanted or self.file.md5):
            self._drop()

    def _length(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _drop(self) -> None:
        self.part.unlink(missing_ok=True)
        self.memo.unlink(missing_ok=True)


def _continues(answer: Any, have: int) -> bool:
    """Whether an answer begins where the part ends."""
    return answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")


def _bar(name: str, total: int | None, done: int) -> Any:
    """A bar that tells how far it is, where somebody looks."""
    return require("tqdm").tqdm(desc=name, total=total, initial=done, unit="B", unit_scale=True, disable=None)
