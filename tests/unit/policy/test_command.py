"""`migrator policy evaluate`: a file or standard input, answered line by line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from migrator.cli.main import run

DOCUMENT = {"Version": "2012-10-17", "Statement": {"Sid": "Yes", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}


def a_line(**changes: Any) -> str:
    request = {"principal": "arn:aws:iam::111111111111:user/a", "action": "s3:GetObject", "resource": "*"}
    return json.dumps({"id": 1, "identity": [DOCUMENT], "request": request, **changes}) + "\n"


ALLOWED = {"id": 1, "decision": "allowed", "statement": "Yes", "layer": "identity"}


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("written", "code"),
    [(a_line(), 0), (a_line() + "\n\n" + a_line(), 0), ("", 0), (a_line() + "nonsense\n", 1), ("\ufeff" + a_line(), 0)],
)
def test_the_exit_code_says_whether_every_line_could_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str, code: int
) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_text(written)
    assert run(["policy", "evaluate", str(file)]) == code
    told = answers(capsys.readouterr().out)
    assert [one for one in told if "error" not in one] == [ALLOWED] * written.count('"id"')


def test_bad_lines_are_told_by_number_and_the_others_are_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requests.jsonl"
    lines = [a_line(), "{\n", b"\xff\xfe\n".decode("latin-1"), a_line(boundary=3), a_line()]
    file.write_bytes("".join(lines).encode("latin-1"))
    assert run(["policy", "evaluate", str(file)]) == 1
    told = answers(capsys.readouterr().out)
    assert [one.get("line") for one in told] == [None, 2, 3, 4, None]
    assert [one["error"][:13] for one in told[1:4]] == ["not JSON: Exp", "not text in U", "boundary: the"]
    assert told[0] == told[4] == ALLOWED


def test_standard_input_is_answered_while_it_is_still_being_written() -> None:
    command = [sys.executable, "-m", "migrator", "policy", "evaluate", "-"]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=unbuffered) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        for _ in range(2):
            asked.stdin.write(a_line().encode())
            asked.stdin.flush()
            assert json.loads(asked.stdout.readline()) == ALLOWED
        asked.stdin.close()
        assert asked.wait(30) == 0


@pytest.mark.parametrize("name", ["", "no-such-file"])
def test_what_is_no_readable_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(["policy", "evaluate", str(tmp_path / name)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "name a file that you may read" in captured.err
