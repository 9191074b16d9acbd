"""Documents made smaller and joined into one, without changing what they mean."""

from collections.abc import Iterable, Mapping
from typing import Any

from migrator.domain.model import Json
from migrator.domain.policy.conditions import TEXTUAL
from migrator.domain.policy.document import CURRENT, Document, parse
from migrator.domain.policy.fit import compact
from migrator.domain.policy.operators import operator_named
from migrator.domain.policy.patterns import matcher, tokens

_LISTS = ("Action", "NotAction", "Resource", "NotResource")


def minify(document: Json | Document) -> dict[str, Any]:
    """Shortens a document: drops what another pattern of the same list says already, and lists of one.

    Sids, order and everything in Deny, NotAction, NotResource and Condition keep their meaning.
    """
    parsed = parse(document)
    return {"Version": parsed.version, "Statement": [_shortened(one) for one in _statements(parsed)]}


def merge(documents: Iterable[Json | Document]) -> dict[str, Any]:
    """Joins documents into one that allows and denies the same.

    Equal statements become one; Allow statements that differ in their actions alone become one. Sids are made unique.
    Documents of 2008, which know no variables, have their `${` written so that it stays itself.
    """
    kept: dict[str, dict[str, Any]] = {}
    for document in documents:
        parsed = parse(document)
        for raw in _statements(parsed):
            statement = _shortened(raw if parsed.substitutes else _literal(raw))
            key = _identity(statement)
            if key in kept:
                kept[key] = _joined(kept[key], statement)
            else:
                kept[key] = statement
    return {"Version": CURRENT, "Statement": _with_unique_sids(kept.values())}


def _statements(document: Document) -> list[dict[str, Any]]:
    listed = document.source["Statement"]
    return [dict(one) for one in (listed if isinstance(listed, list | tuple) else [listed])]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _shortened(statement: Mapping[str, Any]) -> dict[str, Any]:
    short = {key: value for key, value in statement.items() if value not in ("", {})}
    for element in _LISTS:
        if element in short:
            folded = element.endswith("Action")
            short[element] = _single(_distinct(_list(short[element]), folded=folded))
    if "Condition" in short:
        short["Condition"] = {
            operator: {key: _single(_list(values)) for key, values in block.items()}
            for operator, block in short["Condition"].items()
        }
    return short


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _distinct(patterns: list[str], *, folded: bool) -> list[str]:
    """Drops patterns that another one includes; of two that say the same, the first stays."""
    spelt = [pattern.lower() for pattern in patterns] if folded else patterns
    kept = []
    for index, pattern in enumerate(spelt):
        wider = (
            _includes(other, pattern) and (at < index or not _includes(pattern, other))
            for at, other in enumerate(spelt)
            if at != index
        )
        if not any(wider):
            kept.append(patterns[index])
    return kept


def _includes(wide: str, narrow: str) -> bool:
    if wide in {narrow, "*"}:
        return True
    # A `?` would take a `*` for one character, and a variable may stand for anything: those are left alone.
    if "*" not in wide or "?" in wide or "${" in wide or "${" in narrow:
        return False
    return matcher(tokens(wide))(narrow)


def _identity(statement: Mapping[str, Any]) -> str:
    """What must be equal for two statements to become one."""
    apart = {"Sid", "Action"} if statement["Effect"] == "Allow" and "Action" in statement else {"Sid"}
    rest = {key: value for key, value in statement.items() if key not in apart}
    return compact([sorted(rest.items(), key=lambda item: item[0]), "Action" in apart])


def _joined(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    if "Action" not in other or one["Effect"] != "Allow":
        return one
    actions = _distinct([*_list(one["Action"]), *_list(other["Action"])], folded=True)
    return {**one, "Action": _single(actions)}


def _with_unique_sids(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    taken: set[str] = set()
    out = []
    for one in statements:
        statement, sid = one, one.get("Sid")
        if sid is not None:
            # IAM takes letters and digits only; resource policies, whose Sids may hold more, never reach a set.
            plain = "".join(character for character in sid if character.isascii() and character.isalnum()) or "S"
            unique, number = plain, 2
            while unique in taken:
                unique, number = f"{plain}{number}", number + 1
            taken.add(unique)
            statement = {**one, "Sid": unique}
        out.append(statement)
    return out


def _literal(statement: dict[str, Any]) -> dict[str, Any]:
    escaped = dict(statement)
    for element in ("Resource", "NotResource"):
        if element in escaped:
            escaped[element] = _escaped(escaped[element])
    if "Condition" in escaped:
        escaped["Condition"] = {
            name: {key: _escaped(values) for key, values in block.items()} if _substitutes(name) else block
            for name, block in escaped["Condition"].items()
        }
    return escaped


def _substitutes(name: str) -> bool:
    operator = operator_named(name)
    return operator is not None and operator.comparison in TEXTUAL


def _escaped(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_escaped(one) for one in value]
    return value.replace("${", "${$}{") if isinstance(value, str) else value
