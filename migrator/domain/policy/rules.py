"""Statements compiled into rules, and layers of rules indexed by service, so that a decision looks at few of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from migrator.domain.policy.conditions import Test, Truth, any_true, compile_condition, keys_needed, negation
from migrator.domain.policy.decisions import Decision, Request, Result
from migrator.domain.policy.document import Condition, Document, MalformedPolicy, Statement
from migrator.domain.policy.named_actions import NamedActions, named_actions
from migrator.domain.policy.operators import Comparison
from migrator.domain.policy.patterns import ARN_PARTS, Matcher, any_of, is_everything, matcher
from migrator.domain.policy.principals import PrincipalTest, Reach, principal_test
from migrator.domain.policy.variables import VARIABLE, Lookup, Template, Variable, keys_of, resolve, template

ResourceTest = Callable[[str | None, Lookup], Truth]
"""Whether a statement speaks of a resource; a resource of None is one we do not know."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One statement, ready to be asked.

    `on_resource` of None means every resource, `on_principal` of None every principal; `keys`, in lower case, are those
    that decide it. `always` says that it holds of every request for its actions.
    """

    allows: bool
    on_resource: ResourceTest | None
    tests: tuple[Test, ...]
    on_principal: PrincipalTest | None
    keys: frozenset[str]
    always: bool
    yes: Decision
    perhaps: Decision

    def applies(self, request: Request) -> Truth:
        """Whether the statement matches a request whose action is known to match."""
        outcome: Truth = True
        if self.on_principal is not None:
            reach = self.on_principal(request.principal, request.lookup)
            if reach is Reach.NONE:
                return False
            if reach is None:
                outcome = None
        if self.on_resource is not None:
            on_it = self.on_resource(request.resource, request.lookup)
            if on_it is False:
                return False
            outcome = outcome and on_it
        for test in self.tests:
            answer = test(request.lookup)
            if answer is False:
                return False
            if answer is None:
                outcome = None
        return outcome


class Layer:
    """The documents that together give one of the answers a decision needs: identity, boundary, an SCP level."""

    __slots__ = ("_index", "_pairs", "_wild", "name", "rules")

    def __init__(self, name: str, documents: Iterable[Document], *, bounded: bool = False) -> None:
        self.name = name
        compiled = [_compiled(name, document, one, bounded) for document in documents for one in document.statements]
        # Denials first: the first one that holds is the answer.
        self._pairs = sorted(compiled, key=lambda pair: pair[0].allows)
        self.rules = tuple(rule for rule, _ in self._pairs)
        self._wild = any(actions.wild for _, actions in self._pairs)
        self._index: dict[str, list[tuple[Rule, Matcher]]] = {} if self._wild else self._indexed()

    def rules_for(self, service: str, name: str) -> list[Rule]:
        """Finds the rules that speak of an action, given in lower case: denials first, then in the documents' order."""
        tests = self._index.get(service)
        if tests is None:
            tests = self._tests_for(service) if self._wild else self._index[""]
        return [rule for rule, test in tests if test(name)]

    def allows_in(self, service: str) -> bool:
        """Whether any statement allows something of a service, given in lower case."""
        tests = self._index.get(service)
        if tests is None:
            tests = self._tests_for(service) if self._wild else self._index[""]
        return any(rule.allows for rule, _ in tests)

    def _indexed(self) -> dict[str, list[tuple[Rule, Matcher]]]:
        """Compiles the tests of every service that is named; under no name, those of all others, which are alike."""
        names = {name for _, actions in self._pairs for name in actions.names}
        index: dict[str, list[tuple[Rule, Matcher]]] = {name: [] for name in ("", *names)}
        for rule, actions in self._pairs:
            for service in index if actions.negated or actions.everything else actions.names:
                test = actions.test_for(service)
                if test is not None:
                    index[service].append((rule, test))
        return index

    def _tests_for(self, service: str) -> list[tuple[Rule, Matcher]]:
        if len(self._index) >= _MOST_SERVICES:
            self._index.clear()
        found = ((rule, actions.test_for(service)) for rule, actions in self._pairs)
        tests = self._index[service] = [(rule, test) for rule, test in found if test is not None]
        return tests


