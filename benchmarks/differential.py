"""Our decisions beside iam-simulate's: every disagreement is explained by a reading of the language, or is listed."""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations

from benchmarks.naive_evaluation import decide_naively
from benchmarks.readings import READINGS
from migrator.operations.evaluate_policies import evaluate_policies

THEIRS = {
    "Allowed": "allowed",
    "ImplicitlyDenied": "implicitly_denied",
    "ExplicitlyDenied": "explicitly_denied",
}
MOST_READINGS = 4
SHOWN = 20


@dataclass
class Outcome:
    """What a comparison found; `explained` has the disagreements by the readings that bring them about."""

    decided: int = 0
    refused: Counter = field(default_factory=Counter)
    agreed: Counter = field(default_factory=Counter)
    explained: dict = field(default_factory=dict)
    unexplained: list = field(default_factory=list)
    wrongly_allowed: list = field(default_factory=list)


@dataclass(frozen=True)
class Disagreement:
    case: dict
    ours: str
    theirs: str
    statement: str


def compared(cases, answers):
    """Judges every case; those that iam-simulate would not decide are counted by its reason."""
    outcome = Outcome()
    for case, answer in zip(cases, answers, strict=True):
        if not answer.get("result"):
            outcome.refused[(answer.get("error") or {}).get("message", "no single result")] += 1
            continue
        outcome.decided += 1
        judge(known_to_both(case, answer), THEIRS[answer["result"]], outcome)
    return outcome


def known_to_both(case, answer):
    """The case without the context keys that iam-simulate takes for another service's."""
    kept = {key: value for key, value in case["request"]["context"].items() if key not in answer["ignored"]}
    return case | {"request": case["request"] | {"context": kept}}


def judge(case, theirs, outcome):
    (answer,) = evaluate_policies([{key: value for key, value in case.items() if key != "owner"}])
    ours = answer["decision"]
    if ours == theirs:
        outcome.agreed[ours] += 1
        return
    found = Disagreement(case, ours, theirs, f"{answer['statement']} ({answer['layer']})")
    readings = explanation(case, ours, theirs)
    if readings is None:
        outcome.unexplained.append(found)
    else:
        outcome.explained.setdefault(readings, []).append(found)
    documented = readings and all(READINGS[one].ours == "documented" for one in readings)
    if ours == "allowed" and not documented:
        outcome.wrongly_allowed.append(found)


def explanation(case, ours, theirs):
    """The fewest readings with which the naive evaluator decides as they do; None where none do, or it errs itself."""
    if decide_naively(case) != ours:
        return None
    for count in range(1, MOST_READINGS + 1):
        for readings in combinations(READINGS, count):
            if decide_naively(case, frozenset(readings)) == theirs:
                return readings
    return None


def page(outcome, package):
    """The comparison as a Markdown page."""
    disagreed = [one for found in outcome.explained.values() for one in found] + outcome.unexplained
    refused = "; ".join(f"{count} {reason}" for reason, count in outcome.refused.most_common())
    return f"""# Disagreements with iam-simulate

Written by `python -m benchmarks evaluation`. `{package}` and we decided the same {outcome.decided:,}
random requests, on AWS managed policies and on generated policies with conditions in every layer: identity, boundary,
session, SCP, RCP and resource policies. We agreed on {sum(outcome.agreed.values()):,} ({said(outcome.agreed)})
and disagreed on {len(disagreed):,}. It would not decide {sum(outcome.refused.values()):,} more ({refused}).

A disagreement is explained when our naive evaluator, which shares no code with the compiled one and agrees with it on
the case, decides as iam-simulate does once it reads the language as the table says. Nothing here was tried on AWS: who
is right is judged by AWS's documents, and where they leave it open, ours is the reading that grants less (`careful`).

- Unexplained: **{len(outcome.unexplained)}** (one is enough to fail the run)
- Allowed by us alone, without AWS's documents saying so: **{len(outcome.wrongly_allowed)}** (the same)

## Readings

| iam-simulate's reading | what AWS's documents say | ours | cases | allowed by us alone | allowed by them alone |
|---|---|---|---|---|---|
{rows(outcome)}

A case that takes several readings at once counts for each.

## An example of each

{examples(outcome)}
{listed(outcome.unexplained, "## Unexplained")}{listed(outcome.wrongly_allowed, "## Wrongly allowed")}"""


def said(counts):
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.most_common())


def by_reading(outcome, name):
    return [one for readings, found in outcome.explained.items() if name in readings for one in found]


def rows(outcome):
    lines = []
    for name, reading in READINGS.items():
        found = by_reading(outcome, name)
        only_ours = sum(one.ours == "allowed" for one in found)
        only_theirs = sum(one.theirs == "allowed" for one in found)
        counts = f"{len(found)} | {only_ours} | {only_theirs}"
        lines.append(f"| {reading.theirs} | {reading.says} | {reading.ours} | {counts} |")
    return "\n".join(lines)


def examples(outcome):
    lines = []
    for readings, found in outcome.explained.items():
        if len(readings) == 1:
            shortest = min(found, key=lambda one: len(json.dumps(one.case)))
            lines.append(f"**{READINGS[readings[0]].theirs}.**\n\n{shown(shortest)}\n")
    return "\n".join(sorted(lines))


def listed(found, title):
    if not found:
        return ""
    return f"\n{title}\n\n" + "\n".join(shown(one) + "\n" for one in found[:SHOWN])


def shown(one):
    case = {key: value for key, value in one.case.items() if value and key != "owner"}
    return f"ours {one.ours}, theirs {one.theirs}:\n\n```json\n{json.dumps(case)}\n```"
