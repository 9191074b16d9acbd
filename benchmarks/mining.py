"""Megabytes of CloudTrail JSON mined a second, beside tools that only unpack, and beside trailscraper.

Every figure is from one run over the same generated files (see `benchmarks.trail`), best of three, the rivals in turn
with ours. Speeds are given by the processor's time and by the clock: on a machine that does other work too, only the
first can be compared. Before anything is timed, what is mined must equal what `json.loads` and a few counters find.
"""

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.peers import program, python_peer
from benchmarks.trail import write_trail
from migrator.adapters.catalogue import Catalogue
from migrator.adapters.usage.files import FolderTrail
from migrator.adapters.usage.workers import sums_of
from migrator.operations.mine_usage import mine_usage

FILES, EVENTS, COPIES, WORKERS = 120, 500, 16, 2
SCRAPED = 6
"""Files that trailscraper is given: it is slow, and its speed does not depend on how many there are."""
REFUSED = {"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"}


def figures():
    with tempfile.TemporaryDirectory() as place:
        once, many, few = (Path(place) / name for name in ("once", "many", "few"))
        raw = write_trail(once, FILES, EVENTS)
        paths = sorted(once.rglob("*.gz"))
        copy(paths, many, COPIES)
        copy(paths[:SCRAPED], few, 1)
        assert mined(once) == counted(once), "mining and counting plainly differ"
        yield from speeds(once, many, few, raw / 1e6)
        yield from peaks(many, paths, Path(place))


def copy(paths, root, times):
    """The same logs again, under names of their own; each is another log to whoever reads them."""
    folder = root / "AWSLogs/o-bench00001/111122223333/CloudTrail/eu-west-1/2026/05/04"
    folder.mkdir(parents=True)
    for path in paths:
        for number in range(times):
            os.link(path, folder / path.name.replace("Z_", f"Z_{number:02}"))


def speeds(once, many, few, megabytes):
    ours, igzip = best(partial(mine, many), partial(unpack, program("igzip", "isal"), many))
    (packed,) = best(partial(unpack, program("gzip", "gzip"), once), rounds=1)
    (scraped,) = best(partial(scrape, few), rounds=1)
    sizes = {"many": megabytes * COPIES, "once": megabytes, "few": megabytes * SCRAPED / FILES}
    for kind, note in (("cpu", "of processor time"), ("wall", "by the clock")):
        unit, limit = f"MB/s {note}", kind == "cpu"
        speed = per(sizes["many"], ours, kind)
        work = "mine CloudTrail, two workers"
        yield Figure(work, speed, unit, "igzip -dc, two cores", per(sizes["many"], igzip, kind), 0.4 if limit else None)
        yield Figure(work, speed, unit, "gzip -dc, two cores", per(sizes["once"], packed, kind))
        # It has no second worker: a second of its one processor is a second of it.
        theirs = per(sizes["few"] / (WORKERS if limit else 1), scraped, kind)
        yield Figure(work, speed, unit, "trailscraper select", theirs, 40 if limit else None)


def peaks(many, paths, place):
    yield Figure("peak memory of a mining process", peak_of_mining(many), "MiB", limit=64, less_is_better=True)
    large = place / "large"
    large.mkdir()
    records = [record for path in paths[:60] for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    text = json.dumps({"Records": records}, separators=(",", ":")).encode()
    (large / "events.json.gz").write_bytes(gzip.compress(text, 1))
    note = f"one file of {len(text) / 1e6:.0f} MB"
    yield Figure(
        "peak memory of a mining process", peak_of_mining(large), "MiB", limit=64, less_is_better=True, note=note
    )


def per(megabytes, taken, kind):
    """Megabytes a second; by the processor's time, those of all processes together count."""
    return megabytes / taken[kind] if taken else None


def best(*works, rounds=3):
    """The shortest times of each work, done in turn; None for one that could not be done.

    By the clock, and of the processor: other work on a shared machine lengthens the first much more than the second.
    """
    found = [None for _ in works]
    for _ in range(rounds):
        for number, work in enumerate(works):
            begun, used = perf_counter(), processor_seconds()
            if work() is not False:
                taken = {"wall": perf_counter() - begun, "cpu": (processor_seconds() - used) / WORKERS}
                found[number] = {kind: min(taken[kind], (found[number] or taken)[kind]) for kind in taken}
    return found


def processor_seconds():
    """What this process and those it started and waited for have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def mine(root):
    return mine_usage(FolderTrail(str(root), Catalogue()), carry=partial(sums_of, workers=WORKERS))


def unpack(tool, root):
    """As many processes as ours, each with its share of the files; False where the tool is not here."""
    if tool is None:
        return False
    paths = [str(path) for path in sorted(root.rglob("*.gz"))]
    shares = [
        subprocess.Popen([tool, "-dc", *paths[number::WORKERS]], stdout=subprocess.DEVNULL) for number in range(WORKERS)
    ]
    return max(share.wait() for share in shares) == 0


def scrape(root):
    scraper = python_peer("trailscraper", "trailscraper")
    if scraper is None:
        return False
    command = [scraper / "trailscraper", "select", "--log-dir", str(root), "--from", "2026-05-03", "--to", "2026-05-06"]
    environment = {**os.environ, "TZ": "UTC"}
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment).returncode == 0


def mined(root):
    found = {}
    for user in mine(root).users:
        for row in user.to_json()["calls"]:
            key = (user.principal, row["event_source"], row["event_name"])
            known = found.get(key)
            assert known is None, "one row for each kind of call"
            found[key] = (row["calls"], row["denied"], row["first"], row["last"])
    return found


def counted(root):
    """What a script would do: json.loads, and a few counters."""
    found = {}
    for path in sorted(root.rglob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            who, at = record["userIdentity"], record["eventTime"]
            if who["type"] != "IAMUser":
                continue
            key = (who["arn"], record["eventSource"], record["eventName"])
            calls, denied, first, last = found.get(key, (0, 0, at, at))
            refused = record.get("errorCode") in REFUSED
            found[key] = (calls + 1, denied + refused, min(first, at), max(last, at))
    return found


def peak_of_mining(root):
    """MiB at the peak of the largest of the processes that mine."""
    command = [sys.executable, "-m", "benchmarks.mining", str(root)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024


if __name__ == "__main__":
    mine(Path(sys.argv[1]))
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
