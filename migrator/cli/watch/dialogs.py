"""A question that wants a reason, and a page that wants to be read."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from migrator.cli.plain import cell

if TYPE_CHECKING:
    from rich.console import RenderableType


class Ask(ModalScreen[str | None]):
    """A question with one line to answer; Escape says nothing and does nothing."""

    CSS = """
    Ask { align: center middle; }
    Ask Vertical { width: 72; max-width: 100%; height: auto; border: solid $accent; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "do nothing")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, the line, what keys do."""
        with Vertical():
            yield Static(cell(self._question, "bold"))
            yield Input(placeholder="the reason, which is recorded")
            yield Static(cell("Enter does it, Escape does nothing", "dim"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The answer."""
        self.dismiss(event.value)


class Page(ModalScreen[None]):
    """Something to read and scroll; Escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back"),
        Binding("q", "dismiss(None)", "back", show=False),
    ]

    def __init__(self, page: "RenderableType") -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll():
            yield Static(self._page)
        yield Footer()
