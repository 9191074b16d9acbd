"""Policy documents, parsed: JSON in, frozen statements out, and errors that name statement and field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from migrator.domain.errors import UsageError
from migrator.domain.policy.operators import Operator, operator_named

CURRENT = "2012-10-17"
"""The version of the language that knows policy variables."""

VERSIONS = frozenset({"2008-10-17", CURRENT})

_DOCUMENT_FIELDS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_FIELDS = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"),
    }
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class MalformedPolicy(UsageError):
    """A policy document that AWS would refuse; the text names the statement and the field."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition block: an operator, a context key and the values it is compared with."""

    operator: Operator
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `negates_actions` means NotAction, and so on; no `resources` means the element is absent.

    `principals` are pairs of kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and value; `"*"` alone is `AWS` `*`.
    """

    name: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    sid: str = ""
    negates_actions: bool = False
    negates_resources: bool = False
    principals: tuple[tuple[str, str], ...] = ()
    negates_principals: bool = False
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One policy document. `name` prefixes its statements' names; `source` is the JSON it was parsed from."""

    statements: tuple[Statement, ...]
    version: str = CURRENT
    name: str = ""
    source: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def substitutes(self) -> bool:
        """Whether `${…}` stands for a context key's value rather than for itself."""
        return self.version == CURRENT


def parse(document: "str | Mapping[str, Any] | Document", *, name: str = "", place: str = "") -> Document:
    """Reads a policy document, from JSON text (percent-encoded too, as IAM's API returns it) or from a mapping.

    Accepts what AWS accepts: one statement outside a list, single strings for lists, numbers and booleans as condition
    values. Raises `MalformedPolicy` for everything else. `place` says where a nameless document stands among others; it
    tells its statements without a Sid from theirs.
    """
    if isinstance(document, Document):
        return document
    where = name or place
    raw = _loaded(document) if isinstance(document, str) else document
    if not isinstance(raw, Mapping):
        raise MalformedPolicy(_at(where, "the document is not a JSON object"))
    _only(raw, _DOCUMENT_FIELDS, where or "document")
    version = raw.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise MalformedPolicy(_at(where, f"Version: {version!r} is not a version of the policy language"))
    if "Statement" not in raw:
        raise MalformedPolicy(_at(where, "Statement: missing"))
    listed = raw["Statement"]
    statements = listed if isinstance(listed, list | tuple) else [listed]
    parsed = tuple(_statement(statement, index, name, place) for index, statement in enumerate(statements))
    return Document(parsed, version, name, raw)


def _loaded(text: str) -> Any:
    plain = unquote(text) if text.lstrip().startswith("%7B") else text
    try:
        return json.loads(plain, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as wrong:
        raise MalformedPolicy(f"not JSON: {wrong.msg} at line {wrong.lineno}, column {wrong.colno}") from wrong
    except RecursionError as deep:
        raise MalformedPolicy("not a policy: nested too deeply") from deep


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Makes a JSON object of its pairs, for `json.loads`; a key given twice raises `MalformedPolicy`, as with AWS."""
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise MalformedPolicy(f"{twice}: given twice in one object")
    return read


def _at(where: str, what: str) -> str:
    return f"{where}: {what}" if where else what


def _only(raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = [str(key) for key in raw if key not in known]
    if unknown:
        raise MalformedPolicy(f"{where}: {', '.join(sorted(unknown))}: no such element")


def _statement(raw: Any, index: int, document: str, place: str) -> Statement:
    where = _at(document or place, f"Statement[{index}]")
    if not isinstance(raw, Mapping):
        raise MalformedPolicy(f"{where}: not a JSON object")
    _only(raw, _STATEMENT_FIELDS, where)
    sid = raw.get("Sid", "")
    if not isinstance(sid, str):
        raise MalformedPolicy(f"{where}: Sid: not a string")
    effect = raw.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise MalformedPolicy(f"{where}: Effect: neither Allow nor Deny")
    principals, negates_principals = _principals(raw, where)
    actions, negates_actions = _either(raw, "Action", where)
    resources, negates_resources = _either(raw, "Resource", where, required=not principals)
    for action in actions:
        if ":" not in action and action.strip("*"):
            raise MalformedPolicy(f"{where}: Action: {action!r} names no service")
    return Statement(
        name=_at(document, sid) if sid else where,
        allows=effect == "Allow",
        actions=actions,
        resources=resources,
        sid=sid,
        negates_actions=negates_actions,
        negates_resources=negates_resources,
        principals=principals,
        negates_principals=negates_principals,
        conditions=_conditions(raw.get("Condition", {}), where),
    )


def _either(raw: Mapping[str, Any], element: str, where: str, *, required: bool = True) -> tuple[tuple[str, ...], bool]:
    opposite = f"Not{element}"
    if element in raw and opposite in raw:
        raise MalformedPolicy(f"{where}: both {element} and {opposite}")
    if opposite in raw:
        return _strings(raw[opposite], f"{where}: {opposite}"), True
    if element in raw:
        return _strings(raw[element], f"{where}: {element}"), False
    if required:
        raise MalformedPolicy(f"{where}: {element}: missing")
    return (), False


def _strings(value: Any, where: str) -> tuple[str, ...]:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values:
        raise MalformedPolicy(f"{where}: empty")
    if not all(isinstance(one, str) for one in values):
        raise MalformedPolicy(f"{where}: not a string or a list of strings")
    return values


def _principals(raw: Mapping[str, Any], where: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    if "Principal" in raw and "NotPrincipal" in raw:
        raise MalformedPolicy(f"{where}: both Principal and NotPrincipal")
    negates = "NotPrincipal" in raw
    element = "NotPrincipal" if negates else "Principal"
    value = raw.get(element)
    if value is None and element not in raw:
        return (), False
    if value == "*":
        return (("AWS", "*"),), negates
    if not isinstance(value, Mapping) or not value:
        raise MalformedPolicy(f"{where}: {element}: neither '*' nor an object")
    _only(value, _PRINCIPAL_KINDS, f"{where}: {element}")
    named = ((kind, one) for kind, ones in value.items() for one in _strings(ones, f"{where}: {element}: {kind}"))
    return tuple(named), negates


def _conditions(raw: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(raw, Mapping):
        raise MalformedPolicy(f"{where}: Condition: not an object")
    out: list[Condition] = []
    for name, block in raw.items():
        operator = operator_named(str(name))
        if operator is None:
            raise MalformedPolicy(f"{where}: Condition: {name}: no such operator")
        if not isinstance(block, Mapping):
            raise MalformedPolicy(f"{where}: Condition: {name}: not an object")
        out += [
            Condition(operator, str(key), _values(values, f"{where}: Condition: {name}: {key}"))
            for key, values in block.items()
        ]
    return tuple(out)


def _values(value: Any, where: str) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(text_of(one, where) for one in values)


def text_of(value: Any, where: str = "value") -> str:
    """Writes a JSON scalar as the policy language compares it: booleans as `true` and `false`, numbers in decimal."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise MalformedPolicy(f"{where}: neither a string, a number nor a boolean")
