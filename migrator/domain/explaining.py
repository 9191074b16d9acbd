"""One call of one user, answered for the IAM user today and for its session tomorrow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.domain.coverage import FREE, SIGN_IN_ACTIONS, USERS_ONLY, why_refused
from migrator.domain.mapping import spec_from
from migrator.domain.model import Json
from migrator.domain.policy.actors import Actor
from migrator.domain.policy.compare import ask
from migrator.domain.policy.consents import RESOURCE, Consents, guard_of
from migrator.domain.policy.document import Document, Statement, parse
from migrator.domain.policy.evaluate import Decision, Policies, Result
from migrator.domain.policy.variables import VARIABLE
from migrator.domain.ruling import named_policies


@dataclass(frozen=True, slots=True)
class Question:
    """One call: `resource` of None is any; `context` has keys, in lower case, with their values."""

    action: str
    resource: str | None = None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """A principal with the documents that rule it, each parsed under the name people know it by."""

    actor: Actor
    identity: tuple[Document, ...]
    boundary: Document | None = None

    @property
    def policies(self) -> Policies:
        """The documents, compiled."""
        return Policies(self.identity, boundary=self.boundary)

    def statement(self, name: str | None) -> Statement | None:
        """The statement of that name."""
        documents = (*self.identity, *([self.boundary] if self.boundary else []))
        return next((one for document in documents for one in document.statements if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a call, and why in words.

    `guard` is the ARN of the resource whose policy decided, `depends_on` what would have to be known where it is
    unknown: context keys, or `resource`.
    """

    decision: Decision
    why: str
    guard: str = ""
    depends_on: tuple[str, ...] = ()


def today(actor: Actor, grants: Iterable[tuple[str, str, Json]]) -> Side:
    """The user under its grants: (source, name, document), where the source says who has the policy."""
    identity, boundary = [], None
    for source, name, document in grants:
        if source == "boundary":
            boundary = parse(document, name=f"boundary {name}")
        else:
            identity.append(parse(document, name=name if source == "user" else f"{name} of {source}"))
    return Side(actor, tuple(identity), boundary)


def tomorrow(actor: Actor, spec: Json, policies: Mapping[str, Json]) -> Side:
    """The session under a planned set; `policies` has documents by managed ARN or name."""
    planned, named = spec_from(spec), named_policies(policies, spec.get("documents", {}))
    inline = () if planned.inline_policy is None else (parse(planned.inline_policy, name=planned.name),)
    managed = (*planned.managed_policies, *planned.customer_policies)
    bound = named.get(planned.boundary) if planned.boundary else None
    return Side(
        actor,
        (*inline, *(parse(named[name], name=name) for name in managed if name in named)),
        parse(bound, name=f"boundary {planned.boundary}") if bound is not None else None,
    )


def judge(side: Side, question: Question, consents: Consents) -> Verdict:
    """Decides the call by the principal's own policies and the resource's."""
    action, name = question.action, question.action.lower()
    user = side.actor.context.get("aws:principaltype") == "User"
    if name in FREE or (user and name in SIGN_IN_ACTIONS - {"iam:changepassword"}):
        return Verdict(Decision(Result.ALLOWED), "no policy can refuse it" if user else "every principal may do it")
    if name in (USERS_ONLY | SIGN_IN_ACTIONS) and not user:
        return Verdict(Decision(Result.IMPLICITLY_DENIED), "no role session can do it, whatever its policies say")
    policies = side.policies
    own = ask(policies, side.actor, action, question.resource, policies.keys, question.context)
    decision = consents.weigh(own, side.actor, action, question.resource, question.context, bounded=policies.bounded)
    guard = (guard_of(action, question.resource) or question.resource or "") if decision.layer == RESOURCE else ""
    if decision.result is Result.ALLOWED:
        return Verdict(decision, f"{_layer(decision, guard)}: {decision.statement} allows it", guard)
    if decision.result is Result.UNKNOWN:
        needed = _needed(side, question, decision)
        return Verdict(decision, _why_unknown(decision, guard, needed), guard, needed)
    return Verdict(decision, why_refused(decision, guard), guard)


def _layer(decision: Decision, guard: str) -> str:
    return f"policy of {guard}" if guard else f"{decision.layer} policy"


def _needed(side: Side, question: Question, decision: Decision) -> tuple[str, ...]:
    """What a doubtful statement asks that nobody said."""
    statement = side.statement(decision.statement)
    if statement is None:
        return ()
    texts = (*statement.resources, *(value for one in statement.conditions for value in one.values))
    variables = {found[1].partition(",")[0].strip() for text in texts for found in VARIABLE.finditer(text)}
    asked = {one.key.lower(): one.key for one in statement.conditions} | {one.lower(): one for one in variables}
    request = side.actor.request(question.action, question.resource, asked, question.context)
    keys = sorted(asked[key] for key in request.unknown_keys)
    limited = question.resource is None and any(text != "*" for text in statement.resources)
    return (*keys, *(["resource"] if limited else []))


def _why_unknown(decision: Decision, guard: str, needed: Sequence[str]) -> str:
    if decision.statement is None:
        return f"the policy of {guard} decides, which was not read" if guard else f"{decision.layer} policy: unknown"
    on = f", which depends on {', '.join(needed)}" if needed else ""
    return f"{_layer(decision, guard)}: {decision.statement}{on}"
