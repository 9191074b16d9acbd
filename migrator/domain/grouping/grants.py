"""What a user is granted today, asked in the other direction: which statements allow this action, on what, and when."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from migrator.domain.model import Json
from migrator.domain.policy.actions import matches
from migrator.domain.policy.document import CURRENT, Document, Statement, parse
from migrator.domain.policy.merge import merge
from migrator.domain.policy.patterns import matcher, tokens


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """An action, as a policy writes it, on what `scope` says: the rest of the statement as canonical JSON."""

    action: str
    scope: str


@dataclass(frozen=True, slots=True)
class Allow:
    """An Allow statement of somebody's: the parsed one, and its `Condition` as JSON (empty where there is none).

    `scopes` are its resources, one scope each; those of a NotResource as one.
    """

    statement: Statement
    condition: str
    scopes: tuple[str, ...]

    def names(self, action: str) -> bool:
        """Whether it speaks of the action."""
        named = any(matches(pattern, action) for pattern in self.statement.actions)
        return named is not self.statement.negates_actions

    def by_name(self, action: str) -> bool:
        """Whether it allows the action by a pattern that names its service."""
        service = f"{action.partition(':')[0].lower()}:"
        own = [pattern for pattern in self.statement.actions if pattern.lower().startswith(service)]
        return not self.statement.negates_actions and any(matches(pattern, action) for pattern in own)

    def reaches(self, resource: str) -> bool:
        """Whether it speaks of the resource."""
        named = any(includes(pattern, resource) for pattern in self.statement.resources)
        return named is not self.statement.negates_resources


def _scopes(statement: Statement, condition: str) -> Iterator[str]:
    if statement.negates_resources:
        yield _written("NotResource", list(statement.resources), condition)
    else:
        yield from (scope_of(resource, condition) for resource in statement.resources)


@lru_cache(maxsize=65_536)
def scope_of(resource: str, condition: str = "") -> str:
    """A scope in its canonical form; `condition` is JSON."""
    return _written("Resource", resource, condition)


def _written(element: str, resource: str | list[str], condition: str) -> str:
    rest: dict[str, Any] = {element: resource}
    if condition:
        rest["Condition"] = json.loads(condition)
    return json.dumps(rest, sort_keys=True, ensure_ascii=False)


@lru_cache(maxsize=65_536)
def includes(wide: str, narrow: str) -> bool:
    """Whether whatever a resource pattern names is named by the other too; variables stand for themselves."""
    if wide in {"*", narrow}:
        return True
    # A `?` would take the other's `*` for one character.
    return not ("?" in wide and "*" in narrow) and matcher(tokens(wide))(narrow)


def grants_it(wide: Permission, narrow: Permission) -> bool:
    """Whether a permission grants another whole, under the same condition."""
    if wide.scope != narrow.scope:
        one, other = json.loads(wide.scope), json.loads(narrow.scope)
        resources = one.pop("Resource", None), other.pop("Resource", None)
        if one != other or not all(isinstance(each, str) for each in resources) or not includes(*resources):
            return False
    return matches(wide.action, narrow.action)


class Grants:
    """The documents that grant to one user, variables of its own already put in their places."""

    def __init__(self, documents: Iterable[Json], own: Mapping[str, str]) -> None:
        parsed = [parse(substituted(document, own)) for document in documents]
        self.allows = tuple(one for document in parsed for one in _allows(document))
        self.denials: tuple[Json, ...] = tuple(_denials(parsed))
        self._allowing: dict[str, tuple[Allow, ...]] = {}
        self._of_actions: dict[tuple[object, ...], frozenset[Permission]] = {}

    def allowing(self, action: str) -> tuple[Allow, ...]:
        """The statements that allow an action on something."""
        if action not in self._allowing:
            self._allowing[action] = tuple(one for one in self.allows if one.names(action))
        return self._allowing[action]

    def of_service(self, service: str, names: Sequence[str]) -> set[Permission]:
        """All that is granted of a service; `names` are its actions, for statements that say what they leave out."""
        found: set[Permission] = set()
        for one in self.allows:
            if one.statement.negates_actions:
                patterns = [f"{service}:{name}" for name in names if one.names(f"{service}:{name}")]
                patterns = [f"{service}:*"] if patterns and len(patterns) == len(names) else patterns
            else:
                patterns = [p for pattern in one.statement.actions if (p := _narrowed(pattern, service))]
            found |= {Permission(pattern, scope) for pattern in patterns for scope in one.scopes}
        return found

    def of_actions(self, actions: Iterable[str], *, named: bool = False) -> frozenset[Permission]:
        """All that is granted of these actions, each by its own name; `named`: by statements that name the service."""
        asked = (named, *sorted(actions))
        if asked not in self._of_actions:
            found = (
                (action, scope)
                for action in asked[1:]
                for one in self.allowing(str(action))
                if not named or one.by_name(str(action))
                for scope in one.scopes
            )
            self._of_actions[asked] = frozenset(Permission(str(action), scope) for action, scope in found)
        return self._of_actions[asked]


def substituted(document: Json, own: Mapping[str, str]) -> Json:
    """A document with the user's own values for variables that a session has no value of: keys in lower case."""
    return _mapped(document, own) if document.get("Version") == CURRENT else document


def _mapped(value: Any, own: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _mapped(inner, own) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(inner, own) for inner in value]
    if isinstance(value, str) and "${" in value:
        before, _, rest = value.partition("${")
        name, _, after = rest.partition("}")
        known = own.get(name.lower())
        put = "${" + name + "}" if known is None else known.replace("*", "${*}").replace("?", "${?}")
        return before + put + str(_mapped(after, own))
    return value


def _allows(document: Document) -> Iterator[Allow]:
    # Merging writes 2008's literal `${` so that it stays itself, and every list in one way.
    plain = parse(merge([document]))
    raws = plain.source["Statement"]
    for statement, raw in zip(plain.statements, raws, strict=True):
        if statement.allows:
            condition = raw.get("Condition")
            text = json.dumps(condition, sort_keys=True, ensure_ascii=False) if condition else ""
            yield Allow(statement, text, tuple(_scopes(statement, text)))


def _denials(documents: Sequence[Document]) -> Iterator[Json]:
    for document in documents:
        for statement in merge([document])["Statement"]:
            if statement["Effect"] == "Deny":
                yield {key: value for key, value in statement.items() if key != "Sid"}


def _narrowed(pattern: str, service: str) -> str | None:
    """What of an action pattern speaks of a service."""
    if pattern.strip("*") in {"", ":"}:
        return f"{service}:*"
    before, colon, name = pattern.partition(":")
    if not colon:
        return None
    return f"{service}:{name}" if includes(before.lower(), service) else None
