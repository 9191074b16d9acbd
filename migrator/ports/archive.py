"""Where heads and copies of the record are kept, out of reach of whoever owns the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept: where, and until when nobody can overwrite or delete it; None where anybody may."""

    location: str
    locked_until: datetime | None


class Archive(Protocol):
    """Objects that are written once. Locations are `s3://BUCKET/KEY`."""

    def keep(self, location: str, body: bytes, until: datetime) -> Kept:
        """Write an object that is not there yet, locked until then where the place can lock.

        The same content once more is no error; raises Refused where something else is there already, NotFound where
        there is no such place, Unreachable where AWS refused.
        """
        ...

    def versions(self, location: str) -> Iterator[tuple[str, bytes]]:
        """Every version of every object whose location begins so, deleted ones included: (location, content)."""
        ...
