"""What an approval is bound to, and what has changed since: whoever changes any of it needs a new yes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from migrator.domain.canonical import digest
from migrator.domain.model import Json, UserFacts
from migrator.domain.rules import Rules

if TYPE_CHECKING:
    from migrator.domain.dossier import Dossier, TrackedCredential

_WINDOWS = ("scream_test.quarantine", "scream_test.deactivate", "scream_test.sessions")


def subject_document(
    facts: UserFacts,
    credentials: Sequence["TrackedCredential"],
    planned: Json,
    assignments: Iterable[Collection[str]],
    rules: Rules,
) -> dict[str, Json]:
    """The subject of an approval (design, "State").

    `planned` is the specification of the set or role, `assignments` the (account, person) pairs it is given to. Dates,
    usage, status as our own cuts left it, and our own deny are not in it, because they change as the approved work
    goes on.
    """
    held = {(c.credential.kind.value, c.credential.id, c.original_status) for c in credentials if c.gone_at is None}
    return {
        "user": [facts.account_id, facts.user_id],
        "credentials": sorted(map(list, held)),
        "planned": planned,
        "assignments": sorted({tuple(pair) for pair in assignments}),
        "windows": [_seconds(w) for w in (rules.quarantine, rules.deactivate, rules.sessions)],
    }


def subject_hash(
    facts: UserFacts,
    credentials: Sequence["TrackedCredential"],
    planned: Json,
    assignments: Iterable[Collection[str]],
    rules: Rules,
) -> str:
    """The hash of a subject; it is the stored document's, too."""
    return digest(subject_document(facts, credentials, planned, assignments, rules))


def subject(dossier: "Dossier", rules: Rules) -> dict[str, Json] | None:
    """The subject of a user as its dossier knows it; None where it was never read."""
    if dossier.facts is None:
        return None
    planned = dossier.planned.spec if dossier.planned else None
    assignments = [(dossier.user.account_id, person) for person in dossier.user.persons]
    return subject_document(dossier.facts, dossier.credentials, planned, assignments, rules)


def subject_of(dossier: "Dossier", rules: Rules) -> str:
    """The hash of a user's subject; empty, which approves nothing, where it was never read."""
    document = subject(dossier, rules)
    return digest(document) if document is not None else ""


def drift(approved: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[str, ...]:
    """What changed since an approval, in words; empty where nothing did. Both are subjects."""
    return tuple(_drift(approved, present))


def _drift(approved: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[str]:
    if list(approved["user"]) != list(present["user"]):
        yield f"another user has the name: {present['user'][1]} instead of {approved['user'][1]}"
    before = {(kind, name): status for kind, name, status in approved["credentials"]}
    after = {(kind, name): status for kind, name, status in present["credentials"]}
    yield from (f"new {_named(one)}" for one in sorted(after.keys() - before.keys()))
    yield from (f"{_named(one)} is gone" for one in sorted(before.keys() - after.keys()))
    for one in sorted(before.keys() & after.keys()):
        if before[one] != after[one]:
            yield f"{_named(one)} was {before[one]}, is {after[one]}"
    yield from _replanned(approved["planned"], present["planned"])
    old, new = ({tuple(pair) for pair in each["assignments"]} for each in (approved, present))
    yield from (f"now for {person} in {account}" for account, person in sorted(new - old))
    yield from (f"no longer for {person} in {account}" for account, person in sorted(old - new))
    for name, old_window, new_window in zip(_WINDOWS, approved["windows"], present["windows"], strict=True):
        if old_window != new_window:
            yield f"{name} is {timedelta(seconds=new_window)}, was {timedelta(seconds=old_window)}"


def _replanned(approved: Json, present: Json) -> Iterator[str]:
    if approved == present:
        return
    if not isinstance(approved, dict) or not isinstance(present, dict):
        yield "nothing is planned any more" if present is None else "something else is planned"
        return
    parts = sorted(key for key in approved.keys() | present.keys() if approved.get(key) != present.get(key))
    yield f"what is planned changed: {', '.join(parts)}"


def _named(credential: tuple[str, str]) -> str:
    kind, name = credential
    return f"{kind} {name}"


def _seconds(window: timedelta) -> float:
    return window.total_seconds()
