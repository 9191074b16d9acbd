"""Every command group, in the order in which a migration meets them."""

import typer

from migrator.cli import (
    audit,
    database,
    demo,
    discover,
    doctor,
    explain,
    gates,
    init,
    listen,
    mapping,
    move,
    notifications,
    permission_sets,
    persons,
    policy,
    screams,
    status,
    usage,
    users,
    waves,
    worker,
)

app = typer.Typer(
    name="migrator",
    help="Move an organization's people off AWS IAM users, onto IAM Identity Center. "
    "Everywhere: --config FILE, --json, --yes, --no-color, -v.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
SINGLE = (
    ("init", init.init),
    ("doctor", doctor.doctor),
    ("discover", discover.discover),
    ("map", mapping.map_users),
    ("explain", explain.explain),
    ("advance", move.advance),
    ("rollback", move.rollback),
    ("status", status.status),
    ("worker", worker.worker),
    ("demo", demo.demo),
)
GROUPS = (
    ("users", users.app),
    ("persons", persons.app),
    ("permission-sets", permission_sets.app),
    ("wave", waves.app),
    ("gates", gates.app),
    ("screams", screams.app),
    ("listen", listen.app),
    ("notifications", notifications.app),
    ("usage", usage.app),
    ("policy", policy.app),
    ("audit", audit.app),
    ("db", database.app),
)
for name, command in SINGLE:
    app.command(name)(command)
for name, group in GROUPS:
    app.add_typer(group, name=name)
