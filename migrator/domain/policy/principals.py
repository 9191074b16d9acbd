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


def principal_test(
    listed: tuple[tuple[str, str], ...], *, negated: bool, allows: bool, by_arn: bool = False, bounded: bool = False
) -> PrincipalTest:
    """Compiles a Principal or NotPrincipal element.

    `by_arn` says that a condition on `aws:PrincipalArn` narrows the statement: everyone then means the callers named
    there, directly (IAM User Guide, Principal, "IAM role principals"). A denying NotPrincipal spares only whom it names
    outright: the account or the role alone does not spare a user or a session, nor a session without its role
    (NotPrincipal); and nobody at all who is `bounded`, that is, has a permissions boundary ("Permissions boundaries for
    IAM entities").
    """
    # Who called GetFederationToken may have chosen any name: no grant rests on it, yet it may take one away.
    loosely = allows is negated

    def reaches(principal: str, lookup: Lookup) -> list[Reach | None]:
        return [_reach(kind, value, principal, lookup, loosely=loosely) for kind, value in listed]

    def reach(principal: str, lookup: Lookup) -> Reach | None:
        found = reaches(principal, lookup)
        if Reach.DIRECT in found:
            return Reach.DIRECT
        return None if None in found else max(one for one in found if one is not None)

    def beyond(principal: str, lookup: Lookup) -> Reach | None:
        found = reaches(principal, lookup)
        if None in found:
            return None
        spared = any(found) if allows else _spared(found, principal) or ("AWS", "*") in listed
        return Reach.NONE if spared else Reach.BOUNDED

    if negated:
        return _everybody if bounded and not allows else beyond
    return _named if by_arn and ("AWS", "*") in listed else reach


def _spared(found: list[Reach | None], principal: str) -> bool:
    session = read_principal(principal).kind == "assumed-role"
    return Reach.DIRECT in found and (not session or Reach.BOUNDED in found)


def _named(_principal: str, _lookup: Lookup) -> Reach:
    return Reach.DIRECT


def _everybody(_principal: str, _lookup: Lookup) -> Reach:
    return Reach.BOUNDED


def _reach(kind: str, value: str, principal: str, lookup: Lookup, *, loosely: bool) -> Reach | None:
    if value == "*" and kind == "AWS":
        return Reach.BOUNDED
    if value == principal:
        return Reach.BOUNDED if read_principal(principal).kind == "role" else Reach.DIRECT
    if kind != "AWS":
        return Reach.NONE
    if value.startswith(("AIDA", "AROA")):
        return _reach_of_id(value, lookup("aws:userid"))
    return _reach_of_arn(value, read_principal(principal), loosely=loosely)


def _reach_of_id(unique_id: str, userid: Values) -> Reach | None:
    if userid is None:
        return None
    if not any(one.partition(":")[0] == unique_id for one in userid):
        return Reach.NONE
    return Reach.DIRECT if unique_id.startswith("AIDA") else Reach.BOUNDED


def _reach_of_arn(value: str, caller: Arn, *, loosely: bool) -> Reach:
    named = Arn(value, "root") if value.isdecimal() else read_principal(value)
    if not caller.account or named.account != caller.account:
        return Reach.NONE
    if named.kind == "root":
        return Reach.DIRECT if caller.kind == "root" else Reach.ACCOUNT
    kinds = (named.kind, caller.kind)
    known = kinds == ("role", "assumed-role") or (loosely and kinds == ("user", "federated-user"))
    return Reach.BOUNDED if known and named.name == caller.name else Reach.NONE
