"""Statements that come to mean something else when an IAM user becomes an Identity Center session.

Source: IAM User Guide, "AWS global condition context keys" and "Policy variables with no value".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.domain.policy.actions import matches
from migrator.domain.policy.conditions import TEXTUAL
from migrator.domain.policy.document import Condition, Document, Statement, parse
from migrator.domain.policy.evaluate import AnyDocument
from migrator.domain.policy.operators import Comparison
from migrator.domain.policy.variables import VARIABLE, keys_of, template


@dataclass(frozen=True, slots=True)
class ChangeOfMeaning:
    """A statement that will not mean what it meant: because of which key or element, and why.

    `rewrite` is a statement that keeps the meaning, where one does; `drop` says that nothing is lost by leaving the
    statement out.
    """

    statement: str
    key: str
    why: str
    rewrite: Mapping[str, Any] | None = None
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Successor:
    """Who the user becomes, as far as rewrites need it; empty parts leave their rewrites out.

    `session_name` is the Identity Center user name, `permission_set` the name of the set, `tags` the user's own; `role`
    is the name of a machine's role, whose sessions are no Identity Center's.
    """

    user_name: str = ""
    user_arn: str = ""
    session_name: str = ""
    permission_set: str = ""
    tags: Mapping[str, str] | None = None
    role: str = ""


SELF_SERVICE = (
    "iam:*AccessKey*",
    "iam:*LoginProfile*",
    "iam:*MFADevice*",
    "iam:ChangePassword",
    "iam:*SSHPublicKey*",
    "iam:*ServiceSpecificCredential*",
    "iam:*SigningCertificate*",
    "iam:GetUser",
)
"""What people do to their own IAM user: meaningless once there is none."""

_ABSENT = {
    "aws:username": "is absent from Identity Center sessions",
    "aws:principaltag": "holds session tags only: the user's own tags are gone",
}
_CHANGED = {
    "aws:userid": "becomes AROA…:<session name>",
    "aws:principalarn": "becomes the ARN of the AWSReservedSSO role",
    "aws:principaltype": "becomes AssumedRole",
    "aws:tokenissuetime": "is always present: every session is temporary",
    "aws:multifactorauthpresent": "does not tell of the MFA that happened at the portal",
    "aws:multifactorauthage": "does not tell of the MFA that happened at the portal",
}
_OF_ROLES = {
    "aws:username": "is absent from role sessions",
    "aws:principaltag": "holds the tags of the role and of the session: the user's own tags are gone",
    "aws:principalarn": "becomes the ARN of the role",
    "aws:multifactorauthpresent": "does not tell of anybody: a machine enters no code",
    "aws:multifactorauthage": "does not tell of anybody: a machine enters no code",
}
"""What becomes of these keys in a machine's sessions; of the others the same as in a person's."""

_MFA = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})


def changes_of_meaning(
    documents: Iterable[AnyDocument], successor: Successor | None = None
) -> tuple[ChangeOfMeaning, ...]:
    """Finds the statements that change meaning, in the order of the documents."""
    heir = successor or Successor()
    return tuple(
        change
        for document in map(parse, documents)
        for statement, raw in zip(document.statements, _raw(document), strict=True)
        for change in _changes(document, statement, raw, heir)
    )


def _raw(document: Document) -> list[Mapping[str, Any]]:
    listed = document.source["Statement"]
    return list(listed) if isinstance(listed, list | tuple) else [listed]


def _changes(
    document: Document, statement: Statement, raw: Mapping[str, Any], heir: Successor
) -> Iterator[ChangeOfMeaning]:
    if _self_service(document, statement):
        why = "lets people manage the credentials of their own IAM user, which they will no longer have"
        yield ChangeOfMeaning(statement.name, "aws:username", why, drop=True)
        return
    yield from _named_principals(statement, heir)
    for key in sorted(keys_of(_templates(document, statement))):
        if _fate(key, heir):
            yield ChangeOfMeaning(statement.name, key, _why_variable(key, statement, heir), _rewritten(raw, key, heir))
    for condition in statement.conditions:
        if _fate(condition.key.lower(), heir):
            yield _of_condition(statement, condition, raw, heir)


def _fate(key: str, heir: Successor) -> str | None:
    base = key.partition("/")[0]
    if heir.role and base in _OF_ROLES:
        return _OF_ROLES[base]
    return _ABSENT.get(base) or _CHANGED.get(key)


def _absent(key: str, heir: Successor) -> bool:
    """Whether the key has no value any more; a role has tags of its own."""
    base = key.partition("/")[0]
    return base in _ABSENT and not (heir.role and base == "aws:principaltag")


def _templates(document: Document, statement: Statement) -> Iterator[tuple[Any, ...]]:
    for text in statement.resources:
        yield template(text, wildcards=True, variables=document.substitutes)
    for condition in statement.conditions:
        if condition.operator.comparison in TEXTUAL:
            for value in condition.values:
                yield template(value, wildcards=True, variables=document.substitutes)


def _self_service(document: Document, statement: Statement) -> bool:
    if not statement.allows or statement.negates_actions or statement.negates_resources or not document.substitutes:
        return False
    own = all(text.lower().endswith(("/${aws:username}", "/${aws:username}*")) for text in statement.resources)
    return own and all(any(matches(known, action) for known in SELF_SERVICE) for action in statement.actions)


def _named_principals(statement: Statement, heir: Successor) -> Iterator[ChangeOfMeaning]:
    if not heir.user_arn or ("AWS", heir.user_arn) not in statement.principals:
        return
    if statement.negates_principals:
        yield ChangeOfMeaning(
            statement.name, "NotPrincipal", "spares the user, whom nobody will be: it will hold for everybody"
        )
    else:
        yield ChangeOfMeaning(statement.name, "Principal", "names the user, which the session is not")


def _why_variable(key: str, statement: Statement, heir: Successor) -> str:
    fate = _fate(key, heir)
    if not _absent(key, heir):
        return f"${{{key}}} {fate}"
    if any(f"${{{key}" in text.lower() for text in statement.resources):
        scope = "every resource" if statement.negates_resources else "no resource"
        return f"{key} {fate}: the statement will speak of {scope} through it"
    return f"{key} {fate}: values that mention it will match nothing"


def _of_condition(
    statement: Statement, condition: Condition, raw: Mapping[str, Any], heir: Successor
) -> ChangeOfMeaning:
    key = condition.key.lower()
    fate = f"{key} {_fate(key, heir)}"
    if _absent(key, heir):
        holds = _holds_when_absent(condition)
        verdict = f"{condition.operator.name} will {'always' if holds else 'never'} hold"
        effect = "allows" if statement.allows else "denies"
        why = f"{fate}: {verdict}, so the statement {effect} {'whatever the value was' if holds else 'nothing'}"
        return ChangeOfMeaning(statement.name, condition.key, why, _kept(condition, raw, heir))
    if key in _MFA:
        return _of_mfa(statement, condition, raw, fate, "" if heir.role else "; the portal asks for MFA instead")
    return ChangeOfMeaning(statement.name, condition.key, fate, _kept(condition, raw, heir))


def _holds_when_absent(condition: Condition) -> bool:
    if condition.operator.comparison is Comparison.NULL:
        return any(value.lower() == "true" for value in condition.values)
    return condition.operator.missing


def _of_mfa(
    statement: Statement, condition: Condition, raw: Mapping[str, Any], fate: str, instead: str
) -> ChangeOfMeaning:
    if statement.allows:
        why = f"{fate}: the statement may allow nothing{instead}"
        return ChangeOfMeaning(statement.name, condition.key, why, _without(raw, condition))
    why = f"{fate}: the statement may deny every session{instead}"
    return ChangeOfMeaning(statement.name, condition.key, why, drop=len(statement.conditions) == 1)


def _without(raw: Mapping[str, Any], condition: Condition) -> Mapping[str, Any]:
    """The statement with one line of its conditions left out."""
    blocks = {
        name: {key: value for key, value in block.items() if name != condition.operator.name or key != condition.key}
        for name, block in raw["Condition"].items()
    }
    left = {name: block for name, block in blocks.items() if block}
    rest = {element: value for element, value in raw.items() if element != "Condition"}
    return {**rest, "Condition": left} if left else rest


def _kept(condition: Condition, raw: Mapping[str, Any], heir: Successor) -> Mapping[str, Any] | None:
    """The statement with a condition that says of the session what the old one said of the user."""
    key, positive = condition.key.lower(), not condition.operator.negated
    plain = condition.operator.comparison in TEXTUAL and not any("*" in value for value in condition.values)
    if not plain:
        return None
    if key == "aws:username" and heir.user_name and heir.session_name and condition.values == (heir.user_name,):
        operator = "StringLike" if positive else "StringNotLike"
        return _with(_without(raw, condition), operator, "aws:userid", f"*:{heir.session_name}")
    if key == "aws:principalarn" and (heir.permission_set or heir.role) and condition.values == (heir.user_arn,):
        account = heir.user_arn.split(":")[4]
        if heir.role:
            named = f"arn:*:iam::{account}:role/{heir.role}"
            return _with(_without(raw, condition), "ArnLike" if positive else "ArnNotLike", "aws:PrincipalArn", named)
        role = f"arn:*:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{heir.permission_set}_*"
        return _with(_without(raw, condition), "ArnLike" if positive else "ArnNotLike", "aws:PrincipalArn", role)
    return None


def _with(raw: Mapping[str, Any], operator: str, key: str, value: str) -> Mapping[str, Any] | None:
    blocks: dict[str, Any] = dict(raw.get("Condition", {}))
    if key in blocks.get(operator, {}):
        return None
    return {**raw, "Condition": {**blocks, operator: {**blocks.get(operator, {}), key: value}}}


def _rewritten(raw: Mapping[str, Any], key: str, heir: Successor) -> Mapping[str, Any] | None:
    """The statement with a variable replaced by the value that it had for this user."""
    tag = key.partition("/")[2]
    tags = {name.lower(): value for name, value in (heir.tags or {}).items()}
    value = heir.user_name if key == "aws:username" else tags.get(tag, "") if tag else ""
    return _mapped(raw, lambda text: _substituted(text, key, value)) if value else None


def _substituted(text: str, key: str, value: str) -> str:
    def put(found: re.Match[str]) -> str:
        return value if found[1].partition(",")[0].strip().lower() == key else found[0]

    return VARIABLE.sub(put, text)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_mapped(one, change) for one in value]
    if isinstance(value, Mapping):
        return {key: _mapped(one, change) for key, one in value.items()}
    return value
