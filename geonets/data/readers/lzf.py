"""LZF: the compression of binary PCD files."""

from __future__ import annotations


def expanded(packed: bytes, size: int) -> bytes | None:
    """The `size` bytes that were packed, or None if the packed ones lead elsewhere.

    Never holds more than `size` and one copy beyond, which is at most 264 bytes.

    Reference: Marc Lehmann, LibLZF, `lzf_d.c`: a byte below 32 announces so many and one more bytes as they are; others
    announce a copy of what came before, its length in the upper three bits and its distance in the lower five and the
    next byte.
    """
    found = bytearray()
    at, end = 0, len(packed)
    while at < end:
        control = packed[at]
        at += 1
        if control < 32:
            found += packed[at : at + control + 1]
            at += control + 1
        else:
            length = control >> 5
            if at + 1 + (length == 7) > end:
                return None
            if length == 7:
                length += packed[at]
                at += 1
            length += 2
            start = len(found) - ((control & 31) << 8) - packed[at] - 1
            at += 1
            if start < 0:
                return None
            seen = found[start : start + length]
            found += seen if len(seen) == length else (seen * (length // len(seen) + 1))[:length]
        if len(found) > size:
            return None
    return bytes(found) if at == end and len(found) == size else None
