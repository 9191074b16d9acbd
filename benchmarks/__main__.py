"""Every benchmark, one table: `python -m benchmarks [NAME…]`, for example `python -m benchmarks mining`.

Each benchmark is a module of this folder with `figures()`, which yields figures of one run. All of them are printed as
one table and, when none was left out, written to `benchmarks/results.md` with machine, versions and date.
"""

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import table

ALL = ("evaluation", "mining", "grouping", "coverage", "discovery", "status")
RESULTS = Path(__file__).with_name("results.md")
VERSIONS = ("iam-user-migrator", "boto3", "moto", "msgspec", "deflate", "sqlalchemy")


def page(measured):
    """The table with where and when it was made."""
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    return f"""# Benchmarks

Written by `make bench`. Ratios are ours over a rival's in the same run (or the other way round, where less is better);
absolute numbers mean little on a shared machine. `distance` is how far beyond the limit: below 1 it is missed.

{table(measured)}

| | |
|---|---|
| date | {datetime.now(UTC):%Y-%m-%d} |
| machine | {platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()} |
| Python | {platform.python_version()} |
| versions | {versions} |
"""


def main():
    chosen = sys.argv[1:] or ALL
    unknown = set(chosen) - set(ALL)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    measured = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        measured += importlib.import_module(f"benchmarks.{name}").figures()
    print(table(measured))
    if tuple(chosen) == ALL:
        RESULTS.write_text(page(measured))


if __name__ == "__main__":
    main()
