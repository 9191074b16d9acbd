"""The JSON text of a log file, whole where it is small, in pieces where it is large."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

Text = bytes | bytearray
GZIP = b"\x1f\x8b"
LARGEST = 512 * 2**20
"""Unpacked bytes of one file that are still read; CloudTrail's own stay under 50 MB, so more is a bomb or a mistake."""
AT_ONCE = 8 * 2**20
"""Unpacked bytes that are held at once, so that a process stays small however large its files are."""
_PACKED = 256 * 2**10
"""Packed bytes read at first: most log files are smaller, and a larger buffer costs more than reading it."""
_PACKED_AT_ONCE = 2 * 2**20
_CHUNK = 2**20
_TRAILER = 18
"""Bytes of the smallest gzip header and trailer together."""


class Unreadable(ValueError):
    """This is no CloudTrail log, or only a piece of one. The text says why, in a few words."""


def unpacked(stream: BinaryIO, largest: int = LARGEST) -> Iterator[Text]:
    """The text of a file, packed (several gzip members are joined) or not: one piece where it is small.

    Raises Unreadable, possibly after some pieces: none of them counts then.
    """
    head = stream.read(_PACKED)
    if len(head) == _PACKED:
        head += stream.read(_PACKED_AT_ONCE - _PACKED)
    if not head.startswith(GZIP):
        yield from _limited(_joined(head, stream), largest)
        return
    whole = _small(head) if len(head) < _PACKED_AT_ONCE else None
    yield from [whole] if whole is not None else _limited(_inflated(head, stream), largest)


def _small(packed: bytes) -> Text | None:
    """A small file of one member, by libdeflate; None where it is not that, or is broken."""
    import deflate  # noqa: PLC0415  # a shared library: loaded where packed files are read

    size = int.from_bytes(packed[-4:], "little")
    if size > AT_ONCE or len(packed) < _TRAILER:
        return None
    try:
        text: bytearray = deflate.gzip_decompress(packed)
    except (deflate.DeflateError, ValueError):
        return None
    # libdeflate reads the first member; the file ends with the length and checksum of its last.
    alone = len(text) == size and deflate.crc32(text) == int.from_bytes(packed[-8:-4], "little")
    return text if alone else None


def _joined(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(_CHUNK):
        yield chunk


def _inflated(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Member after member; what follows the last one and is no member is ignored, as gzip does."""
    data = head
    while data.startswith(GZIP):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                text = member.decompress(data, _CHUNK)
            except zlib.error as error:
                raise Unreadable("broken gzip") from error
            if text:
                yield text
            data = member.unconsumed_tail
            if not data and not member.eof:
                data = stream.read(_CHUNK)
                if not data and not text:
                    raise Unreadable("truncated gzip")
        data = member.unused_data
        if len(data) < len(GZIP):
            data += stream.read(_CHUNK)


def _limited(pieces: Iterator[bytes], largest: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise Unreadable(f"larger than {largest >> 20} MiB unpacked")
        yield piece
