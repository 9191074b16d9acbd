"""Every command of a migration is cut somewhere on the real sandbox and run again: the same end, and nothing lost.

A bounded share, chosen by a fixed seed; every place of every command is cut by `make bench-faults`.
"""

from random import Random
from time import perf_counter

import pytest

from migrator.cli.demo import PlayedClock
from migrator.sandbox import launch
from tests.scenario.awkward_wave import LEAVER, TWO_ACCOUNTS, a_range, transitions
from tests.scenario.company import build
from tests.scenario.cuts_on_sandbox import Tally, Throwaway, ThrowawayOnServer
from tests.scenario.killed import killed_migration

SEED = 20_260_301
KILLED = 8
"""One of so many transitions is cut by a real SIGKILL, the others by an exception that nobody may catch."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The company in a sandbox of these tests."""
    sandbox = launch.start(log=tmp_path_factory.mktemp("cuts") / "sandbox.log")
    yield build(sandbox.endpoint, sandbox.control)
    launch.stop(sandbox)


@pytest.fixture
def company(built):
    """The company as it was before anybody came."""
    built.clock = PlayedClock(built.clock.control)
    built.clock.control.restore(built.born)
    built.clock.control.clear_calls()
    built.clock.refresh()
    built.forget_sessions()
    return built


@pytest.fixture
def tell(record_property):
    """Give the figures to the summary of the run."""
    begun = perf_counter()

    def say(tally: Tally) -> None:
        record_property("cuts", [tally.cuts, tally.kills, tally.worlds, len(tally.lost), perf_counter() - begun])
        assert not tally.lost, "\n".join(tally.lost)

    return say


def share(place, users, every) -> Tally:
    """One cut of each of so many transitions."""
    chance, tally = Random(SEED), Tally()  # noqa: S311  # the same in every run
    for n, (one, back) in enumerate(transitions(place, users)):
        if n % every:
            continue
        kept, point = place.keep(), chance.choice(one.points)
        if n % KILLED == 0:
            tally += place.kill(one, point)
        else:
            tally += place.try_points(one, [point], back=back)
        place.put(kept)
        place.forget(kept)
    return tally


@pytest.mark.parametrize(("user", "every"), [("data/alice", 4), ("data/grace", 3)])
def test_wherever_a_command_is_cut_it_ends_the_same_when_it_is_run_again(company, tmp_path, tell, user, every):
    place = a_range(company, tmp_path, Throwaway(tmp_path), (user,))
    tell(share(place, (user,), every))


def test_access_half_given_is_finished_or_answered(company, tmp_path, tell):
    """These lost something once: the set's run that died as its last change came true, the person's name, the gates."""
    place = a_range(company, tmp_path, Throwaway(tmp_path), TWO_ACCOUNTS[:1])
    given = next(one for one, _ in transitions(place, TWO_ACCOUNTS[:1]) if one.name.endswith("provisioned"))
    changed = [point for point in given.points if point.moment == "after"]
    last = [point for point in given.points if point.moment == "commit"][-3:]
    tell(place.try_points(given, [*changed[::-2], *last], back=True))


def test_on_postgresql_too(company, tmp_path, postgres, tell):
    place = a_range(company, tmp_path, ThrowawayOnServer(postgres), (LEAVER,))
    tell(share(place, (LEAVER,), every=5))


def test_a_migration_that_is_killed_again_and_again_ends_as_if_nobody_had(company, tmp_path, tell):
    place = a_range(company, tmp_path, Throwaway(tmp_path), TWO_ACCOUNTS)
    tally = killed_migration(place, TWO_ACCOUNTS, seed=SEED, times=1)
    assert tally.kills
    tell(tally)
