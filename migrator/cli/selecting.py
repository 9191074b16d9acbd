"""`USER…`, or a wave, or conditions: the words that choose users, the same for every command."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.domain.errors import NotFound, UsageError

if TYPE_CHECKING:
    from migrator.cli.desk import Desk
    from migrator.domain.selection import Line

Users = Annotated[list[str] | None, typer.Argument(metavar="USER…", help="ACCOUNT_ID/NAME, an ARN, or a unique name.")]
Wave = Annotated[str | None, typer.Option(help="The users of this wave.")]
Account = Annotated[str | None, typer.Option(help="Users of this account.")]
State = Annotated[str | None, typer.Option(help="Users in this state.")]
Kind = Annotated[str | None, typer.Option(help="human, machine, break-glass or unknown.")]
Where = Annotated[list[str] | None, typer.Option(help="A condition, for example 'last_used>90d'; may be repeated.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]


def choose_users(
    desk: "Desk",
    names: Sequence[str] | None = None,
    *,
    wave: str | None = None,
    account: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    where: Sequence[str] | None = None,
    everybody: bool = False,
) -> "list[Line]":
    """The users that the words mean. Nobody at all is an error; so is no word at all, unless `everybody` is meant."""
    from migrator.domain.selection import Selection, choose

    selection = Selection(tuple(names or ()), account, _known_state(state), _known_kind(kind), wave, tuple(where or ()))
    if selection.empty and not everybody:
        raise UsageError(
            "no user was named", next_step="name users, or give --wave, --account, --state, --kind, --where"
        )
    with desk.tools.store.read() as work:
        if wave is not None:
            work.waves.find(wave)
        lines = work.users.lines()
    found = choose(selection, lines, desk.tools.clock.now())
    if not found and not everybody:
        raise NotFound("nobody fits that", next_step="see: migrator users list")
    return found


def one_user(desk: "Desk", name: str) -> "Line":
    """Exactly one user by name."""
    return choose_users(desk, [name])[0]


def _known_state(text: str | None) -> str | None:
    from migrator.domain.lifecycle import State as States

    if text is not None and text not in set(States):
        raise UsageError(f"no state {text!r}", next_step=f"one of: {', '.join(States)}")
    return text


def _known_kind(text: str | None) -> str | None:
    from migrator.domain.model import Kind as Kinds

    if text is not None and text not in set(Kinds):
        raise UsageError(f"no kind {text!r}", next_step=f"one of: {', '.join(Kinds)}")
    return text


def a_moment(text: str | None) -> datetime | None:
    """A day or a moment in ISO 8601; UTC where no zone is given."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day", next_step="write YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
