"""The command line: global options anywhere on the line, one place that prints errors and sets exit codes."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.exceptions import TyperException

from migrator import __version__
from migrator.cli import app
from migrator.cli.desk import Desk, Options
from migrator.cli.plain import plain
from migrator.domain.errors import MigratorError, UsageError

if TYPE_CHECKING:
    from migrator.bootstrap import Toolbox

FLAGS = {"--json": "json", "--yes": "yes", "-y": "yes", "--no-color": "no_color", "-v": "verbose"}
INTERRUPTED = 130


def run(words: Sequence[str], toolbox: "Callable[..., Toolbox] | None" = None) -> int:
    """Run one command; the exit code of the contract. `toolbox` makes the tools: the seam of clock and crashes."""
    verbose = "-v" in words
    try:
        code = _run(words, toolbox)
    except MigratorError as error:
        _tell(error, verbose=verbose)
        return error.exit_code
    except TyperException as error:
        return _wrong_words(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if verbose:
            raise
        _say(f"error: this is a defect in migrator: {type(error).__name__}: {error}")
        _say("  next: run the same command with -v and report what it prints; what was done is saved")
        return 1
    if code == INTERRUPTED:  # typer turns the signal into this code without a word
        _say("interrupted; what was done is saved, and the same command resumes")
    return code


def _run(words: Sequence[str], toolbox: "Callable[..., Toolbox] | None") -> int:
    options, rest = hoist(words)
    if rest == ["--version"]:
        sys.stdout.write(f"migrator {__version__}\n")
        return 0
    desk = Desk(options, toolbox)
    try:
        return invoke(rest, desk)
    finally:
        desk.close()


def spread(words: Sequence[str]) -> list[str]:
    """`users link USER --to A B` means `--to A --to B`: addresses after `--to` are its values, however many."""
    if list(words[:2]) != ["users", "link"] or "--to" not in words:
        return list(words)
    at = list(words).index("--to")
    told: list[str] = []
    for before, word in pairwise(words[at:]):
        more = "@" in word and before != "--to" and not before.startswith("--reason")
        told += ["--to", word] if more else [word]
    return [*words[: at + 1], *told]


def hoist(words: Sequence[str]) -> tuple[Options, list[str]]:
    """Take the global options out of the line, wherever they stand before a lone `--`."""
    found: dict[str, bool] = {}
    config: Path | None = None
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word in FLAGS:
            found[FLAGS[word]] = True
        elif word == "--config":
            value = next(waiting, None)
            if value is None:
                raise UsageError("--config needs a file", next_step="migrator --config FILE COMMAND")
            config = Path(value)
        elif word.startswith("--config="):
            config = Path(word.removeprefix("--config="))
        else:
            rest.append(word)
    flags = {name: found.get(name, False) for name in FLAGS.values()}
    return Options(config, flags["json"], flags["yes"], flags["no_color"], flags["verbose"]), rest


def invoke(words: Sequence[str], desk: Desk) -> int:
    """Run one command at a desk; its exit code. Errors are the caller's to print."""
    command = typer.main.get_command(app.app)
    code = command.main(args=list(words), prog_name="migrator", standalone_mode=False, obj=desk)
    return code if isinstance(code, int) else 0


def _wrong_words(error: TyperException) -> int:
    """Typer's own complaint about the line, in our form."""
    context = getattr(error, "ctx", None)
    _say(f"error: {getattr(error, 'message', None) or error}")
    _say(f"  next: {context.command_path if context else 'migrator'} --help")
    return UsageError.exit_code


def _tell(error: MigratorError, *, verbose: bool) -> None:
    _say(f"error: {error.what}")
    if error.next_step:
        _say(f"  next: {error.next_step}")
    cause = error.__cause__
    while verbose and cause is not None:
        _say(f"  because: {type(cause).__name__}: {cause}")
        cause = cause.__cause__
    if verbose:
        traceback.print_exception(error)


def _say(text: str) -> None:
    sys.stderr.write(plain(text) + "\n")
