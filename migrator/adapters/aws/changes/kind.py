"""What every change kind is: two verbs over a target, and the permissions they take."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from migrator.adapters.aws.errors import ENDLESS
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.ports.aws import Rejected, Unavailable

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

    from migrator.adapters.aws.session import Sessions

Target = tuple[str, ...]


class ChangeVerbs(Protocol):
    """How one kind of change is seen and carried out.

    Both verbs let botocore's errors through: `AwsHands` translates them, and takes a missing thing for an absent one.
    """

    @property
    def reads(self) -> tuple[str, ...]:
        """The IAM actions that `observe` takes, of the role that reads."""
        ...

    @property
    def writes(self) -> tuple[str, ...]:
        """The IAM actions that `make` takes, of the role that writes; a look before a write is among them."""
        ...

    def observe(self, target: Target) -> Json:
        """What is there now, in the shape of the change's `before` and `after`; None where absent."""
        ...

    def make(self, change: Change) -> None:
        """Carry the change out."""
        ...


@dataclass(frozen=True, slots=True)
class IamKind:
    """A kind of thing that lives in the IAM of an account, which is the first part of its target."""

    sessions: "Sessions"

    def reading(self, account_id: str) -> "IAMClient":
        """IAM with the role that reads."""
        client: IAMClient = self.sessions.client("iam", account_id, "read")
        return client

    def changing(self, account_id: str) -> "IAMClient":
        """IAM with the role that writes."""
        client: IAMClient = self.sessions.client("iam", account_id, "change")
        return client


def listed(client: Any, operation: str, key: str, **arguments: Json) -> Iterator[Json]:
    """Every element of a listing once, page after page, also where botocore has no paginator for it.

    A page may be empty and have a successor, and what stood on one page may come again on the next.
    """
    given: set[str] = set()
    for page in _pages(client, operation, arguments):
        for element in page.get(key, ()):
            if (known := repr(element)) not in given:
                given.add(known)
                yield element


def _pages(client: Any, operation: str, arguments: dict[str, Json]) -> Iterator[Json]:
    if client.can_paginate(operation):
        yield from client.get_paginator(operation).paginate(**arguments)
        return
    while True:
        page = getattr(client, operation)(**arguments)
        yield page
        if not page.get("Marker"):
            return
        if page["Marker"] == arguments.get("Marker"):
            raise Unavailable(f"{operation} {ENDLESS[0]}", next_step=ENDLESS[1])
        arguments = {**arguments, "Marker": page["Marker"]}


def document_text(document: Json) -> str:
    """A policy as the text that is sent: without blanks, which some quotas count, and in the order it was given."""
    return json.dumps(document, separators=(",", ":"))


def tag_list(tags: dict[str, str]) -> list[Json]:
    """Tags as IAM and Identity Center want them, sorted."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def tag_map(tags: list[Json]) -> dict[str, str]:
    """Tags as we hold them."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def not_so(change: Change, why: str) -> Rejected:
    """The refusal of a change that this kind cannot make; nothing was sent."""
    return Rejected(
        f"{change.kind} {change.where} cannot be changed so: {why}", next_step="report this as a bug of migrator"
    )
