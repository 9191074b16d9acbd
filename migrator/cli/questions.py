"""What `init` asks: few questions, each answer checked as it is given."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.cli.plain import plain
from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from migrator.cli.desk import Desk

NONE = "none"
"""The word that answers: nothing."""


def _word(answer: str) -> Any:
    return None if answer == NONE else answer


def _words(answer: str) -> Any:
    return [] if answer == NONE else [word for word in answer.replace(",", " ").split() if word]


def _sources(answer: str) -> Any:
    advisor = {"type": "access-advisor"}
    return [advisor] if answer == NONE else [advisor, {"type": "cloudtrail", "location": answer}]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the key it is about, its words, the answer that Enter gives, and what an answer means."""

    key: str
    words: str
    usual: str
    meaning: Callable[[str], Any] = _word


QUESTIONS = (
    Question("database", "Database (sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME)", "sqlite:///migrator.db"),
    Question("aws.region", "Identity Center's home region", "us-east-1"),
    Question("aws.discovery_role", "Role that reads each member account, or none", "MigratorDiscovery"),
    Question("aws.change_role", "Role that writes in each member account, or none", "MigratorChange"),
    Question("usage.sources", "Where CloudTrail's files are (s3://BUCKET/PREFIX or a folder), or none", NONE, _sources),
    Question("classification.email_tag", "Tag that holds a person's e-mail address", "Email"),
    Question("classification.owner_tag", "Tag that holds the owning team", "Owner"),
    Question("classification.break_glass", "Break-glass users (NAME or ACCOUNT_ID/NAME), or none", NONE, _words),
)


def ask(desk: "Desk", path: Path) -> dict[str, Any]:
    """The answers by dotted key; one that cannot be used is asked for again."""
    answers: dict[str, Any] = {}
    environ = desk.options.environ
    for question in QUESTIONS:
        usual = environ.get("AWS_REGION") or question.usual if question.key == "aws.region" else question.usual
        while True:
            given = {question.key: question.meaning(_answer(desk, question.words, usual))}
            wrong = _wrong({**answers, **given}, path, environ)
            if not wrong:
                break
            desk.warn(f"  that {wrong}")
        answers |= given
    return answers


def _answer(desk: "Desk", words: str, usual: str) -> str:
    desk.err.print(f"{words} [{plain(usual)}]: ", end="", markup=False, soft_wrap=True)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        raise UsageError("the answers ended before the last question; nothing was written", next_step="migrator init")
    return line.strip() or usual


def _wrong(answers: Mapping[str, Any], path: Path, environ: Mapping[str, str]) -> str:
    from migrator.config import ConfigError, check, filled

    try:
        check(filled(answers), path, environ)
    except ConfigError as error:
        return f"{error.said}; {error.next_step}" if error.next_step else error.said
    return ""
