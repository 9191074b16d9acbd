"""A whole migration of several users at once, by processes that are killed a dozen times, and one that nobody kills."""

from dataclasses import dataclass, field
from random import Random

from tests.scenario import endings as end
from tests.scenario.awkward_wave import whole_way
from tests.scenario.cuts_on_sandbox import Point, Range, Tally


@dataclass
class Killer:
    """Runs commands; kills each some times at points of its uncut run, chosen by chance, and then lets it end."""

    place: Range
    chance: Random
    times: int
    points: list[tuple[Point, ...]] = field(default_factory=list)
    kills: int = 0

    def note(self, *words: str) -> None:
        """Run a command to its end and remember its points."""
        answer = self.place.process.whole(*words)
        assert answer.code == 0, f"{words}: {answer.err}{answer.out}"
        self.points.append(tuple(self.place.process.fuse.points))

    def kill(self, *words: str) -> None:
        """Run a command, killed on its way, until it ends."""
        points = self.points.pop(0)
        for _ in range(self.times):
            self.kills += self.place.process.kill(self.chance.choice(points), *words)
            self.place.company.clock.refresh()
        answer = self.place.process.whole(*words)
        assert answer.code == 0, f"{words}, killed: {answer.err}{answer.out}"


def killed_migration(place: Range, users: tuple[str, ...], *, seed: int, times: int = 3) -> Tally:
    """Play the migration whole, then killed `times` times in each of its five commands; what the second one lost."""
    killer, kept = Killer(place, Random(seed), times), place.keep()  # noqa: S311  # the same in every run
    endings = []
    known = end.ids(end.read_aws(place.company, None), end.read_store(place.process.database))
    for run in (killer.note, killer.kill):
        place.put(kept)
        whole_way(place, users, run)
        told = (end.read_aws(place.company, None), end.read_store(place.process.database))
        endings.append([end.without_new(one, known) for one in told])
    whole, after = endings
    for _, store in endings:
        # Each of the two works in the portal for itself: other log files, of other moments.
        del store["usage_parts"], store["usage_facts"]
    lost = end.difference(whole[0], after[0], "aws") + end.difference(whole[1], after[1], "store")
    lost += end.questions(place.process.database)
    told_lost = [f"a whole migration, killed {killer.kills} times: {line}" for line in lost]
    return Tally(killer.kills, killer.kills, killer.kills, told_lost)
