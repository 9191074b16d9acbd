"""The shapes log files come in, whole and broken."""

import gzip
import json
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage import inflate
from migrator.adapters.usage.records import part_usage
from tests.unit.usage.trail_records import NOON, PART, a_file, a_record, an_identity

CATALOGUE = Catalogue()
ONE, TWO = a_record(eventName="ListBuckets"), a_record(eventName="PutObject")


def read(data):
    return part_usage(PART, BytesIO(data), CATALOGUE)


def lines(*values: object) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values) + b"\n"


def envelope(record):
    return {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "resources": [],
        "detail": record,
    }


WHOLE = {
    "packed": a_file(ONE, TWO),
    "plain": a_file(ONE, TWO, packed=False),
    "with a byte order mark": b"\xef\xbb\xbf" + a_file(ONE, TWO, packed=False),
    "pretty-printed": json.dumps({"Records": [ONE, TWO]}, indent=2).encode(),
    "a bare list": json.dumps([ONE, TWO]).encode(),
    "a list of envelopes": json.dumps([envelope(ONE), envelope(TWO)]).encode(),
    "lines": lines(ONE, TWO),
    "lines with gaps": b"\n" + lines(ONE) + b"\r\n\n" + lines(TWO) + b"\n",
    "lines of envelopes": lines(envelope(ONE), envelope(TWO)),
    "lines of files": lines({"Records": [ONE]}, {"Records": [TWO]}),
    "two gzip members": gzip.compress(a_file(ONE, TWO, packed=False)[:50])
    + gzip.compress(a_file(ONE, TWO, packed=False)[50:]),
    "other keys before the records": json.dumps({"x": [1], "Records": [ONE, TWO]}).encode(),
    "packed lines": gzip.compress(lines(ONE, TWO)),
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())
def test_every_shape_gives_the_same_facts(data):
    assert read(data) == read(a_file(ONE, TWO))
    assert (read(data).events, len(read(data).facts)) == (2, 2)


@pytest.mark.parametrize("data", [json.dumps(ONE).encode(), json.dumps(envelope(ONE)).encode()])
def test_one_event_alone_is_a_file(data):
    assert read(data) == read(a_file(ONE))


@pytest.mark.parametrize("data", [a_file(), b"[]", b'{"Records": []}'])
def test_a_file_without_events_is_whole(data):
    usage = read(data)
    assert (usage.events, usage.facts, usage.first, usage.newest, usage.bad) == (0, (), None, None, "")


