"""What to change so that a call that works today works tomorrow."""

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.domain.coverage import SIGN_IN_ACTIONS, USERS_ONLY, admission
from migrator.domain.explaining import Question, Side, Verdict
from migrator.domain.model import Json
from migrator.domain.policy.actors import NEW_SUFFIX
from migrator.domain.policy.evaluate import Result
from migrator.domain.policy.meaning import ChangeOfMeaning


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change, where, and the statement to put there if there is one."""

    what: str
    where: str = ""
    statement: Json = None


def advise(
    question: Question, before: Verdict, after: Verdict, side: Side, name: str, changes: Iterable[ChangeOfMeaning]
) -> tuple[Advice, ...]:
    """What to change so that a call that works today works tomorrow; `changes` are those of the user's own statements.

    `side` is the session under the planned set of that name.
    """
    if after.decision.result is Result.ALLOWED:
        return ()
    action = question.action.lower()
    if action in USERS_ONLY | SIGN_IN_ACTIONS:
        return (Advice("nothing: people sign in at the portal, sessions come from there"),)
    works = before.decision.result is Result.ALLOWED
    if not works and before.decision.result is not Result.UNKNOWN:
        return (Advice("nothing: it does not work today either"),)
    if after.decision.result is Result.UNKNOWN:
        return (_tell_more(after),)
    rewrites = _rewrites(before, after, changes)
    return rewrites or (_closing(question, after, side, name),)


def _tell_more(after: Verdict) -> Advice:
    if after.guard and after.decision.statement is None:
        return Advice("look at that policy: it must let the session's role in", after.guard)
    words = ["--resource ARN" if one == "resource" else f"--context {one}=VALUE" for one in after.depends_on]
    return Advice(f"say more: {' '.join(words)}" if words else "it cannot be known beforehand: try it in the wave")


def _rewrites(before: Verdict, after: Verdict, changes: Iterable[ChangeOfMeaning]) -> tuple[Advice, ...]:
    decisive = {before.decision.statement, after.decision.statement} - {None}
    found = [one for one in changes if one.statement in decisive]
    told = []
    for one in found:
        if one.drop:
            told.append(Advice(f"drop it: {one.why}", one.statement))
        elif one.rewrite is not None:
            told.append(Advice(f"rewrite it: {one.why}", one.statement, one.rewrite))
    return tuple(told)


def _closing(question: Question, after: Verdict, side: Side, name: str) -> Advice:
    decision, resource = after.decision, question.resource or "*"
    if decision.result is Result.EXPLICITLY_DENIED:
        return Advice(f"{decision.statement} denies it: narrow or drop that statement", after.guard or name)
    if after.guard:
        role = str(side.actor.context.get("aws:principalarn", "")).replace(f"_{NEW_SUFFIX}", "_*")
        return Advice("let the session's role in", after.guard, admission(question.action, resource, role))
    where = name if decision.layer is None else f"{decision.layer} of {name}"
    return Advice("allow it", where, {"Effect": "Allow", "Action": question.action, "Resource": resource})
