"""The decision: a request against every layer of policies that rule it, with the statement that decided.

Source: IAM User Guide, "Policy evaluation logic". Three-valued: what cannot be known is `unknown`, never `allowed`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from typing import Any, NamedTuple

from migrator.domain.policy.conditions import Truth
from migrator.domain.policy.document import Document, parse
from migrator.domain.policy.principals import Reach, read_principal
from migrator.domain.policy.rules import Candidates, Layer, Rule
from migrator.domain.policy.variables import Values

AnyDocument = str | Mapping[str, Any] | Document
"""A policy as JSON text, as a mapping, or parsed already."""

Context = Mapping[str, str | Sequence[str]]
"""Context keys, in any case, with their value or values."""


class Result(StrEnum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    EXPLICITLY_DENIED = "explicitly_denied"
    IMPLICITLY_DENIED = "implicitly_denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """A result, the statement that made it and that statement's layer.

    Where a request is denied because a layer allows nothing of it, `statement` is None and `layer` is that layer; both
    are None where no identity policy allows it.
    """

    result: Result
    statement: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call: who, what, on what, and in which context.

    `resource` of None is one we do not know; `*` is the resource of actions that have none. A key that is in neither
    `context` nor `unknown_keys` is absent; nothing is derived from the principal (see `principal_context`).
    """

    principal: str
    action: str
    resource: str | None = "*"
    context: Context = field(default_factory=dict)
    unknown_keys: frozenset[str] = frozenset()
    _values: dict[str, Values] = field(init=False, repr=False, compare=False, default_factory=dict)

    def lookup(self, key: str) -> Values:
        """Gives a key's values, asked in lower case: none where it is absent, None where it is unknown."""
        if not self._values:
            self._fold()
        return self._values.get(key, ())

    def _fold(self) -> None:
        self._values[""] = ()
        for key in self.unknown_keys:
            self._values[key.lower()] = None
        for key, value in self.context.items():
            self._values[key.lower()] = (value,) if isinstance(value, str) else tuple(value)


class _Plan(NamedTuple):
    """What a set of policies has to say about one action: candidates by layer, and the keys that decide them."""

    layers: tuple[Candidates, ...]
    keys: tuple[str, ...]
    memo: dict[Any, Decision]


class Policies:
    """Everything that rules one principal's requests, compiled once; decisions are remembered.

    A layer of None does not exist for the request; a layer without documents allows nothing. `scp` and `rcp` are
    levels from the root of the organization to the account: each must allow.
    """

    def __init__(
        self,
        identity: Iterable[AnyDocument] = (),
        *,
        boundary: AnyDocument | None = None,
        session: Iterable[AnyDocument] | None = None,
        scp: Iterable[Iterable[AnyDocument]] | None = None,
        rcp: Iterable[Iterable[AnyDocument]] | None = None,
        resource: AnyDocument | None = None,
    ) -> None:
        self.identity = _layer("identity", identity)
        filters: list[Layer] = []
        if boundary is not None:
            filters.append(_layer("boundary", [boundary]))
        if session is not None:
            filters.append(_layer("session", session))
        self.own_filters = len(filters)
        filters += [_layer("scp", level) for level in scp or ()]
        filters += [_layer("rcp", level) for level in rcp or ()]
        self.filters = tuple(filters)
        self.resource = None if resource is None else _layer("resource", [resource])
        self._layers = (self.identity, *filters, *([self.resource] if self.resource else []))
        self._by_principal = any(rule.on_principal for layer in self._layers for rule in layer.rules)
        self._plans: dict[str, _Plan] = {}

    @property
    def keys(self) -> frozenset[str]:
        """The context keys, in lower case, that any statement asks for."""
        return frozenset[str]().union(*(rule.keys for layer in self._layers for rule in layer.rules))

    def plan(self, action: str) -> _Plan:
        """Gathers, once for each action, the rules that speak of it."""
        plan = self._plans.get(action)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[action] = self._planned(action.lower())
        return plan

    def _planned(self, action: str) -> _Plan:
        found = tuple([layer.candidates(action) for layer in self._layers])
        keys: set[str] = set()
        for denies, allows in found:
            for rule in (*denies, *allows):
                keys |= rule.keys
        if self._by_principal or self.resource is not None:
            keys |= {"aws:userid", "aws:resourceaccount"}
        return _Plan(found, tuple(sorted(keys)), {})

    def memo_key(self, plan: _Plan, request: Request) -> Any:
        """Names everything that the decision can depend on, and nothing else."""
        if not plan.keys:
            return request.resource
        values = map(request.lookup, plan.keys)
        return (request.resource, request.principal if self._by_principal or self.resource else "", *values)


_MOST_PLANS = 20_000
_MOST_REMEMBERED = 4096


