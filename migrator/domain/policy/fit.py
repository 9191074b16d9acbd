"""Sizes and quotas: what fits where.

Sources: IAM User Guide, "IAM and STS quotas"; Identity Center User Guide, "Quotas".
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from migrator.domain.model import Json


@dataclass(frozen=True, slots=True)
class Quotas:
    """AWS's limits, with their defaults. Policy sizes are characters without blanks, unless they say bytes."""

    user_inline: int = 2_048
    group_inline: int = 5_120
    role_inline: int = 10_240
    managed_policy: int = 6_144
    trust_policy: int = 2_048
    scp_bytes: int = 5_120
    set_inline: int = 10_240
    set_inline_bytes: int = 32_768
    set_policies: int = 20
    role_policies: int = 10
    user_policies: int = 10
    group_policies: int = 10
    groups_of_user: int = 10
    tags: int = 50


DEFAULT_QUOTAS = Quotas()
"""What a fresh account has."""


@dataclass(frozen=True, slots=True)
class PermissionSetSpec:
    """A permission set as it is planned. Managed policies are ARNs, customer managed ones `/path/name`.

    `boundary` is an ARN or `/path/name`; `session_duration` is ISO 8601, `PT1H` to `PT12H`.
    """

    name: str
    inline_policy: Json = None
    managed_policies: tuple[str, ...] = ()
    customer_policies: tuple[str, ...] = ()
    boundary: str | None = None
    session_duration: str = "PT8H"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def compact(document: Json) -> str:
    """Writes a document as JSON without blanks between its elements."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def size(document: Json) -> int:
    """Counts what IAM counts: characters, blanks left out."""
    return sum(not character.isspace() for character in compact(document))


def fits(spec: PermissionSetSpec, quotas: Quotas = DEFAULT_QUOTAS) -> list[str]:
    """Lists the quotas and rules that a permission set would break, in words; empty where it fits."""
    checks = (_name_problems, _inline_problems, _policy_problems, _duration_problems, _text_problems, _tag_problems)
    return [problem for check in checks for problem in check(spec, quotas)]


def fits_role(spec: PermissionSetSpec, quotas: Quotas = DEFAULT_QUOTAS) -> list[str]:
    """Lists what keeps a planned role from being made, in words; empty where it fits."""
    checks = (_role_name_problems, _role_policy_problems, _tag_problems)
    return [problem for check in checks for problem in check(spec, quotas)]


def _role_name_problems(spec: PermissionSetSpec, _quotas: Quotas) -> Iterable[str]:
    return _misnamed(spec.name, ROLE_NAME_LENGTH)


def _role_policy_problems(spec: PermissionSetSpec, quotas: Quotas) -> Iterable[str]:
    characters = 0 if spec.inline_policy is None else size(spec.inline_policy)
    if characters > quotas.role_inline:
        yield f"inline policies: {characters:,} characters without blanks, at most {quotas.role_inline:,}"
    attached = len(spec.managed_policies) + len(spec.customer_policies)
    if attached > quotas.role_policies:
        yield f"managed policies: {attached}, at most {quotas.role_policies} per role: raise that quota first"


def _name_problems(spec: PermissionSetSpec, _quotas: Quotas) -> Iterable[str]:
    return _misnamed(spec.name, NAME_LENGTH)


def _misnamed(name: str, most: int) -> Iterable[str]:
    if not 1 <= len(name) <= most:
        yield f"name: {len(name)} characters, at least 1 and at most {most}"
    if _FOREIGN.search(name):
        yield "name: only ASCII letters, digits and + = , . @ - _ are allowed"


def _inline_problems(spec: PermissionSetSpec, quotas: Quotas) -> Iterable[str]:
    if spec.inline_policy is None:
        return
    characters = size(spec.inline_policy)
    if characters > quotas.set_inline:
        yield f"inline policy: {characters:,} characters without blanks, at most {quotas.set_inline:,}"
    length = len(compact(spec.inline_policy).encode())
    if length > quotas.set_inline_bytes:
        yield f"inline policy: {length:,} bytes, at most {quotas.set_inline_bytes:,}"


def _policy_problems(spec: PermissionSetSpec, quotas: Quotas) -> Iterable[str]:
    attached = [*spec.managed_policies, *spec.customer_policies]
    if len(attached) > quotas.set_policies:
        yield f"managed policies: {len(attached)}, at most {quotas.set_policies} per permission set"
    if len(attached) > quotas.role_policies:
        # The role's quota binds in every account before the set's own does (Identity Center User Guide, limits).
        yield f"managed policies: {len(attached)}, at most {quotas.role_policies} per role: raise that quota first"
    twice = sorted({one for one in attached if attached.count(one) > 1})
    if twice:
        yield f"managed policies: attached twice: {', '.join(twice)}"


def _duration_problems(spec: PermissionSetSpec, _quotas: Quotas) -> Iterable[str]:
    read = _DURATION.fullmatch(spec.session_duration)
    minutes = 60 * int(read[1] or 0) + int(read[2] or 0) if read else 0
    if not _SHORTEST <= minutes <= _LONGEST:
        yield f"session duration: {spec.session_duration!r} is not between PT1H and PT12H"


def _text_problems(spec: PermissionSetSpec, _quotas: Quotas) -> Iterable[str]:
    if len(spec.description) > _DESCRIPTION_LENGTH:
        yield f"description: {len(spec.description)} characters, at most {_DESCRIPTION_LENGTH}"


def _tag_problems(spec: PermissionSetSpec, quotas: Quotas) -> Iterable[str]:
    if len(spec.tags) > quotas.tags:
        yield f"tags: {len(spec.tags)}, at most {quotas.tags}"
    for key, value in sorted(spec.tags.items()):
        if not 1 <= len(key) <= _TAG_KEY_LENGTH or len(value) > _TAG_VALUE_LENGTH:
            yield f"tag {key!r}: at most {_TAG_KEY_LENGTH} characters in the key and {_TAG_VALUE_LENGTH} in the value"
        if not all(character.isalnum() or character in " _.:/=+-@" for character in key + value):
            yield f"tag {key!r}: only letters, digits, blanks and _ . : / = + - @ are allowed"


NAME_LENGTH = 32
"""The most characters of a permission set's name: `AWSReservedSSO_` + name + `_` + 16 are the 64 of a role's."""

ROLE_NAME_LENGTH = 64
"""The most characters of a role's name (IAM User Guide, "IAM and STS quotas")."""

_FOREIGN = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?")
_SHORTEST, _LONGEST = 60, 12 * 60
_DESCRIPTION_LENGTH = 700
_TAG_KEY_LENGTH, _TAG_VALUE_LENGTH = 128, 256
_MARK = 6


def set_name(wanted: str, taken: Collection[str] = (), most: int = NAME_LENGTH) -> str:
    """Makes a legal permission set name of any text, the same for the same text, and none of `taken` (in any case).

    With `most` at `ROLE_NAME_LENGTH` it is a role's. A name that had to be shortened or changed ends in six digits of
    the text's SHA-256, so that two texts that look alike after it stay apart.
    """
    occupied = {name.lower() for name in taken}
    plain = _FOREIGN.sub("-", wanted).strip("-")
    if plain == wanted and 1 <= len(plain) <= most and plain.lower() not in occupied:
        return plain
    stem = plain[: most - _MARK - 1].rstrip("-") or "set"
    attempt = 0
    while True:
        seed = wanted if attempt == 0 else f"{wanted}\0{attempt}"
        name = f"{stem}-{hashlib.sha256(seed.encode()).hexdigest()[:_MARK]}"
        if name.lower() not in occupied:
            return name
        attempt += 1
