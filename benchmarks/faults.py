"""Every cut of every command of a migration, on the sandbox: `python -m benchmarks.faults` (an hour on two idle cores).

Prints one line and writes it to `benchmarks/faults.md`, from where the README's table has it. Options: cut only one of
so many places (`--every 20`), and where to write (`--to FILE`).
"""

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter

import boto3
import moto

from migrator import __version__
from migrator.sandbox import launch
from tests.scenario.awkward_wave import EVERYBODY, FULL, REST, TWO_ACCOUNTS, a_range, transitions
from tests.scenario.company import build
from tests.scenario.cuts_on_sandbox import Tally, Throwaway
from tests.scenario.killed import killed_migration

SEED = 20_260_301
KILLS_A_COMMAND = 3
KILLED = 50
"""One of so many places is cut by a real SIGKILL as well."""

GROUPS = {"two accounts": TWO_ACCOUNTS, "full": FULL, "rest": REST, "killed": ()}
MEMORY = Path("/dev/shm")  # noqa: S108  # databases of a moment: what dies here is a process, not the machine
HERE = Path(__file__).with_suffix(".md")
README = Path(__file__).parents[1] / "README.md"
MARK = re.compile(r"(<!-- faults -->).*?(<!-- /faults -->)", re.DOTALL)


def one_group(name, every):
    """All cuts of a group's commands, in a sandbox of its own."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    sandbox = launch.start(log=folder / "sandbox.log")
    try:
        company = build(sandbox.endpoint, sandbox.control)
        users = GROUPS[name]
        place = a_range(company, folder, Throwaway(folder), users or EVERYBODY)
        if not users:
            return killed_migration(place, EVERYBODY, seed=SEED, times=KILLS_A_COMMAND)
        return every_cut(place, users, every)
    finally:
        launch.stop(sandbox)
        shutil.rmtree(folder)


def every_cut(place, users, every):
    chance, tally = Random(SEED), Tally()  # noqa: S311  # the same in every run
    for one, back in transitions(place, users):
        kept, begun = place.keep(), perf_counter()
        points = one.points[chance.randrange(min(every, len(one.points))) :: every]
        came = place.try_points(one, points, back=back)
        for point in chance.sample(points, len(points) // KILLED):
            came += place.kill(one, point)
        place.put(kept)
        place.forget(kept)
        place.forget(one.kept)
        tally += came
        print(f"{one.name}: {came.line(perf_counter() - begun)}", file=sys.stderr, flush=True)
    return tally


def page(line, every):
    """What was measured, where and when."""
    share = "every place" if every == 1 else f"one of {every} places"
    return f"""# Cut off anywhere

Written by `make bench-faults`. {line}

A wave of nine awkward users (every credential kind, full quotas, an existing boundary, all three full, a stranger under
an old name, two accounts of one person, a leaver) is migrated by the real commands against the sandbox, and cut at
{share}: before every attempt at an AWS call, after every call that changed something, before every commit. From each
world that a cut leaves, the same command is run again, and a rollback is begun. AWS and the store must end as if nobody
had cut anything, nothing destroyed twice, no question left in the journal, the record's chain whole.

| | |
|---|---|
| date | {datetime.now(UTC):%Y-%m-%d} |
| machine | {platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()} |
| Python | {platform.python_version()} |
| migrator, boto3, moto | {__version__}, {boto3.__version__}, {moto.__version__} |
"""


def told_in(readme, line):
    """The README with the line between its marks; unchanged where it has none."""
    return MARK.sub(lambda found: f"{found[1]}{line}{found[2]}", readme)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--to", type=Path, default=HERE)
    asked = options.parse_args()
    begun, tally = perf_counter(), Tally()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for came in pool.map(one_group, GROUPS, [asked.every] * len(GROUPS)):
            tally += came
    line = tally.line(perf_counter() - begun)
    print(line)
    for lost in tally.lost:
        print(f"  {lost}"[:400])
    asked.to.write_text(page(line, asked.every))
    if asked.to == HERE and README.exists():
        README.write_text(told_in(README.read_text(), line))
    sys.exit(bool(tally.lost))


if __name__ == "__main__":
    main()
