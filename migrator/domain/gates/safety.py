"""Gates that keep a cut from hurting beyond the user: the snapshot, what names the user, who manages it as code."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import LOOKS_AGAIN, GateResult, closed, counted, listed, opened, span
from migrator.domain.lifecycle import Move
from migrator.domain.references import SOLE_ADMINISTRATOR
from migrator.domain.rules import Rules

FACTS_WITHIN = timedelta(hours=1)
"""How old a snapshot may be when it is judged; `apply` reads once more before it writes."""

SEARCHED_WITHIN = timedelta(days=1)
"""How old the search for references may be."""

_STACK_TAG = "aws:cloudformation:stack-name"
_CODE_TOOLS = ("terraform", "opentofu", "pulumi", "cloudformation", "cdk", "terragrunt", "crossplane")
_MANAGER_TAGS = frozenset({"managedby", "provisioner", "provisionedby", "createdby", "iac", "source"})


def snapshot(dossier: Dossier, _move: Move, _rules: Rules, now: datetime) -> GateResult:
    """`snapshot`: everything the user is was read, lately, and it is still the user that we know."""
    gate, facts, user = "snapshot", dossier.facts, dossier.user
    command = f"migrator discover --account {user.account_id}"
    if facts is None:
        return closed(gate, "never read", command)
    if facts.user_id != user.user_id:
        return closed(gate, f"a stranger has this name: {facts.user_id}, not {user.user_id}", command)
    if user.vanished_at is not None:
        return closed(gate, "the user vanished", command)
    age = now - facts.observed_at
    if age > FACTS_WITHIN:
        return closed(gate, f"read {span(age)} ago", f"{LOOKS_AGAIN} reads it again")
    return opened(gate, f"read {span(max(age, timedelta()))} ago", facts.not_checked)


def arn_references(dossier: Dossier, _move: Move, _rules: Rules, now: datetime) -> GateResult:
    """`arn-references`: a search within `SEARCHED_WITHIN` found nothing that names the user."""
    gate, searched = "arn-references", dossier.references
    again = f"{LOOKS_AGAIN} searches"
    if searched.at is None:
        return closed(gate, "nobody searched for what names it", again)
    if searched.found:
        sole = tuple(r.where for r in searched.found if r.effect == SOLE_ADMINISTRATOR)
        if sole:
            return closed(gate, f"only administrator of {listed(sole, 1)}", "another administrator in its key policy")
        where = tuple(r.where for r in searched.found)
        why = f"{counted(len(where), 'policy')} still {'names' if len(where) == 1 else 'name'} it: {listed(where, 1)}"
        return closed(gate, why, "name the new principal there instead")
    age = now - searched.at
    if age > SEARCHED_WITHIN:
        return closed(gate, f"searched {span(age)} ago", f"{again} again")
    return opened(gate, "nothing names it", searched.not_checked)


def iac_owned(dossier: Dossier, _move: Move, _rules: Rules, _now: datetime) -> GateResult:
    """`iac-owned`: no stack and no Terraform state would make the user again, as far as tags tell."""
    gate = "iac-owned"
    if dossier.facts is None:
        return closed(gate, "its tags were never read", f"migrator discover --account {dossier.user.account_id}")
    owners = tuple(dict.fromkeys((*dossier.iac, *iac_owners(dossier.facts.tags))))
    if owners:
        return closed(gate, f"managed by {listed(owners)}", "remove it there")
    return opened(gate, "no tag of code", ("code that leaves no tag",))


def iac_owners(tags: Mapping[str, str]) -> tuple[str, ...]:
    """What manages a user as code, by its tags: a CloudFormation stack, or a tool that tags what it makes."""
    owners = [f"CloudFormation stack {value}" for key, value in sorted(tags.items()) if key == _STACK_TAG]
    owners += [f"{key}: {value}" if value else key for key, value in sorted(tags.items()) if _names_tool(key, value)]
    return tuple(owners)


def _names_tool(key: str, value: str) -> bool:
    """Whether a tag says that a tool manages the resource: `terraform: true`, `managed-by: terraform`."""
    word = "".join(c for c in key.casefold() if c.isalnum())
    said = value.casefold()
    if word.startswith(_CODE_TOOLS) and not key.startswith("aws:"):
        return said not in {"false", "no", "0"}
    return word in _MANAGER_TAGS and any(tool in said for tool in _CODE_TOOLS)
