"""Writes the pages that are made from the code: `python docs/generate.py`; `--check` names the stale ones, exit 1."""
# ruff: noqa: INP001  # a script, run by its path

import sys
from collections.abc import Mapping
from pathlib import Path

from _generate import pages

ROOT = Path(__file__).parents[1]


def stale(found: Mapping[str, str]) -> list[str]:
    """The pages that are missing or say something else than the code does."""
    return [name for name, text in found.items() if _text(ROOT / name) != text]


def write(found: Mapping[str, str]) -> None:
    """Put the pages in their places."""
    for name, text in found.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(words: list[str]) -> int:
    """Write, or check; the exit code."""
    found = pages()
    old = stale(found)
    if "--check" not in words:
        write({name: found[name] for name in old})
        sys.stdout.write("".join(f"wrote {name}\n" for name in old))
        return 0
    sys.stdout.write("".join(f"stale: {name}: run make pages\n" for name in old))
    return 1 if old else 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
