"""What the database says of itself: whose it is, who guards it, whether break-glass and worker are well."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.domain.classify import like
from migrator.domain.dossier import User
from migrator.domain.lifecycle import State
from migrator.domain.model import CredentialKind, UserFacts
from migrator.domain.rules import SILENCE
from migrator.operations.finding import Finding, failed, good, warning
from migrator.ports.rows import Grant, StoredSet
from migrator.ports.tools import Tools

_CUT_OFF = (State.QUARANTINED, State.DEACTIVATED)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the checks need of the database; `mfa` is for break-glass users only, None where nobody could tell."""

    organization: str | None
    discovered: bool
    break_glass: dict[str, tuple[tuple[User, bool | None], ...]]
    sets: tuple[StoredSet, ...]
    grants: tuple[Grant, ...]
    beat: datetime | None
    cut_off: int


def remember(tools: Tools) -> Remembered:
    """Read it in one transaction; raises Unreachable."""
    patterns = tools.rules.break_glass
    with tools.store.read() as work:
        users = [line.user for line in work.users.lines() if _there(line.user)]
        matched = {pattern: [user for user in users if _matches(pattern, user)] for pattern in patterns}
        devices = {user.id: _has_mfa(work.users.facts(user.id)) for chosen in matched.values() for user in chosen}
        return Remembered(
            organization=work.organization(),
            discovered=any(reading.complete for reading in work.readings().values()),
            break_glass={
                pattern: tuple((user, devices[user.id]) for user in chosen) for pattern, chosen in matched.items()
            },
            sets=tuple(work.access.sets()),
            grants=tuple(work.access.grants()),
            beat=work.pulse("worker")[0],
            cut_off=sum(user.state in _CUT_OFF for user in users),
        )


def examine_store(tools: Tools) -> Iterator[Finding]:
    """Who could write into it besides us."""
    store, approvals = tools.store, tools.rules.approvals
    yield good("database", f"{store.place}, at this program's revision")
    if approvals and not store.guarded:
        yield warning(
            "approvals",
            f"{approvals} approval(s) are asked for, and whoever owns the database file can forge them",
            "use PostgreSQL where approvals must hold, or set gates.approvals to 0",
        )


def examine_break_glass(tools: Tools, known: Remembered) -> Iterator[Finding]:
    """Whether every name in `classification.break_glass` stands for a user, and that user has MFA."""
    check = "break-glass"
    if not tools.rules.break_glass:
        yield warning(
            check,
            "no break-glass user is named: nothing opens the accounts while Identity Center is down",
            "name at least one user in classification.break_glass",
        )
    for pattern in tools.rules.break_glass:
        users = known.break_glass[pattern]
        if not users and not known.discovered:
            yield warning(check, f"{pattern}: not checked, nothing was discovered yet", "run: migrator discover")
        elif not users:
            yield failed(
                check,
                f"{pattern} is the name of no user that was discovered: nobody is protected by it",
                "correct classification.break_glass, then run: migrator discover",
            )
        for user, mfa in users:
            yield _break_glass_user(check, user, mfa=mfa)


def _break_glass_user(check: str, user: User, *, mfa: bool | None) -> Finding:
    if mfa is None:
        again = f"migrator discover --account {user.account_id}"
        return warning(check, f"{user.key} exists; its MFA devices were not read", again, user.account_id)
    if not mfa:
        return warning(
            check, f"{user.key} has no MFA device", "register one, best a hardware key in a safe", user.account_id
        )
    return good(check, f"{user.key} exists and has MFA", user.account_id)


def examine_worker(tools: Tools, known: Remembered) -> Iterator[Finding]:
    """Whether somebody listens; where access was cut and nobody does, that is a failure."""
    check, silence = "worker", max(tools.rules.poll * SILENCE, timedelta(minutes=1))
    away = None if known.beat is None else tools.clock.now() - known.beat
    if away is not None and away <= silence:
        yield good(check, f"a worker was at work at {known.beat:%Y-%m-%d %H:%M} UTC")
        return
    said = "no worker was ever at work" if away is None else f"no worker since {known.beat:%Y-%m-%d %H:%M} UTC"
    fix = "keep `migrator worker` running, or run `migrator worker --once` from cron at every scream_test.poll"
    if known.cut_off:
        yield failed(check, f"{said}, while {known.cut_off} user(s) are cut off: nobody hears their screams", fix)
    else:
        yield warning(check, f"{said}; nobody would hear a scream", fix)


def _there(user: User) -> bool:
    return user.vanished_at is None and user.state is not State.DELETED


def _matches(pattern: str, user: User) -> bool:
    return like(pattern, user.key if "/" in pattern else user.user_name)


def _has_mfa(facts: UserFacts | None) -> bool | None:
    if facts is None or "MFA devices" in facts.not_checked:
        return None
    return any(credential.kind is CredentialKind.MFA_DEVICE for credential in facts.credentials)
