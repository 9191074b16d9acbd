"""Files that are too large to be held: read in pieces, counted the same, and as wholly."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.inflate import AT_ONCE, Unreadable, unpacked
from migrator.adapters.usage.records import Window, part_usage
from migrator.adapters.usage.sums import Summing
from tests.unit.usage.trail_records import PART, a_record, a_session, an_identity, counted, reference

CATALOGUE = Catalogue()


def pack(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def records(number: int):
    who = [an_identity(), a_session("Deploy", "x"), an_identity(accessKeyId="ASIA1"), {"type": "AWSService"}]
    nested = {"items": [{"a": 1}, {"eventVersion": "1"}, {"b": '},{"eventVersion":"1.1"'}]}
    return [
        a_record(userIdentity=who[each % 4], eventName=f"Get{each % 5}", eventID=str(each), requestParameters=nested)
        for each in range(number)
    ]


MANY = records(17_000)
SHAPES = {
    "compact": json.dumps({"Records": MANY}, separators=(",", ":")),
    "spaced": json.dumps({"Records": MANY}),
    "pretty-printed": json.dumps({"Records": MANY}, indent=2),
    "sorted by key": json.dumps({"Records": MANY}, sort_keys=True),
    "a bare list": json.dumps(MANY),
    "lines": "".join(json.dumps(each) + "\n" for each in MANY),
    "lines without an end": "\n".join(json.dumps(each) for each in MANY),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("stored", [pack, bytes], ids=["packed", "plain"])
def test_a_large_file_is_counted_in_pieces_as_it_would_be_whole(text, stored):
    assert len(text) > AT_ONCE
    usage = part_usage(PART, BytesIO(stored(text.encode())), CATALOGUE)
    assert (usage.bad, usage.events) == ("", len(MANY))
    assert counted(usage) == reference(MANY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SHAPES["compact"][:-2], "truncated JSON"),
        (SHAPES["compact"][:-1], "truncated JSON"),
        (SHAPES["compact"][:-700], "truncated JSON"),
        (SHAPES["a bare list"][:-1], "truncated JSON"),
        (SHAPES["lines"][:-30], "truncated JSON"),
        (SHAPES["compact"] + "tail", "truncated JSON"),
        ("?".join(SHAPES["compact"].rsplit('"eventTime"', 1)), "malformed JSON"),
    ],
)
def test_of_a_large_file_that_is_broken_anywhere_nothing_counts(text, why):
    usage = part_usage(PART, BytesIO(text.encode()), CATALOGUE)
    assert (usage.bad, usage.events, usage.facts) == (why, 0, ())
    summing = Summing(CATALOGUE)
    summing.add("broken", BytesIO(text.encode()), Window())
    summing.add("whole", BytesIO(SHAPES["compact"].encode()), Window())
    assert (summing.sums.bad, summing.sums.events, summing.sums.files) == ([("broken", why)], len(MANY), 1)


def test_a_large_file_adds_to_the_sums_what_its_pieces_hold():
    summing = Summing(CATALOGUE)
    summing.add("a", BytesIO(SHAPES["compact"].encode()), Window())
    found = Counter({who[0]: sum(row.calls for row in each.rows.values()) for who, each in summing.sums.doings.items()})
    assert found == {an_identity()["arn"]: len(MANY) // 2}


def test_gzip_members_of_one_length_are_all_read():
    one, two = (json.dumps(a_record(eventName=name)).encode() + b"\n" for name in ("GetA", "GetB"))
    usage = part_usage(PART, BytesIO(gzip.compress(one) + gzip.compress(two)), CATALOGUE)
    assert [fact.event for fact in usage.facts] == ["GetA", "GetB"]


def test_a_packed_file_cut_in_its_trailer_is_truncated():
    packed = gzip.compress(SHAPES["compact"].encode())
    for cut in (1, 4, 8, 9):
        with pytest.raises(Unreadable, match="truncated gzip"):
            [*unpacked(BytesIO(packed[:-cut]))]


MINE = """
import sys
from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.operations.mine_usage import mine_usage
report = mine_usage(FolderTrail(sys.argv[1], Catalogue()))
print(report.events, *(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone")
def test_memory_stays_small_and_flat_as_files_grow(tmp_path):
    events, peaks = [], []
    for times in (1, 4):
        text = json.dumps({"Records": MANY * times}, separators=(",", ":")).encode()
        (tmp_path / "events.json.gz").write_bytes(pack(text))
        ended = subprocess.run([sys.executable, "-c", MINE, str(tmp_path)], check=True, capture_output=True, text=True)
        number, peak = map(int, ended.stdout.split())
        events.append(number)
        peaks.append(peak)
    assert events == [len(MANY), 4 * len(MANY)]
    assert max(peaks) < 64 * 1024
    assert peaks[1] - peaks[0] < 12 * 1024, "four times the file, and a few pieces of it more in memory"
