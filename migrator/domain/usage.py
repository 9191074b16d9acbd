"""What principals did: calls as CloudTrail recorded them, counted."""

from dataclasses import dataclass
from datetime import datetime

REFUSALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"),
        *("AuthorizationError", "AuthorizationErrorException"),
    }
)
"""The spellings of "access denied" in CloudTrail's errorCode (IAM troubleshooting guide; the last two are SNS's)."""


@dataclass(frozen=True, slots=True)
class UsageFact:
    """One kind of call that one principal made within one part of a source, counted. One row of `usage_facts`.

    `principal` is the ARN in `userIdentity` (an IAM user, or an assumed-role session of `AWSReservedSSO_*`), or
    `identitystore:USER_ID` for portal events of type `IdentityCenterUser`; `via` names the service or session that
    made the call for it (`invokedBy`, `session`), `action` is the IAM action or None where the event has no mapping;
    empty strings mean "none". `error` is CloudTrail's errorCode.
    """

    principal: str
    account_id: str
    source: str
    event: str
    action: str | None
    resource: str
    calls: int
    first: datetime
    last: datetime
    access_key: str = ""
    region: str = ""
    address: str = ""
    agent: str = ""
    error: str = ""
    via: str = ""

    @property
    def refused(self) -> bool:
        """Whether IAM said no."""
        return self.error in REFUSALS


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused call of an IAM user (or of a session minted from its keys): what a scream is made of."""

    event_id: str
    at: datetime
    principal: str
    account_id: str
    source: str
    event: str
    address: str
    agent: str
    error: str
    message: str = ""
    access_key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a usage source that is read whole or not at all: a log file, a day of look-ups."""

    source: str
    account_id: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class PartUsage:
    """What one part held. `bad` says why it could not be read (then the rest is empty); `newest` is its last event."""

    part: Part
    events: int = 0
    facts: tuple[UsageFact, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    first: datetime | None = None
    newest: datetime | None = None
    bad: str = ""
