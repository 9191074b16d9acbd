"""Decisions a second on AWS managed policies, and each beside iam-simulate's: `python -m benchmarks evaluation`.

All evaluators decide the same requests in the same run, each on one core, with policies and requests ready in memory
and nothing asked before: policies compiled (ours) or checked (iam-simulate) once, no decision remembered.
"""

import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.differential import compared, page
from benchmarks.evaluation_cases import MANAGED, generated_cases, managed_cases
from benchmarks.figures import Figure
from benchmarks.naive_evaluation import decide_naively
from benchmarks.peers import npm_peer, python_peer
from migrator.domain.policy.evaluate import Policies, Request

COUNT = 6_000
NAIVE, PMAPPER = 1_000, 300
DISAGREEMENTS = Path(__file__).with_name("disagreements.md")
SIMULATE = "@cloud-copilot/iam-simulate@0.1.173"
LAYERS = ("boundary", "session", "scp", "rcp", "resource")


def figures():
    """Speed beside three others, then the judgement of every disagreement; raises where one is unexplained."""
    if not MANAGED.exists():
        print(f"{MANAGED}: no managed policies to measure on", file=sys.stderr)
        return []
    managed, generated = managed_cases(COUNT), generated_cases(COUNT)
    work, unit = "decisions on managed policies", "/s"
    first, again = ours(managed)
    found = [
        Figure(work, first, unit, "iam-simulate", iam_simulate(managed)[0], limit=100),
        Figure(work, first, unit, "naive", naive(managed[:NAIVE])),
        Figure(work, first, unit, "PMapper", pmapper(managed[:PMAPPER])),
        Figure("the same decisions remembered", again, unit, "first asked", first),
    ]
    return found + differential(managed + generated)


def ready(cases):
    """Policies compiled once for all cases that share them, and the requests to ask of them."""
    compiled = {}
    for case in cases:
        key = json.dumps([case["identity"], *(case[layer] for layer in LAYERS)])
        if key not in compiled:
            compiled[key] = Policies(case["identity"], **{layer: case[layer] for layer in LAYERS})
        request = case["request"]
        asked = Request(request["principal"], request["action"], request["resource"], request["context"])
        yield compiled[key], asked


def ours(cases, rounds=5):
    """Decisions a second, never asked before and asked a second time; the median of rounds that share nothing."""
    first, again = [], []
    for _ in range(rounds):
        asked = list(ready(cases))
        gc.collect()
        gc.freeze()  # what is measured is not the collector walking over the set-up
        for rates in (first, again):
            start = perf_counter()
            for policies, request in asked:
                policies.decide(request)
            rates.append(len(asked) / (perf_counter() - start))
        gc.unfreeze()
    return median(first), median(again)


def naive(cases):
    start = perf_counter()
    for case in cases:
        decide_naively(case)
    return len(cases) / (perf_counter() - start)


def iam_simulate(cases):
    """Decisions a second and every answer; None and none where npm or the package cannot be had."""
    peer = npm_peer("iam-simulate", SIMULATE)
    if peer is None:
        return None, []
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = written(cases, folder), Path(folder, "answers.jsonl")
        runner = Path(__file__).with_name("iam_simulate.mjs")
        seconds = done(["node", str(runner), str(peer), str(asked), str(answered)])
        answers = [json.loads(line) for line in answered.read_text().splitlines()] if seconds else []
    return seconds and len(cases) / seconds, answers


def pmapper(cases):
    peer = python_peer("pmapper", "principalmapper==1.1.5")
    if peer is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        runner = Path(__file__).with_name("pmapper_evaluation.py")
        seconds = done([str(peer / "python"), str(runner), str(written(cases, folder))])
    return seconds and len(cases) / seconds


def written(cases, folder):
    path = Path(folder, "cases.jsonl")
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return path


def done(command):
    """The seconds that a peer says it took; None where it failed."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        print(f"{command[1]}: {ended.stderr[-400:]}", file=sys.stderr)
        return None
    return float(ended.stdout)


def differential(cases):
    """Every case decided by both, the page written, and three figures; raises where anything is left unexplained."""
    _, answers = iam_simulate(cases)
    if not answers:
        return []
    outcome = compared(cases, answers)
    DISAGREEMENTS.write_text(page(outcome, SIMULATE))
    assert not outcome.unexplained, f"{len(outcome.unexplained)} disagreements without explanation: {DISAGREEMENTS}"
    assert not outcome.wrongly_allowed, f"{len(outcome.wrongly_allowed)} requests wrongly allowed: {DISAGREEMENTS}"
    note = "each explained in benchmarks/disagreements.md"
    return [
        Figure("requests decided by both", outcome.decided, "", limit=10_000),
        Figure("of them disagreed on", sum(map(len, outcome.explained.values())), "", note=note),
        Figure("of them wrongly allowed", len(outcome.wrongly_allowed), ""),
    ]
