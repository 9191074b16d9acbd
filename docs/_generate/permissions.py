"""The page of permissions: policies for the three roles, from what each module declares beside its calls."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from migrator import adapters
from migrator.adapters.aws.changes.account_assignment import IN_MANAGEMENT_ACCOUNT
from migrator.domain.changes import KINDS
from migrator.domain.cuts import QUARANTINE

from .changes import verbs
from .markdown import json_block, page

DISCOVERY, OPERATOR, TRAIL = "discovery", "operator", "operator, in the trail's bucket"
ARCHIVE = "operator, in the bucket that keeps the record"
ATHENA = "operator, where Athena reads the trail"

WHOSE = {
    "migrator.adapters.aws.archive": ARCHIVE,
    "migrator.adapters.aws.guards": DISCOVERY,
    "migrator.adapters.aws.iam": DISCOVERY,
    "migrator.adapters.aws.iam_credentials": DISCOVERY,
    "migrator.adapters.aws.iam_role": DISCOVERY,
    "migrator.adapters.aws.iam_user": DISCOVERY,
    "migrator.adapters.aws.inspection": DISCOVERY,
    "migrator.adapters.aws.references": DISCOVERY,
    "migrator.adapters.aws.report_request": DISCOVERY,
    "migrator.adapters.aws.simulator": DISCOVERY,
    "migrator.adapters.aws.trails": DISCOVERY,
    "migrator.adapters.usage.last_accessed": DISCOVERY,
    "migrator.adapters.aws.identity_center": OPERATOR,
    "migrator.adapters.aws.organizations": OPERATOR,
    "migrator.adapters.aws.session": OPERATOR,
    "migrator.adapters.usage.files": TRAIL,
    "migrator.adapters.usage.athena": ATHENA,
    "migrator.adapters.usage.lookup": OPERATOR,
}
"""Who makes the calls of each module that declares `PERMISSIONS`, and where it is limited; nobody may be left out."""

TARGETS = {
    "managed-policy": f"arn:aws:iam::*:policy/{QUARANTINE}",
    "group-membership": "arn:aws:iam::*:group/*",
    "virtual-mfa-device": "arn:aws:iam::*:mfa/*",
    "event-selectors": "arn:aws:cloudtrail:*:*:trail/*",
}
"""What the writes of a kind are on, where it is not the user."""
USERS = "arn:aws:iam::*:user/*"
ROLES = ("arn:aws:iam::*:role/MigratorDiscovery", "arn:aws:iam::*:role/MigratorChange")
RESERVED = (
    "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*",
    "arn:aws:iam::*:saml-provider/AWSSSO_*_DO_NOT_DELETE",
)
LISTS = frozenset({"iam:ListPolicies", "iam:ListRoles"})
"""Actions that IAM cannot limit to a resource."""

INTRODUCTION = """\
Three policies. Everything in them is declared in the code beside the call that needs it. In other partitions replace
`arn:aws:` (`arn:aws-us-gov:`, `arn:aws-cn:`). The names of the two roles are `aws.discovery_role` and `aws.change_role`
in the configuration.

Whoever runs migrator needs the operator's policy. It is best a role in the management account; in another account (a
delegated administrator), name a role of the management account in `aws.organization_role_arn` and one of Identity
Center's account in `identity_center.role_arn`. Approvers run the same commands with the same policy, as another
identity."""

TRUST = """\
## Trust policy of both roles

