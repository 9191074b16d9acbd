"""What one answer about a whole account tells about the credentials of each user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.adapters.aws.credential_report import Report, Row
from migrator.adapters.aws.errors import ActionDenied
from migrator.adapters.aws.iam_calls import LARGEST, IamCalls
from migrator.domain.model import Json
from migrator.ports.aws import Missing, NotSupported, Rejected

NO_ROW = Row()


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one user before it is asked for: the report's row where it can be trusted, else an empty one.

    `services` are its service-specific credentials; None where only the user itself can be asked.
    """

    row: Row = NO_ROW
    services: Sequence[Json] | None = None

    @property
    def reported(self) -> bool:
        """Whether there is a row to trust."""
        return self.row is not NO_ROW


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class AccountWide:
    """The answers about a whole account; None stands for one that could not be had."""

    report: Report | None = None
    services: Mapping[str, Sequence[Json]] | None = None

    def of(self, user_name: str, created_at: datetime | None) -> Told:
        """What they tell of a user."""
        row = self.report.row_of(user_name, created_at) if self.report else None
        services = None if self.services is None else self.services.get(user_name, ())
        return Told(row or NO_ROW, services)


def read_services(calls: IamCalls) -> dict[str, list[Json]] | None:
    """Every service-specific credential of the account by user name, in one call for a page of them.

    None where this role or endpoint must ask user by user: an endpoint that does not know `AllUsers` takes the call
    for one about the caller and refuses it, or gives credentials without saying whose they are.
    """
    try:
        listed = calls.listed(
            "ListServiceSpecificCredentials", "ServiceSpecificCredentials", AllUsers=True, MaxItems=LARGEST
        )
    except (ActionDenied, Missing, NotSupported, Rejected):
        return None
    found: dict[str, list[Json]] = {}
    for each in listed:
        if not each.get("UserName"):
            return None
        found.setdefault(each["UserName"], []).append(each)
    return found
