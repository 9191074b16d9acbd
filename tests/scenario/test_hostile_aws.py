"""Bad days of AWS: the migration ends as on a calm day, or stops and says whom; later the same command ends it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from migrator.adapters.aws.patience import ATTEMPTS
from migrator.operations.apply import PAUSES
from migrator.sandbox import launch
from tests.scenario.storms import CASES, DATA, EITHER, HALF_WAY, THROUGH, TOLD, Rule, Storm
from tests.scenario.terminal import Answer, Files
from tests.scenario.weather import OneThread, Weather, build, questions

DESTRUCTIVE = ("Delete", "Deactivate", "Detach", "Remove")
SEED = 1
NEXT = re.compile(r"\n  next: .+|\(.+\)")
"""The next step: on a line of its own, or in parentheses behind what is told of a user."""

LONGEST = 30 * 60
"""Seconds of the played clock that any command may take, whatever AWS does."""


@pytest.fixture(scope="module")
def weather(tmp_path_factory) -> Iterator[Weather]:
    sandbox = launch.start(log=tmp_path_factory.mktemp("weather") / "sandbox.log")
    yield build(sandbox.control, sandbox.endpoint, tmp_path_factory.mktemp("t"), Files(tmp_path_factory.mktemp("d")))
    launch.stop(sandbox)


def rules(weather: Weather, storm: Storm, stage: str) -> list[Rule]:
    """The storm's rules, with what only the weather knows: the account's id, and the middle of the stage."""
    known = {
        "after": {HALF_WAY: weather.calms[stage].attempts // 2},
        "account": {DATA: weather.company.accounts[DATA]},
    }
    return [{key: known.get(key, {}).get(value, value) for key, value in rule.items()} for rule in storm.rules]


def play(terminal: OneThread, commands: object) -> Answer:
    """The commands up to the first that does not end well; its answer, or the last one's."""
    answer = Answer(0, "", "")
    for words in commands:
        answer = terminal.run(*words, "--json")
        if answer.code:
            break
    return answer


def named(answer: Answer) -> dict[str, str]:
    """Whom it did not work for, with why and what is next; an account stands for its users, `*` for all."""
    if not answer.out:
        return {"*": answer.err if answer.err.startswith("error: ") and "\n  next: " in answer.err else ""}
    said = json.loads(answer.out)
    if "accounts" in said:
        return {each["account_id"]: each["error"] for each in said["accounts"] if each["error"]}
    return {user["user"]: user["why"] for user in said["users"] if user["outcome"] == "failed"}


def destructive(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if name.partition(":")[2].startswith(DESTRUCTIVE)}


def most_alike(weather: Weather) -> int:
    """How often the same change was asked of AWS, at most."""
    writes = Counter(
        (call["operation"], json.dumps(call["params"], sort_keys=True))
        for call in weather.control.calls()
        if not call["operation"].startswith(("Get", "List", "Describe", "Generate", "AssumeRole"))
    )
    return max(writes.values(), default=0)


def untold(behind: set[str], told: Mapping[str, str]) -> set[str]:
    """Users who did not come as far as on a calm day, and of whom nobody says so."""
    return {user for user in behind if not {user, user.partition("/")[0], "*"} & told.keys()}


@pytest.mark.parametrize(("storm", "stage"), [pytest.param(*case, id=f"{case[0].name}, {case[1]}") for case in CASES])
def test_a_bad_day_ends_as_a_calm_one(weather, storm, stage):
    terminal, calm, commands = weather.at(stage), weather.calms[stage], weather.places[stage].commands
    weather.control.faults(*rules(weather, storm, stage), seed=SEED)
    answer = play(terminal, commands)
    assert storm.ends[stage] in {EITHER, TOLD if answer.code else THROUGH}, (answer.code, answer.out, answer.err)
    assert storm.lasting or all(rule["struck"] for rule in weather.control.struck())
    assert terminal.seconds <= LONGEST
    assert terminal.attempts <= ATTEMPTS * calm.attempts
    assert most_alike(weather) <= len(PAUSES) + 1
    weather.control.faults()

    told = named(answer) if answer.code else {}
    states = weather.states(terminal)
    assert untold({user for user in calm.states if states.get(user) != calm.states[user]}, told) == set()
    assert all(NEXT.search(why) for why in told.values()), told
    if answer.code:
        for words in commands:
            terminal.ask(*words)

    assert weather.states(terminal) == calm.states
    assert weather.seen() == calm.world
    assert destructive(weather.control.counts()) == destructive(calm.effects)
    assert questions(terminal) == 0
    terminal.ask("audit", "verify")
