"""What the gates say of trails that do not record, and of calls that no trail would record."""

from dataclasses import replace
from datetime import timedelta

from migrator.domain.dossier import Listening
from migrator.domain.gates.table import judge
from migrator.domain.lifecycle import Move, State
from migrator.domain.rules import Rules
from tests.unit.dossiers import NOW, a_dossier, a_user

DAY = timedelta(days=1)
HEARD = Listening(newest=NOW, heard_since=NOW - 30 * DAY, recorded_since=NOW - 30 * DAY)


def ask(gate, listening, move=Move.DEACTIVATE, rules=None):
    user = a_user(state=State.QUARANTINED, state_since=NOW - 10 * DAY)
    return judge(gate, a_dossier(user=user, listening=listening), move, rules or Rules(), NOW)


def test_what_would_be_recorded_is_counted():
    assert ask("listening", replace(HEARD, audible=("ec2", "s3"))).why == "heard 0 seconds ago"
    some = ask("listening", replace(HEARD, audible=("ec2", "s3"), deaf=("S3 objects",), partly=("kms",)))
    assert (some.open, some.why) == (True, "heard 0 seconds ago; 2 of 4 kinds of calls would be recorded")
    assert some.not_checked == (
        "refusals of S3 objects: no trail records them",
        "refusals of kms: a trail records only some of them",
    )


def test_where_nothing_would_be_recorded_the_gate_says_what_helps():
    deaf = ask("listening", replace(HEARD, deaf=("S3 objects", "SQS messages")))
    assert (deaf.open, deaf.why) == (False, "no trail would record S3 objects, SQS messages")
    assert deaf.opens.startswith("migrator listen apply ")
    assert ask("listening", replace(HEARD, deaf=("S3 objects",), partly=("kms",))).open


def test_an_account_that_no_trail_records_holds_its_users():
    silent = replace(HEARD, unrecorded="T is not logging")
    held = ask("listening", silent)
    assert (held.open, held.why) == (False, "T is not logging")
    for move in (Move.DEACTIVATE, Move.DELETE):
        window = ask("scream-window", silent, move)
        assert (window.open, window.why, window.opens_at) == (False, "no silence counts: T is not logging", None)
    unasked = replace(Rules(), listening=False)
    assert ask("scream-window", silent, rules=unasked).open


def test_silence_counts_since_the_trail_logs():
    late = replace(HEARD, recorded_since=NOW - 2 * DAY)
    assert ask("scream-window", late).why == "silent for 2 of 7 days"
    assert ask("scream-window", late).opens_at == NOW + 5 * DAY
    assert ask("scream-window", HEARD).open


def test_silence_counts_for_as_long_as_it_was_both_recorded_and_read():
    for read, recorded in ((2, 5), (5, 2)):
        heard = replace(HEARD, heard_since=NOW - read * DAY, recorded_since=NOW - recorded * DAY)
        assert ask("scream-window", heard).why == "silent for 2 of 7 days"
