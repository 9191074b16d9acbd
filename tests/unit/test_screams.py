"""Screams: what counts, how it is counted, what it leads to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.domain.model import Credential, CredentialKind
from migrator.domain.rules import Rules
from migrator.domain.screams import Scream, Watched, event_ids, fold, from_last_used, likely_fix, to_put_back
from migrator.domain.usage import Refusal, UsageFact
from tests.unit.dossiers import ACCOUNT, NOW, a_key, a_scream, ago

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
CUT = ago(days=1)
WATCHED = Watched(7, ALICE, CUT)


def a_refusal(number: int = 1, **changes: object) -> Refusal:
    refusal = Refusal(
        event_id=f"event-{number}",
        at=ago(hours=1),
        principal=ALICE,
        account_id=ACCOUNT,
        source="s3.amazonaws.com",
        event="ListBuckets",
        address="203.0.113.9",
        agent="Boto3/1.4",
        error="AccessDenied",
    )
    return replace(refusal, **changes)


def a_sign_in(**changes: object) -> UsageFact:
    fact = UsageFact(
        principal=ALICE,
        account_id=ACCOUNT,
        source="signin.amazonaws.com",
        event="ConsoleLogin",
        action=None,
        resource="",
        calls=2,
        first=ago(hours=2),
        last=ago(hours=1),
        address="203.0.113.9",
        agent="Mozilla/5.0",
    )
    return replace(fact, **changes)


def heard(*refusals: Refusal, known: tuple[Scream, ...] = (), seen: tuple[str, ...] = ()):
    return fold(known, [WATCHED], refusals, seen=seen)


def test_a_refusal_after_the_cut_is_a_scream_that_says_who_from_where_and_with_what():
    (found,) = heard(a_refusal())
    assert found.scream == a_scream(id=0)
    assert found.events == (("event-1", ago(hours=1)),)


NO_SCREAM = {
    "before the cut": a_refusal(at=ago(days=1, seconds=1)),
    "of somebody else": a_refusal(principal=ALICE + "2"),
    "our own": a_refusal(agent="Boto3/1.4 md/x migrator/0.1.0"),
}


@pytest.mark.parametrize("refusal", NO_SCREAM.values(), ids=NO_SCREAM)
def test_what_is_no_scream(refusal):
    assert heard(refusal) == ()


def test_the_moment_of_the_cut_counts_and_a_tool_called_like_ours_too():
    assert len(heard(a_refusal(1, at=CUT), a_refusal(2, agent="data-migrator/2"))) == 2


def test_times_without_fractions_of_a_second_are_not_lost():
    late_in_the_second = replace(WATCHED, cut_at=CUT.replace(microsecond=900_000))
    assert len(fold([], [late_in_the_second], [a_refusal(at=CUT)])) == 1


def test_the_same_refusals_are_one_scream_counted():
    (found,) = heard(a_refusal(2, at=ago(minutes=5)), a_refusal(1), a_refusal(3, at=ago(hours=5)))
    assert (found.scream.count, found.scream.first, found.scream.last) == (3, ago(hours=5), ago(minutes=5))
    assert [event for event, _ in found.events] == ["event-3", "event-1", "event-2"]


DIFFERENT = {"source": "ec2.amazonaws.com", "event": "PutObject", "address": "::1", "agent": "aws-cli/2"}


@pytest.mark.parametrize(("name", "value"), DIFFERENT.items())
def test_another_service_call_address_or_agent_is_another_scream(name, value):
    assert len(heard(a_refusal(1), a_refusal(2, **{name: value}))) == 2


def test_an_event_counts_once_whoever_delivers_it_again():
    (found,) = heard(a_refusal(1), a_refusal(1), a_refusal(2), seen=("event-2",))
    assert found.scream.count == 1
    assert heard(a_refusal(1), seen=("event-1",)) == ()


def test_events_without_an_id_are_told_apart_by_what_they_say():
    nameless = [a_refusal(event_id=""), a_refusal(event_id=""), a_refusal(event_id="", at=NOW)]
    (found,) = heard(*nameless)
    assert found.scream.count == 2
    assert event_ids(nameless) == {event for event, _ in found.events}


def test_a_known_scream_grows():
    known = a_scream(count=4, version=2)
    (found,) = heard(a_refusal(at=NOW), known=(known,))
    assert found.scream == replace(known, count=5, last=NOW)


def test_late_events_never_move_the_last_one_back():
    (found,) = heard(a_refusal(at=ago(hours=9)), known=(a_scream(),))
    assert (found.scream.count, found.scream.last) == (2, a_scream().last)


def test_dismissed_noise_stays_dismissed_and_does_not_break_the_silence():
    (found,) = heard(a_refusal(at=NOW), known=(a_scream(disposition="dismissed"),))
    assert (found.scream.disposition, found.scream.count, found.scream.last) == ("dismissed", 2, ago(hours=1))


@pytest.mark.parametrize("disposition", ["dismissed", "rolled-back"])
def test_a_scream_of_an_earlier_cut_is_another_scream(disposition):
    (found,) = heard(a_refusal(), known=(a_scream(first=ago(days=9), disposition=disposition),))
    assert (found.scream.id, found.scream.disposition, found.scream.count) == (0, "open", 1)


def test_signing_in_with_the_old_password_is_a_scream_and_failing_to_is_none():
    (found,) = fold([], [WATCHED], sign_ins=[a_sign_in(), a_sign_in(error="Failure"), a_sign_in(event="GetUser")])
    assert (found.scream.signal, found.scream.count, found.scream.last) == ("console-sign-in", 2, ago(hours=1))
    seen = event_ids([], [a_sign_in()])
    assert fold([], [WATCHED], sign_ins=[a_sign_in()], seen=seen) == ()


def test_sign_ins_that_began_before_the_cut_count_as_the_one_that_surely_came_after():
    (found,) = fold([], [WATCHED], sign_ins=[a_sign_in(first=ago(days=3))])
    assert found.scream.count == 1
    assert fold([], [WATCHED], sign_ins=[a_sign_in(first=ago(days=3), last=ago(days=2))]) == ()
    (at_once,) = fold([], [WATCHED], sign_ins=[a_sign_in(first=CUT, last=CUT)])
    assert at_once.scream.count == 2


def test_only_the_consoles_own_sign_in_is_one():
    assert fold([], [WATCHED], sign_ins=[a_sign_in(source="sts.amazonaws.com")]) == ()


def test_a_scream_of_the_very_second_of_the_cut_is_known_again():
    (found,) = heard(a_refusal(), known=(a_scream(first=CUT),))
    assert (found.scream.id, found.scream.count) == (5, 2)


def second_ear(*credentials, known=(), heard=None, seen=(), now=NOW):
    return from_last_used(WATCHED, credentials, known, heard or {}, seen, now)


USED = a_key(last_used_at=ago(hours=2), last_used_service="s3")
AGENT = "access-key AKIAONE"


def a_use(**changes: object) -> Scream:
    return replace(a_scream(signal="key-used", event_source="s3", event_name="", address="", agent=AGENT), **changes)


def test_last_used_times_are_the_second_ear():
    (found,) = second_ear(USED, a_key("AKIATWO"))
    assert (found.scream.signal, found.scream.event_source, found.scream.agent) == ("key-used", "s3", AGENT)
    assert (found.scream.count, found.scream.first, found.scream.disposition) == (1, ago(hours=2), "open")
    assert second_ear(a_key(last_used_at=CUT)) == ()


@pytest.mark.parametrize(("told", "screams"), [(1, 0), (2, 0), (3, 1)])
def test_a_use_that_a_trail_has_told_of_is_heard_already(told, screams):
    assert len(second_ear(USED, heard={"AKIAONE": ago(hours=told)})) == screams


@pytest.mark.parametrize(("earlier", "screams"), [(60, 0), (61, 1)])
def test_two_clocks_of_aws_may_tell_a_minute_apart(earlier, screams):
    assert len(second_ear(USED, heard={"AKIAONE": ago(hours=2, seconds=earlier)})) == screams


def test_what_a_trail_tells_of_one_credential_says_nothing_of_another():
    password = Credential(CredentialKind.CONSOLE_PASSWORD, "password", last_used_at=ago(hours=2))
    assert len(second_ear(USED, password, heard={"AKIATWO": NOW})) == 2
    (key,) = second_ear(USED, password, heard={"": NOW})
    assert key.scream.agent == AGENT


def test_a_use_counts_once_however_often_it_is_read():
    (found,) = second_ear(USED)
    assert second_ear(USED, seen=[event for event, _ in found.events]) == ()


def test_further_uses_make_the_scream_grow_and_what_was_dismissed_stays_dismissed():
    (grown,) = second_ear(USED, known=[a_use(first=ago(hours=9), last=ago(hours=9))])
    assert (grown.scream.count, grown.scream.last, grown.scream.disposition) == (2, ago(hours=2), "open")
    noise = a_use(first=ago(hours=9), last=ago(hours=9), disposition="dismissed")
    (grown,) = second_ear(USED, known=[noise])
    assert (grown.scream.count, grown.scream.last, grown.scream.disposition) == (2, ago(hours=9), "dismissed")


@pytest.mark.parametrize(("disposition", "screams"), [("dismissed", 0), ("noise", 0), ("open", 1)])
def test_where_noise_was_dismissed_a_fresh_use_waits_until_the_trail_may_have_told_of_it(disposition, screams):
    fresh, known = a_key(last_used_at=ago(minutes=14)), [a_scream(disposition=disposition)]
    assert len(second_ear(fresh, known=known)) == screams
    assert len(second_ear(fresh, known=known, now=NOW + timedelta(minutes=1))) == 1


def test_noise_that_was_dismissed_under_an_earlier_cut_makes_nobody_wait():
    fresh, earlier = a_key(last_used_at=ago(minutes=1)), a_scream(first=ago(days=9), disposition="dismissed")
    assert len(second_ear(fresh, known=[earlier])) == 1
    assert len(second_ear(fresh, known=[replace(earlier, user=8, first=ago(hours=1))])) == 1


FIXES = {
    "a function": ("Boto3/1.4 exec-env/AWS_Lambda_python3.11", "execution role"),
    "a script": ("Boto3/1.34 md/Botocore", "under a role"),
    "the CLI": ("aws-cli/2.17 Python/3.11", "aws configure sso"),
    "terraform": ("APN/1.0 HashiCorp/1.0 Terraform/1.9 aws-sdk-go-v2", "sso-session profile"),
    "the console": ("console.amazonaws.com", "access portal"),
    "git": ("git/2.40", "git-remote-codecommit"),
    "unheard of": ("", "find what runs there"),
}


@pytest.mark.parametrize(("agent", "fix"), FIXES.values(), ids=FIXES)
def test_the_likely_fix_follows_the_agent(agent, fix):
    assert fix in likely_fix(a_scream(agent=agent))


def test_the_likely_fix_knows_sign_ins_and_mail():
    assert "access portal" in likely_fix(a_scream(signal="console-sign-in", agent="Boto3/1"))
    assert "SES API" in likely_fix(a_scream(event_source="ses.amazonaws.com"))


def test_only_open_screams_roll_back_and_only_where_the_rules_say_so():
    assert to_put_back([a_scream()], Rules()) == {a_scream().user: a_scream()}
    assert not to_put_back([a_scream()], Rules(rollback_on_scream=False))
    for disposition in ("dismissed", "rolled-back", "not-checked", "noise", "suspicious", "gap"):
        assert not to_put_back([a_scream(disposition=disposition)], Rules())


def test_nobody_is_put_back_while_a_suspicious_scream_of_theirs_is_unanswered():
    stolen = a_scream(id=2, disposition="suspicious")
    assert not to_put_back([a_scream(), stolen], Rules())
    assert to_put_back([a_scream(user=8), stolen], Rules()).keys() == {8}
    assert to_put_back([a_scream(), replace(stolen, disposition="dismissed")], Rules())
