"""What one check of `doctor` came to, and how a check that fails leaves the others alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from migrator.domain.errors import MigratorError
from migrator.ports.aws import NotSupported


class Result(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`: what was looked at, where, how it is, and what to do about it."""

    check: str
    account_id: str | None
    result: Result
    detail: str
    fix: str = ""


def good(check: str, detail: str, account_id: str | None = None) -> Finding:
    """All is as it should be."""
    return Finding(check, account_id, Result.OK, detail)


def warning(check: str, detail: str, fix: str, account_id: str | None = None) -> Finding:
    """It works, yet something will be missed, or was not looked at."""
    return Finding(check, account_id, Result.WARNING, detail, fix)


def failed(check: str, detail: str, fix: str, account_id: str | None = None) -> Finding:
    """It does not work."""
    return Finding(check, account_id, Result.FAILED, detail, fix)


def not_checked(check: str, why: str) -> Finding:
    """Nobody looked, because something before it failed."""
    return warning(check, f"not checked: {why}", "mend that first, then run migrator doctor again")


def examined(check: str, look: Callable[[], Iterable[Finding]], account_id: str | None = None) -> list[Finding]:
    """What a check finds; an error that we know becomes its last finding, and the checks after it go on."""
    found: list[Finding] = []
    try:
        # One by one: what was found before an error counts.
        for each in look():
            found.append(each)  # noqa: PERF402  # as above
    except NotSupported as error:
        found.append(warning(check, error.what, error.next_step, account_id))
    except MigratorError as error:
        found.append(failed(check, error.what, error.next_step, account_id))
    return found
