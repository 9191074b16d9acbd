"""The page of changes: every kind of write to AWS, how it is seen, and whether it comes back."""

from typing import Any, cast

from migrator.adapters.aws.changes.hands import kinds
from migrator.adapters.aws.changes.kind import ChangeVerbs
from migrator.domain.changes import KINDS, ChangeKind

from .markdown import code, listed, page, summary, table

INTRODUCTION = """\
A change is one write to AWS: a kind, a target, what is there before and what shall be there after (null: absent). Its
inverse has the two exchanged. `migrator advance --plan` and `migrator rollback --plan` list changes and stop.

Each is carried out the same way: look; where it is there already, record that; where neither `before` nor `after` is
there, somebody's hand was, and the change is refused; else write the intent down, make it, look again, write down what
became of it. See [safety](../explanation/safety.md)."""

LOST = """\
## What cannot come back

A user that was deleted is made again from its snapshot: name, path, tags, groups, policies, boundary. These are lost,
and are listed before and after a deletion:"""


def verbs() -> dict[str, ChangeVerbs]:
    """Every kind with what carries it out; nothing is called, so no client is needed."""
    nothing = cast("Any", None)
    return dict(kinds(nothing, nothing, nothing))


def changes_page() -> str:
    """Every kind, then what cannot come back."""
    known = verbs()
    rows = [
        (code(kind.name), listed(kind.parts), _shape(known[kind.name]), _back(kind), listed(known[kind.name].writes))
        for kind in KINDS.values()
    ]
    lost = [(code(kind.name), kind.lost.format("…")) for kind in KINDS.values() if kind.lost]
    return page(
        "Changes",
        "migrator/domain/changes.py and migrator/adapters/aws/changes",
        INTRODUCTION,
        table(("kind", "target", "value", "a deletion comes back", "IAM actions of a write"), rows),
        LOST,
        table(("kind", "lost with a deletion"), lost),
    )


def _shape(verb: ChangeVerbs) -> str:
    return summary(type(verb))


def _back(kind: ChangeKind) -> str:
    return "yes" if kind.returns else "no"
