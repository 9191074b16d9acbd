"""Resources that were seen, as patterns that say no more than is sensible: few stay as they are, many become one."""

import re
from collections.abc import Collection, Iterable

FEW = 4
"""So many resources of one kind are named one by one."""

MANY = 12
"""More than so many of one kind, without a common beginning, are taken for all of that kind."""

_FLEETING = re.compile(
    r"(?:i|eni|vol|snap|ami|spot|fleet|r|j|p|lt)-[0-9a-f]{8,17}|[0-9a-f]{16,}|\d{6,}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    re.IGNORECASE,
)
"""Ids of things that come and go: instances, volumes, tasks, executions."""

_LASTING = frozenset({"kms", "iam", "sts", "secretsmanager"})
"""Services whose resources are named however they look: keys, roles, secrets."""

_PARTS = 6
_SEPARATORS = "/:-_."


def pattern_of(arn: str, own_account: str) -> str:
    """One resource as a policy names it, for any account of the set.

    The user's own account becomes `*`: a session reaches no other by its identity policy alone. An object of a bucket
    becomes its first folder, and an id that comes and goes all of its kind.
    """
    parts = arn.split(":", _PARTS - 1)
    if len(parts) < _PARTS:
        return "*"
    _, partition, service, region, account, resource = parts
    account = "*" if account == own_account else account
    if service == "s3":
        resource = _folder(resource)
    elif service not in _LASTING:
        resource = _lasting(resource)
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _folder(resource: str) -> str:
    bucket, slash, key = resource.partition("/")
    if not slash:
        return bucket
    first, deeper, _ = key.partition("/")
    return f"{bucket}/{first}/*" if deeper and first else f"{bucket}/*"


def _lasting(resource: str) -> str:
    pieces = re.split(r"([/:])", resource)
    for at, piece in enumerate(pieces):
        if at and _FLEETING.fullmatch(piece):
            return "".join(pieces[:at]) + "*"
    return resource


def widened(patterns: Iterable[str], few: int = FEW) -> tuple[str, ...]:
    """The same resources in fewer words, sorted: more than `few` of one kind become their common beginning.

    Without one, more than `MANY` become all of the kind; buckets never do, since `arn:aws:s3:::*` is everybody's.
    """
    kinds: dict[str, set[str]] = {}
    for pattern in patterns:
        kinds.setdefault(_kind(pattern), set()).add(pattern)
    return tuple(sorted({one for kind, found in kinds.items() for one in _as_one(kind, found, few)}))


def _kind(pattern: str) -> str:
    """All but the last name: what comes before the last separator of its place in the hierarchy."""
    body = pattern.removesuffix("/*").removesuffix(":*")
    return body[: max(body.rfind("/"), body.rfind(":")) + 1]


def _as_one(kind: str, found: Collection[str], few: int) -> Collection[str]:
    if len(found) <= few or not kind:
        return found
    if common := _common({one[len(kind) :] for one in found}):
        return (f"{kind}{common}*",)
    typed = kind.split(":", _PARTS - 1)[-1] if kind.count(":") >= _PARTS - 1 else ""
    return (f"{kind}*",) if typed and len(found) > MANY else found


def _common(names: Collection[str]) -> str:
    """The common beginning that ends with a separator."""
    first, last = min(names), max(names)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    cut = max((first.rfind(each, 0, same) for each in _SEPARATORS), default=-1)
    return first[: cut + 1]
