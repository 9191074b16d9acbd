"""Who is to be listened to through which trail, within what a trail's selectors may hold; and how it ends."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator.domain.changes import Change, outstanding
from migrator.domain.dossier import Listening
from migrator.domain.model import Json
from migrator.domain.selectors import LIMIT, count, listeners, merged, others, ours, with_listeners, without
from migrator.domain.trails import AccountTrails, Taken, Trail

KIND = "event-selectors"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user whose data events shall be recorded: `types` are resource types that no trail records whole now."""

    user: str
    arn: str
    account_id: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Which trail listens to a user; `why` where none can."""

    wanted: Wanted
    trail: str = ""
    why: str = ""


def missing(heard: Listening) -> tuple[str, ...]:
    """Resource types of the user's data events that are not recorded whole."""
    found = {ear.resource_type for ear in heard.ears if ear.resource_type and ear.taken is not Taken.ALL}
    return tuple(sorted(found))


def candidates(trails: AccountTrails) -> list[Trail]:
    """Trails that we hear, best first: the account's own before the organization's, all regions before one."""
    heard = [trail for trail in trails.trails if trail.heard]
    return sorted(heard, key=lambda t: (t.owner != trails.account_id, t.regions != "all", t.arn))


def place(
    wanted: Iterable[Wanted], trails: Mapping[str, Sequence[Trail]], states: Mapping[str, Json]
) -> tuple[dict[str, Json], tuple[Placed, ...]]:
    """The states that trails shall have (by ARN, those that change) and where each user went, in order of the users.

    `trails` are the candidates of each account, `states` what each trail records now.
    """
    after, placed = dict(states), []
    for one in wanted:
        known = [trail.arn for trail in trails.get(one.account_id, ()) if trail.arn in after]
        # Whoever is on a trail already stays on it: two would record, and charge, everything twice.
        known.sort(key=lambda arn: not any(one.arn in arns for arns in listeners(after[arn]).values()))
        fits = ((arn, _joined(after[arn], one)) for arn in known)
        arn, state = next(((arn, state) for arn, state in fits if count(state) <= LIMIT), ("", None))
        if arn:
            after[arn] = state
        full = f"every trail of the account is full ({LIMIT} values)" if known else "no trail that we read records it"
        placed.append(Placed(one, arn, "" if arn else full))
    return {arn: state for arn, state in after.items() if state != states[arn]}, tuple(placed)


def _joined(state: Json, one: Wanted) -> Json:
    return with_listeners(state, merged(listeners(state), dict.fromkeys(one.types, (one.arn,))))


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing comes to: the state after, or why it is not ours to remove (`refused`), and what to know."""

    after: Json
    refused: str = ""
    note: str = ""


def removal(state: Json, left: Json, history: Iterable[Change], arns: Collection[str] | None) -> Removal:
    """Selectors without these users (None: without any of ours), the rest as it is.

    `left` is what our journal last left there, `history` all it did there. Where nobody else was there, the end is
    exactly how we found the trail, basic selectors included. Where somebody changed ours, nothing is removed.
    """
    if left is not None and ours(state) != ours(left):
        if not ours(state):
            return Removal(state, note="somebody has removed migrator's selectors already")
        return Removal(state, refused="somebody changed migrator's selectors since: remove those named migrator-listen")
    rest = without(listeners(state), arns) if arns is not None else {}
    if any(rest.values()) or not ours(state):
        return Removal(with_listeners(state, rest) if ours(state) else state)
    found = next((change for change in outstanding(history) if change.kind == KIND), None)
    if found is not None and found.after == state and not ours(found.before):
        return Removal(found.before)
    if not others(state):
        return Removal(state, refused="a trail must have selectors, and only migrator's are left: put in others first")
    note = "somebody changed other selectors since: they stay, as advanced selectors" if found is not None else ""
    return Removal(with_listeners(state, {}), note=note)