def decide(policies: Policies, request: Request) -> Decision:
    """Decides one request."""
    plan = policies.plan(request.action)
    key = policies.memo_key(plan, request)
    decision = plan.memo.get(key)
    if decision is None:
        if len(plan.memo) >= _MOST_REMEMBERED:
            plan.memo.clear()
        decision = plan.memo[key] = _decided(policies, plan, request)
    return decision


def _layer(name: str, documents: Iterable[AnyDocument]) -> Layer:
    return Layer(name, [parse(document) for document in documents])


class _Grant(NamedTuple):
    """Whether something allows; by which rule, or which layer it is that does not."""

    truth: Truth
    rule: Rule | None = None
    layer: str | None = None

    def decision(self) -> Decision:
        if self.truth is False or self.rule is None:
            return Decision(Result.IMPLICITLY_DENIED, None, self.layer)
        result = Result.ALLOWED if self.truth else Result.UNKNOWN
        return Decision(result, self.rule.name, self.rule.layer)


def _both(one: _Grant, other: _Grant) -> _Grant:
    if one.truth is False or (one.truth is None and other.truth is not False):
        return one
    return one if other.truth else other


def _either(one: _Grant, other: _Grant) -> _Grant:
    return one if one.truth or (one.truth is None and not other.truth) else other


def _decided(policies: Policies, plan: _Plan, request: Request) -> Decision:
    perhaps_denied: Rule | None = None
    for layer in plan.layers:
        for rule in layer.denies:
            outcome = _outcome(rule, request)
            if outcome:
                return Decision(Result.EXPLICITLY_DENIED, rule.name, rule.layer)
            if outcome is None:
                perhaps_denied = perhaps_denied or rule
    allowed = _allowed(policies, plan, request).decision()
    if perhaps_denied and allowed.result is Result.ALLOWED:
        return Decision(Result.UNKNOWN, perhaps_denied.name, perhaps_denied.layer)
    return allowed


def _outcome(rule: Rule, request: Request) -> Truth:
    if rule.on_principal is None:
        return rule.applies(request.resource, request.lookup)
    reach = rule.on_principal(request.principal, request.lookup)
    if reach is Reach.NONE:
        return False
    outcome = rule.applies(request.resource, request.lookup)
    return None if reach is None and outcome else outcome


def _allowed(policies: Policies, plan: _Plan, request: Request) -> _Grant:
    filters = [
        _grant(candidates.allows, request, layer.name)
        for layer, candidates in zip(policies.filters, plan.layers[1:], strict=False)
    ]
    own = reduce(_both, filters[: policies.own_filters], _Grant(True))
    identity = _grant(plan.layers[0].allows, request, None)
    if policies.resource is None:
        base = _both(identity, own)
    else:
        base = _with_resource_policy(identity, own, plan.layers[-1].allows, request)
    return reduce(_both, filters[policies.own_filters :], base)


def _grant(allows: Iterable[Rule], request: Request, layer: str | None, least: Reach = Reach.NONE) -> _Grant:
    perhaps: Rule | None = None
    for rule in allows:
        outcome = _outcome(rule, request)
        if outcome is False or (least and not _reaches(rule, request, least)):
            continue
        if outcome:
            return _Grant(True, rule)
        perhaps = perhaps or rule
    return _Grant(None, perhaps) if perhaps else _Grant(False, None, layer)


def _reaches(rule: Rule, request: Request, least: Reach) -> bool:
    reach = Reach.BOUNDED if rule.on_principal is None else rule.on_principal(request.principal, request.lookup)
    return reach is None or reach >= least


def _with_resource_policy(identity: _Grant, own: _Grant, allows: tuple[Rule, ...], request: Request) -> _Grant:
    """Joins identity and resource policies: either is enough within an account, both are needed across accounts."""
    caller = read_principal(request.principal).account
    anyhow = _grant(allows, request, "resource")
    if not caller:
        return anyhow
    across = _both(_both(identity, own), anyhow)
    direct = _grant(allows, request, "resource", Reach.DIRECT)
    bounded = _grant(allows, request, "resource", Reach.BOUNDED)
    delegated = _both(identity, anyhow) if _key_policy_rules(request.action) else identity
    within = _either(direct, _both(_either(bounded, delegated), own))
    owner = _owner(request)
    if owner is None:
        return within if within.truth is across.truth else _Grant(None, within.rule or across.rule)
    return across if owner not in {"", caller} else within


def _owner(request: Request) -> str | None:
    """The account that owns the resource, by its ARN or its key; empty where neither says, None where unknown."""
    parts = (request.resource or "").split(":", 5)
    account = parts[4] if len(parts) == 6 else ""  # noqa: PLR2004  # an ARN has six parts
    if account.isdecimal():
        return account
    values = request.lookup("aws:resourceaccount")
    return None if values is None else "".join(values[:1])


def _key_policy_rules(action: str) -> bool:
    """Whether the resource's own policy must allow even within its account: KMS keys and the trust of roles."""
    return action.lower().startswith(("kms:", "sts:assumerole"))
