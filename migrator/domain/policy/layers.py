"""How the answers of several layers become one: each must allow, and a resource's policy has rules of its own.

Source: IAM User Guide, "Policy evaluation logic".
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from migrator.domain.policy.conditions import Truth
from migrator.domain.policy.decisions import Decision, Request, Result
from migrator.domain.policy.principals import Reach, read_principal
from migrator.domain.policy.rules import Rule


class Grant(NamedTuple):
    """Whether something allows; by which rule, or which layer it is that does not."""

    truth: Truth
    rule: Rule | None = None
    layer: str | None = None

    @property
    def decision(self) -> Decision:
        """The grant as an answer."""
        if self.truth is False or self.rule is None:
            return _silence_of(self.layer)
        return self.rule.yes if self.truth else self.rule.perhaps


@cache
def _silence_of(layer: str | None) -> Decision:
    return Decision(Result.IMPLICITLY_DENIED, None, layer)


NOTHING_ALLOWS = _silence_of(None)
"""The answer where no identity policy speaks of a request."""


def both(one: Grant, other: Grant) -> Grant:
    """Joins two that must both allow."""
    if one.truth is False or (one.truth is None and other.truth is not False):
        return one
    return one if other.truth else other


def either(one: Grant, other: Grant) -> Grant:
    """Joins two of which one is enough."""
    return one if one.truth or (one.truth is None and not other.truth) else other


def grant(rules: Iterable[Rule], request: Request, layer: str | None, least: Reach = Reach.NONE) -> Grant:
    """Asks the allowing rules of a layer; those that name the caller less directly than `least` do not count."""
    perhaps: Rule | None = None
    for rule in rules:
        if not rule.allows:
            continue
        outcome = rule.applies(request)
        if outcome is False or (least and not _reaches(rule, request, least)):
            continue
        if outcome:
            return Grant(True, rule)
        perhaps = perhaps or rule
    return Grant(None, perhaps) if perhaps else Grant(False, None, layer)


def _reaches(rule: Rule, request: Request, least: Reach) -> bool:
    reach = Reach.BOUNDED if rule.on_principal is None else rule.on_principal(request.principal, request.lookup)
    return reach is None or reach >= least


def with_resource_policy(identity: Grant, own: Grant, rules: Iterable[Rule], request: Request) -> Grant:
    """Joins identity and resource policies: either is enough within an account, both are needed across accounts.

    `own` is what the caller's boundary and session policies say; a resource policy that names the caller directly is
    not limited by their silence.
    """
    listed = list(rules)
    caller = read_principal(request.principal).account
    anyhow = grant(listed, request, "resource")
    if not caller:
        return anyhow
    across = both(both(identity, own), anyhow)
    direct = grant(listed, request, "resource", Reach.DIRECT)
    bounded = grant(listed, request, "resource", Reach.BOUNDED)
    delegated = both(identity, anyhow) if _resource_rules(request.action) else identity
    within = either(direct, both(either(bounded, delegated), own))
    owner = _owner(request)
    if owner is None:
        return within if within.truth is across.truth else Grant(None, within.rule or across.rule)
    return across if owner not in {"", caller} else within


def _owner(request: Request) -> str | None:
    """The account that owns the resource, by its ARN or its key; empty where neither says, None where unknown."""
    parts = (request.resource or "").split(":", 5)
    account = parts[4] if len(parts) == 6 else ""  # noqa: PLR2004  # an ARN has six parts
    if account.isdecimal():
        return account
    values = request.lookup("aws:resourceaccount")
    return None if values is None else "".join(values[:1])


def _resource_rules(action: str) -> bool:
    """Whether the resource's own policy must allow even within its account: KMS keys and the trust of roles."""
    return action.lower().startswith(("kms:", "sts:assumerole"))
