"""The decision: a request against every layer of policies that rule it, with the statement that decided.

Source: IAM User Guide, "Policy evaluation logic". Three-valued: what cannot be known is `unknown`, never `allowed`.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from migrator.domain.policy.decisions import Context, Decision, Request, Result
from migrator.domain.policy.document import Document, parse
from migrator.domain.policy.layers import Grant, both, grant, with_resource_policy
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
    RCPFullAWSAccess cannot be detached). Raises `MalformedPolicy`.
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
        own = [_layer("boundary", [boundary])] if boundary is not None else []
        own += [_layer("session", session)] if session is not None else []
        own_and_scp = [*own, *(_layer("scp", level) for level in scp or ())]
        only_denying = [_layer("rcp", level) for level in rcp or ()]
        last = [_layer("resource", [resource])] if resource is not None else []
        self._own = len(own)
        self._filters = tuple(own_and_scp)
        self._has_resource = bool(last)
        self._layers = (_layer("identity", identity), *own_and_scp, *only_denying, *last)
        self._by_principal = bool(last) or any(rule.on_principal for layer in self._layers for rule in layer.rules)
        self._plans: dict[str, _Plan | Decision] = {}

    @property
    def keys(self) -> frozenset[str]:
        """The context keys, in lower case, that any statement asks for."""
        return frozenset[str]().union(*(rule.keys for layer in self._layers for rule in layer.rules))

    def decide(self, request: Request) -> Decision:
        """Decides one request."""
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
        service, _, name = request.action.lower().partition(":")
        layers = tuple([layer.rules_for(service, name) for layer in self._layers])
        plan: _Plan | Decision
        if not self._by_principal and all(rule.always for rules in layers for rule in rules):
            plan = self._decided(layers, request)
        else:
            keys = {key for rules in layers for rule in rules for key in rule.keys}
            keys |= {"aws:userid", "aws:resourceaccount"} if self._by_principal else set()
            plan = _Plan(layers, tuple(keys), {})
        self._plans[request.action] = plan
        return plan

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
        if len(layers) == 1:
            return identity
        filters = [grant(rules, request, layer.name) for layer, rules in zip(self._filters, layers[1:], strict=False)]
        own = reduce(both, filters[: self._own], Grant(True))
        base = with_resource_policy(identity, own, layers[-1], request) if self._has_resource else both(identity, own)
        return reduce(both, filters[self._own :], base)


_MOST_PLANS = 20_000
_MOST_REMEMBERED = 4096


def decide(policies: Policies, request: Request) -> Decision:
    """Decides one request."""
    return policies.decide(request)


def _layer(name: str, documents: Iterable[AnyDocument]) -> Layer:
    return Layer(name, [parse(document) for document in documents])
