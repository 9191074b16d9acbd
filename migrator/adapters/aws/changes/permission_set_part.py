"""What a permission set is made of: its own document, AWS's policies, customer managed policies, a boundary.

None of it reaches an account before the set is provisioned there again.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from migrator.adapters.aws.changes.center_kind import CenterKind
from migrator.adapters.aws.changes.kind import Target
from migrator.domain.changes import Change
from migrator.domain.model import Json


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one set: `which` names instance and set to the API, `named` the element, `after` what it shall be."""

    which: Json
    named: str
    after: Json = None


class PermissionSetPart(CenterKind, ABC):
    """A part of a permission set, whose ARN is looked up by name."""

    @abstractmethod
    def read(self, part: Part) -> Json:
        """The part as it is."""

    @abstractmethod
    def put(self, part: Part) -> None:
        """Let the part be what it shall be."""

    @abstractmethod
    def take(self, part: Part) -> None:
        """Remove the part."""

    def observe(self, target: Target) -> Json:
        """The part as it is; a missing set has none."""
        instance, name = target[:2]
        return self.center.with_set(instance, name, lambda arn: self.read(_part(target, arn)))

    def make(self, change: Change) -> None:
        """Put the part, or remove it."""
        instance, name = change.target[:2]
        verb = self.take if change.after is None else self.put
        self.center.with_set(instance, name, lambda arn: verb(_part(change.target, arn, change.after)))


def _part(target: Target, arn: str, after: Json = None) -> Part:
    return Part({"InstanceArn": target[0], "PermissionSetArn": arn}, target[-1], after)
