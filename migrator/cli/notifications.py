"""`migrator notifications`: who was told what, and whether the channels work."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group

if TYPE_CHECKING:
    from migrator.ports.post import Letter

app = group("Notifications: who was told what.")


@app.command("list")
def list_notifications(
    ctx: typer.Context,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many, newest first.")] = 100,
) -> None:
    """List letters to persons, owners and channels, and what became of them."""
    from migrator.cli.render.notifications import letters_table
    from migrator.operations.notify import newest

    desk: Desk = ctx.obj
    letters = newest(desk.tools, most)
    desk.answer([_shape(letter) for letter in letters], lambda: letters_table(letters, desk.tools.clock.now()))


@app.command("test")
def try_notifications(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", help="Address or team, for channels whose URL has a place for one.")] = "",
) -> int:
    """Send a test through every channel of the configuration; ends with 1 if one does not take it."""
    from migrator.cli.render.notifications import letters_table
    from migrator.operations.notify import try_channels

    desk: Desk = ctx.obj
    letters = try_channels(desk.tools, to)
    if not letters:
        desk.warn("no channel: name some under `notifications` in the configuration")
    desk.answer([_shape(letter) for letter in letters], lambda: letters_table(letters, desk.tools.clock.now()))
    return int(any(letter.status != "sent" for letter in letters))


def _shape(letter: "Letter") -> dict[str, Any]:
    return {name: value for name, value in asdict(letter).items() if name != "dedupe_key"}
