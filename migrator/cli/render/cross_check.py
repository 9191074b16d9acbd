"""What AWS's policy simulator says of coverage."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrator.operations.cross_check import CrossCheck


def cross_check_shape(found: "CrossCheck | None") -> dict[str, Any] | None:
    """The comparison as JSON; null where it was not asked for."""
    if found is None:
        return None
    return {
        "asked": found.asked,
        "disagreements": [
            {"user": d.user, "action": d.action, "resource": d.resource, "ours": str(d.ours), "aws": str(d.theirs)}
            for d in found.disagreements
        ],
        "not_checked": list(found.not_checked),
    }


def cross_check_lines(found: "CrossCheck | None") -> Iterator[str]:
    """What a person must see of it."""
    if found is None:
        return
    for one in found.disagreements:
        yield f"AWS disagrees: {one.user}: {one.action} on {one.resource}: {one.theirs}, coverage says {one.ours}"
    for what in found.not_checked:
        yield f"not asked of AWS: {what}"