BIG = a_file(*(a_record(eventName=f"Event{number}") for number in range(300)))
BROKEN = [
    (b"", "empty file"),
    (b" \n", "empty file"),
    (gzip.compress(b""), "empty file"),
    (BIG[: len(BIG) // 2], "truncated gzip"),
    (BIG[:-1], "truncated gzip"),
    (BIG[:15], "truncated gzip"),
    (BIG[:200] + b"\x00" * 40 + BIG[240:], "broken gzip"),
    (b"\x1f\x8b" + b"nonsense" * 9, "broken gzip"),
    (a_file(ONE, TWO, packed=False)[:-1], "truncated JSON"),
    (a_file(ONE, TWO, packed=False)[:100], "truncated JSON"),
    (gzip.compress(a_file(ONE, TWO, packed=False)[:-30]), "truncated JSON"),
    (lines(ONE, TWO)[:-30], "truncated JSON"),
    (a_file(ONE, packed=False) + b"tail", "malformed JSON"),
    (b"2026-05-04 12:00 GET /index.html", "not JSON"),
    (b"\x00\x01\x02", "not JSON"),
    (b'{"Records": 7}', "no CloudTrail records"),
    (b'{"configurationItems": []}', "no CloudTrail records"),
    (b"[1, 2, 3]", "no CloudTrail records"),
    (json.dumps(envelope({"severity": 5})).encode(), "no CloudTrail records"),
    (a_file(a_record(eventSource="aws:s3")), "event notifications, not CloudTrail records"),
    (a_file(a_record(eventTime=None)), "no event has a time"),
    (b'{"Records": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON nested too deeply"),
]


@pytest.mark.parametrize(("data", "why"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_a_broken_file_says_why_and_gives_nothing(data, why):
    usage = read(data)
    assert usage.bad == why
    assert (usage.events, usage.facts, usage.refusals, usage.first, usage.newest) == (0, (), (), None, None)


def test_a_file_cut_at_any_byte_is_never_half_read():
    whole = a_file(ONE, TWO)
    assert all(read(whole[:end]).bad for end in range(len(whole)))
    plain = a_file(ONE, TWO, packed=False)
    assert all(read(plain[:end]).bad for end in range(len(plain)))


def test_a_bomb_is_not_unpacked():
    with pytest.raises(inflate.Unreadable, match="larger than 1 MiB unpacked"):
        [*inflate.unpacked(BytesIO(gzip.compress(b'{"Records": [' + b" " * 2**26 + b"]}")), largest=2**20)]
    assert read(a_file(ONE)).bad == ""


ODD = {
    "a number for a name": {"userAgent": 7},
    "a list for a name": {"userAgent": ["aws-cli/2"]},
    "a text for parameters": {"requestParameters": "bucketName"},
    "a list for parameters": {"requestParameters": [1]},
    "a text for resources": {"resources": "arn:aws:s3:::b"},
    "numbers in resources": {"resources": [7, None, {"ARN": 7}]},
    "a text for the response": {"responseElements": "AccessDenied"},
    "a number for the error": {"errorCode": 403},
    "a number for the region": {"awsRegion": 1},
    "an object for the id": {"eventID": {"x": 1}},
    "a date alone": {"eventTime": "2026-05-04"},
    "a text for the session": {"userIdentity": an_identity(sessionContext="x")},
    "an object for who invoked": {"userIdentity": an_identity(invokedBy={"x": 1})},
    "a lone surrogate": {"userAgent": "\ud800"},
    "a lone surrogate in the parameters": {"requestParameters": {"bucketName": "\ud800"}},
    "a number that is none": {"requestParameters": {"size": float("nan")}},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD.keys())
def test_a_field_of_another_type_spoils_neither_its_event_nor_its_file(changes):
    usage = read(a_file(a_record(**changes), a_record(eventName="PutObject")))
    assert (usage.bad, usage.events) == ("", 2)
    assert sorted(fact.event for fact in usage.facts) == ["ListBuckets", "PutObject"]
    assert {fact.principal for fact in usage.facts} == {an_identity()["arn"]}


def test_texts_that_are_no_unicode_are_replaced():
    data = a_file(a_record(userAgent="AGENT"), packed=False).replace(b"AGENT", b"\xff\xfe")
    assert read(data).facts[0].agent == "\ufffd\ufffd"


@pytest.mark.parametrize("identity", ["root", 7, [], ["IAMUser"], True])
def test_an_identity_that_is_no_object_is_nobody(identity):
    usage = read(a_file(a_record(userIdentity=identity), a_record()))
    assert (usage.events, [fact.calls for fact in usage.facts]) == (2, [1])


def test_what_is_no_record_among_records_is_left_out():
    usage = read(json.dumps({"Records": [None, 7, {}, ONE, {"unknown": 1}]}).encode())
    assert (usage.events, usage.facts[0].last) == (1, NOON)


@pytest.mark.parametrize(
    "missing", ["eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "eventID", "eventVersion"]
)
def test_a_missing_field_is_an_empty_text(missing):
    (fact,) = read(a_file(a_record(**{missing: ...}))).facts
    assert fact.calls == 1
    assert (fact.principal, fact.last) == (an_identity()["arn"], NOON)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(a_record())), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.dictionaries(st.sampled_from(sorted(a_record(eventName=...))), JSON, max_size=4)
IDENTITY = st.dictionaries(st.sampled_from(sorted({**an_identity(), "sessionContext": 1, "onBehalfOf": 1})), JSON)


@settings(max_examples=150, deadline=None)
@given(FIELDS, IDENTITY)
def test_no_record_however_odd_breaks_its_file(fields, identity):
    odd = a_record(**{"userIdentity": {**an_identity(), **identity}, **fields})
    usage = read(json.dumps({"Records": [odd, a_record(eventName="Sound")]}).encode())
    assert (usage.bad, usage.events) == ("", 2)
    assert "Sound" in {fact.event for fact in usage.facts}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 10_000), st.booleans())
def test_bytes_of_any_kind_are_read_or_bad_but_never_an_error(noise, place, packed):
    text = a_file(ONE, TWO, packed=False)
    place %= len(text)
    torn = text[:place] + noise + text[place + len(noise) :]
    usage = read(gzip.compress(torn, 1) if packed else torn)
    assert usage.bad == "" or (usage.events, usage.facts, usage.refusals) == (0, (), ())
    read(noise)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_json_of_any_shape_is_read_or_bad_but_never_an_error(value):
    read(json.dumps(value).encode())
    read(json.dumps({"Records": value}).encode())
    read(json.dumps({"detail": value}).encode())
