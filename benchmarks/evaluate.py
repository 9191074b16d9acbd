"""Decisions a second on AWS managed policies, beside the naive evaluator: `python -m benchmarks.evaluate`.

Three figures for ours: *first* (compiled before, nothing asked yet), *cold* (each service of a policy
asked once before, no decision remembered: every request is new) and *warm* (every request asked before).
"""

import gc
import json
import random
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.naive_evaluation import decide_naively
from migrator.domain.policy.evaluate import Policies, Request, decide

DATA = Path(__file__).parents[2] / "shared/data/policies/aws_managed_policies.jsonl"
RESOURCES = ("*", "arn:aws:s3:::b/k", "arn:aws:iam::111111111111:role/x", "arn:aws:sqs:eu-west-1:111111111111:q")
CONTEXT = {
    "aws:RequestedRegion": "eu-west-1",
    "aws:SourceIp": "203.0.113.9",
    "iam:PassedToService": "ec2.amazonaws.com",
}


def actions_of(document):
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    for statement in statements:
        listed = statement.get("Action", [])
        yield from [listed] if isinstance(listed, str) else listed


def requests_of(documents, count, seed=1):
    """Random distinct requests: half ask a policy for something like what it names, half for what another names."""
    chance = random.Random(seed)  # noqa: S311  # a repeatable choice, no secret
    own = [[*actions_of(document)] or ["s3:GetObject"] for document in documents]
    everything = sorted({action for actions in own for action in actions})
    found = {}
    while len(found) < count:
        index = chance.randrange(len(documents))
        pattern = chance.choice(own[index] if chance.random() < 0.5 else everything)
        action = "".join(f"X{chance.randrange(100)}" if letter in "*?" else letter for letter in pattern)
        if ":" in action:
            found[index, action, chance.choice(RESOURCES)] = None
    return [(index, Request("arn:aws:iam::111111111111:user/a", action, on, CONTEXT)) for index, action, on in found]


def timed(label, work, count):
    start = perf_counter()
    answers = work()
    rate = count / (perf_counter() - start)
    print(f"{label:<8}{rate:>12,.0f} decisions/s")
    return answers, rate


def main():
    if not DATA.exists():
        sys.exit(f"{DATA}: no managed policies to measure on")
    documents = [json.loads(line)["document"] for line in DATA.read_text().splitlines()]
    requests = requests_of(documents, 60_000)
    compiled = [Policies([document]) for document in documents]
    gc.freeze()  # what is measured is not the collector walking over the set-up
    first, cold = requests[:20_000], requests[20_000:]
    timed("first", lambda: [decide(compiled[index], request).result for index, request in first], len(first))
    ours, rate = timed("cold", lambda: [decide(compiled[index], request).result for index, request in cold], len(cold))
    timed("warm", lambda: [decide(compiled[index], request).result for index, request in cold], len(cold))
    sample = cold[:1_000]
    plain = [(index, {"action": r.action, "resource": r.resource, "context": r.context}) for index, r in sample]
    naive, slow = timed(
        "naive", lambda: [decide_naively([documents[index]], None, None, one) for index, one in plain], len(plain)
    )
    assert naive == ours[: len(naive)]
    print(f"cold is {rate / slow:,.0f} times naive; {len(sample):,} answers compared, all equal")


if __name__ == "__main__":
    main()
