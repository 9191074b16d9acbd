"""Terraform's language, as far as permission sets need it.

Sources: HCL native syntax specification; Terraform Registry, hashicorp/aws, `aws_ssoadmin_*`.
"""

import json
import re
from collections.abc import Iterable, Iterator

from migrator.adapters.export.words import path_and_name
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec

_HEAD = """\
# Permission sets planned by migrator.
data "aws_ssoadmin_instances" "this" {}

locals {
  sso_instance_arn = tolist(data.aws_ssoadmin_instances.this.arns)[0]
}
"""


def document(sets: Iterable[tuple[str, PermissionSetSpec]]) -> str:
    """A file with these sets, each under its label."""
    return "\n".join([_HEAD, *(block for name, one in sets for block in _blocks(name, one))])


def label(name: str) -> str:
    """A resource's label of a name: letters, digits, `_` and `-`, and no digit first."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def _blocks(name: str, one: PermissionSetSpec) -> Iterator[str]:
    yield _permission_set(name, one)
    of_set = (
        "  instance_arn       = local.sso_instance_arn",
        f"  permission_set_arn = aws_ssoadmin_permission_set.{name}.arn",
    )
    if one.inline_policy is not None:
        inline = f"  inline_policy = jsonencode({_value(one.inline_policy, 2)})"
        yield _block("aws_ssoadmin_permission_set_inline_policy", name, (*of_set, inline))
    for at, arn in enumerate(one.managed_policies, start=1):
        line = f"  managed_policy_arn = {_value(arn)}"
        yield _block("aws_ssoadmin_managed_policy_attachment", f"{name}-{at}", (*of_set, line))
    for at, policy in enumerate(one.customer_policies, start=1):
        kind = "aws_ssoadmin_customer_managed_policy_attachment"
        yield _block(kind, f"{name}-{at}", (*of_set, *_reference(policy, "  ")))
    if one.boundary:
        inside = (
            [f"    managed_policy_arn = {_value(one.boundary)}"]
            if one.boundary.startswith("arn:")
            else _reference(one.boundary, "    ")
        )
        lines = (*of_set, "  permissions_boundary {", *inside, "  }")
        yield _block("aws_ssoadmin_permissions_boundary_attachment", name, lines)


def _permission_set(name: str, one: PermissionSetSpec) -> str:
    lines = [
        "  instance_arn     = local.sso_instance_arn",
        f"  name             = {_value(one.name)}",
        f"  session_duration = {_value(one.session_duration)}",
    ]
    lines += [f"  description      = {_value(one.description)}"] if one.description else []
    lines += [f"  tags = {_value(dict(sorted(one.tags.items())), 2)}"] if one.tags else []
    return _block("aws_ssoadmin_permission_set", name, lines)


def _reference(policy: str, indent: str) -> list[str]:
    path, name = path_and_name(policy)
    inside = [f"{indent}  name = {_value(name)}", f"{indent}  path = {_value(path)}"]
    return [f"{indent}customer_managed_policy_reference {{", *inside, f"{indent}}}"]


def _block(kind: str, name: str, lines: Iterable[str]) -> str:
    return "\n".join([f'resource "{kind}" "{name}" {{', *lines, "}\n"])


def _value(value: Json, indent: int = 0) -> str:
    """A value as an expression. JSON is one, once nothing in its strings looks like a template."""
    spelt = json.dumps(value, indent=2, ensure_ascii=False, separators=(",", " : "))
    text = spelt.replace("\n", "\n" + " " * indent)
    text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text)
    return text.replace("${", "$${").replace("%{", "%%{")


_ESCAPES = {"b": "\\u0008", "f": "\\u000c"}
"""Escapes of JSON that HCL does not have."""
