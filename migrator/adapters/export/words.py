"""Identifiers and JSON, as every format needs them."""

import json
from collections.abc import Callable, Iterable

from migrator.domain.model import Json


def identifiers(names: Iterable[str], make: Callable[[str], str]) -> list[str]:
    """A unique identifier for each name, in order: what a language does not allow may make two names alike."""
    taken: set[str] = set()
    found = []
    for name in names:
        wanted = unique = make(name)
        number = 2
        while unique.lower() in taken:
            unique, number = f"{wanted}{number}", number + 1
        taken.add(unique.lower())
        found.append(unique)
    return found


def text(value: Json) -> str:
    """A value as people read JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def path_and_name(policy: str) -> tuple[str, str]:
    """`/path/` and name of a customer managed policy, which is written `/path/name`."""
    path, _, name = policy.rpartition("/")
    return f"{path}/", name
