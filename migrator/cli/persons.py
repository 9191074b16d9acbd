"""`migrator persons`: one human with all users, accounts, credentials and sets."""

from typing import TYPE_CHECKING, Any

import typer

from migrator.cli.desk import Desk
from migrator.cli.group import group
from migrator.domain.errors import NotFound

if TYPE_CHECKING:
    from migrator.bootstrap import Toolbox

app = group("Persons: one human, all users.")


@app.command("list")
def list_persons(ctx: typer.Context) -> None:
    """List persons with their users and what is left to do."""
    from migrator.cli.render.persons import persons_table

    desk: Desk = ctx.obj
    data = _all(desk.tools)
    desk.answer(data, lambda: persons_table(data))


@app.command("show")
def show_person(ctx: typer.Context, email: str) -> None:
    """Show one person."""
    from migrator.cli.render.persons import persons_table

    desk: Desk = ctx.obj
    found = [person for person in _all(desk.tools) if person["email"] == email.strip().lower()]
    if not found:
        raise NotFound(f"no person {email!r}", next_step="see: migrator persons list")
    desk.answer(found[0], lambda: persons_table(found))


def _all(tools: "Toolbox") -> list[dict[str, Any]]:
    from migrator.cli.shapes import person_shape

    with tools.store.read() as work:
        persons = work.people.all()
        lines = {line.user.id: line for line in work.users.lines()}
        sets: dict[int, str | None] = {grant.user: grant.permission_set for grant in work.access.grants()}
        gates = work.gates(list(lines))
    found = []
    for person in persons:
        mine = sorted((lines[user] for user in person.users if user in lines), key=lambda line: line.user.key)
        shape = person_shape(person.email, [line.user for line in mine], sets)
        shape["identity_store_id"] = person.identity_store_id
        shape["credentials"] = {"active": sum(m.active for m in mine), "total": sum(m.total for m in mine)}
        shape["left"] = [
            {"user": m.user.key, "next": gates.get(m.user.id, (None, ()))[0], "held_by": _held(gates, m.user.id)}
            for m in mine
            if m.user.state != "deleted" and m.user.vanished_at is None
        ]
        found.append(shape)
    return found


def _held(gates: Any, user: int) -> list[str]:
    return [gate.gate for gate in gates.get(user, (None, ()))[1] if not gate.open]
