"""What the kinds of Identity Center share: the clients, the names, and requests that end later."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from migrator.adapters.aws.answers import clean
from migrator.domain.model import Json
from migrator.ports.aws import Rejected, Transient, Unavailable
from migrator.ports.clock import Clock

if TYPE_CHECKING:
    from migrator.adapters.aws.identity_center import IdentityCenterDirectory

PATIENCE = timedelta(minutes=10)
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
_NOT_NOW = re.compile(r"\b(409|429|5\d\d) status error")
"""A request's end that another try may better: AWS words it "Received a 404 status error: …"."""


LOOK_UP = ("sso:ListPermissionSets", "sso:DescribePermissionSet")
"""What finding a permission set by its name takes."""


@dataclass(frozen=True, slots=True)
class CenterKind:
    """A kind of thing that lives in Identity Center."""

    center: "IdentityCenterDirectory"


def read_to_the_end(clock: Clock, what: str, status: Json, again: Callable[[str], Json]) -> None:
    """Wait until a queued request has ended; a 200 means only that it is queued (aws-facts, 6).

    `again` reads the status of a request id. Raises Rejected with AWS's reason where the request failed, Transient
    where that reason is one that passes, Unavailable where it does not end within `PATIENCE`.
    """
    deadline = clock.now() + PATIENCE
    pause = FIRST_PAUSE
    while status["Status"] == "IN_PROGRESS":
        if clock.now() >= deadline:
            raise Unavailable(
                f"{what}: request {status['RequestId']} did not end within {PATIENCE}",
                next_step="run the same command again: it looks at what became of the request",
            )
        clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
        status = again(status["RequestId"])
    if status["Status"] == "FAILED":
        reason = clean(status.get("FailureReason") or "AWS gave no reason")
        passes = _NOT_NOW.search(reason) is not None
        raise (Transient if passes else Rejected)(
            f"{what}: request {status['RequestId']} failed: {reason}",
            next_step="run the same command again"
            if passes
            else "mend what AWS names, then run the same command again",
        )


def path_and_name(reference: str) -> dict[str, str]:
    """A customer managed policy as Identity Center names it: `/team/reader` is path `/team/`, name `reader`."""
    path, _, name = reference.rpartition("/")
    return {"Name": name, "Path": f"{path}/"}
