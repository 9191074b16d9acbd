"""Listen: read what is new in the trails, count screams, and put back who screams."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.domain.errors import DatabaseFailed, MigratorError
from migrator.domain.screams import Scream, likely_fix, to_put_back
from migrator.operations.apply import Apply
from migrator.operations.ask_last_use import ask_last_use
from migrator.operations.hear import hear_last_used
from migrator.operations.read_usage import UsageRead, read_usage
from migrator.operations.report import Moved
from migrator.operations.roll_back import Undo, roll_back
from migrator.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class Watched:
    """One turn of listening: what was read, who was put back, and why the trails could not be read."""

    usage: UsageRead
    rolled_back: tuple[Moved, ...]
    deaf: MigratorError | None = None


def watch(tools: Tools, apply: Apply) -> Watched:
    """Read, hear, roll back. A user whose rollback fails is named; the others go on.

    Who screamed before, or was reported by a person, is put back though no trail can be read now.
    """
    read, deaf = UsageRead(), None
    try:
        read = read_usage(tools)
    except DatabaseFailed:
        raise
    except MigratorError as error:
        deaf = error
    for missed in ask_last_use(tools):
        tools.tell(missed)
    with tools.store.begin() as work:
        hear_last_used(tools, work)
        work.commit()
    return Watched(read, tuple(_put_back(tools, apply)), deaf)


def _put_back(tools: Tools, apply: Apply) -> list[Moved]:
    with tools.store.read() as work:
        screaming = to_put_back(work.screams.all(), tools.rules)
        cut = work.journal.cuts() if screaming else {}
        lines = [line for line in work.users.lines() if line.user.id in screaming and line.user.id in cut]
    moved: list[Moved] = []
    for line in lines:
        scream = screaming[line.user.id]
        tools.tell(f"{line.user.key} screams: {scream.event_name or scream.reason}")
        moved += roll_back(tools, apply, [line], Undo(_reason(scream))).users
    return moved


def _reason(scream: Scream) -> str:
    call = f"{scream.event_source.split('.')[0]}:{scream.event_name}" if scream.event_name else scream.signal
    told = f" ({scream.reason})" if scream.reason else ""
    return f"scream: {call} ×{scream.count} by {scream.agent} from {scream.address}{told}; {likely_fix(scream)}"


def unsettled(moved: Sequence[Moved]) -> tuple[str, ...]:
    """Who could not be put back."""
    return tuple(one.user for one in moved if one.outcome == "failed")
