"""The page of the sandbox: every rule that makes moto as strict as AWS, from the rules' docstrings."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from .markdown import code, page, table

INTRODUCTION = """\
The sandbox is a whole simulated organization on this machine: accounts, users, people, their history, a trail. It
answers the AWS wire protocol, so the product runs against it unchanged: `AWS_ENDPOINT_URL` is all that differs.
`migrator demo` and the tests use it. It listens on 127.0.0.1 only, as a process of its own.

It is [moto](https://github.com/getmoto/moto), pinned exactly, with corrections. moto is lenient where AWS is not, and a
mistake that passes the emulator is met in production. So wherever the product's work depends on a refusal, a delay or a
shape that moto lacks, a rule adds it. Each rule names its deviation and its source, and has a test.

Beside the rules, the server itself

- resolves every signature to its principal, refuses inactive and unknown keys, and enforces explicit denies, boundaries
  and trust policies with the product's own evaluator (what policies do not allow is refused once enforcement is on);
- records each authenticated call as a CloudTrail event and delivers it into the trail's bucket, refused ones included;
- has one clock, driven over HTTP, and takes snapshots of its whole state and restores them.

What it cannot tell: how the real services behave beyond their documents. No AWS account was used to build it."""

WIRES = ("__init__", "wire", "iam_wire", "policy_places", "center_state", "aws_policies")
"""How rules are written, not rules."""


def sandbox_page() -> str:
    """The introduction and the table of rules."""
    rows = [(code(name), *_columns(text)) for name, text in rules()]
    return page(
        "The sandbox",
        "migrator/sandbox/rules",
        INTRODUCTION,
        "## The rules",
        table(("rule", "what holds", "where moto differs, and why it matters", "source"), rows),
    )


def rules() -> Iterator[tuple[str, str]]:
    """Each rule's name and docstring; read, not imported, so that the page needs no moto."""
    found = find_spec("migrator.sandbox.rules")
    folder = Path((found.submodule_search_locations if found else [""])[0])
    for file in sorted(folder.glob("*.py")):
        if file.stem not in WIRES:
            yield file.stem, ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def _columns(text: str) -> tuple[str, str, str]:
    """The first sentence, the deviation, the source."""
    first, _, rest = text.partition("\n\n")
    match = re.search(r"\bSource: ", rest)
    body, source = (rest[: match.start()], rest[match.end() :]) if match else (rest, "")
    return first, body.replace("Deviation: ", "").strip(), source.strip()
