"""The page of gates, from their table and the docstrings of their functions."""

import inspect
from datetime import timedelta

from migrator.domain.gates.result import span
from migrator.domain.gates.table import BEFORE, GATES, NEVER_WAIVED, NOT_FOR_RETIRE

from .markdown import listed, page, table

INTRODUCTION = """\
A gate holds a user back from its next move. It says whether it is open, why, what opens it, and when where time alone
does. What an open gate could not look at is listed as `not_checked`; `advance --to deleted` prints that and asks.
A gate that nobody has looked at is closed.

`migrator gates list USER` judges the gates now. `migrator gates waive USER GATE --reason TEXT --until DATE` opens one
until a day. It is refused for the identity that made the user's wave and for the user itself. `arn-references` is not
waived while the user is the only administrator of a KMS key. A move whose every user is held ends with exit code 3."""


def gates_page() -> str:
    """Every gate: what it asks, where it stands, whether it can be waived."""
    rows = [(f"`{name}`", _meaning(name), _moves(name), _waived(name), _retired(name)) for name in GATES]
    return page(
        "Gates",
        "migrator/domain/gates",
        INTRODUCTION,
        table(("gate", "open where", "before", "can be waived", "asked of `retire`"), rows),
        "## In order",
        table(("before", "gates"), [(f"`{move}`", listed(names) or "none") for move, names in BEFORE.items()]),
    )


def _meaning(name: str) -> str:
    """The gate's docstring, with the lengths that it names by their constants."""
    text = " ".join((inspect.getdoc(GATES[name]) or "").split()).removeprefix(f"`{name}`: ")
    for constant, value in vars(inspect.getmodule(GATES[name])).items():
        if isinstance(value, timedelta):
            text = text.replace(f"`{constant}`", span(value))
    return text


def _moves(name: str) -> str:
    return listed(move for move, names in BEFORE.items() if name in names)


def _waived(name: str) -> str:
    return "never" if name in NEVER_WAIVED else "yes"


def _retired(name: str) -> str:
    return "no" if name in NOT_FOR_RETIRE else "yes"
