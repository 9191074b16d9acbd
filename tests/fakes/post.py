"""Channels that keep what they are given, and refuse when they are told to."""

from dataclasses import dataclass, field

from migrator.adapters.notify.templates import Texts
from migrator.domain.notices import Notice
from migrator.ports.post import Channel, Letter, Undelivered


@dataclass
class FakePost:
    """The port `Post`; no channel unless a test names some."""

    channels: list[Channel] = field(default_factory=list)
    taken: list[Letter] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    texts: Texts = field(default_factory=Texts)

    def write(self, notice: Notice) -> tuple[str, str]:
        """A notice as title and body."""
        return self.texts.write(notice)

    def deliver(self, letter: Letter) -> None:
        """Keep a letter, unless its channel is broken."""
        if letter.channel in self.broken:
            raise Undelivered("the channel did not take it")
        self.taken.append(letter)
