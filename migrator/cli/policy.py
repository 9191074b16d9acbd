"""`migrator policy`: decide requests offline."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import typer

from migrator.cli.group import group
from migrator.domain.errors import UsageError

app = group("Policies: decide requests offline.")


@app.command("evaluate")
def evaluate(ctx: typer.Context, file: str) -> int:
    """Decide requests: JSON Lines in (FILE, or - for stdin), JSON Lines out, one by one as they come.

    A line that cannot be read is answered with its number and what is wrong with it; the exit code is then 1.
    """
    import json

    from migrator.operations.evaluate_policies import evaluate_policies

    del ctx
    bad = False
    with _opened(file) as lines:
        for answer in evaluate_policies(_read(lines, file)):
            bad = bad or "error" in answer
            sys.stdout.write(json.dumps(answer) + "\n")
    return 1 if bad else 0


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    try:
        return nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb")
    except OSError as error:
        raise _unreadable(file, error) from error


def _read(lines: BinaryIO, file: str) -> Iterator[bytes]:
    try:
        yield from lines
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str, error: OSError) -> UsageError:
    return UsageError(f"cannot read {file}: {error.strerror}", next_step="name a file that you may read, or -")
