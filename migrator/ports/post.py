"""Telling people: letters that are kept until a channel took them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from migrator.domain.notices import Audience, Notice


class Undelivered(Exception):
    """A channel did not take a letter; the message says why, without a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to tell somebody; `name` shows nothing secret."""

    name: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as text for one channel. `status` is `waiting`, `sent` or `failed`; `error` is the last refusal."""

    dedupe_key: str
    channel: str
    to: str
    template: str
    title: str
    body: str
    about: str
    at: datetime
    status: str = "waiting"
    attempts: int = 0
    next_at: datetime | None = None
    error: str = ""


class Post(Protocol):
    """The channels of the configuration, and the texts."""

    @property
    def channels(self) -> Sequence[Channel]:
        """Every channel; none where nobody wants to be told."""
        ...

    def write(self, notice: Notice) -> tuple[str, str]:
        """A notice as title and body."""
        ...

    def deliver(self, letter: Letter) -> None:
        """Hand a letter to its channel, within seconds; raises Undelivered."""
        ...


class Outbox(Protocol):
    """Letters in the database."""

    def put(self, letters: Sequence[Letter]) -> list[Letter]:
        """Keep letters; one whose key is there already is left as it is. Those that are new."""
        ...

    def take(self, now: datetime, until: datetime, most: int) -> list[Letter]:
        """The oldest letters to be sent by now; nobody else takes them before `until`."""
        ...

    def mark(self, letter: Letter) -> None:
        """Write what became of a letter."""
        ...

    def newest(self, most: int) -> list[Letter]:
        """The newest letters, newest first."""
        ...