_MOST_SERVICES = 1024


def _compiled(layer: str, document: Document, statement: Statement, bounded: bool) -> tuple[Rule, NamedActions]:
    variables = document.substitutes
    _check_principals(layer, statement)
    texts = map(_completed, statement.resources) if layer in _COMPLETED else statement.resources
    templates = [template(text, wildcards=True, variables=variables) for text in texts]
    needed = (keys_needed(condition, variables=variables) for condition in statement.conditions)
    principals = statement.principals
    negated, allows = statement.negates_resources, statement.allows
    on_resource = _resource_test(templates, negated=negated, allows=allows) if templates else None
    yes = Result.ALLOWED if statement.allows else Result.EXPLICITLY_DENIED
    rule = Rule(
        allows=statement.allows,
        on_resource=on_resource,
        tests=tuple(compile_condition(condition, variables=variables) for condition in statement.conditions),
        on_principal=principal_test(
            principals,
            negated=statement.negates_principals,
            allows=allows,
            by_arn=any(map(_names_callers, statement.conditions)),
            bounded=bounded,
        )
        if principals
        else None,
        keys=keys_of(templates).union(*needed),
        always=on_resource is None and not statement.conditions and not principals,
        yes=Decision(yes, statement.name, layer),
        perhaps=Decision(Result.UNKNOWN, statement.name, layer),
    )
    return rule, named_actions(statement.actions, negated=statement.negates_actions)


def _check_principals(layer: str, statement: Statement) -> None:
    """Refuses what AWS refuses: a principal in a policy that has an owner, and none in a resource's policy."""
    if layer == "resource" and not statement.principals:
        raise MalformedPolicy(f"{statement.name}: Principal: missing, and this is a resource's policy")
    if layer in _OWNED and statement.principals:
        raise MalformedPolicy(f"{statement.name}: Principal: not in a policy of layer {layer}")


_OWNED = frozenset({"identity", "boundary", "session", "scp"})


def _names_callers(condition: Condition) -> bool:
    operator = condition.operator
    positive = operator.comparison in _NAMING and not operator.negated and not operator.missing
    return positive and condition.key.lower() == "aws:principalarn" and all(one.strip("*") for one in condition.values)


_NAMING = frozenset({Comparison.STRING_EQUALS, Comparison.STRING_LIKE, Comparison.ARN_LIKE})

_COMPLETED = frozenset({"identity", "boundary", "session"})


def _completed(text: str) -> str:
    """Adds `*` for the parts that an incomplete ARN leaves out, as AWS does (IAM User Guide, Resource element)."""
    if not text.startswith("arn:") or "*" in text or "?" in text:
        return text  # a wildcard may stand for several parts already
    missing = ARN_PARTS - 1 - VARIABLE.sub("", text).count(":")
    return text + ":*" * missing


def _resource_test(templates: list[Template], *, negated: bool, allows: bool) -> ResourceTest | None:
    fixed = any_of(
        tuple(part for part in one if not isinstance(part, Variable))
        for one in templates
        if not any(isinstance(part, Variable) for part in one)
    )
    varying = [one for one in templates if any(isinstance(part, Variable) for part in one)]
    everything = is_everything(fixed)
    if everything and not negated:
        return None
    # Whether NotResource means everything where its variable has no value is not documented beyond doubt: an Allow is
    # read as if it meant nothing, a Deny as if it meant everything.
    valueless = negated and allows

    def listed(resource: str | None, lookup: Lookup) -> Truth:
        if everything:
            return True
        if resource is None:
            return None
        if fixed(resource):
            return True
        return any_true(_listed(one, resource, lookup, valueless) for one in varying) if varying else False

    return (lambda resource, lookup: negation(listed(resource, lookup))) if negated else listed


def _listed(one: Template, resource: str, lookup: Lookup, valueless: bool) -> Truth:
    pattern, known = resolve(one, lookup)
    if pattern is None:
        return valueless
    if not known:
        return None if valueless or matcher(pattern)(resource) else False
    return matcher(pattern)(resource)
