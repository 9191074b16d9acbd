"""Decisions: what a human may say at any time."""

import pytest

from migrator.domain.errors import Busy
from migrator.operations.decide import Word, decide, kind_word
from tests.builders import a_run, a_user_facts


def under_way(tools, user):
    with tools.store.begin() as work:
        work.journal.start(a_run(user.subject), [], "")
        work.commit()


def test_a_user_can_be_held_while_it_is_moved(tools):
    alice = tools.add(a_user_facts())
    under_way(tools, alice)
    decide(tools, [tools.line(alice)], Word("hold", value=True, reason="its owner called"))
    assert tools.user(alice).held == "its owner called"


def test_what_a_user_is_cannot_change_while_it_is_moved(tools):
    alice = tools.add(a_user_facts())
    under_way(tools, alice)
    with pytest.raises(Busy):
        decide(tools, [tools.line(alice)], kind_word("machine", "it is a script"))
