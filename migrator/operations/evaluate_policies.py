"""Decide requests offline: one JSON object a line in, one decision a line out."""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from migrator.domain.errors import MigratorError, UsageError
from migrator.domain.policy.document import Document, MalformedPolicy, parse, text_of, unique_keys
from migrator.domain.policy.evaluate import Policies, Request, decide

_LAYER_KEYS = frozenset({"identity", "boundary", "session", "scp", "rcp", "resource"})
_LINE_KEYS = _LAYER_KEYS | {"id", "request"}
_REQUEST_KEYS = frozenset({"principal", "action", "resource", "context", "unknown_keys"})


def evaluate_policies(lines: Iterable[str | bytes | Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Decides each line; gives `{id, decision, statement, layer}`, or `{id, line, error}` where a line cannot be read.

    Lines count from 1. In: `{id, identity: [document…], boundary: document|null, scp: [[document…]…]|null, request:
    {principal, action, resource, context, unknown_keys}}`; also `session: [document…]|null`, `rcp` like `scp`,
    `resource: document|null`. Blank lines and foreign keys are passed over, but not a misspelt key: a layer must not
    get lost.
    """
    for number, line in enumerate(lines, start=1):
        if isinstance(line, str | bytes) and not line.strip():
            continue
        yield _answered(line, number)


def _answered(line: str | bytes | Mapping[str, Any], number: int) -> dict[str, Any]:
    given: Any = None
    try:
        given = _read(line)
        decision = decide(_policies(_packed(given)), _request(given))
    except MigratorError as wrong:
        return {"id": given.get("id") if isinstance(given, Mapping) else None, "line": number, "error": wrong.what}
    return {
        "id": given.get("id"),
        "decision": decision.result.value,
        "statement": decision.statement,
        "layer": decision.layer,
    }


def _read(line: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(line, Mapping):
        return line
    try:
        given = json.loads(line.decode("utf-8-sig") if isinstance(line, bytes) else line, object_pairs_hook=unique_keys)
    except UnicodeDecodeError as wrong:
        raise UsageError("not text in UTF-8") from wrong
    except (ValueError, RecursionError) as wrong:
        raise UsageError(f"not JSON: {wrong}") from wrong
    if not isinstance(given, dict):
        raise UsageError("not a JSON object")
    return given


def _packed(given: Mapping[str, Any]) -> str:
    """Everything but the request, as one text: many lines share their policies, which are then compiled once."""
    _spelt(given, _LINE_KEYS, "")
    return json.dumps({key: given[key] for key in sorted(_LAYER_KEYS & given.keys())})


def _spelt(given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in given.keys() - known:
        meant = get_close_matches(str(key).lower(), known, n=1)
        if meant:
            raise UsageError(f"{where}{key}: no such key; did you mean {meant[0]}?")


@lru_cache(maxsize=256)
def _policies(packed: str) -> Policies:
    given = json.loads(packed)
    return Policies(
        _documents(given.get("identity", []), "identity"),
        boundary=_document(given, "boundary"),
        session=None if given.get("session") is None else _documents(given["session"], "session"),
        scp=_levels(given.get("scp"), "scp"),
        rcp=_levels(given.get("rcp"), "rcp"),
        resource=_document(given, "resource"),
    )


def _document(given: Mapping[str, Any], layer: str) -> Document | None:
    return None if given.get(layer) is None else _parsed(given[layer], layer)


def _documents(value: Any, where: str, *, several: bool = False) -> list[Document]:
    """Parses the documents of a layer; where it has several, their statements without a Sid say whose they are."""
    if not isinstance(value, list):
        raise UsageError(f"{where}: not a list of policy documents")
    several = several or len(value) > 1
    return [_parsed(one, f"{where}[{index}]", several=several) for index, one in enumerate(value)]


def _levels(value: Any, where: str) -> list[list[Document]] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise UsageError(f"{where}: not a list of levels")
    several = len(value) > 1
    return [_documents(level, f"{where}[{index}]", several=several) for index, level in enumerate(value)]


def _parsed(document: Any, where: str, *, several: bool = False) -> Document:
    try:
        return parse(document, place=where if several else "")
    except MalformedPolicy as wrong:
        raise UsageError(wrong.what if several else f"{where}: {wrong.what}") from wrong


def _request(given: Mapping[str, Any]) -> Request:
    raw = given.get("request")
    if not isinstance(raw, Mapping):
        raise UsageError("request: missing, or not an object")
    _spelt(raw, _REQUEST_KEYS, "request.")
    context = {} if raw.get("context") is None else raw["context"]
    if not isinstance(context, Mapping):
        raise UsageError("request.context: not an object")
    unknown_keys = [] if raw.get("unknown_keys") is None else raw["unknown_keys"]
    if not isinstance(unknown_keys, list) or not all(isinstance(key, str) for key in unknown_keys):
        raise UsageError("request.unknown_keys: not a list of strings")
    return Request(
        principal=_text(raw, "principal", ""),
        action=_action(raw),
        resource=_text(raw, "resource", "*"),
        context={str(key): _values(value, str(key)) for key, value in context.items() if value is not None},
        unknown_keys=frozenset(unknown_keys),
    )


def _action(raw: Mapping[str, Any]) -> str:
    action = _text(raw, "action", "")
    service, _, name = action.partition(":")
    if not service or not name:
        raise UsageError("request.action: not of the form service:Action")
    return action


def _text(raw: Mapping[str, Any], key: str, default: str) -> str:
    value = raw.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise UsageError(f"request.{key}: not a string")
    return value


def _values(value: Any, key: str) -> str | tuple[str, ...]:
    where = f"request.context.{key}"
    if isinstance(value, list):
        return tuple(text_of(one, where) for one in value)
    return text_of(value, where)
