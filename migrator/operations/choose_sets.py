"""Plan with the permission sets that exist, where the configuration lets us make none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from migrator.domain.dossier import Dossier
from migrator.domain.existing import Candidate, Offer, choose, content_of
from migrator.domain.mapping import SET, Needs, Planned, is_aws_managed, spec_of
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.domain.ruling import named_policies, ruling
from migrator.domain.usage import UsageFact
from migrator.operations.coverage import successor
from migrator.operations.weigh import dossiers
from migrator.ports.aws import SetOnAws
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def read_offers(tools: Tools, names: Collection[str] | None = None) -> tuple[Offer, ...]:
    """Every permission set of the instance, or those of these names, with what AWS's policies in it say today."""
    there = tools.directory.permission_sets() if names is None else _by_name(tools, names)
    found = [Offer(spec_on_aws(one), one.arn) for one in there]
    wanted = {name for offer in found for name in offer.named if is_aws_managed(name)}
    known = tools.reader.read_policies(tools.accounts.caller().account_id, wanted) if wanted else {}
    return tuple(
        replace(offer, documents={name: known[name] for name in sorted(offer.named & known.keys())}) for offer in found
    )


def _by_name(tools: Tools, names: Collection[str]) -> list[SetOnAws]:
    found = (tools.directory.permission_set(name) for name in sorted(names))
    return [one for one in found if one is not None]


def choose_sets(tools: Tools, work: UnitOfWork, needs: Sequence[Needs], offers: Sequence[Offer]) -> list[Planned]:
    """The offers that are chosen, each with its users; users whom none fits are in none."""
    now = tools.clock.now()
    known = {d.user.id: d for d in dossiers(tools, work, [need.user for need in needs])}
    arns = [d.facts.arn for d in known.values() if d.facts]
    calls = work.usage.facts(arns, now - tools.rules.lookback)
    ruled = {o.spec.name: ruling(o.spec, o.documents) for o in offers if o.named <= o.documents.keys()}
    users: dict[str, list[int]] = {}
    for need in needs:
        dossier = known[need.user]
        made = calls.get(dossier.facts.arn, []) if dossier.facts else []
        chosen = _choose(tools, need, made, _candidates(tools, dossier, need, offers, ruled))
        if chosen is not None:
            users.setdefault(chosen.spec.name, []).append(need.user)
    return [_planned(offer, users[offer.spec.name]) for offer in offers if offer.spec.name in users]


def spec_on_aws(found: SetOnAws) -> PermissionSetSpec:
    """A set that exists as a plan has it."""
    bound = found.boundary or {}
    return PermissionSetSpec(
        name=found.name,
        inline_policy=found.inline_policy,
        managed_policies=found.managed_policies,
        customer_policies=found.customer_policies,
        boundary=bound.get("arn") or bound.get("customer"),
        session_duration=found.session_duration,
        description=found.description,
        tags=dict(found.tags),
    )


def _choose(tools: Tools, need: Needs, calls: Sequence[UsageFact], candidates: Sequence[Candidate]) -> Offer | None:
    own = [document for source, _, document in need.grants if source != "boundary"]
    bound = next((document for source, _, document in need.grants if source == "boundary"), None)
    today = Policies(own, boundary=bound)
    wanted = spec_of(need.grants, tools.rules)
    return choose(candidates, wanted, today, calls, tools.catalogue, tools.clock.now())


def _candidates(
    tools: Tools, dossier: Dossier, need: Needs, offers: Iterable[Offer], ruled: Mapping[str, Policies]
) -> list[Candidate]:
    """The offers of which it is known what they would grant this user: customer policies differ between accounts."""
    own = {name: document for _, name, document in need.grants}
    found = []
    for offer in offers:
        policies = ruled.get(offer.spec.name)
        if policies is None:
            named = named_policies(own, offer.documents)
            policies = ruling(offer.spec, named) if offer.named <= named.keys() else None
        if policies is not None:
            found.append(Candidate(offer, policies, successor(tools, dossier, offer.spec.name)))
    return found


def _planned(offer: Offer, users: Sequence[int]) -> Planned:
    return Planned(offer.spec, SET, content_of(offer.spec), (), tuple(users), offer.documents)
