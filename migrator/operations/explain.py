"""Would this call work today as the IAM user, and tomorrow through Identity Center?"""

from collections.abc import Mapping, Sequence
from typing import Any

from migrator.domain.advice import Advice, advise
from migrator.domain.dossier import Dossier
from migrator.domain.errors import NotFound
from migrator.domain.explaining import Question, Side, Verdict, judge, today, tomorrow
from migrator.domain.model import Destination, Json
from migrator.domain.policy.actors import iam_user
from migrator.domain.policy.consents import Consents, guard_of, owner_of
from migrator.domain.policy.meaning import changes_of_meaning
from migrator.operations.compare_access import heir_of
from migrator.operations.coverage import Grants, successor
from migrator.operations.read_guards import Read, read_from
from migrator.ports.tools import Tools

UNREAD = "service and resource control policies of the organization: they bind user and session alike"
"""What is not asked."""


def explain(tools: Tools, user: int, question: Question) -> dict[str, Any]:
    """Both answers with the statement and layer that decide, why, and what to change."""
    now = tools.clock.now()
    with tools.store.read() as work:
        dossier = work.dossiers([user], now, tools.rules.lookback)[0]
        grants = work.users.policies([user]).get(user, ())
        organization = work.organization() or ""
        accounts = {account.id for account in work.accounts()}
    if dossier.facts is None:
        raise NotFound(f"{dossier.user.key} was never read", next_step="run migrator discover")
    moment = {"aws:currenttime": (now.isoformat(),), "aws:epochtime": (str(int(now.timestamp())),)}
    action = _canonical(tools, question.action)
    nothing = action is not None and not tools.catalogue.resource_types(action)
    resource = question.resource or ("*" if nothing else None)
    full = Question(action or question.action, resource, {**moment, **question.context})
    read, missing = _guards(tools, dossier, full, accounts)
    consents, facts = Consents(read), dossier.facts
    known = organization if organization.startswith("o-") else ""
    now_side = today(iam_user(facts.arn, facts.user_id, facts.tags, known), grants)
    before = judge(now_side, full, consents)
    then_side = _then(tools, dossier, grants, organization)
    after = judge(then_side, full, consents) if then_side else None
    return {
        "user": dossier.user.key,
        "action": full.action,
        "known_action": action is not None,
        "resource": resource,
        "context": {key: list(values) for key, values in question.context.items()},
        "today": {"as": facts.arn, **_shape(before)},
        "tomorrow": {"as": then_side.actor.principal, "permission_set": _name(dossier), **_shape(after)}
        if then_side and after
        else None,
        "why_no_tomorrow": None if then_side else _no_tomorrow(dossier),
        "change": [
            _advice(one)
            for one in (_advice_for(dossier, full, before, after, now_side, then_side) if then_side and after else ())
        ],
        "not_checked": [*missing, UNREAD],
    }


def _canonical(tools: Tools, action: str) -> str | None:
    """The action as AWS writes it; None where the catalogue does not have it."""
    service, _, name = action.lower().partition(":")
    return next((f"{service}:{one}" for one in tools.catalogue.actions(service) if one.lower() == name), None)


def _guards(tools: Tools, dossier: Dossier, question: Question, accounts: set[str]) -> tuple[Read, tuple[str, ...]]:
    """The resource's policy, read now; else as coverage was judged by, else told as not checked."""
    arn = guard_of(question.action, question.resource)
    if arn is None:
        return {}, ()
    account = owner_of(arn) or dossier.user.account_id
    read: Read = read_from(tools, {account: [arn]}) if account in accounts | {dossier.user.account_id} else {}
    covered = dossier.coverage.guards if dossier.coverage else {}
    if arn not in read and arn in covered:
        sha = covered[arn]
        with tools.store.read() as work:
            return {arn: work.document(sha) if sha else None}, (f"policy of {arn} as it is now: as `map` read it",)
    return read, () if arn in read else (f"policy of {arn}",)


def _then(tools: Tools, dossier: Dossier, grants: Grants, organization: str) -> Side | None:
    if dossier.planned is None or dossier.user.destination in {Destination.RETIRE, Destination.KEEP}:
        return None
    actor = successor(tools, dossier, dossier.planned.name, organization)
    return tomorrow(actor, dossier.planned.spec, {name: document for _, name, document in grants})


def _name(dossier: Dossier) -> str:
    return dossier.planned.name if dossier.planned else ""


def _no_tomorrow(dossier: Dossier) -> str:
    match dossier.user.destination:
        case Destination.RETIRE:
            return "it retires: there will be no new access"
        case Destination.KEEP:
            return "it stays an IAM user"
        case _:
            return "nothing is planned for it: migrator map"


def _advice_for(
    dossier: Dossier, question: Question, before: Verdict, after: Verdict, now_side: Side, then_side: Side
) -> Sequence[Advice]:
    if dossier.facts is None:
        return ()
    heir = heir_of(dossier, _name(dossier), dossier.facts)
    changes = [*changes_of_meaning(now_side.identity, heir), *changes_of_meaning(then_side.identity, heir)]
    return advise(question, before, after, then_side, _name(dossier), changes)


def _shape(verdict: Verdict) -> Mapping[str, Json]:
    decision = verdict.decision
    return {
        "decision": str(decision.result),
        "statement": decision.statement,
        "layer": decision.layer,
        "resource_policy": verdict.guard or None,
        "why": verdict.why,
        "depends_on": list(verdict.depends_on),
    }


def _advice(one: Advice) -> Mapping[str, Json]:
    return {"what": one.what, "where": one.where or None, "statement": one.statement}