Create `MigratorDiscovery` and `MigratorChange` in every member account that takes part, for example by a CloudFormation
StackSet. Both trust the operator only. Leave the condition out where `aws.external_id` is not set."""

OWN = """\
In its own account migrator uses the operator's credentials, not the two roles: there the operator needs the discovery
policy too, and the change policy where users of that account shall be moved."""

ASSUMES = """\
The statement `WorkInManagementAccount` is needed only where permission sets are assigned in the management account:
there Identity Center works with the caller's own rights in IAM, and fails later without them. In member accounts it has
a service-linked role. Replace `BUCKET` by the trail's bucket; where the trail is encrypted with a KMS key, add
`kms:Decrypt` on that key. `AskAthena` is needed only for usage sources of type `athena`, there limited to the
workgroup, the table, the trail's bucket and the results' bucket. `KeepRecord` is needed only for
`migrator audit export --to s3://ARCHIVE/…` and
`migrator audit verify --head s3://ARCHIVE/…`; the bucket should have Object Lock."""


def permissions_page() -> str:
    """The three policies, the trust policy, and what goes where."""
    return page(
        "Permissions",
        "the `PERMISSIONS` beside each AWS call",
        INTRODUCTION,
        "## Discovery role, in every member account",
        "It reads settings and policies. No secret's value, no object, no item can be read with it.",
        json_block(discovery()),
        "## Change role, in every member account",
        "It writes to IAM users, to the one policy named as ours, and (`migrator listen`) to what trails record.",
        json_block(change()),
        TRUST,
        json_block(trust()),
        "## Operator, in the management account",
        "The organization, Identity Center, the trail's files.",
        json_block(operator()),
        ASSUMES,
        OWN,
    )


def discovery() -> Mapping[str, Any]:
    """What reading a member account takes."""
    observed = (action for name, verb in verbs().items() if _in_account(name) for action in verb.reads)
    return policy(statement("Read", (*declared(DISCOVERY), *observed)))


def change() -> Mapping[str, Any]:
    """What cutting, deleting and restoring users take, each write on what it is on."""
    known = {name: verb for name, verb in verbs().items() if _in_account(name)}
    users = (action for name, verb in known.items() if name not in TARGETS for action in verb.writes)
    rest = (statement(_title(name), known[name].writes, (arn,)) for name, arn in TARGETS.items())
    return policy(statement("Users", users, (USERS,)), *rest)


def operator() -> Mapping[str, Any]:
    """What the organization, Identity Center, the trail and the kept record take."""
    center = [verb for name, verb in verbs().items() if not _in_account(name)]
    actions = {*declared(OPERATOR), *(action for verb in center for action in (*verb.reads, *verb.writes))}
    limited = {"sts:AssumeRole"}
    return policy(
        statement("OrganizationAndIdentityCenter", actions - limited),
        statement("EnterAccounts", limited, ROLES),
        statement("ReadTrail", declared(TRAIL), ("arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*")),
        statement("AskAthena", declared(ATHENA), ("*",)),
        statement("KeepRecord", declared(ARCHIVE), ("arn:aws:s3:::ARCHIVE", "arn:aws:s3:::ARCHIVE/*")),
        statement("WorkInManagementAccount", set(IN_MANAGEMENT_ACCOUNT) - LISTS, RESERVED),
        statement("WorkInManagementAccountLists", LISTS),
    )


def trust() -> Mapping[str, Any]:
    """Who may assume the two roles."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::MANAGEMENT_ACCOUNT_ID:role/MigratorOperator"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "EXTERNAL_ID"}},
            }
        ],
    }


def declared(whose: str) -> Iterator[str]:
    """The actions that modules declare for a role; a module whose role is not known here ends it all."""
    for module in walk_packages(adapters.__path__, "migrator.adapters."):
        if not module.name.startswith(("migrator.adapters.aws.", "migrator.adapters.usage.")):
            continue
        found = getattr(import_module(module.name), "PERMISSIONS", ())
        if found and module.name not in WHOSE:
            raise SystemExit(f"{module.name} declares PERMISSIONS: say in docs/_generate/permissions.py whose they are")
        if found and WHOSE[module.name] == whose:
            yield from found


def statement(title: str, actions: Iterable[str], resources: tuple[str, ...] = ("*",)) -> Mapping[str, Any]:
    """One statement, its actions sorted, each once."""
    resource = resources[0] if len(resources) == 1 else list(resources)
    return {"Sid": title, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": resource}


def policy(*statements: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _in_account(kind: str) -> bool:
    return KINDS[kind].parts[0] == "account"


def _title(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("-"))
