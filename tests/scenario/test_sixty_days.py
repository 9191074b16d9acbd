"""Sixty days with two hundred people: waves that run themselves, and what must and must not be put back.

The strict sandbox, the real command line, one turn of `worker --once` a day as cron would have it, and some at night.
"""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from migrator.sandbox import launch
from tests.scenario.crowd import DOMAIN, PEOPLE, settle
from tests.scenario.letters import letter_box
from tests.scenario.reading import only, read_users
from tests.scenario.sixty import DAY, THIEF, Sixty, allowed, configuration
from tests.scenario.terminal import Files, Terminal

pytestmark = pytest.mark.timeout(900)  # two minutes alone
POLL = DAY
PUT_BACK = ("script", "night script", "needed at night", "stolen")
NEVER_PUT_BACK = ("laptop", "refused before", "tab", "gap", "new key", "colleague")
CUTS = ("quarantine", "deactivate", "delete")


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    """The whole story, played once."""
    folder = tmp_path_factory.mktemp("sixty")
    sandbox = launch.start(log=folder / "sandbox.log")
    try:
        crowd = settle(sandbox.endpoint, sandbox.control)
        with letter_box(crowd.clock.now) as box:
            story = Sixty(crowd, Terminal(crowd, folder, Files(folder).new(), configuration(box)), box)
            story.play()
            yield story
    finally:
        launch.stop(sandbox)


@pytest.fixture(scope="module")
def record(sixty):
    """Every entry of the record, with its time."""
    entries = sixty.terminal.ask("audit", "log")
    return [{**entry, "at": datetime.fromisoformat(entry["at"])} for entry in entries]


@pytest.fixture(scope="module")
def users(sixty):
    """Everybody as listed at the end, by `ACCOUNT_ID/NAME`."""
    return {user["user"]: user for user in sixty.terminal.ask("users", "list")}


@pytest.fixture(scope="module")
def there(sixty):
    """Every user that is in AWS at the end, whole."""
    return read_users(sixty.crowd)


@pytest.fixture(scope="module")
def screams(sixty):
    """Every scream by the part of who screamed."""
    found: dict[str, list] = {part: [] for part in sixty.cast}
    keys = {sixty.key(part): part for part in sixty.cast}
    for scream in sixty.terminal.ask("screams", "list"):
        found[keys[scream["user"]]].append(scream)  # nobody else may have screamed
    return found


def test_every_part_was_played(sixty):
    parts = {"script", "laptop", "refused before", "open tab", "tab", "gap", "mend gap", "stolen", "a script, too"}
    parts |= {"answer", "new key", "approve again", "colleague", "night script", "needed at night"}
    assert parts <= sixty.seen.keys()


def test_the_plan_begins_with_a_canary_and_keeps_every_limit(sixty):
    first, *others = sixty.plan
    assert (first["name"], first["users"]) == ("canary", 6)
    assert sum(wave["users"] for wave in sixty.plan) == PEOPLE
    canary_ends = datetime.fromisoformat(first["starts_at"]) + 9 * DAY
    assert all(datetime.fromisoformat(wave["starts_at"]) >= canary_ends for wave in others)
    owners = {user["user"]: user["owner"] for user in sixty.terminal.ask("users", "list")}
    for name, members in sixty.waves.items():
        assert len(members) <= 12, name
        assert max(Counter(member.partition("/")[0] for member in members).values()) <= 5, name
        assert max(Counter(owners[sixty.crowd.key(member)] for member in members).values()) <= 4, name


def test_no_wave_starts_in_the_freeze_or_outside_the_window(sixty):
    for wave in sixty.plan:
        assert allowed(datetime.fromisoformat(wave["starts_at"])), wave


def test_waves_start_by_themselves_and_only_after_a_yes_of_somebody_else(sixty, record):
    started = {entry["details"]["wave"]: entry for entry in record if entry["event"] == "wave-start"}
    approved = [entry for entry in record if entry["event"] == "approve"]
    assert {"canary", "wave-1", "wave-2", "wave-3"} <= started.keys()
    made = {entry["actor"] for entry in record if entry["event"] == "wave-create"}
    for name, entry in started.items():
        yes = [one for one in approved if one["details"]["wave"] == name and one["at"] < entry["at"]]
        assert yes, name
        assert not made & {one["actor"] for one in yes}
        planned = next(datetime.fromisoformat(wave["starts_at"]) for wave in sixty.plan if wave["name"] == name)
        assert planned <= entry["at"] <= planned + POLL + timedelta(minutes=1), name


