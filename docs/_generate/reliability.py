"""The page of bad days: the fault matrix, from the parameters of the test that plays it."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import migrator
from migrator.adapters.aws.changes.center_kind import PATIENCE as ASYNCHRONOUS
from migrator.adapters.aws.patience import ATTEMPTS, LONGEST
from migrator.domain.gates.result import span
from migrator.operations.apply import CONSISTENCY, PATIENCE, PAUSES

from .markdown import page, table

STORMS = Path(str(migrator.__file__)).parents[1] / "tests/scenario/storms.py"

INTRODUCTION = """\
AWS throttles, drops connections, forgets to answer, shows yesterday's state and ends requests later than it says yes to
them. On such a day a migration either ends as on a calm day, or it stops, names whom it concerns and what to do next;
then the same command, run again, ends it."""

HOW = f"""\
- A call that is throttled or unanswered is made at most {ATTEMPTS} times, with pauses that double up to
  {LONGEST:.0f} seconds; a client whose calls mostly fail stops repeating them. No other layer repeats such a call.
- A change that AWS puts off (`ConcurrentModification`, `EntityTemporarilyUnmodifiable`, `ConflictException` of the
  reason `CONCURRENT_MODIFICATION`, a request that ends `FAILED` for a reason that passes) is looked at and made again,
  at most {len(PAUSES) + 1} times within {span(PATIENCE)}.
- Every change is looked at before and after it is made. A look that does not show what it should is repeated for
  {span(CONSISTENCY)}, because IAM shows older states for some seconds. So an answer that was lost is found, and
  nothing is deleted twice.
- An assignment or a provisioning that does not end within {span(ASYNCHRONOUS)} is told by its request id.
- An answer that nobody can have at the moment stays an open question in the journal; the next command asks it first.
- A listing's pages may come empty or twice; a listing that never ends is refused."""

MATRIX = """\
Each row is a bad day, played in a simulated organization against the real commands, whose waits are played too. The
matrix is the test's own (`tests/scenario/storms.py`). After every cell the test compares AWS's state, the users' states
and the number of destructive effects with those of a calm day, and asks that waits and attempts stayed within bounds,
that the journal holds no open question and that `audit verify` finds the record whole."""

DEMO = """\
## Play one yourself

The simulated organization of `migrator demo` has the same switch, over HTTP, with the address of `.demo/env`:

```
curl -d '{"rules": [{"fault": "throttle", "percent": 30}]}' $AWS_ENDPOINT_URL/sandbox/faults/set
curl -d '{}' $AWS_ENDPOINT_URL/sandbox/faults
curl -d '{}' $AWS_ENDPOINT_URL/sandbox/faults/clear
```

`migrator/sandbox/faults.py` says what a rule may be."""


def reliability_page() -> str:
    """What a bad day comes to, and why."""
    given = storms()
    legend = "\n".join(f"- **{end}**: {meaning}" for end, meaning in given.ENDS.items())
    rows = [(storm.name, *(storm.ends.get(stage, "–") for stage in given.STAGES)) for storm in given.STORMS]
    return page(
        "Bad days of AWS",
        "tests/scenario/storms.py",
        INTRODUCTION,
        "## What is done about it",
        HOW,
        "## The fault matrix",
        MATRIX,
        legend,
        table(("what AWS does", *given.STAGES.values()), rows),
        DEMO,
    )


def storms() -> ModuleType:
    """The parameters; loaded by their path, because tests are no package."""
    spec = spec_from_file_location("storms", STORMS)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(STORMS)
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
