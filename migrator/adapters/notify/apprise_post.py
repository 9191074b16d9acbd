"""Channels through Apprise: mail, Slack, Teams, webhooks and whatever else its URLs name.

A URL with `{email}` reaches each person, one with `{owner}` each team; every other is a channel for whoever runs the
migration. Source: https://github.com/caronc/apprise/wiki
"""

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from migrator.adapters.notify.templates import Texts
from migrator.domain.notices import Audience, Notice
from migrator.ports.post import Channel, Letter, Undelivered

_PLACES = {Audience.PERSON: "{email}", Audience.OWNER: "{owner}"}


class ApprisePost:
    """The port's `Post`; URLs carry secrets and never leave this object."""

    def __init__(self, urls: Sequence[str], folder: str | None = None) -> None:
        self._urls = {_name(url): url for url in urls}
        self._texts = Texts(folder)

    @property
    def channels(self) -> Sequence[Channel]:
        """Every channel."""
        return [Channel(name, _audience(url)) for name, url in self._urls.items()]

    def write(self, notice: Notice) -> tuple[str, str]:
        """A notice as title and body."""
        return self._texts.write(notice)

    def deliver(self, letter: Letter) -> None:
        """Hand a letter to its channel; Apprise gives up on a silent one after four seconds."""
        url = self._urls.get(letter.channel)
        if url is None:
            raise Undelivered("the channel is no longer in the configuration")
        from apprise import Apprise, NotifyFormat  # noqa: PLC0415  # 96 ms, and only for who sends

        post = Apprise()
        if not post.add(_addressed(url, letter.to)):
            raise Undelivered("Apprise does not understand the channel's URL")
        try:
            taken = post.notify(title=letter.title, body=letter.body, body_format=NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001  # 186 plugins, each with its own; no one of them may stop a worker
            raise Undelivered(f"the channel failed: {type(error).__name__}") from None
        if not taken:
            raise Undelivered("the channel did not take it")


def _name(url: str) -> str:
    """Scheme and a few digits of a hash: enough to tell channels apart, nothing to steal."""
    return f"{url.partition(':')[0]}-{sha256(url.encode()).hexdigest()[:6]}"


def _audience(url: str) -> Audience:
    return next((audience for audience, place in _PLACES.items() if place in url), Audience.CHANNEL)


def _addressed(url: str, to: str) -> str:
    # One recipient: what quote leaves alone cannot begin another parameter of the URL.
    for place in _PLACES.values():
        url = url.replace(place, quote(to, safe="@"))
    return url
