"""The chain of the record: whoever edits, removes, inserts or reorders an entry is found."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.domain.record import GENESIS, Link, entry_hash, verify

TEXT = st.text(max_size=12)
FIELDS = ("at", "actor", "event", "subject", "details")


def a_chain(contents):
    """A whole chain of (actor, event, subject, details)."""
    links, prev = [], GENESIS
    for seq, (actor, event, subject, details) in enumerate(contents, start=1):
        at = f"2026-11-23T12:00:{seq:02}+00:00"
        link = Link(seq, at, actor, event, subject, details, prev, "")
        links.append(resealed(link))
        prev = links[-1].hash
    return links


def resealed(link):
    """The link with the hash that its content calls for: what a forger would write."""
    sealed = entry_hash(link.seq, link.at, link.actor, link.event, link.subject, link.details, link.prev)
    return replace(link, hash=sealed)


def head_of(links):
    return (links[-1].seq, links[-1].hash) if links else (0, GENESIS)


CHAINS = st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=8).map(a_chain)
CHAIN = a_chain([("ops", f"event {n}", "user:1", "{}") for n in range(5)])


@given(CHAINS)
def test_a_whole_chain_is_whole(links):
    verdict = verify(links, head_of(links), head_of(links))
    assert (verdict.intact, verdict.entries, verdict.anchored) == (True, len(links), len(links))


def test_an_empty_record_is_whole():
    assert verify([], (0, GENESIS)).intact
    assert verify([], None).intact


@given(CHAINS, st.data())
def test_an_edited_entry_is_found_where_it_is(links, data):
    n = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(FIELDS))
    value = data.draw(TEXT)
    assume(value != getattr(links[n], field))
    forged = [*links[:n], replace(links[n], **{field: value}), *links[n + 1 :]]
    verdict = verify(forged, head_of(links))
    assert (verdict.intact, verdict.first_bad) == (False, n + 1)


@given(CHAINS, st.data())
def test_an_edited_entry_with_a_new_hash_is_found_too(links, data):
    n = data.draw(st.integers(0, len(links) - 1))
    forged = [*links[:n], resealed(replace(links[n], actor=links[n].actor + "!")), *links[n + 1 :]]
    assert not verify(forged, head_of(links)).intact


@given(CHAINS, st.data())
def test_a_removed_entry_is_found(links, data):
    n = data.draw(st.integers(0, len(links) - 1))
    verdict = verify([*links[:n], *links[n + 1 :]], head_of(links))
    assert (verdict.intact, verdict.first_bad) == (False, n + 1)


@given(CHAINS, st.data())
def test_an_inserted_entry_is_found(links, data):
    n = data.draw(st.integers(0, len(links)))
    prev = links[n - 1].hash if n else GENESIS
    extra = resealed(Link(n + 1, "2026-11-23T12:00:00+00:00", "x", "x", "x", "{}", prev, ""))
    assert not verify([*links[:n], extra, *links[n:]], head_of(links)).intact


@given(CHAINS, st.data())
def test_reordered_entries_are_found(links, data):
    order = data.draw(st.permutations(range(len(links))))
    assume(list(order) != sorted(order))
    assert not verify([links[n] for n in order], head_of(links)).intact


@given(CHAINS, st.integers(1, 8))
def test_a_record_cut_off_at_its_end_is_found_by_its_head(links, cut):
    assert not verify(links[:-cut], head_of(links)).intact


def rewritten(links, n):
    """A forger with the whole database: everything from entry `n` sealed anew, head included."""
    forged, prev = list(links[: n - 1]), links[n - 2].hash if n > 1 else GENESIS
    for link in links[n - 1 :]:
        forged.append(resealed(replace(link, actor="nobody", prev=prev)))
        prev = forged[-1].hash
    return forged


@pytest.mark.parametrize("n", range(1, 6))
def test_a_chain_rewritten_with_its_head_is_found_by_a_head_kept_elsewhere(n):
    forged = rewritten(CHAIN, n)
    assert verify(forged, head_of(forged)).intact
    verdict = verify(forged, head_of(forged), head_of(CHAIN))
    assert (verdict.intact, verdict.why) == (False, "entry 5 is not the one that the kept head names")


def test_what_follows_the_kept_head_is_not_anchored():
    verdict = verify(CHAIN, head_of(CHAIN), head_of(CHAIN[:3]))
    assert (verdict.intact, verdict.entries, verdict.anchored) == (True, 5, 3)


def test_a_record_shorter_than_the_kept_head_is_found():
    short = CHAIN[:2]
    verdict = verify(short, head_of(short), head_of(CHAIN))
    assert (verdict.intact, verdict.first_bad, verdict.why) == (False, 3, "the kept head is 5")


def test_contents_cannot_be_shifted_from_one_field_to_the_next():
    assert entry_hash(1, "t", "ab", "c", "s", "{}", GENESIS) != entry_hash(1, "t", "a", "bc", "s", "{}", GENESIS)


def test_every_kept_head_is_held_against_the_record():
    heads = [head_of(CHAIN[:n]) for n in (1, 3, 4)]
    assert verify(CHAIN, head_of(CHAIN), *heads).anchored == 4
    verdict = verify(CHAIN, head_of(CHAIN), *heads, (2, "another"))
    assert (verdict.intact, verdict.first_bad, verdict.anchored) == (False, 2, 1)


def test_kept_heads_that_contradict_each_other_are_not_both_believed():
    verdict = verify(CHAIN, head_of(CHAIN), head_of(CHAIN[:3]), (3, "another"))
    assert (verdict.intact, verdict.first_bad) == (False, 3)


@pytest.mark.parametrize(
    ("head", "first_bad"),
    [
        ((3, CHAIN[2].hash), 4),  # two were appended behind its back
        ((5, "another"), 5),
        ((7, "later"), 6),
        ((0, GENESIS), 1),
        (("all", "words"), 6),
    ],
)
def test_a_head_that_does_not_fit_names_the_first_entry_in_doubt(head, first_bad):
    verdict = verify(CHAIN, head)
    assert (verdict.intact, verdict.first_bad) == (False, first_bad)


def test_half_a_surrogate_pair_from_a_file_is_hashed_like_any_text():
    forged = replace(CHAIN[1], actor="\ud800")
    assert verify([CHAIN[0], forged, *CHAIN[2:]], None).first_bad == 2
    assert verify([CHAIN[0], resealed(forged)], None).intact
