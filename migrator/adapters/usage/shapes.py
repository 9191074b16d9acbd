"""The shapes CloudTrail records come in, taken apart: log files, bare lists, lines, EventBridge envelopes.

What is taken apart is checked: every byte of a file is parsed as JSON before any of its records counts.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from msgspec import DecodeError, Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from migrator.adapters.usage.inflate import AT_ONCE, Text, Unreadable, unpacked

PIECE = 2**20
"""Bytes of a large file that are parsed together."""
_LONGEST = 16 * 2**20
"""Bytes of one record at most."""
_SPACE = b" \t\r\n"
_OPENS = re.compile(rb'\s*(?:\{\s*"Records"\s*:\s*)?\[')
_TRIES = 16
_NEXT = re.compile(rb'\}\s*,\s*(?=\{\s*"eventVersion"\s*:)')
_BETWEEN = re.compile(rb'\}\s*,\s*(?=\{\s*")')
"""Where one record, or any object of a list, may end and the next begin. Within a text a quote follows a backslash,
so never there; within a deeper list the piece before it does not parse, and is read on."""


class _Top(Struct, gc=False):
    records: list[Raw] | None = field(default=None, name="Records")
    detail: Raw = field(default=Raw(), name="detail")


_TOP = Decoder(_Top)
_LIST = Decoder(list[Raw])
_LINE = Decoder(Raw)
_RECORD = b'{"eventVersion":'


def records(stream: BinaryIO) -> Iterator[list[Raw]]:
    """Every record of a file as the text of one JSON object, in groups; raises Unreadable, perhaps after some."""
    texts = unpacked(stream)
    buffer = next(texts, b"")
    if buffer.startswith(b"\xef\xbb\xbf"):
        buffer = buffer[3:]
    if len(buffer) <= AT_ONCE:
        for text in texts:
            buffer += text
            if len(buffer) > AT_ONCE:
                break
    _check_start(buffer)
    if len(buffer) <= AT_ONCE:
        yield _whole(buffer)
    elif opening := _OPENS.match(buffer):
        yield from _pieces(chain(_slices(buffer, opening.end()), texts), wrapped=b"{" in opening[0])
    else:
        yield from _line_pieces(chain(_slices(buffer, 0), texts))


def _slices(text: Text, begin: int) -> Iterator[bytes]:
    """A long text from there on, a little at a time: what works on it copies it."""
    view = memoryview(text)
    return (bytes(view[start : start + PIECE]) for start in range(begin, len(text), PIECE))


def _check_start(text: Text) -> None:
    start = text[:64].lstrip(_SPACE)[:1] or text.lstrip(_SPACE)[:1]
    if not start:
        raise Unreadable("empty file")
    if start not in b"{[":
        raise Unreadable("not JSON")


def _whole(text: Text) -> list[Raw]:
    try:
        return _taken_apart(text)
    except (DecodeError, ValueError, RecursionError):
        return _slowly(bytes(text))


def _taken_apart(text: Text) -> list[Raw]:
    if text[:64].lstrip(_SPACE)[:1] == b"[":
        return [each for item in _LIST.decode(text) for each in _within(item)]
    try:
        top = _TOP.decode(text)
    except ValidationError:
        raise
    except DecodeError:
        if not _is_lines(text):
            raise
        return [each for line in _LINE.decode_lines(text) for each in _within(line)]
    return _of(top, Raw(bytes(text)))


def _within(item: Raw) -> list[Raw]:
    """The records in one item of a list or one line."""
    if memoryview(item)[: len(_RECORD)] == _RECORD:
        return [item]
    try:
        top = _TOP.decode(item)
    except ValidationError:
        return [item]
    return _of(top, item)


def _of(top: _Top, item: Raw) -> list[Raw]:
    if top.records is not None:
        return top.records
    return [top.detail if bytes(top.detail).startswith(b"{") else item]


def _pieces(texts: Iterator[Text], *, wrapped: bool) -> Iterator[list[Raw]]:
    """The items of one long list, a piece at a time. A piece that parses ends where an item of this list ends."""
    buffer, start, least, tries = b"", 0, PIECE, 0
    for text in texts:
        buffer, start = buffer[start:] + text, 0
        while start + least < len(buffer) and (cut := _cut(buffer, start + least)):
            found = _parsed(buffer, start, cut.start(), b"}]")
            if found is not None:
                yield found
                start, least, tries = cut.end(), PIECE, 0
            else:
                # Deeper lists have few objects as a rule; whoever writes many shall not make us parse as often.
                least, tries = cut.end() - start + (PIECE // 4 if tries > _TRIES else 0), tries + 1
        if len(buffer) - start > _LONGEST:
            raise Unreadable("malformed JSON")
    end = buffer[start:].rstrip(_SPACE)
    shut = end.removesuffix(b"}").rstrip(_SPACE) if wrapped else end
    if (wrapped and shut == end) or not shut.endswith(b"]"):
        raise Unreadable("truncated JSON")
    found = _parsed(shut, 0, len(shut), b"")
    if found is None:
        raise Unreadable("malformed JSON")
    yield found


def _cut(buffer: Text, begin: int) -> re.Match[bytes] | None:
    return _NEXT.search(buffer, begin) or _BETWEEN.search(buffer, begin)


def _line_pieces(texts: Iterator[Text]) -> Iterator[list[Raw]]:
    """The records of many lines, as many lines at a time as a piece holds."""
    left = b""
    for text in texts:
        lines, newline, rest = (left + text).rpartition(b"\n")
        left = rest
        if newline and lines.strip():
            yield _whole(lines)
        if len(left) > _LONGEST:
            raise Unreadable("malformed JSON")
    if left.strip():
        yield _whole(left)


def _parsed(text: Text, start: int, end: int, closing: bytes) -> list[Raw] | None:
    """The items between two places of a list; None where that is not JSON."""
    piece = b"".join((b"[", memoryview(text)[start:end], closing))
    try:
        return _LIST.decode(piece)
    except (DecodeError, RecursionError):
        return None


def _is_lines(text: Text) -> bool:
    """Whether the first line is a whole JSON value, so that the file is newline-delimited rather than cut off."""
    first, _, rest = text.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _slowly(text: bytes) -> list[Raw]:
    """Take apart what the fast way refuses: broken characters in a text, numbers that are none, odd wrappings."""
    whole = text.decode("utf-8", "replace")
    try:
        pieces = [line for line in whole.splitlines() if line.strip()] if _is_lines(text) else [whole]
        values = [json.loads(piece, parse_constant=_nothing) for piece in pieces]
        return [_written(each) for value in values for each in _items(value)]
    except RecursionError as error:
        raise Unreadable("JSON nested too deeply") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(whole.rstrip()) - 1 or "Unterminated" in error.msg
        raise Unreadable("truncated JSON" if cut else "malformed JSON") from error
    except ValueError as error:
        raise Unreadable("malformed JSON") from error


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _items(each)
    elif isinstance(value, dict):
        inner = value.get("Records")
        if isinstance(inner, list):
            yield from _items(inner)
        else:
            yield value["detail"] if isinstance(value.get("detail"), dict) else value
    else:
        yield {}


def _written(value: Any) -> Raw:
    return Raw(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _nothing(_name: str) -> None:
    """NaN and its like are no JSON."""
