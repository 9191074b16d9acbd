"""Numbers, dates, addresses and bytes of conditions: read from their texts and compared."""

import operator as python
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from migrator.domain.policy.operators import Comparison
from migrator.domain.policy.patterns import Matcher


def _ordering(read: Callable[[str], Any], holds: Callable[[Any, Any], bool]) -> Callable[[tuple[str, ...]], Matcher]:
    def build(values: tuple[str, ...]) -> Matcher:
        limits = [limit for limit in map(read, values) if limit is not None]

        def test(value: str) -> bool:
            given = read(value)
            return given is not None and any(holds(given, limit) for limit in limits)

        return test

    return build


@lru_cache(maxsize=4096)
def read_number(text: str) -> Decimal | None:
    """Reads an integer or decimal; None where the text is neither."""
    if "_" in text or not text.isascii():
        return None  # Python reads more as a number than AWS does
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_YEAR_DIGITS = 4


@lru_cache(maxsize=4096)
def read_date(text: str) -> datetime | None:
    """Reads an ISO 8601 date (a year, a month or a day alone too) or seconds since 1970; None where it is neither."""
    plain = text.strip()
    try:
        if plain.isdecimal() and len(plain) == _YEAR_DIGITS:
            return datetime(int(plain), 1, 1, tzinfo=UTC)
        seconds = read_number(plain)
        if seconds is not None:
            return datetime.fromtimestamp(float(seconds), UTC)
        whole = f"{plain}-01" if plain.count("-") == 1 and "T" not in plain else plain
        read = datetime.fromisoformat(whole)
    except (ValueError, OverflowError, OSError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Reads an IPv4 or IPv6 address; None where it is neither, as with the service names CloudTrail writes."""
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


def _address_test(values: tuple[str, ...]) -> Matcher:
    networks = []
    for value in values:
        try:
            networks.append(ip_network(value.strip(), strict=False))
        except ValueError:
            continue

    def test(value: str) -> bool:
        address = read_address(value)
        return address is not None and any(address in network for network in networks)

    return test


def _binary_test(values: tuple[str, ...]) -> Matcher:
    wanted = frozenset(map(_bytes, values))
    return lambda value: _bytes(value) in wanted


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b"\0" + text.encode()


PARSED: Mapping[Comparison, Callable[[tuple[str, ...]], Matcher]] = {
    Comparison.NUMERIC_EQUALS: _ordering(read_number, python.eq),
    Comparison.NUMERIC_LESS_THAN: _ordering(read_number, python.lt),
    Comparison.NUMERIC_LESS_THAN_EQUALS: _ordering(read_number, python.le),
    Comparison.NUMERIC_GREATER_THAN: _ordering(read_number, python.gt),
    Comparison.NUMERIC_GREATER_THAN_EQUALS: _ordering(read_number, python.ge),
    Comparison.DATE_EQUALS: _ordering(read_date, python.eq),
    Comparison.DATE_LESS_THAN: _ordering(read_date, python.lt),
    Comparison.DATE_LESS_THAN_EQUALS: _ordering(read_date, python.le),
    Comparison.DATE_GREATER_THAN: _ordering(read_date, python.gt),
    Comparison.DATE_GREATER_THAN_EQUALS: _ordering(read_date, python.ge),
    Comparison.IP_ADDRESS: _address_test,
    Comparison.BINARY_EQUALS: _binary_test,
}
"""Makes a test of a request's value, given the values of a policy, for each comparison that is not of texts."""
