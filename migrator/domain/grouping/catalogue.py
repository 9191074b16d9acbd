"""What grouping asks of the action catalogue beyond names and levels."""

from collections.abc import Sequence
from typing import Protocol

from migrator.domain.policy.actions import Actions


class ResourceShape(Protocol):
    """A kind of resource that an action can be limited to."""

    @property
    def arn(self) -> str:
        """Its ARN with `${…}` where names stand."""
        ...

    @property
    def required(self) -> bool:
        """Whether every call of the action touches one."""
        ...


class Catalogue(Actions, Protocol):
    """Which actions AWS has, and what each can be limited to."""

    def resource_types(self, action: str) -> Sequence[ResourceShape]:
        """The kinds of resource of an action; none where only `*` works or the action is unknown."""
        ...
