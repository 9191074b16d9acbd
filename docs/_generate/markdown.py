"""How a page is written: a head that says where it comes from, tables, code."""

import inspect
import json
from collections.abc import Iterable, Sequence
from typing import Any

NOTE = "<!-- Made by `make pages` from {}. Change that, not this. -->"


def page(title: str, source: str, *parts: str) -> str:
    """A page: its title, where it is made from, its parts with a blank line between them."""
    return "\n\n".join((f"# {title}", NOTE.format(source), *(part.strip("\n") for part in parts if part))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; nothing in a cell can end it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(value: object) -> str:
    """A cell on one line, its bars escaped."""
    return " ".join(str(value).split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text set as code; nothing where there is none."""
    return f"`{text}`" if str(text) else ""


def listed(names: Iterable[object]) -> str:
    """Names set as code, one after the other."""
    return " ".join(code(name) for name in names)


def json_block(value: Any) -> str:
    """A document as people paste it."""
    return f"```json\n{json.dumps(value, indent=2)}\n```"


def summary(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
