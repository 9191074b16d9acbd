"""`migrator policy`: decide requests offline."""

import sys
from pathlib import Path

import typer

from migrator.cli.group import group
from migrator.domain.errors import UsageError

app = group("Policies: decide requests offline.")


@app.command("evaluate")
def evaluate(ctx: typer.Context, file: str) -> int:
    """Decide requests: JSON Lines in (FILE, or - for stdin), JSON Lines out."""
    import json

    from migrator.operations.evaluate_policies import evaluate_policies

    del ctx
    try:
        lines = sys.stdin.readlines() if file == "-" else Path(file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"cannot read {file}: {why}", next_step="name a file that you may read, or -") from error
    bad = False
    for answer in evaluate_policies(lines):
        bad = bad or "error" in answer
        sys.stdout.write(json.dumps(answer) + "\n")
    return 1 if bad else 0