def test_nothing_is_cut_in_the_freeze_or_outside_the_window(record):
    cuts = [entry for entry in record if entry["event"] in CUTS]
    assert len(cuts) > 80
    assert [entry for entry in cuts if not allowed(entry["at"])] == []


def test_no_more_are_under_test_than_the_limit_says_and_the_limit_is_met(sixty):
    assert [turn.at for turn in sixty.turns if turn.under_test > turn.there * 6 // 100] == []
    assert any(turn.under_test == turn.there * 6 // 100 for turn in sixty.turns)


@pytest.mark.parametrize(
    ("part", "heard"), [("script", "script"), ("night script", "night script"), ("stolen", "answer")]
)
def test_a_script_is_put_back_within_one_poll(sixty, part, heard):
    back = [entry for entry in of(sixty, part) if entry["event"] == "rollback"]
    assert len(back) == 1
    assert timedelta() < datetime.fromisoformat(back[0]["at"]) - sixty.seen[heard] <= POLL


def of(sixty, part):
    """The record of who plays a part."""
    return sixty.terminal.ask("audit", "log", "--user", sixty.key(part))


def test_who_screams_at_night_is_put_back_at_night(sixty):
    for part in ("night script", "needed at night"):
        (back,) = (entry for entry in of(sixty, part) if entry["event"] == "rollback")
        assert not allowed(datetime.fromisoformat(back["at"]))


def test_nobody_else_was_ever_put_back(sixty, record):
    back = [entry for entry in record if entry["event"] == "rollback"]
    assert len(back) == len(PUT_BACK)
    for part in NEVER_PUT_BACK:
        assert "rollback" not in {entry["event"] for entry in of(sixty, part)}, part


@pytest.mark.parametrize("part", ["laptop", "refused before", "tab"])
def test_noise_is_told_apart_with_its_reason_and_stops_no_window(sixty, screams, part):
    assert screams[part], "nothing was heard"
    assert {scream["disposition"] for scream in screams[part]} == {"noise"}
    assert all(scream["reason"] for scream in screams[part])
    assert sixty.states[sixty.cast[part]] == "deleted"


def test_a_stolen_key_is_not_put_back_until_a_human_answers(sixty, screams):
    between = [turn for turn in sixty.turns if sixty.seen["stolen"] < turn.at < sixty.seen["answer"]]
    assert len(between) >= 7
    assert {turn.states[sixty.cast["stolen"]] for turn in between} == {"quarantined"}
    thefts = [scream for scream in screams["stolen"] if scream["source_ip"] == THIEF.address]
    assert {scream["event_name"] for scream in thefts} == {"ListUsers", "ListRoles", "GetAccountSummary"}
    assert {scream["disposition"] for scream in thefts} == {"dismissed"}
    assert [s["disposition"] for s in screams["stolen"] if s not in thefts] == ["rolled-back"]


def test_a_theft_is_told_to_the_channel_once_and_to_nobody_else(sixty, screams):
    told = [letter for letter in sixty.box.letters if letter.title.startswith("Suspicious use")]
    thefts = [scream for scream in screams["stolen"] if scream["disposition"] == "dismissed"]
    assert {letter.to for letter in told} == {"ops"}
    assert len(told) == len(thefts)
    assert all(sixty.key("stolen") in letter.title and THIEF.address in letter.body for letter in told)
    assert all(letter.at - sixty.seen["stolen"] <= POLL for letter in told)


def test_a_new_key_voids_the_approval_of_its_user_only_and_is_named(sixty):
    members = {member["user"]: member for member in sixty.kept["drift"]["members"]}
    changed = sixty.key("new key")
    assert members[changed]["changed_since_approval"] == [f"new access-key {sixty.kept['new key']}"]
    assert {user for user, member in members.items() if member["changed_since_approval"]} == {changed}
    assert {user for user, member in members.items() if not member["approved"]} == {changed}
    held = sixty.kept["held"]
    others = [user for user in sixty.waves["wave-3"] if user != sixty.cast["new key"]]
    assert held[sixty.cast["new key"]] == "mapped"
    assert {held[user] for user in others} <= {"verified", "quarantined"}
    assert sixty.states[sixty.cast["new key"]] != "mapped"


def test_a_gap_asks_for_the_new_access_to_be_mended_and_puts_nothing_back(sixty, screams):
    (gap,) = screams["gap"]
    assert (gap["signal"], gap["disposition"]) == ("new-access-refused", "dismissed")
    told = [letter for letter in sixty.box.to("ops") if letter.title.startswith("The new access of")]
    assert [sixty.key("gap") in letter.title for letter in told] == [True]
    assert told[0].at - sixty.seen["gap"] <= POLL


def test_people_are_told_before_each_stage_and_each_threshold_once(sixty):
    to_people = [letter for letter in sixty.box.letters if letter.to != "ops"]
    again = Counter((letter.to, letter.title) for letter in to_people)
    assert [told for told, times in again.items() if times > 1] == []
    for user in sixty.start:
        email = f"{user.partition('/')[2]}@{DOMAIN}"
        titles = [letter.title for letter in sixty.box.to(email)]
        seen = {turn.states[user] for turn in sixty.turns}
        for state, words in (
            ("quarantined", "please sign in"),
            ("deactivated", "will be made inactive"),
            ("deleted", "will be deleted"),
        ):
            assert any(words in title for title in titles) or state not in seen, (user, state, titles)
        if not seen & {"provisioned", "verified", "quarantined", "deactivated", "deleted", "rolled_back"}:
            assert titles == []


def test_the_days_left_count_down_to_the_day(sixty):
    email = f"{sixty.cast['laptop'].partition('/')[2]}@{DOMAIN}"
    off = sixty.box.to(email, "will be made inactive")
    assert [letter.title.split(" the keys")[0] for letter in off][:2] == ["In 6 days", "In 3 days"]
    quarantined = next(turn.at for turn in sixty.turns if turn.states[sixty.cast["laptop"]] == "quarantined")
    inactive = next(turn.at for turn in sixty.turns if turn.states[sixty.cast["laptop"]] == "deactivated")
    assert quarantined <= off[0].at < off[-1].at <= inactive


def test_who_was_put_back_is_exactly_as_before_and_so_is_who_was_never_cut(sixty, there):
    gone = {name for name, state in sixty.states.items() if state == "deleted"}
    cut = {name for name, state in sixty.states.items() if state in ("quarantined", "deactivated")}
    assert there.keys() == sixty.start.keys() - gone
    same = there.keys() - cut - {sixty.cast["new key"]}
    assert {sixty.cast[part] for part in PUT_BACK} <= same
    assert only(there, same) == only(sixty.start, same)
    for name in cut:
        assert "migrator-quarantine" in there[name]["inline"], name


def test_the_figures_are_what_is_there(sixty, users, there):
    said = sixty.terminal.ask("status")
    counts = Counter(user["state"] for user in users.values())
    assert {state: number for state, number in said["users"]["by_state"].items() if number} == counts
    assert counts["rolled_back"] == len(PUT_BACK)
    assert counts["deleted"] >= 25
    assert sum(counts.values()) == said["users"]["total"] == PEOPLE
    passwords = sum(user["password"] is not None for user in there.values())
    keys = sum(status == "Active" for user in there.values() for status in user["keys"].values())
    assert said["credentials"] == {
        "active_long_term": keys + passwords,
        "active_access_keys": keys,
        "console_passwords": passwords,
    }
    assert said["screams"]["open"] == 0
    waves = {wave["name"]: wave["state"] for wave in said["waves"]}
    assert (waves["canary"], waves["wave-1"]) == ("done", "done")


def test_no_turn_failed_and_the_record_is_whole(sixty, record):
    assert [turn.at for turn in sixty.turns if turn.said["errors"] or turn.said["letters"]["failed"]] == []
    verified = sixty.terminal.ask("audit", "verify")
    assert (verified["intact"], verified["first_bad"]) == (True, None)
    assert verified["entries"] == len(record)
