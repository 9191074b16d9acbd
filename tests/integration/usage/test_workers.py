"""Several processes add up what one would."""

import os
from functools import partial
from io import BytesIO

import pytest

from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.adapters.usage.records import Window
from migrator.adapters.usage.sums import Summing
from migrator.adapters.usage.workers import BATCH, WorkerDied, sums_of
from migrator.domain.errors import Unreachable
from migrator.domain.usage import UsageSums
from migrator.operations.mine_usage import BEGINNING, END, mine_usage
from tests.unit.usage.trail_records import a_file, a_record, an_identity


@pytest.fixture
def folder(tmp_path):
    for number in range(3 * BATCH + 5):
        who = an_identity(f"arn:aws:iam::111122223333:user/user-{number % 3}")
        data = a_file(a_record(userIdentity=who), a_record(eventName=f"Get{number}"))
        (tmp_path / f"{number:03}.json.gz").write_bytes(data if number % 7 else data[:-9])
    return tmp_path


def test_the_number_of_processes_changes_nothing_but_the_time(folder):
    trail = FolderTrail(str(folder), Catalogue())
    one, *others = (mine_usage(trail, carry=partial(sums_of, workers=number)) for number in (1, 2, 3))
    assert [each.to_json() for each in others] == [one.to_json()] * 2
    assert (one.files, one.events, len(one.bad_files), len(one.users)) == (45, 90, 8, 4)


def test_progress_is_heard_and_ends_with_everything(folder):
    trail, heard = FolderTrail(str(folder), Catalogue()), []
    sums_of(trail.summing, trail.list_parts(BEGINNING, END), lambda *seen: heard.append(seen), workers=2)
    assert heard[-1] == (45, 90)
    assert heard == sorted(heard)


def test_a_folder_without_files_gives_nothing(tmp_path):
    assert sums_of(FolderTrail(str(tmp_path), Catalogue()).summing, [], workers=2) == UsageSums()


def kill():
    return lambda _parts: os._exit(9)


def refuse():
    def add(_parts):
        raise Unreachable("the bucket is silent")

    return add


@pytest.mark.parametrize(
    ("summing", "error"), [(kill, WorkerDied), (refuse, Unreachable)], ids=["that is killed", "that cannot read"]
)
def test_a_process_ends_the_mining_with_its_reason(summing, error):
    with pytest.raises(error):
        sums_of(summing, [1] * BATCH * 9, workers=2)


def test_sums_of_a_summing_hold_all_it_was_given():
    summing = Summing(Catalogue())
    for name in "ab":
        summing.add(name, BytesIO(a_file(a_record())), Window())
    assert (summing.sums.files, summing.sums.events) == (2, 2)
