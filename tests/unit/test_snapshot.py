"""A snapshot is all that a user is recreated from: nothing is lost in it, nothing volatile is in it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from migrator.domain.canonical import canonical, digest
from migrator.domain.model import Credential, CredentialKind, UserFacts
from migrator.domain.snapshot import from_document, to_document
from tests.builders import NOW, READ, a_key, a_user_facts, every_credential

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
MOMENTS = st.none() | st.datetimes(timezones=st.just(NOW.tzinfo))
CREDENTIALS = st.builds(
    Credential,
    kind=st.sampled_from(CredentialKind),
    id=NAMES,
    status=st.sampled_from(["Active", "Inactive"]),
    created_at=MOMENTS,
    detail=st.dictionaries(NAMES, st.booleans() | NAMES, max_size=2),
)
FACTS = st.builds(
    UserFacts,
    account_id=st.just("111122223333"),
    user_name=NAMES,
    user_id=NAMES,
    arn=NAMES,
    observed_at=st.just(NOW),
    path=NAMES,
    created_at=MOMENTS,
    tags=st.dictionaries(NAMES, NAMES, max_size=3),
    groups=st.lists(NAMES, unique=True, max_size=3).map(lambda names: tuple(sorted(names))),
    inline_policies=st.dictionaries(NAMES, st.just(READ), max_size=2),
    attached_policies=st.lists(NAMES, unique=True, max_size=3).map(lambda names: tuple(sorted(names))),
    boundary=st.none() | NAMES,
    credentials=st.lists(CREDENTIALS, max_size=4, unique_by=lambda c: (c.kind, c.id)).map(
        lambda held: tuple(sorted(held, key=lambda c: (c.kind, c.id)))
    ),
    not_checked=st.lists(NAMES, unique=True, max_size=2).map(lambda names: tuple(sorted(names))),
)


@given(FACTS)
def test_facts_come_back_as_they_went_in(facts):
    assert from_document(to_document(facts), NOW) == facts


@given(FACTS)
def test_a_document_is_the_same_text_in_whatever_order_aws_told_it(facts):
    shuffled = replace(
        facts,
        tags=dict(reversed(facts.tags.items())),
        groups=facts.groups[::-1],
        attached_policies=facts.attached_policies[::-1],
        credentials=facts.credentials[::-1],
        not_checked=facts.not_checked[::-1],
    )
    assert canonical(to_document(shuffled)) == canonical(to_document(facts))


def test_times_of_reading_and_of_last_use_are_left_out():
    used = a_key(last_used_at=NOW, last_used_service="s3", last_used_region="us-east-1")
    later = a_user_facts(credentials=(used,), observed_at=NOW + timedelta(days=1))
    assert to_document(later) == to_document(a_user_facts(credentials=(a_key(),)))


CHANGED = {
    "path": "/else/",
    "user_id": "AIDAOTHER",
    "tags": {"a": "b"},
    "groups": ("devs",),
    "inline_policies": {"p": READ},
    "attached_policies": ("arn:aws:iam::aws:policy/P",),
    "boundary": "arn:aws:iam::aws:policy/B",
    "credentials": (a_key(),),
    "not_checked": ("service-specific credentials",),
}


def test_every_change_of_a_user_is_a_change_of_its_document():
    hashes = {name: digest(to_document(a_user_facts(**{name: value}))) for name, value in CHANGED.items()}
    assert len({*hashes.values(), digest(to_document(a_user_facts()))}) == len(CHANGED) + 1


def test_every_kind_of_credential_is_in_it_with_its_status():
    held = to_document(a_user_facts(credentials=every_credential()))["credentials"]
    assert {c["kind"] for c in held} == {str(kind) for kind in CredentialKind}
    assert [(c["id"], c["status"]) for c in held if c["kind"] == "access-key"] == [
        ("AKIAONE", "Active"),
        ("AKIATWO", "Inactive"),
    ]
