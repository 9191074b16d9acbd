"""Whom a resource's policy names: what stops working, or locks others out, once the user is deleted.

An account's root never counts as naming anybody: it only hands the decision to identity policies (IAM User Guide,
"AWS JSON policy elements: Principal").
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from migrator.domain.model import Json
from migrator.domain.policy.actions import matches
from migrator.domain.policy.document import Condition, Document, Statement, parse
from migrator.domain.policy.patterns import arn_matcher, tokens

TRUST = "trust"
ALLOW = "allow"
DENY = "deny"
DENY_OTHERS = "deny-others"
SOLE_ADMINISTRATOR = "sole-administrator"

PUT_KEY_POLICY = "kms:PutKeyPolicy"
"""Whoever may do this can make others administrators of a key; with nobody left only AWS Support can (KMS guide)."""


@dataclass(frozen=True, slots=True)
class Named:
    """A user as policies may name it: by ARN, by unique id (`AIDA…`, empty where unknown), by name in its account.

    Of a user of whom nothing but the unique id is known, that id stands in place of the ARN too.
    """

    arn: str
    user_id: str = ""

    @property
    def account_id(self) -> str:
        """The account of the ARN; empty where it is not known."""
        return f"{self.arn}:::::".split(":")[4]

    @property
    def name(self) -> str:
        """The user's name, without its path."""
        return self.arn.rsplit("/", 1)[-1]


def naming(
    policy: Json, users: Collection[Named], account_id: str, *, trust: bool = False
) -> tuple[tuple[str, str], ...]:
    """Pairs of user ARN and effect for every user that a policy of an account names, sorted.

    `trust` says that the policy is a role's trust policy. The effect is what the policy does for or against the user:
    `trust`, `allow`, `deny`, or `deny-others` where it spares the user alone. Raises MalformedPolicy.
    """
    document = parse(policy)
    found = {
        (user.arn, effect)
        for user in users
        for statement in document.statements
        for effect in _effects(statement, user, account_id, TRUST if trust else ALLOW)
    }
    return tuple(sorted(found))


def sole_administrators(policy: Json, users: Collection[Named]) -> tuple[str, ...]:
    """The ARNs of users without whom nobody could change this key policy any more, sorted.

    Doubt counts against deletion: another administrator under a condition is none, and neither is a bare id, which is
    what AWS shows of a deleted principal.
    """
    document = parse(policy)
    return tuple(sorted(user.arn for user in users if _only_administrator(document, user)))


def _effects(statement: Statement, user: Named, account_id: str, grant: str) -> Iterator[str]:
    if any(kind == "AWS" and _is(value, user) for kind, value in statement.principals):
        yield _effect(statement, grant, negated=statement.negates_principals)
    for condition in statement.conditions:
        if any(_condition_names(condition, value, user, account_id) for value in condition.values):
            yield _effect(statement, grant, negated=condition.operator.negated)


def _effect(statement: Statement, grant: str, *, negated: bool) -> str:
    if negated:
        return DENY if statement.allows else DENY_OTHERS
    return grant if statement.allows else DENY


def _condition_names(condition: Condition, value: str, user: Named, account_id: str) -> bool:
    match condition.key.lower():
        case "aws:principalarn":
            return _pattern_names(value, user)
        case "aws:userid":
            return bool(user.user_id) and value.rstrip(":*") == user.user_id
        case "aws:username":
            return value == user.name and account_id == user.account_id
        case _:
            return False


def _pattern_names(pattern: str, user: Named) -> bool:
    """Whether an ARN pattern means this user: wildcards in the name mean many users, and name none."""
    return pattern == user.arn or (
        pattern.endswith((f"/{user.name}", f"/*{user.name}")) and arn_matcher(tokens(pattern))(user.arn)
    )


def _only_administrator(document: Document, user: Named) -> bool:
    granting = [statement for statement in document.statements if statement.allows and _lets_administer(statement)]
    mine = any(_grants_to(statement, user) for statement in granting)
    return mine and not any(_grants_to_others(statement, user) for statement in granting)


def _lets_administer(statement: Statement) -> bool:
    return any(matches(pattern, PUT_KEY_POLICY) for pattern in statement.actions) != statement.negates_actions


def _grants_to(statement: Statement, user: Named) -> bool:
    return not statement.negates_principals and any(
        kind == "AWS" and _is(value, user) for kind, value in statement.principals
    )


def _grants_to_others(statement: Statement, user: Named) -> bool:
    if statement.conditions:
        return False
    others = (value for kind, value in statement.principals if kind == "AWS" and not _is(value, user))
    return statement.negates_principals or any(value == "*" or ":" in value or value.isdecimal() for value in others)


def _is(value: str, user: Named) -> bool:
    return value == user.arn or (bool(user.user_id) and value == user.user_id)
