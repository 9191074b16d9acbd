"""Exclusions end on their day: a worker brings the users back to the beginning."""

from migrator.domain.lifecycle import Move, State, move
from migrator.ports.tools import Tools


def end_exclusions(tools: Tools) -> None:
    """An exclusion that has run out brings the user back to the beginning."""
    now = tools.clock.now()
    with tools.store.begin() as unit:
        excluded = [line.user for line in unit.users.lines() if line.user.state is State.EXCLUDED]
        decisions = unit.people.decisions([user.subject for user in excluded])
        for user in excluded:
            word = decisions.get(user.subject, {}).get("exclude")
            if word is not None and not word.holds(now):
                unit.users.move(user, move(user.state, Move.READMIT), now)
                unit.record.append("worker", "readmit", user.subject, {"why": "its exclusion ran out"}, now)
        unit.commit()
