"""The live dashboard: where everyone is, what screamed, every user; read anew every few seconds."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Footer, Input, Static, TabbedContent, TabPane
from textual.worker import Worker, WorkerState

from migrator.cli.plain import cell, plain
from migrator.cli.render.status import dashboard
from migrator.cli.render.table import when
from migrator.cli.watch.dialogs import Ask, Page
from migrator.domain.errors import MigratorError
from migrator.domain.screams import UNSETTLED

if TYPE_CHECKING:
    from migrator.cli.watch.source import Found, Source
    from migrator.domain.overview import Overview
    from migrator.domain.screams import Scream


class Watch(App[None]):
    """Three views of one database: the overview, screams, users. Nothing is written but what a key asks for."""

    TITLE = "migrator"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    #said { height: auto; max-height: 3; padding: 0 1; display: none; }
    #said.shown { display: block; }
    TabbedContent { height: 1fr; }
    TabPane { padding: 0; }
    DataTable { height: 1fr; }
    #search { border: none; height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "view('overview')", "overview"),
        Binding("2", "view('screams')", "screams"),
        Binding("3", "view('users')", "users"),
        Binding("r", "roll_back", "put back", tooltip="Roll the chosen user back"),
        Binding("d", "dismiss", "dismiss"),
        Binding("slash", "search", "search", key_display="/"),
        Binding("f5", "read", "read now", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, source: "Source", every: float = 5.0) -> None:
        super().__init__()
        self.animation_level = "none"  # over ssh, motion is noise
        self._source, self._every = source, every
        self._screams: dict[str, tuple[Scream, str]] = {}
        self._seen: Overview | None = None

    def compose(self) -> ComposeResult:
        """The views, what was last said, the keys."""
        yield Static(id="said")
        with TabbedContent(id="views"):
            with TabPane("Overview", id="overview"), VerticalScroll():
                yield Static(id="dashboard")
            with TabPane("Screams", id="screams"):
                yield DataTable(id="scream-rows", cursor_type="row", zebra_stripes=True)
            with TabPane("Users", id="users"):
                yield Input(placeholder="/ to search: name, state, owner, wave, gate", id="search")
                yield DataTable(id="user-rows", cursor_type="row", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """Read now, and again and again."""
        rows = self.query_one("#scream-rows", DataTable)
        rows.add_columns("id", "stands", "user", "call", "times", "last", "agent", "from")
        self.query_one("#user-rows", DataTable).add_columns("user", "state", "waits for", "wave", "kind", "owner")
        self.action_read()
        self.set_interval(self._every, self.action_read)

    def on_resize(self) -> None:
        """Lay the dashboard out anew."""
        self._show_overview()

    # -- reading -------------------------------------------------------------------------------------------------

    def action_read(self) -> None:
        """Read everything that is shown."""
        words = self.query_one("#search", Input).value
        self.run_worker(partial(self._read, words), thread=True, exclusive=True, group="read", exit_on_error=False)

    def _read(self, words: str) -> None:
        try:
            seen, screams = self._source.overview(), self._source.screams()
            users = self._source.users(words)
        except MigratorError as error:
            self.call_from_thread(self._say, f"{error.what} – shown is what was read before", bad=True)
            return
        self.call_from_thread(self._show, seen, screams, users)

    def _show(self, seen: "Overview", screams: "list[tuple[Scream, str]]", users: "Found") -> None:
        if self._said_bad:
            self._say("")
        self._seen = seen
        self._show_overview()
        self._screams = {str(scream.id): (scream, key) for scream, key in screams}
        _fill(self.query_one("#scream-rows", DataTable), [self._scream_row(*one) for one in screams])
        _fill(self.query_one("#user-rows", DataTable), [_user_row(one) for one in users.users])
        still = sum(scream.disposition in UNSETTLED for scream, _ in screams)
        views = self.query_one(TabbedContent)
        views.get_tab("screams").label = f"Screams ({still} open)" if still else "Screams"
        more = f" (+{users.more} more, search for them)" if users.more else ""
        views.get_tab("users").label = f"Users{more}"

    def _show_overview(self) -> None:
        if self._seen is not None:
            width = max(self.size.width - 2, 1)
            self.query_one("#dashboard", Static).update(dashboard(self._seen, self._source.now, width))

    def _scream_row(self, scream: "Scream", key: str) -> tuple[str, tuple[Any, ...]]:
        stands = cell(scream.disposition, "bold" if scream.disposition in UNSETTLED else "dim")
        call = f"{scream.event_source.split('.')[0]}:{scream.event_name}" if scream.event_name else scream.signal
        last = when(scream.last.isoformat(), self._source.now)
        return str(scream.id), (
            *(str(scream.id), stands, cell(key), cell(call), Text(str(scream.count), justify="right"), last),
            *(cell(scream.agent[:40]), cell(scream.address)),
        )

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """Show a view and put the cursor into it."""
        self.query_one(TabbedContent).active = name
        rows = {"screams": "#scream-rows", "users": "#user-rows"}.get(name)
        self.set_focus(self.query_one(rows) if rows else None)

    def action_search(self) -> None:
        """Search users."""
        self.query_one(TabbedContent).active = "users"
        self.query_one("#search", Input).focus()

    def on_input_submitted(self) -> None:
        """Search, and go to what was found."""
        self.action_read()
        self.query_one("#user-rows", DataTable).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Everything about the user of the chosen row."""
        row = str(event.row_key.value)
        key = self._screams[row][1] if event.data_table.id == "scream-rows" else row
        self._do(lambda: self._source.page(key), self._open)

    def action_roll_back(self) -> None:
        """Ask why, then put the chosen user back."""
        key = self._chosen_user()
        if key is None:
            self._say("choose a scream or a user first")
            return
        question = f"Put {plain(key)} back, exactly as it was? Say why:"
        self.push_screen(Ask(question), lambda why: self._act(partial(self._source.roll_back, key), why))

    def action_dismiss(self) -> None:
        """Ask why, then dismiss the chosen scream."""
        row = self._chosen("#scream-rows") if self.query_one(TabbedContent).active == "screams" else None
        if row is None:
            self._say("choose a scream first")
            return
        scream, key = self._screams[row]
        question = f"Is scream {scream.id} of {plain(key)} noise? Say why:"
        self.push_screen(Ask(question), lambda why: self._act(partial(self._source.dismiss, scream.id), why))

    # -- acting --------------------------------------------------------------------------------------------------

    def _act(self, do: Callable[[str], str], why: str | None) -> None:
        if why and why.strip():
            self._say("at work …")
            self._do(partial(do, why.strip()), self._done)

    def _do(self, do: Callable[[], Any], then: Callable[[Any], None]) -> None:
        def work() -> None:
            try:
                answer = do()
            except MigratorError as error:
                step = f" – {error.next_step}" if error.next_step else ""
                self.call_from_thread(self._say, f"{error.what}{step}", bad=True)
                return
            self.call_from_thread(then, answer)

        self.run_worker(work, thread=True, group="act", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell a defect instead of hiding it; the screen stays."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self._say(f"this is a defect in migrator: {type(error).__name__}: {error}", bad=True)

    def _done(self, said: str) -> None:
        self._say(said)
        self.action_read()

    def _open(self, page: Any) -> None:
        self.push_screen(Page(page))

    def _chosen_user(self) -> str | None:
        if self.query_one(TabbedContent).active == "screams":
            row = self._chosen("#scream-rows")
            return self._screams[row][1] if row is not None else None
        return self._chosen("#user-rows") if self.query_one(TabbedContent).active == "users" else None

    def _chosen(self, table: str) -> str | None:
        rows = self.query_one(table, DataTable)
        if not rows.row_count:
            return None
        return str(rows.coordinate_to_cell_key(rows.cursor_coordinate).row_key.value)

    _said_bad = False

    def _say(self, text: str, *, bad: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(cell(text, "bold red" if bad else "bold"))
        said.set_class(bool(text), "shown")
        self._said_bad = bad


def _fill(rows: "DataTable[Any]", wanted: list[tuple[str, tuple[Any, ...]]]) -> None:
    """Show these rows; the cursor stays on its row, wherever that is now."""
    chosen = None
    if rows.row_count:
        chosen = rows.coordinate_to_cell_key(rows.cursor_coordinate).row_key.value
    rows.clear()
    for key, cells in wanted:
        rows.add_row(*cells, key=key)
    place = next((n for n, (key, _) in enumerate(wanted) if key == chosen), 0)
    rows.move_cursor(row=place, animate=False)


def _user_row(user: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    held = [gate["gate"] for gate in user["next"]["gates"] if not gate["open"]]
    waits = f"held: {user['held']}" if user["held"] else ", ".join(held)
    shown = (user["user"], user["state"], waits or "–", user["wave"] or "·", user["kind"], user["owner"] or "–")
    return user["user"], tuple(cell(one) for one in shown)
