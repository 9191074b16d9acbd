"""What must exist in Identity Center, in as many changes as AWS needs writes."""

from itertools import pairwise

import pytest

from migrator.domain.changes import Change, outstanding
from migrator.domain.provisioning import writes

AT = ("arn:aws:sso:::instance/ssoins-1", "data")


def a_set(description="Reads", duration="PT8H", **tags: str):
    return {"description": description, "session_duration": duration, "tags": tags}


SPLITS = {
    "fields alone": (a_set(duration="PT1H", Owner="data"), a_set(Owner="data"), 1),
    "a tag more": (a_set(Owner="data"), a_set(Owner="data", App="lake"), 1),
    "a tag's value": (a_set(Owner="data"), a_set(Owner="web"), 1),
    "a tag less": (a_set(Owner="data", App="lake"), a_set(Owner="data"), 1),
    "a tag for another": (a_set(Old="1"), a_set(New="1"), 2),
    "everything": (a_set("By hand", "PT1H", Old="1", Owner="web"), a_set(Owner="data", New="1"), 3),
}


@pytest.mark.parametrize(("before", "after", "count"), SPLITS.values(), ids=SPLITS)
def test_an_update_of_a_set_is_one_change_a_write(before, after, count):
    steps = writes(Change("permission-set", AT, before, after))
    assert len(steps) == count
    assert (steps[0].before, steps[-1].after) == (before, after)
    for one, other in pairwise(steps):
        assert one.after == other.before
    assert all(calls(step) == 1 for step in steps)


def calls(change):
    """How many writes the adapter makes of a change."""
    before, after = change.before, change.after
    fields = any(before[each] != after[each] for each in ("description", "session_duration"))
    added = any(before["tags"].get(key) != value for key, value in after["tags"].items())
    return fields + added + bool(before["tags"].keys() - after["tags"].keys())


def test_the_steps_of_an_update_are_fields_then_new_tags_then_dropped_ones():
    fields, added, dropped = writes(Change("permission-set", AT, *SPLITS["everything"][:2]))
    assert fields.after == a_set(Old="1", Owner="web")
    assert added.after == a_set(Old="1", Owner="data", New="1")
    assert dropped.after == a_set(Owner="data", New="1")


def test_what_the_steps_come_to_is_the_update():
    whole = Change("permission-set", AT, *SPLITS["everything"][:2])
    assert outstanding(writes(whole)) == (whole,)


WHOLE = {
    "a creation": Change("permission-set", AT, None, a_set(Owner="data")),
    "a deletion": Change("permission-set", AT, a_set(Owner="data"), None),
    "another kind": Change("permission-set-inline-policy", AT, {"Version": "1"}, {"Version": "2"}),
}


@pytest.mark.parametrize("change", WHOLE.values(), ids=WHOLE)
def test_everything_else_is_one_write_already(change):
    assert writes(change) == (change,)
