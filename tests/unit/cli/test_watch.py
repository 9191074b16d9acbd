"""The live dashboard: what it shows at three sizes, what its keys do, and what it says when something fails."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from rich.text import Text

from migrator.adapters.store.engine import connect
from migrator.adapters.store.unit_of_work import SqlStore
from migrator.bootstrap import Toolbox
from migrator.cli.desk import Desk, Options
from migrator.cli.main import run
from migrator.cli.status import watch_source
from migrator.cli.watch.app import Watch
from migrator.cli.watch.source import Found
from migrator.domain.errors import Unreachable
from migrator.domain.gates.result import closed
from migrator.domain.lifecycle import Move, State
from migrator.domain.waves import WaveState
from tests.builders import NOW, a_key, a_recorded, a_scream, a_user, a_user_facts, a_wave, record
from tests.fakes.clock import FakeClock

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "160x48": (160, 48)}
SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def config(migrated_sqlite_url, tmp_path):
    """Alice screams in a running wave, bob waits in none."""
    engine = connect(migrated_sqlite_url)
    store = SqlStore(engine)
    facts = a_user_facts("alice", credentials=(a_key(),)), a_user_facts("bob")
    states = State.QUARANTINED, State.DISCOVERED
    alice, _ = record(store, *(a_recorded(f, a_user(f, state=s)) for f, s in zip(facts, states, strict=True)))
    with store.begin() as work:
        wave = work.waves.create(a_wave("wave-1"), [(alice.id, "")])
        work.waves.move(wave, WaveState.RUNNING, NOW)
        gate = closed("no-screams", "1 open", f"migrator rollback {alice.key}")
        work.put_gates({alice.id: (Move.DEACTIVATE, [gate])}, NOW)
        work.screams.save(a_scream(alice.id))
        work.commit()
    engine.dispose()
    file = tmp_path / "config.yaml"
    file.write_text(f"database: {json.dumps(migrated_sqlite_url)}\n")
    return file


def a_source(config):
    return watch_source(Desk(Options(config=config, no_color=True), partial(Toolbox, clock=FakeClock(NOW))), None)


class Playing:
    """A source whose acts are written down instead of done, and that fails when it is told to."""

    def __init__(self, source) -> None:
        self._source, self.done, self.broken = source, [], None

    def __getattr__(self, name) -> object:
        if self.broken is not None and name in {"overview", "screams", "users", "page"}:
            raise self.broken
        return getattr(self._source, name)

    def roll_back(self, key, reason):
        self.done.append(("roll back", key, reason))
        return f"{key}: done"

    def dismiss(self, scream, reason):
        self.done.append(("dismiss", scream, reason))
        return f"scream {scream} is dismissed"


@asynccontextmanager
async def watching(source, size=(100, 30)):
    app = Watch(source, every=3600)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield app, pilot


async def settled(pilot):
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def pressed(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def shown(app):
    """The screen as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def play(source, *keys, size=(100, 30)):
    """The screen after these keys."""

    async def go():
        async with watching(source, size) as (app, pilot):
            await pressed(pilot, *keys)
            return shown(app)

    return asyncio.run(go())


@pytest.mark.parametrize("size", SIZES)
def test_what_is_shown_at_three_sizes(config, size):
    async def go():
        async with watching(a_source(config), SIZES[size]) as (app, pilot):
            views = []
            for key in "123":
                await pressed(pilot, key)
                views.append(shown(app))
            return "\n\n".join(views) + "\n"

    seen = asyncio.run(go())
    assert max(map(len, seen.splitlines())) <= SIZES[size][0]
    file = SNAPSHOTS / f"watch-{size}.txt"
    if os.environ.get("MIGRATOR_SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(seen)
    assert seen == file.read_text()


def test_a_user_is_opened_from_the_list(config):
    page = play(a_source(config), "3", "enter")
    assert "credentials" in page
    assert "AKIAONE" in page


def test_a_search_finds_users_by_any_word(config):
    seen = play(a_source(config), "slash", *"bob", "enter")
    assert "/bob" in seen
    assert "/alice" not in seen
    assert "/alice" in play(a_source(config), "slash", *"no-screams", "enter")


def test_a_scream_is_rolled_back_with_a_reason_and_never_without(config):
    source = Playing(a_source(config))
    play(source, "2", "r", "escape", "r", "enter")
    assert source.done == []
    seen = play(source, "2", "r", *"it", "enter")
    ((what, key, why),) = source.done
    assert (what, why) == ("roll back", "it")
    assert key.endswith("/alice")
    assert "alice: done" in seen


def test_noise_is_dismissed_with_a_reason(config):
    source = Playing(a_source(config))
    play(source, "2", "d", *"tab", "enter")
    assert source.done == [("dismiss", 1, "tab")]


def test_keys_that_need_a_choice_say_so(config):
    source = Playing(a_source(config))
    assert "choose a scream or a user first" in play(source, "r")
    assert "choose a scream first" in play(source, "3", "d")
    assert source.done == []


def test_a_database_that_went_away_is_told_and_what_was_read_stays(config):
    source = Playing(a_source(config))

    async def go():
        async with watching(source) as (app, pilot):
            source.broken = Unreachable("the database does not answer", next_step="look at it")
            await pressed(pilot, "f5")
            failed = shown(app)
            source.broken = None
            await pressed(pilot, "f5")
            return failed, shown(app)

    failed, after = asyncio.run(go())
    assert "the database does not answer" in failed
    assert "wave-1" in failed
    assert "does not answer" not in after


def test_a_defect_is_told_and_the_screen_stays(config):
    source = Playing(a_source(config))
    source.broken = ZeroDivisionError("x")
    assert "this is a defect in migrator: ZeroDivisionError" in play(source)


def test_the_cursor_stays_on_its_row_when_rows_come_before_it(config):
    source = Playing(a_source(config))

    async def go():
        async with watching(source) as (app, pilot):
            await pressed(pilot, "3", "down")
            before = app._chosen("#user-rows")
            users = source._source.users("")
            extra = {**users.users[0], "user": "000000000000/aaron"}
            source.users = lambda _words: Found([extra, *users.users])
            await pressed(pilot, "f5")
            return before, app._chosen("#user-rows"), shown(app)

    before, after, seen = asyncio.run(go())
    assert before == after
    assert "aaron" in seen


def test_hostile_names_obey_nothing(config):
    source = Playing(a_source(config))
    source.users = lambda _words: Found([{**a_source(config).users("").users[0], "user": "1/[red]x[/]\x1b[31m"}])
    seen = play(source, "3")
    assert "[red]x[/]" in seen
    assert "\x1b" not in seen


def test_piped_it_is_pages_that_follow(config, capsys):
    def interrupted(_seconds):
        raise KeyboardInterrupt

    clock = FakeClock(NOW)
    clock.sleep = interrupted
    code = run(["--config", str(config), "status", "--watch"], partial(Toolbox, clock=clock))
    assert code == 130
    out = capsys.readouterr().out
    assert "wave-1" in Text.from_ansi(out).plain
    assert "\x1b" not in out
