"""Statements compiled into rules, and layers of rules indexed by service, so that a decision looks at few of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from migrator.domain.policy.conditions import Test, Truth, any_true, compile_condition, keys_needed, negation
from migrator.domain.policy.document import Document, Statement
from migrator.domain.policy.patterns import Matcher, Token, any_of, is_everything, matcher, tokens
from migrator.domain.policy.principals import PrincipalTest, principal_test
from migrator.domain.policy.variables import Lookup, Template, Variable, keys_of, resolve, template

ResourceTest = Callable[[str | None, Lookup], Truth]
"""Whether a statement speaks of a resource; a resource of None is one we do not know."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One statement, ready to be asked. `on_resource` of None means every resource; `keys` decide it, in lower case."""

    name: str
    layer: str
    allows: bool
    on_resource: ResourceTest | None
    tests: tuple[Test, ...]
    on_principal: PrincipalTest | None
    keys: frozenset[str]

    def applies(self, resource: str | None, lookup: Lookup) -> Truth:
        """Whether the statement matches a request on its resource and conditions; its action is known to match."""
        outcome = True if self.on_resource is None else self.on_resource(resource, lookup)
        if outcome is False:
            return False
        for test in self.tests:
            answer = test(lookup)
            if answer is False:
                return False
            if answer is None:
                outcome = None
        return outcome


class Candidates(NamedTuple):
    """The rules of one layer that speak of one action."""

    denies: tuple[Rule, ...]
    allows: tuple[Rule, ...]


@dataclass(slots=True)
class _ActionTest:
    """Whether a statement speaks of an action; its patterns are compiled per service, when first asked."""

    negated: bool
    everything: bool
    wild: Matcher | None
    names: dict[str, list[tuple[Token, ...]]]
    compiled: dict[str, Matcher] = field(default_factory=dict)

    def __call__(self, service: str, name: str) -> bool:
        return self._listed(service, name) is not self.negated

    def _listed(self, service: str, name: str) -> bool:
        if self.everything:
            return True
        test = self.compiled.get(service)
        if test is None:
            patterns = self.names.get(service)
            test = self.compiled[service] = any_of(patterns) if patterns else _none
        return test(name) or (self.wild is not None and self.wild(f"{service}:{name}"))


def _none(_name: str) -> bool:
    return False


def _action_test(patterns: tuple[str, ...], *, negated: bool) -> _ActionTest:
    names: dict[str, list[tuple[Token, ...]]] = {}
    wild: list[tuple[Token, ...]] = []
    everything = False
    for pattern in patterns:
        service, colon, name = pattern.lower().partition(":")
        if not colon or (pattern.strip("*") == ":"):
            everything = True
        elif "*" in service or "?" in service:
            wild.append(tokens(f"{service}:{name}"))
        else:
            names.setdefault(service, []).append(tokens(name))
    return _ActionTest(negated, everything, any_of(wild) if wild else None, names)


class Layer:
    """The documents that together give one of the answers a decision needs: identity, boundary, an SCP level."""

    __slots__ = ("_by_service", "_everywhere", "name", "rules")

    def __init__(self, name: str, documents: Iterable[Document]) -> None:
        self.name = name
        self._by_service: dict[str, list[tuple[Rule, _ActionTest]]] = {}
        self._everywhere: list[tuple[Rule, _ActionTest]] = []
        compiled = [_compiled(name, document, one) for document in documents for one in document.statements]
        self.rules = tuple(rule for rule, _ in compiled)
        services = {service for _, test in compiled for service in test.names}
        for pair in compiled:
            test = pair[1]
            if test.negated or test.everything or test.wild is not None:
                self._everywhere.append(pair)
                reached: Iterable[str] = services
            else:
                reached = test.names
            for service in reached:
                self._by_service.setdefault(service, []).append(pair)

    def candidates(self, action: str) -> Candidates:
        """Finds the rules that speak of an action, given in lower case, in the order of the documents."""
        service, _, name = action.partition(":")
        found = [rule for rule, test in self._by_service.get(service, self._everywhere) if test(service, name)]
        return Candidates(
            tuple([rule for rule in found if not rule.allows]), tuple([rule for rule in found if rule.allows])
        )


def _compiled(layer: str, document: Document, statement: Statement) -> tuple[Rule, _ActionTest]:
    variables = document.substitutes
    templates = [template(text, wildcards=True, variables=variables) for text in statement.resources]
    keys = keys_of(templates).union(
        *(keys_needed(condition, variables=variables) for condition in statement.conditions)
    )
    principals = statement.principals
    rule = Rule(
        name=statement.name,
        layer=layer,
        allows=statement.allows,
        on_resource=_resource_test(templates, negated=statement.negates_resources) if templates else None,
        tests=tuple(compile_condition(condition, variables=variables) for condition in statement.conditions),
        on_principal=principal_test(principals, negated=statement.negates_principals, allows=statement.allows)
        if principals
        else None,
        keys=keys,
    )
    return rule, _action_test(statement.actions, negated=statement.negates_actions)


def _resource_test(templates: list[Template], *, negated: bool) -> ResourceTest | None:
    fixed = any_of(
        tuple(part for part in one if not isinstance(part, Variable))
        for one in templates
        if not any(isinstance(part, Variable) for part in one)
    )
    varying = [one for one in templates if any(isinstance(part, Variable) for part in one)]
    everything = is_everything(fixed)
    if everything and not negated:
        return None

    def listed(resource: str | None, lookup: Lookup) -> Truth:
        if everything:
            return True
        if resource is None:
            return None
        if fixed(resource):
            return True
        return any_true(_resolved_match(one, resource, lookup) for one in varying) if varying else False

    return (lambda resource, lookup: negation(listed(resource, lookup))) if negated else listed


def _resolved_match(one: Template, resource: str, lookup: Lookup) -> Truth:
    pattern, known = resolve(one, lookup)
    if pattern is None or not matcher(pattern)(resource):
        return False
    return True if known else None
