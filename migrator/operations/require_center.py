"""Refuse to plan permission sets where there is no Identity Center to hold them."""

from collections.abc import Iterable
from contextlib import suppress

from migrator.domain.model import Destination
from migrator.domain.selection import Line
from migrator.ports.aws import AccessDenied, NotSupported, Unavailable
from migrator.ports.tools import Tools


def require_center(tools: Tools, lines: Iterable[Line]) -> None:
    """Raise NoInstance where one of these users is to get a set, and the region is the wrong one.

    Who may not ask is let through: what could not be asked is told where it is missed.
    """
    if any(line.user.destination is Destination.PERMISSION_SET for line in lines):
        with suppress(AccessDenied, NotSupported, Unavailable):
            tools.directory.instance()
