"""What people tell of screams: report one that no log could hear, dismiss one that is noise."""

from dataclasses import replace

from migrator.domain.errors import NotFound, UsageError
from migrator.domain.lifecycle import CUT
from migrator.domain.screams import REPORTED, Scream
from migrator.domain.selection import Line
from migrator.operations.weigh import weigh
from migrator.ports.tools import Tools


def every(tools: Tools) -> list[tuple[Scream, str]]:
    """Every scream with the user's key, oldest first."""
    with tools.store.read() as work:
        found = work.screams.all()
        keys = {user.id: user.key for user in work.users.many({scream.user for scream in found})}
    return [(scream, keys[scream.user]) for scream in found]


def report(tools: Tools, line: Line, reason: str) -> tuple[Scream, str]:
    """Write down what only a human heard: the worker rolls back as for any other scream."""
    if not reason.strip():
        raise UsageError("say what broke", next_step="give --reason TEXT")
    if line.user.state not in CUT:
        raise UsageError(f"nothing of {line.user.key} is cut: it is {line.user.state}")
    now, actor = tools.clock.now(), tools.actor
    with tools.store.begin() as work:
        scream = Scream(0, line.user.id, REPORTED, "", "", "", actor, 1, now, now, reason=reason)
        saved = work.screams.save(scream)
        work.record.append(actor, "scream-reported", line.user.subject, {"reason": reason}, now)
        weigh(tools, work, [line.user.id])
        work.commit()
    return saved, line.user.key


def dismiss(tools: Tools, scream_id: int, reason: str) -> tuple[Scream, str]:
    """Say that a scream is noise; the window goes on."""
    if not reason.strip():
        raise UsageError("a dismissal needs a reason", next_step="give --reason TEXT")
    actor = tools.actor
    with tools.store.begin() as work:
        found = next((scream for scream in work.screams.all() if scream.id == scream_id), None)
        if found is None:
            raise NotFound(f"no scream {scream_id}", next_step="see: migrator screams list")
        saved = work.screams.save(replace(found, disposition="dismissed", reason=reason))
        user = work.users.get(found.user)
        details = {"scream": scream_id, "reason": reason}
        work.record.append(actor, "scream-dismissed", user.subject, details, tools.clock.now())
        weigh(tools, work, [user.id])
        work.commit()
    return saved, user.key
