"""Actions: which patterns name them, which of them exist, and which a set of policies grants."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from migrator.domain.policy.evaluate import Policies, Request, Result, decide
from migrator.domain.policy.patterns import matcher, tokens


class Actions(Protocol):
    """What exists in AWS: a catalogue of services and their actions."""

    def services(self) -> Iterable[str]:
        """The prefixes of every service, in lower case."""
        ...

    def actions(self, service: str) -> Iterable[str]:
        """The names of a service's actions as AWS writes them, without prefix; none for an unknown service."""
        ...

    def access_level(self, action: str) -> str | None:
        """`List`, `Read`, `Write`, `Tagging` or `Permissions management` of `service:Name`; None where unknown."""
        ...


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern names an action, in any case."""
    if pattern.strip("*") in {"", ":"}:
        return True
    return matcher(tokens(pattern.lower()))(action.lower())


def expand(patterns: Iterable[str], catalogue: Actions) -> tuple[str, ...]:
    """Lists the existing actions that any of the patterns names, sorted, as AWS writes them."""
    return tuple(sorted({action for pattern in patterns for action in _named(pattern, catalogue)}))


def unknown_patterns(patterns: Iterable[str], catalogue: Actions) -> tuple[str, ...]:
    """Lists the patterns that name no existing action: misspelt, retired, or newer than the catalogue."""
    return tuple(pattern for pattern in patterns if next(_named(pattern, catalogue), None) is None)


def _named(pattern: str, catalogue: Actions) -> Iterator[str]:
    service, _, _ = pattern.lower().partition(":")
    wild = "*" in service or "?" in service
    for candidate in catalogue.services() if wild else [service]:
        for name in catalogue.actions(candidate):
            if matches(pattern, f"{candidate}:{name}"):
                yield f"{candidate}:{name}"


def access_levels(actions: Iterable[str], catalogue: Actions) -> dict[str, tuple[str, ...]]:
    """Sorts actions by access level; what the catalogue does not know is under `Unknown`."""
    found: dict[str, list[str]] = {}
    for action in sorted(set(actions)):
        found.setdefault(catalogue.access_level(action) or "Unknown", []).append(action)
    return {level: tuple(found[level]) for level in sorted(found)}


def granted(policies: Policies, catalogue: Actions) -> tuple[str, ...]:
    """Lists the existing actions that the policies allow on some resource under some condition, sorted.

    What only a Deny without conditions on every resource takes away is not granted.
    """
    keys = policies.keys
    services = sorted(service for service in catalogue.services() if policies.may_allow(service.lower()))
    return tuple(
        action
        for service in services
        for action in sorted(f"{service}:{name}" for name in catalogue.actions(service))
        if grants(policies, action, keys)
    )


def grants(policies: Policies, action: str, unknown_keys: frozenset[str] | None = None) -> bool:
    """Whether the policies allow the action on some resource under some condition."""
    keys = policies.keys if unknown_keys is None else unknown_keys
    result = decide(policies, Request("", action, None, unknown_keys=keys)).result
    return result in {Result.ALLOWED, Result.UNKNOWN}
