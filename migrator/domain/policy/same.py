"""Whether documents say the same, however they are written."""

from collections.abc import Iterable, Mapping

from migrator.domain.canonical import canonical
from migrator.domain.model import Json
from migrator.domain.policy.merge import merge


def same_policies(one: Iterable[Json], other: Iterable[Json]) -> bool:
    """Whether documents say the same together: statements in any order, lists in any order, whatever their Sids."""
    return _statements(one) == _statements(other)


def _statements(documents: Iterable[Json]) -> frozenset[str]:
    found = list(documents)
    return frozenset(canonical(_plain(one)) for one in merge(found)["Statement"]) if found else frozenset()


def _plain(statement: Mapping[str, Json]) -> Json:
    """A statement without what carries no meaning: its Sid, the order of lists, the case of actions."""
    plain: dict[str, Json] = {}
    for key, value in statement.items():
        if key == "Condition":
            plain[key] = {
                operator: {name: sorted(map(str, _listed(values))) for name, values in block.items()}
                for operator, block in value.items()
            }
        elif key.endswith("Action"):
            plain[key] = sorted(action.lower() for action in _listed(value))
        elif key != "Sid":
            plain[key] = sorted(_listed(value))
    return plain


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [value]
