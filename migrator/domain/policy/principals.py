"""Who a statement of a resource-based policy speaks of, and how directly: that decides what else must allow."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from migrator.domain.policy.variables import Lookup, Values


class Reach(IntEnum):
    """How directly a Principal element names the caller (IAM User Guide, evaluation logic, resource-based policies).

    ACCOUNT delegates: within the account an identity policy must allow too. BOUNDED (a role, everyone) grants, yet a
    boundary or session policy that does not allow stops it. DIRECT (this user, this session) grants by itself.
    """

    NONE = 0
    ACCOUNT = 1
    BOUNDED = 2
    DIRECT = 3


PrincipalTest = Callable[[str, Lookup], Reach | None]
"""Asks a statement about a principal's ARN; None where it depends on a key we cannot know."""


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of a principal's ARN that identity rests on; all empty for services and anonymous callers."""

    account: str = ""
    kind: str = ""
    name: str = ""


def read_principal(arn: str) -> Arn:
    """Splits a principal's ARN; `name` is the last part of a user's or role's path, the role's for a session."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":  # noqa: PLR2004  # an ARN has six parts
        return Arn()
    kind, _, rest = parts[5].partition("/")
    name = rest.split("/", 1)[0] if kind == "assumed-role" else rest.rsplit("/", 1)[-1]
    return Arn(parts[4], kind, name)


def principal_test(listed: tuple[tuple[str, str], ...], *, negated: bool, allows: bool) -> PrincipalTest:
    """Compiles a Principal or NotPrincipal element.

    A denying NotPrincipal spares only whom it names outright: naming the account or the role alone does not spare a
    user or a session (IAM User Guide, NotPrincipal).
    """

    def reach(principal: str, lookup: Lookup) -> Reach | None:
        best = Reach.NONE
        for kind, value in listed:
            one = _reach(kind, value, principal, lookup)
            if one is None:
                return None
            best = max(best, one)
        return best

    if not negated:
        return reach

    def beyond(principal: str, lookup: Lookup) -> Reach | None:
        listed_as = reach(principal, lookup)
        if listed_as is None:
            return None
        spared = listed_as > Reach.NONE if allows else listed_as == Reach.DIRECT or ("AWS", "*") in listed
        return Reach.NONE if spared else Reach.BOUNDED

    return beyond


def _reach(kind: str, value: str, principal: str, lookup: Lookup) -> Reach | None:
    if value == "*" and kind == "AWS":
        return Reach.BOUNDED
    if value == principal:
        return Reach.BOUNDED if read_principal(principal).kind == "role" else Reach.DIRECT
    if kind != "AWS":
        return Reach.NONE
    if value.startswith(("AIDA", "AROA")):
        return _reach_of_id(value, lookup("aws:userid"))
    return _reach_of_arn(value, read_principal(principal))


def _reach_of_id(unique_id: str, userid: Values) -> Reach | None:
    if userid is None:
        return None
    if not any(one.partition(":")[0] == unique_id for one in userid):
        return Reach.NONE
    return Reach.DIRECT if unique_id.startswith("AIDA") else Reach.BOUNDED


def _reach_of_arn(value: str, caller: Arn) -> Reach:
    named = Arn(value, "root") if value.isdecimal() else read_principal(value)
    if not caller.account or named.account != caller.account:
        return Reach.NONE
    if named.kind == "root":
        return Reach.DIRECT if caller.kind == "root" else Reach.ACCOUNT
    of_role = named.kind == "role" and caller.kind == "assumed-role" and named.name == caller.name
    return Reach.BOUNDED if of_role else Reach.NONE
