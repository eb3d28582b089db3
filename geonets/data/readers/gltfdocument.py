"""A glTF file's JSON, its buffers, and the arrays in these, each checked before it is believed."""

from __future__ import annotations

import base64
import binascii
import json
import math
import urllib.parse
from typing import Any, final

import numpy as np

from geonets.core.errors import ReadError
from geonets.data.readers.source import Source

MAGIC, JSON_CHUNK, BYTES_CHUNK = b"glTF", b"JSON", b"BIN\0"
KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
COMPRESSIONS = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")


@final
class Document:
    """A glTF file.

    Args:
        source: the file, text or binary.

    Raises:
        ReadError: if it is neither, or its geometry is compressed.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._inner = b""
        text = self._chunks() if source.content[:4] == MAGIC else source.content
        try:
            self.entries = json.loads(text.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            reason = str(error).split("\n")[0]
            raise source.error("hold JSON", reason, "JSON", "Check that it is glTF, or fetch it again.") from None
        if not isinstance(self.entries, dict) or not isinstance(self.entries.get("asset"), dict):
            raise source.error("be glTF", "other JSON", "JSON, asset", "Check that it is glTF.")
        required = self.entries.get("extensionsRequired")
        packed = [name for name in COMPRESSIONS if isinstance(required, list) and name in required]
        if packed:
            raise self.error("hold its geometry as it is", packed[0], "extensionsRequired", "Decompress it first.")
        self._buffers: dict[int, bytes] = {}

    def error(self, rule: str, got: str, place: str, cure: str = "Check the file, or export it again.") -> ReadError:
        """An error at a place of the JSON."""
        return self.source.error(rule, got, f"JSON, {place}", cure)

    def entry(self, kind: str, number: Any, place: str) -> tuple[dict[str, Any], str]:
        """An entry of one of the lists, and its place."""
        held = self.entries.get(kind)
        count = len(held) if isinstance(held, list) else 0
        if isinstance(held, list) and type(number) is int and 0 <= number < count and isinstance(held[number], dict):
            return held[number], f"{kind}[{number}]"
        raise self.error(f"name one of its {count} {kind}", repr(number), place)

    def whole(self, entry: dict[str, Any], name: str, place: str, otherwise: int | None = None) -> int:
        """A whole number of an entry."""
        number = entry.get(name, otherwise)
        if type(number) is int and 0 <= number < 2**63:
            return number
        raise self.error(f"have a whole number as {name}", repr(number), place)

    def numbers(self, entry: dict[str, Any], name: str, count: int, place: str) -> np.ndarray:
        """So many finite numbers of an entry."""
        found = entry[name]
        if isinstance(found, list) and len(found) == count:
            try:
                if all(type(n) in (int, float) and math.isfinite(n) for n in found):
                    return np.array(found, np.float64)
            except OverflowError:  # a whole number beyond all floats
                pass
        raise self.error(f"have {count} numbers as {name}", repr(found), place)

    def listed(self, entry: dict[str, Any], name: str, place: str) -> list[Any]:
        """A list of an entry, empty where it has none."""
        found = entry.get(name, [])
        if isinstance(found, list):
            return found
        raise self.error(f"have a list as {name}", repr(found), place)

    def array(self, number: Any, place: str) -> np.ndarray:
        """The `(N,)` or `(N, C)` numbers of an accessor; whole numbers that stand for fractions become these."""
        accessor, place = self.entry("accessors", number, place)
        if "sparse" in accessor or "bufferView" not in accessor:
            raise self.error("have numbers for each accessor", "a sparse or compressed one", place)
        kind, width = KINDS.get(accessor.get("componentType", 0)), WIDTHS.get(str(accessor.get("type")))
        if kind is None or width is None:
            got = f"{accessor.get('componentType')!r}, {accessor.get('type')!r}"
            raise self.error("have a known componentType and a type from SCALAR to VEC4", got, place)
        view, view_place = self.entry("bufferViews", accessor["bufferView"], place)
        buffer = self._buffer(view.get("buffer"), view_place)
        start, length = self.whole(view, "byteOffset", view_place, 0), self.whole(view, "byteLength", view_place)
        if start + length > len(buffer):
            got = f"{start + length} of {len(buffer)}"
            raise self.error("end within its buffer", got, view_place, "Fetch the whole file.")
        count, offset = self.whole(accessor, "count", place), self.whole(accessor, "byteOffset", place, 0)
        size = np.dtype(kind).itemsize * width
        stride = self.whole(view, "byteStride", view_place, size)
        if stride < size or offset + (count - 1) * stride + size > length:
            got = f"{count} rows of {size} bytes, {stride} apart, in {length} bytes"
            raise self.error("end within its bufferView", got, place, "Fetch the whole file.")
        rows = np.ndarray((count, width), kind, buffer, start + offset, (stride, np.dtype(kind).itemsize))
        if accessor.get("normalized") is True and kind != "<f4":
            rows = np.maximum(rows / np.iinfo(kind).max, -1.0)
        return rows[:, 0] if width == 1 else rows

    def _chunks(self) -> bytes:
        """The JSON of a binary file; its bytes are kept."""
        content = self.source.content
        version, length = int.from_bytes(content[4:8], "little"), int.from_bytes(content[8:12], "little")
        if version != 2 or length != len(content):
            rule, got = f"be version 2, of {length} bytes as it announces", f"version {version}, {len(content)} bytes"
            raise self.source.error(rule, got, "byte 4", "Fetch the whole file.")
        found, at = [], 12
        while at < length:
            size, kind = int.from_bytes(content[at : at + 4], "little"), content[at + 4 : at + 8]
            if at + 8 + size > length:
                got = f"{length - at - 8} bytes left"
                raise self.source.error(f"have a chunk of {size} bytes", got, f"byte {at}", "Fetch the whole file.")
            found.append((kind, content[at + 8 : at + 8 + size]))
            at += 8 + size
        if not found or found[0][0] != JSON_CHUNK:
            raise self.source.error("begin with a chunk of JSON", "none", "byte 12", "Export it again.")
        self._inner = found[1][1] if len(found) > 1 and found[1][0] == BYTES_CHUNK else b""
        return found[0][1]

    def _buffer(self, number: Any, place: str) -> bytes:
        buffer, place = self.entry("buffers", number, place)
        if number not in self._buffers:
            self._buffers[number] = self._loaded(buffer, place)
        length = self.whole(buffer, "byteLength", place)
        if len(self._buffers[number]) < length:
            got = f"{len(self._buffers[number])} bytes"
            raise self.error(f"have {length} bytes, as announced", got, place, "Fetch the whole file.")
        return self._buffers[number]

    def _loaded(self, buffer: dict[str, Any], place: str) -> bytes:
        """The bytes of a buffer: in the file itself, in its text, or in a file of the same folder; nowhere else."""
        uri = buffer.get("uri")
        if uri is None:
            return self._inner
        if isinstance(uri, str) and uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2].encode(), validate=True)
            except (ValueError, binascii.Error):
                raise self.error("hold its bytes as base64", "other text", f"{place}.uri") from None
        if not isinstance(uri, str) or urllib.parse.urlsplit(uri).scheme or "\0" in uri:
            raise self.error("name a file of its folder as buffer", repr(uri), f"{place}.uri", "Put it there.")
        folder = Source(self.source.path.parent, max_bytes=self.source.max_bytes)
        return folder.member(urllib.parse.unquote(uri)).content
