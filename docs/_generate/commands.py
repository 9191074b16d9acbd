"""The page of commands, from the typer application."""

from collections.abc import Iterator
from typing import Any

import typer

from migrator.cli.app import app

from .markdown import code, page, table

WORDS = """\
Every command takes these, anywhere on the line:

| option | does |
| --- | --- |
| `--config FILE` | the configuration; else `MIGRATOR_CONFIG`, else `./config.yaml` |
| `--json` | machine readable on stdout, and nothing else there |
| `--yes`, `-y` | says yes where a command asks |
| `--no-color` | no colour; so does the variable `NO_COLOR` |
| `-v` | with an error, its causes |

`USER…` is `ACCOUNT_ID/NAME`, an ARN, or a name that is unique. Where a command takes `--wave`, `--account`, `--state`,
`--kind` and `--where`, these choose users instead of names. Progress goes to stderr, only when that is a terminal."""

CODES = """\
## Exit codes

| code | means |
| --- | --- |
| 0 | done; also where some users moved and some were held |
| 1 | finished, but some users failed or a check did not hold; they are named |
| 2 | wrong usage or configuration; nothing was changed |
| 3 | held: gates kept every chosen user back; they are named |
| 4 | AWS or the database cannot be reached, or refused |
| 130 | interrupted; the state is saved and the same command resumes |"""


def commands_page() -> str:
    """Every command with its arguments and options."""
    return page("Commands", "migrator/cli", WORDS, *map(_section, commands()), CODES)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command's full name with the command, in the order of the help."""
    yield from _under("migrator", typer.main.get_command(app))


def _under(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, one in inner.items():
        yield from _under(f"{name} {word}", one)


def _section(named: tuple[str, Any]) -> str:
    name, command = named
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join((name, *map(_place, arguments), *(_usage(each) for each in options if each.required)))
    rows = [(_spelled(each), each.help or "", _default(each)) for each in (*arguments, *options)]
    parts = [f"## {name}", " ".join((command.help or "").split()), code(usage)]
    return "\n\n".join((*parts, table(("", "means", "default"), rows)) if rows else parts)


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(_metavar(parameter))
    return ", ".join(code(_option(parameter, spelling)) for spelling in parameter.opts)


def _place(argument: Any) -> str:
    return _metavar(argument) if argument.required else f"[{_metavar(argument)}]"


def _usage(option: Any) -> str:
    return _option(option, option.opts[0])


def _option(option: Any, spelling: str) -> str:
    return spelling if option.is_flag else f"{spelling} {_metavar(option)}"


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper().replace("_", "-"))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    if default is None or default is False or callable(default):
        return ""
    return code(default)
