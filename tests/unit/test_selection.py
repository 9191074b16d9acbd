"""Who a command is about: names and conditions, and that nothing is ever guessed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from migrator.domain.errors import NotFound, UsageError
from migrator.domain.lifecycle import State
from migrator.domain.model import Kind
from migrator.domain.selection import Line, Selection, choose
from tests.builders import ACCOUNT, NOW, a_user

OTHER = "444455556666"


def a_line(number: int, name: str, account: str = ACCOUNT, used: int | None = None, **changes: Any) -> Line:
    """A user, last used so many days ago."""
    last = None if used is None else NOW - timedelta(days=used)
    row = replace(a_user(), id=number, account_id=account, user_name=name, user_id=f"AIDA{number}", **changes)
    return Line(row, last)


ALICE = a_line(1, "alice", used=10, owner="data", path="/staff/", persons=("alice@example.com",))
BOB = a_line(2, "bob", used=100, state=State.VERIFIED, wave="wave-1", state_since=NOW - timedelta(hours=3))
BOB_THERE = a_line(3, "bob", OTHER, owner="ops")
BOT = a_line(4, "Bot", OTHER, used=90, kind=Kind.MACHINE)
GONE = a_line(5, "carol", vanished_at=NOW)
CAROL = a_line(6, "carol")
DELETED = a_line(7, "dora", state=State.DELETED)
LINES = [BOT, CAROL, GONE, ALICE, BOB_THERE, BOB, DELETED]

CHOSEN = {
    "nothing said means everybody, by key": (Selection(), (ALICE, BOB, GONE, CAROL, DELETED, BOT, BOB_THERE)),
    "a name": (Selection(("alice",)), (ALICE,)),
    "a name in other letters": (Selection(("BOT",)), (BOT,)),
    "account and name": (Selection((f"{OTHER}/bob",)), (BOB_THERE,)),
    "an ARN": (Selection((f"arn:aws:iam::{ACCOUNT}:user/staff/alice",)), (ALICE,)),
    "a name said twice": (Selection(("alice", "alice")), (ALICE,)),
    "several names, by key": (Selection(("bot", "alice")), (ALICE, BOT)),
    "the living one of two": (Selection(("carol",)), (CAROL,)),
    "a deleted one, where no other is": (Selection(("dora",)), (DELETED,)),
    "an account": (Selection(account=OTHER), (BOT, BOB_THERE)),
    "a name in an account": (Selection(("bob",), account=OTHER), (BOB_THERE,)),
    "a state": (Selection(state="verified"), (BOB,)),
    "a kind": (Selection(kind="machine"), (BOT,)),
    "a wave": (Selection(wave="wave-1"), (BOB,)),
    "a state in a wave that has none": (Selection(wave="wave-1", state="mapped"), ()),
    "unused for long; never used is the longest": (
        Selection(where=("last_used>90d",), account=ACCOUNT),
        (BOB, GONE, CAROL, DELETED),
    ),
    "used lately": (Selection(where=("last_used < 90d",)), (ALICE,)),
    "on the day": (Selection(where=("last_used>=90d", "last_used<=90d")), (BOT,)),
    "in its state since": (Selection(where=("state_since>2h",)), (BOB,)),
    "in its state since, in minutes": (Selection(where=("state_since>179m", "state_since<10860s")), (BOB,)),
    "an owner": (Selection(where=("owner=data",)), (ALICE,)),
    "not an owner": (Selection(where=("owner != data", "account=" + OTHER)), (BOT, BOB_THERE)),
    "no owner": (Selection(where=("owner!=data", "owner!=ops"), kind="machine"), (BOT,)),
    "a person": (Selection(where=("person=alice@example.com",)), (ALICE,)),
    "an account, as a condition": (Selection(where=(f"account = {OTHER}",)), (BOT, BOB_THERE)),
}


@pytest.mark.parametrize(("selection", "lines"), CHOSEN.values(), ids=CHOSEN)
def test_a_selection_means(selection, lines):
    assert choose(selection, LINES, NOW) == list(lines)


WRONG = {
    "an unknown name": (Selection(("zoe",)), NotFound, "no user 'zoe'"),
    "an unknown name among known": (Selection(("alice", "zoe")), NotFound, "no user 'zoe'"),
    "a name that two have": (Selection(("bob",)), UsageError, f"ambiguous: {ACCOUNT}/bob, {OTHER}/bob"),
    "a name in another account": (Selection((f"{OTHER}/alice",)), NotFound, "no user"),
    "an ARN of another path": (Selection((f"arn:aws:iam::{ACCOUNT}:user/alice",)), NotFound, "no user"),
    "half an ARN": (Selection(("arn:aws:iam",)), NotFound, "no user"),
    "no condition at all": (Selection(where=("alice",)), UsageError, "cannot read the condition 'alice'"),
    "an unknown field": (Selection(where=("shoe_size=42",)), UsageError, "no such field 'shoe_size'"),
    "a field of the row that is none of ours": (Selection(where=("version=1",)), UsageError, "no such field"),
    "no length of time": (Selection(where=("last_used>ages",)), UsageError, "'ages' is no length of time"),
    "an owner that is greater": (Selection(where=("owner>data",)), UsageError, "owner takes = or != only"),
}


@pytest.mark.parametrize(("selection", "error", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_is_guessed(selection, error, said):
    with pytest.raises(error, match=said):
        choose(selection, LINES, NOW)


def test_commands_that_write_can_tell_that_nothing_was_said():
    assert Selection().empty
    spoken = (Selection(("a",)), Selection(account="1"), Selection(state="mapped"), Selection(where=("owner=x",)))
    assert not any(selection.empty for selection in spoken)
