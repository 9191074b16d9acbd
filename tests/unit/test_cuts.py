"""The cuts as plans: what they take, in which order, and that the way back is exact."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.domain.changes import Change, Plan
from migrator.domain.cuts import (
    DENY,
    QUARANTINE,
    characters,
    deactivate,
    delete,
    is_quarantined,
    put_back,
    quarantine,
    quarantine_arn,
    without_quarantine,
)
from migrator.domain.model import Credential, CredentialKind, UserFacts
from tests.fakes.hands import FakeAws
from tests.unit.dossiers import ACCOUNT, NOW, a_key, a_password, some_facts

USER = (ACCOUNT, "alice")
DENY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/{QUARANTINE}"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limits"
TEN = tuple(f"arn:aws:iam::aws:policy/P{n}" for n in range(10))


def a_policy(size: int) -> dict[str, Any]:
    """A document that IAM counts as `size` characters."""
    bare = {"Version": "2012-10-17", "Statement": [], "Id": ""}
    return {**bare, "Id": "x" * (size - characters(bare))}


FULL = {"work": a_policy(2048)}
INLINE = Change("inline-policy", (*USER, QUARANTINE), None, DENY)
CREATE = Change("managed-policy", (ACCOUNT, DENY_ARN), None, DENY)
ATTACH = Change("attached-policy", (*USER, DENY_ARN), None, after=True)
AWKWARD = {
    "a plain user": (some_facts(), None, (INLINE,)),
    "room for just the deny": (some_facts(inline_policies={"w": a_policy(2048 - characters(DENY))}), None, (INLINE,)),
    "one character too few": (
        some_facts(inline_policies={"w": a_policy(2049 - characters(DENY))}),
        None,
        (CREATE, ATTACH),
    ),
    "the managed deny is there": (some_facts(inline_policies=FULL), DENY, (ATTACH,)),
    "full, with a boundary": (some_facts(inline_policies=FULL, boundary=BOUNDARY), DENY, (ATTACH,)),
    "full and ten attached": (
        some_facts(inline_policies=FULL, attached_policies=TEN),
        None,
        (CREATE, Change("permissions-boundary", USER, None, DENY_ARN)),
    ),
    "full, ten attached and a boundary": (
        some_facts(inline_policies=FULL, attached_policies=TEN, boundary=BOUNDARY),
        DENY,
        (Change("permissions-boundary", USER, BOUNDARY, DENY_ARN),),
    ),
    "inline already": (some_facts(inline_policies={QUARANTINE: DENY}), None, ()),
    "attached already": (some_facts(inline_policies=FULL, attached_policies=(DENY_ARN,)), DENY, ()),
    "attached already, its text not read": (some_facts(inline_policies=FULL, attached_policies=(DENY_ARN,)), None, ()),
    "boundary already": (some_facts(boundary=DENY_ARN), DENY, ()),
    "somebody changed its text": (
        some_facts(inline_policies={QUARANTINE: {"Statement": []}}),
        None,
        (Change("inline-policy", (*USER, QUARANTINE), {"Statement": []}, DENY),),
    ),
    "somebody emptied the managed one": (
        some_facts(inline_policies=FULL, attached_policies=(DENY_ARN,)),
        {"Statement": []},
        (Change("managed-policy", (ACCOUNT, DENY_ARN), {"Statement": []}, DENY),),
    ),
}


@pytest.mark.parametrize(("facts", "managed", "changes"), AWKWARD.values(), ids=AWKWARD)
def test_the_deny_rides_on_every_awkward_user(facts, managed, changes):
    assert quarantine(facts, managed) == Plan(changes)


def test_the_deny_is_explicit_recognisable_and_tiny():
    assert DENY["Statement"] == [{"Sid": "MigratorQuarantine", "Effect": "Deny", "Action": "*", "Resource": "*"}]
    assert characters(DENY) < 120


def test_the_managed_deny_lives_in_the_users_partition():
    facts = some_facts(arn=f"arn:aws-cn:iam::{ACCOUNT}:user/alice")
    assert quarantine_arn(facts) == f"arn:aws-cn:iam::{ACCOUNT}:policy/migrator-quarantine"


@pytest.mark.parametrize(("document", "size"), [({"a": "b c\n"}, 12), ({"é": 1}, 12), ({"a": [1, 2]}, 11)])
def test_blanks_do_not_count_and_foreign_letters_count_as_sent(document, size):
    assert characters(document) == size


def test_every_active_credential_with_a_status_becomes_inactive_and_no_other():
    facts = some_facts(
        credentials=(
            a_password(),
            Credential(CredentialKind.MFA_DEVICE, "mfa"),
            a_key("AKIATWO", "Inactive"),
            Credential(CredentialKind.SIGNING_CERTIFICATE, "CERT"),
            Credential(CredentialKind.SERVICE_SPECIFIC, "ACCA", "Expired"),
            Credential(CredentialKind.SERVICE_SPECIFIC, "ACCB"),
            Credential(CredentialKind.SSH_PUBLIC_KEY, "APKA"),
            a_key("AKIAONE"),
        )
    )
    expected = [
        ("access-key", "AKIAONE"),
        ("ssh-public-key", "APKA"),
        ("service-specific-credential", "ACCB"),
        ("signing-certificate", "CERT"),
    ]
    plan = deactivate(facts)
    assert [(c.kind, c.target[-1]) for c in plan.changes] == expected
    assert all((c.before, c.after) == ({"status": "Active"}, {"status": "Inactive"}) for c in plan.changes)


WHOLE = some_facts(
    path="/people/",
    tags={"Email": "alice@example.com"},
    groups=("devs", "admins"),
    inline_policies={"work": {"Statement": []}, QUARANTINE: DENY, "zoo": {"Statement": []}},
    attached_policies=(DENY_ARN, TEN[0]),
    boundary=BOUNDARY,
    credentials=(
        Credential(CredentialKind.MFA_DEVICE, f"arn:aws:iam::{ACCOUNT}:mfa/alice"),
        Credential(CredentialKind.MFA_DEVICE, "GAHT12345678", detail={"virtual": False}),
        Credential(CredentialKind.SIGNING_CERTIFICATE, "CERT"),
        Credential(CredentialKind.SERVICE_SPECIFIC, "ACCA"),
        Credential(CredentialKind.SSH_PUBLIC_KEY, "APKA"),
        a_key("AKIAONE", "Inactive"),
        a_password(detail={"password_reset_required": True}),
    ),
)


def test_deletion_takes_all_nine_leftovers_before_the_user_and_the_deny_after_other_access():
    assert [(c.kind, c.where.partition("/alice")[2].strip("/")) for c in delete(WHOLE).changes] == [
        ("login-profile", ""),
        ("access-key", "AKIAONE"),
        ("ssh-public-key", "APKA"),
        ("service-specific-credential", "ACCA"),
        ("signing-certificate", "CERT"),
        ("mfa-device", "GAHT12345678"),
        ("mfa-device", "alice"),
        ("virtual-mfa-device", "alice"),
        ("attached-policy", "P0"),
        ("group-membership", "admins"),
        ("group-membership", "devs"),
        ("inline-policy", "work"),
        ("inline-policy", "zoo"),
        ("inline-policy", QUARANTINE),
        ("attached-policy", QUARANTINE),
        ("permissions-boundary", ""),
        ("user", ""),
    ]


def test_deletion_remembers_what_the_shell_is_rebuilt_from():
    plan = delete(WHOLE)
    assert plan.changes[0].before == {"password_reset_required": True}
    assert plan.changes[-1].before == {
        "user_id": "AIDAALICE",
        "path": "/people/",
        "tags": {"Email": "alice@example.com"},
    }


def test_deletion_says_beforehand_what_never_comes_back():
    text = "\n".join(delete(WHOLE).irreversible)
    for lost in (
        "console password",
        "access key AKIAONE",
        "APKA",
        "ACCA",
        "CERT",
        "MFA device GAHT12345678",
        "unique id",
    ):
        assert lost in text
    assert quarantine(some_facts()).irreversible == deactivate(WHOLE).irreversible == ()


def test_our_deny_is_recognised_and_can_be_thought_away():
    assert is_quarantined(WHOLE)
    bare = without_quarantine(WHOLE)
    assert not is_quarantined(bare)
    assert bare.inline_policies.keys() == {"work", "zoo"}
    assert (bare.attached_policies, bare.boundary) == ((TEN[0],), BOUNDARY)
    assert without_quarantine(replace(WHOLE, boundary=DENY_ARN)).boundary is None


def test_the_way_back_leaves_a_managed_deny_that_others_need():
    history = quarantine(some_facts(inline_policies=FULL)).changes
    assert [c.kind for c in put_back(history).changes] == ["attached-policy", "managed-policy"]
    assert [c.kind for c in put_back(history, {DENY_ARN}).changes] == ["attached-policy"]


names = st.text("abcXYZ019+=,.@-_", min_size=1, max_size=12).filter(lambda n: n != QUARANTINE)
documents = st.integers(60, 1200).map(a_policy)
statuses = st.sampled_from(["Active", "Inactive"])
credentials = st.builds(
    Credential,
    st.sampled_from([k for k in CredentialKind if k is not CredentialKind.CONSOLE_PASSWORD]),
    st.text("ABCDEF0123456789", min_size=3, max_size=8),
    statuses,
)
serials = st.builds(
    lambda name, virtual: Credential(
        CredentialKind.MFA_DEVICE, f"arn:aws:iam::{ACCOUNT}:mfa/{name}", detail={"virtual": virtual}
    ),
    names,
    st.booleans(),
)


@st.composite
def users(draw: st.DrawFn) -> UserFacts:
    """Any user IAM could hold: within the inline quota, at most ten policies, anything else."""
    inline: dict[str, Any] = {}
    for name, document in draw(st.dictionaries(names, documents, max_size=3)).items():
        if sum(map(characters, inline.values())) + characters(document) <= 2048:
            inline[name] = document
    passwords = draw(st.sampled_from([(), (a_password(),)]))
    drawn = (*draw(st.lists(credentials, max_size=6)), *draw(st.lists(serials, max_size=2)), *passwords)
    return some_facts(
        path=draw(st.sampled_from(["/", "/people/", "/a/b/"])),
        tags=draw(st.dictionaries(names, names, max_size=2)),
        groups=tuple(sorted(draw(st.sets(names, max_size=3)))),
        inline_policies=inline,
        attached_policies=TEN[: draw(st.sampled_from([0, 1, 9, 10]))],
        boundary=draw(st.sampled_from([None, BOUNDARY])),
        credentials=tuple({(c.kind, c.id): c for c in drawn}.values()),
    )


def carry_out(plan: Plan, aws: FakeAws) -> list[Change]:
    """Make every change as the apply loop would: what is there must be what the plan expects."""
    for change in plan.changes:
        assert aws.observe(change) == change.before, change
        aws.make(change)
    return list(plan.changes)


def read(aws: FakeAws) -> UserFacts:
    facts = aws.read_user(*USER)
    assert facts is not None
    return facts


NEVER_RETURN = ("login-profile", "mfa-device", "virtual-mfa-device", *(k.value for k in CredentialKind))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(facts=users(), cuts=st.integers(1, 3))
def test_the_way_back_from_any_cut_of_any_user_is_exact(facts, cuts):
    aws = FakeAws(lambda: NOW)
    aws.add_user(facts)
    found = aws.state()
    history = carry_out(quarantine(read(aws)), aws)
    assert is_quarantined(read(aws))
    if cuts > 1:
        history += carry_out(deactivate(read(aws)), aws)
        assert not any(c.live for c in read(aws).credentials if c.kind is not CredentialKind.CONSOLE_PASSWORD)
    if cuts > 2:
        history += carry_out(delete(read(aws)), aws)
        assert aws.read_user(*USER) is None
        found = {kind: things for kind, things in found.items() if kind not in NEVER_RETURN}
    for change in put_back(history).changes:
        aws.make(change)
    assert aws.state() == found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(facts=users())
def test_a_credential_that_was_inactive_never_becomes_active(facts):
    resting = {(c.kind.value, c.id) for c in facts.credentials if c.status == "Inactive"}
    aws = FakeAws(lambda: NOW)
    aws.add_user(facts)
    history = carry_out(quarantine(facts), aws) + carry_out(deactivate(read(aws)), aws)
    plans = (history, put_back(history).changes, put_back([*history, *delete(read(aws)).changes]).changes)
    woken = {(c.kind, c.target[-1]) for plan in plans for c in plan if c.after == {"status": "Active"}}
    assert not woken & resting


@settings(max_examples=40, deadline=None, derandomize=True)
@given(facts=users())
def test_a_cut_made_twice_changes_nothing_the_second_time(facts):
    aws = FakeAws(lambda: NOW)
    aws.add_user(facts)
    carry_out(quarantine(facts), aws)
    carry_out(deactivate(read(aws)), aws)
    assert quarantine(read(aws), DENY) == deactivate(read(aws)) == Plan(())
