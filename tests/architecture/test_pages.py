"""The pages say what the code says: those that are made are fresh, those that are written name things that exist."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from docs._generate import permissions
from docs._generate.commands import commands
from docs._generate.sandbox import rules
from docs._generate.settings import UNREAD
from migrator.adapters.aws.changes.account_assignment import IN_MANAGEMENT_ACCOUNT
from migrator.adapters.catalogue import Catalogue
from migrator.cli.main import hoist

ROOT = Path(__file__).parents[2]
WRITTEN = [ROOT / "README.md", *sorted(ROOT.glob("docs/how-to/*.md"))]
PAGES = [*WRITTEN, *sorted(ROOT.glob("docs/*/*.md"))]
COMMANDS = dict(commands())
POLICIES = {"discovery": permissions.discovery(), "change": permissions.change(), "operator": permissions.operator()}
MANAGED_POLICY, ROLE_INLINE = 6144, 10240


def check(folder):
    return subprocess.run(
        [sys.executable, folder / "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.example.yaml", tmp_path)
    return tmp_path


def test_generated_pages_are_fresh():
    done = check(ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("page", ["docs/reference/gates.md", "docs/explanation/sandbox.md", "config.example.yaml"])
def test_a_stale_page_is_named(copied, page):
    (copied / page).write_text("something older", encoding="utf-8")
    done = check(copied)
    assert (done.returncode, done.stdout) == (1, f"stale: {page}: run make pages\n"), done.stderr


def test_a_page_that_is_missing_is_stale(copied):
    (copied / "docs/reference/tables.md").unlink()
    assert check(copied).returncode == 1


def shown():
    """Every command line that a written page shows in a shell block."""
    for page in WRITTEN:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["migrator"]:
                    yield pytest.param(words[1:], id=f"{page.stem}: {' '.join(words)}")


def wrong_words(words):
    """What in a command line does not exist."""
    _, rest = hoist(words)
    name = next((" ".join(rest[:n]) for n in (2, 1) if f"migrator {' '.join(rest[:n])}" in COMMANDS), None)
    if name is None:
        return rest[:2]
    known = {spelling for each in COMMANDS[f"migrator {name}"].params for spelling in (*each.opts, "--help")}
    return [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("words", list(shown()))
def test_every_command_that_is_shown_is_a_command(words):
    assert wrong_words(words) == []


@pytest.mark.parametrize("line", ["vanish", "users vanish USER", "advance --everybody", "wave approve canary --cut"])
def test_a_command_that_is_none_is_noticed(line):
    assert wrong_words(line.split()) != []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if not link.startswith("https://") and not (page.parent / link).exists()]
    assert broken == []


def test_what_proves_the_promises_exists():
    proofs = re.findall(r"`(tests/[^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(set(proofs)) > 1
    assert [proof for proof in proofs if not (ROOT / proof).exists()] == []


def statements():
    return [
        pytest.param(statement, id=f"{name}: {statement['Sid']}")
        for name, policy in POLICIES.items()
        for statement in policy["Statement"]
    ]


@pytest.mark.parametrize("statement", statements())
def test_actions_exist_as_they_are_spelled(statement):
    catalogue = Catalogue()
    assert [action for action in statement["Action"] if catalogue.canonical(action) != action] == []


@pytest.mark.parametrize("statement", [each for each in statements() if each.values[0]["Resource"] != "*"])
def test_actions_can_be_limited_to_what_their_statement_names(statement):
    catalogue, resources = Catalogue(), statement["Resource"]
    resources = [resources] if isinstance(resources, str) else resources
    kinds = [resource.split(":", 5)[5].split("/")[0] for resource in resources]
    for action in statement["Action"]:
        arns = [kind.arn.split(":", 5)[5].split("/")[0] for kind in catalogue.resource_types(action)]
        assert any(fnmatchcase(kind, re.sub(r"\$\{\w+\}", "*", arn)) for kind in kinds for arn in arns), action


def test_policies_fit_their_quotas():
    sizes = {name: len("".join(json.dumps(policy).split())) for name, policy in POLICIES.items()}
    assert {name for name, size in sizes.items() if size > MANAGED_POLICY} == set()
    assert sum(sizes.values()) <= ROLE_INLINE


def test_the_operator_holds_what_assignments_in_the_management_account_take():
    allowed = {action for each in POLICIES["operator"]["Statement"] for action in each["Action"]}
    assert set(IN_MANAGEMENT_ACCOUNT) <= allowed


def test_no_role_but_the_operators_can_enter_another():
    assumes = [name for name, policy in POLICIES.items() if "sts:AssumeRole" in json.dumps(policy)]
    assert assumes == ["operator"]


def test_the_discovery_role_writes_nothing():
    catalogue = Catalogue()
    levels = {action: catalogue.access_level(action) for action in POLICIES["discovery"]["Statement"][0]["Action"]}
    assert {action for action, level in levels.items() if level not in {"List", "Read"}} == set()


def test_every_rule_of_the_sandbox_says_what_holds():
    assert [name for name, text in rules() if not text] == []


def test_settings_that_are_said_to_have_no_effect_have_none():
    layers = ("operations", "adapters", "cli", "domain/gates")
    files = [file for layer in layers for file in (ROOT / "migrator" / layer).rglob("*.py")]
    used = [
        (file.name, key)
        for file in files
        for key in UNREAD
        if re.search(rf"\b(settings|rules)\.{key}\b", file.read_text(encoding="utf-8"))
    ]
    assert used == []
