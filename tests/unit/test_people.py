"""Whose user it is, and what people are called."""

from dataclasses import replace

import pytest

from migrator.domain.model import Kind
from migrator.domain.people import Link, Names, addresses, link, names, valid_address
from migrator.domain.rules import Rules
from tests.unit.dossiers import NOW, a_decision, some_facts

RULES = Rules()


def linked(facts, kind=Kind.HUMAN, **decisions: object):
    return link(facts, kind, RULES, decisions, NOW)


ADDRESSES = {
    "plain": ("Alice@Example.com ", "alice@example.com"),
    "with a plus": ("a.b+aws@mail.example.co.uk", "a.b+aws@mail.example.co.uk"),
    "no at": ("alice", None),
    "no domain": ("alice@localhost", None),
    "two at": ("a@b@example.com", None),
    "leading dot": (".a@example.com", None),
    "double dot": ("a..b@example.com", None),
    "blank inside": ("a b@example.com", None),
    "markup": ("<script>@example.com", None),
    "an escape": ("a\x1b[31m@example.com", None),
    "a line break": ("a@example.com\nb", None),
    "too long a name": ("a" * 65 + "@example.com", None),
    "too long": ("a@" + "b" * 250 + ".com", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_validated_and_spelled_in_lower_case(text, address):
    assert valid_address(text) == address


TAGS = {
    "one": ({"Email": "A@x.io"}, ("a@x.io",)),
    "another spelling of the key": ({"EMAIL": "a@x.io"}, ("a@x.io",)),
    "several": ({"Email": "a@x.io, b@x.io;c@x.io d@x.io"}, ("a@x.io", "b@x.io", "c@x.io", "d@x.io")),
    "twice the same": ({"Email": "a@x.io A@X.io"}, ("a@x.io",)),
    "with a name before it": ({"Email": "Ann <a@x.io>"}, ("a@x.io",)),
    "rubbish": ({"Email": "n/a"}, ()),
    "another tag": ({"Contact": "a@x.io"}, ()),
}


@pytest.mark.parametrize(("tags", "emails"), TAGS.values(), ids=TAGS)
def test_the_tag_names_addresses(tags, emails):
    assert addresses(some_facts(tags=tags), RULES) == emails


def test_a_tag_links_with_evidence():
    result = linked(some_facts(tags={"Email": "a@x.io"}))
    assert (result.emails, result.shared) == (("a@x.io",), False)
    (evidence,) = result.evidence
    assert (evidence.claim, evidence.value, evidence.source) == ("person", "a@x.io", "tag Email")


def test_several_addresses_are_a_shared_user_and_a_weaker_guess():
    result = linked(some_facts(tags={"Email": "a@x.io,b@x.io"}))
    assert (result.emails, result.shared) == (("a@x.io", "b@x.io"), True)
    assert [(e.claim, e.value) for e in result.evidence] == [
        ("person", "a@x.io"),
        ("person", "b@x.io"),
        ("shared", True),
    ]
    assert result.evidence[0].confidence < linked(some_facts(tags={"Email": "a@x.io"})).evidence[0].confidence


def test_a_name_that_is_an_address_links_where_no_tag_does():
    assert linked(some_facts("Mary@x.io")).emails == ("mary@x.io",)
    assert linked(some_facts("Mary@x.io", tags={"Email": "m.jones@x.io"})).emails == ("m.jones@x.io",)
    assert linked(some_facts("mary")) == Link(())


@pytest.mark.parametrize("kind", [Kind.MACHINE, Kind.BREAK_GLASS])
def test_the_address_on_a_machine_is_no_person(kind):
    assert linked(some_facts(tags={"Email": "team@x.io"}), kind) == Link(())


def test_a_humans_word_beats_tags_and_ends():
    facts = some_facts(tags={"Email": "a@x.io"})
    decided = a_decision("link", ["B@x.io", "c@x.io", "b@x.io", "not one"])
    result = linked(facts, link=decided)
    assert (result.emails, result.shared) == (("b@x.io", "c@x.io"), False)
    assert {e.confidence for e in result.evidence} == {1.0}
    assert linked(facts, Kind.MACHINE, link=a_decision("link", "b@x.io")).emails == ("b@x.io",)
    assert linked(facts, link=replace(decided, until=NOW)).emails == ("a@x.io",)


def test_a_humans_word_can_take_every_link_away():
    assert linked(some_facts(tags={"Email": "a@x.io"}), link=a_decision("link", [])).emails == ()


NAMES = {
    "first.last": ("mary.jones@x.io", {}, Names("Mary", "Jones", "Mary Jones")),
    "a hyphen stays": ("mary.o-neil@x.io", {}, Names("Mary", "O-Neil", "Mary O-Neil")),
    "numbers go": ("mary.jones2@x.io", {}, Names("Mary", "Jones", "Mary Jones")),
    "plus goes": ("mary_jones+aws@x.io", {}, Names("Mary", "Jones", "Mary Jones")),
    "one word": ("mary@x.io", {}, Names("Mary", "Mary", "Mary")),
    "nothing but digits": ("1234@x.io", {}, Names("1234", "1234", "1234")),
    "tags": ("mj@x.io", {"given-name": "Mary", "FamilyName": "Jones"}, Names("Mary", "Jones", "Mary Jones")),
    "a display name": ("mj@x.io", {"Name": "Mary Ann  Jones"}, Names("Mary", "Jones", "Mary Ann Jones")),
    "an empty tag": ("mary.jones@x.io", {"Name": " "}, Names("Mary", "Jones", "Mary Jones")),
}


@pytest.mark.parametrize(("email", "tags", "expected"), NAMES.values(), ids=NAMES)
def test_people_are_called_by_tags_else_by_their_address(email, tags, expected):
    assert names(email, tags) == expected
