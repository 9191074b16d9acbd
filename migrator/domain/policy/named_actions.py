"""The actions that a statement names, by service, so that only the statements that may match are asked."""

from dataclasses import dataclass

from migrator.domain.policy.patterns import EVERYTHING, Matcher, any_text


@dataclass(frozen=True, slots=True)
class NamedActions:
    """The actions a statement speaks of: patterns by service, and those whose service is a pattern itself."""

    negated: bool
    everything: bool
    wild: tuple[str, ...]
    names: dict[str, list[str]]

    def test_for(self, service: str) -> Matcher | None:
        """Compiles the test of a service's action names; None where none can match."""
        if self.everything:
            return None if self.negated else EVERYTHING
        patterns = self.names.get(service)
        if not patterns and not self.wild:
            return EVERYTHING if self.negated else None
        named = any_text(patterns or ())
        if not self.wild:
            return (lambda name: not named(name)) if self.negated else named
        full = any_text(self.wild)
        negated = self.negated
        return lambda name: (named(name) or full(f"{service}:{name}")) is not negated


def named_actions(patterns: tuple[str, ...], *, negated: bool) -> NamedActions:
    """Sorts the patterns of an Action or NotAction element by service."""
    names: dict[str, list[str]] = {}
    wild: list[str] = []
    everything = False
    for pattern in patterns:
        service, colon, name = pattern.lower().partition(":")
        if not colon or (pattern.strip("*") == ":"):
            everything = True
        elif "*" in service or "?" in service:
            wild.append(f"{service}:{name}")
        else:
            names.setdefault(service, []).append(name)
    return NamedActions(negated, everything, tuple(wild), names)
