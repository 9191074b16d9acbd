"""The decision: a request against every layer of policies that rule it, with the statement that decided.

Source: IAM User Guide, "Policy evaluation logic". Three-valued: what cannot be known is `unknown`, never `allowed`.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from migrator.domain.policy.decisions import Context, Decision, Request, Result
from migrator.domain.policy.document import Document, parse
from migrator.domain.policy.layers import NOTHING_ALLOWS, Grant, both, grant, with_resource_policy
from migrator.domain.policy.rules import Layer, Rule

__all__ = ["AnyDocument", "Context", "Decision", "Policies", "Request", "Result", "decide"]

AnyDocument = str | Mapping[str, Any] | Document
"""A policy as JSON text, as a mapping, or parsed already."""


class _Plan(NamedTuple):
    """What a set of policies has to say about one action: rules by layer, the keys that decide, answers given."""

    layers: tuple[list[Rule], ...]
    keys: tuple[str, ...]
    memo: dict[Any, Decision]


class Policies:
    """Everything that rules one principal's requests, compiled once; decisions are remembered.

    A layer of None does not exist for the request; a layer without documents allows nothing. `scp` and `rcp` are
    levels from the root of the organization to the account; each SCP level must allow, while RCPs only deny (their
    RCPFullAWSAccess cannot be detached). The session of a federated user without a session policy may do nothing but
    what a resource's policy grants to it by name. Raises `MalformedPolicy`.
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
        bounded = boundary is not None
        own = [_layer("boundary", [boundary])] if boundary is not None else []
        own += [_layer("session", session)] if session is not None else []
        own_and_scp = [*own, *(_layer("scp", level) for level in scp or ())]
        only_denying = [_layer("rcp", level, bounded=bounded) for level in rcp or ()]
        last = [_layer("resource", [resource], bounded=bounded)] if resource is not None else []
        self._without_session = session is None
        self._own = len(own)
        self._filters = tuple(own_and_scp)
        self._has_resource = bool(last)
        self._layers = (_layer("identity", identity), *own_and_scp, *only_denying, *last)
        self._by_principal = bool(last) or any(rule.on_principal for layer in self._layers for rule in layer.rules)
        self._alone = len(self._layers) == 1 and not self._by_principal
        self._plans: dict[str, _Plan | Decision] = {}

    @property
    def keys(self) -> frozenset[str]:
        """The context keys, in lower case, that any statement asks for."""
        return frozenset[str]().union(*(rule.keys for layer in self._layers for rule in layer.rules))

    @property
    def bounded(self) -> bool:
        """Whether a boundary or a session policy limits what a resource's policy grants."""
        return self._own > 0

    def may_allow(self, service: str) -> bool:
        """Whether anything of a service could be allowed at all; False spares asking about each of its actions."""
        givers = (self._layers[0], self._layers[-1]) if self._has_resource else self._layers[:1]
        return any(layer.allows_in(service) for layer in givers)

    def decide(self, request: Request) -> Decision:
        """Decides one request."""
        if self._without_session and _FEDERATED in request.principal:
            return self._decided(self._rules_for(request.action), request)
        plan = self._plans.get(request.action) or self._plan(request)
        if isinstance(plan, Decision):
            return plan
        key: Any = request.resource
        if self._by_principal:
            key = (key, request.principal, *map(request.lookup, plan.keys))
        elif plan.keys:
            key = (key, *map(request.lookup, plan.keys))
        decision = plan.memo.get(key)
        if decision is None:
            if len(plan.memo) >= _MOST_REMEMBERED:
                plan.memo.clear()
            decision = plan.memo[key] = self._decided(plan.layers, request)
        return decision

    def _plan(self, request: Request) -> _Plan | Decision:
        """Gathers what speaks of an action; where that is the same for every request, the answer itself."""
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        layers = self._rules_for(request.action)
        first = layers[0]
        plan: _Plan | Decision
        if self._alone and not first:
            plan = NOTHING_ALLOWS
        elif self._alone and first[0].always:
            plan = first[0].yes  # denials come first
        elif not self._by_principal and all(rule.always for rules in layers for rule in rules):
            plan = self._decided(layers, request)
        else:
            keys = {key for rules in layers for rule in rules for key in rule.keys}
            keys |= {"aws:userid", "aws:resourceaccount"} if self._by_principal else set()
            plan = _Plan(layers, tuple(keys), {})
        self._plans[request.action] = plan
        return plan

    def _rules_for(self, action: str) -> tuple[list[Rule], ...]:
        service, _, name = action.lower().partition(":")
        return tuple([layer.rules_for(service, name) for layer in self._layers])

    def _decided(self, layers: tuple[list[Rule], ...], request: Request) -> Decision:
        perhaps_denied: Rule | None = None
        for rules in layers:
            for rule in rules:
                if rule.allows:
                    break  # denials come first
                outcome = rule.applies(request)
                if outcome:
                    return rule.yes
                if outcome is None:
                    perhaps_denied = perhaps_denied or rule
        allowed = self._allowed(layers, request)
        return perhaps_denied.perhaps if perhaps_denied and allowed.truth else allowed.decision

    def _allowed(self, layers: tuple[list[Rule], ...], request: Request) -> Grant:
        identity = grant(layers[0], request, None)
        federated = self._without_session and _FEDERATED in request.principal
        if len(layers) == 1 and not federated:
            return identity
        filters = [grant(rules, request, layer.name) for layer, rules in zip(self._filters, layers[1:], strict=False)]
        own = reduce(both, filters[: self._own], Grant(False, None, "session") if federated else Grant(True))
        base = with_resource_policy(identity, own, layers[-1], request) if self._has_resource else both(identity, own)
        return reduce(both, filters[self._own :], base)


_FEDERATED = ":federated-user/"
_MOST_PLANS = 20_000
_MOST_REMEMBERED = 4096


def decide(policies: Policies, request: Request) -> Decision:
    """Decides one request."""
    return policies.decide(request)


def _layer(name: str, documents: Iterable[AnyDocument], *, bounded: bool = False) -> Layer:
    return Layer(name, [parse(document) for document in documents], bounded=bounded)
