"""Permission sets as code: Terraform, CloudFormation, or plain JSON."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from migrator.adapters.export import terraform
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec


def as_json(sets: Sequence[PermissionSetSpec]) -> str:
    """The sets as a list, with the words of Identity Center's API in lower case."""
    return _text([_plain(one) for one in sets])


def _plain(one: PermissionSetSpec) -> Mapping[str, Json]:
    return {
        "name": one.name,
        "description": one.description,
        "session_duration": one.session_duration,
        "managed_policies": list(one.managed_policies),
        "customer_managed_policies": list(one.customer_policies),
        "inline_policy": one.inline_policy,
        "permissions_boundary": one.boundary,
        "tags": dict(one.tags),
    }


def as_cloudformation(sets: Sequence[PermissionSetSpec]) -> str:
    """A template of `AWS::SSO::PermissionSet`; the instance is its only parameter.

    Source: CloudFormation User Guide, AWS::SSO::PermissionSet.
    """
    instance = {"Type": "String", "Description": "The ARN of the Identity Center instance."}
    names = identifiers([one.name for one in sets], _logical_id)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Permission sets planned by migrator.",
        "Parameters": {"InstanceArn": instance},
        "Resources": {name: _resource(one) for name, one in zip(names, sets, strict=True)},
    }
    return _text(template)


def _resource(one: PermissionSetSpec) -> Mapping[str, Json]:
    properties: dict[str, Any] = {
        "InstanceArn": {"Ref": "InstanceArn"},
        "Name": one.name,
        "Description": one.description or None,
        "SessionDuration": one.session_duration,
        "ManagedPolicies": list(one.managed_policies),
        "CustomerManagedPolicyReferences": [_reference(each) for each in one.customer_policies],
        "PermissionsBoundary": _boundary(one.boundary) if one.boundary else None,
        "InlinePolicy": one.inline_policy,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(one.tags.items())],
    }
    given = {name: value for name, value in properties.items() if value not in (None, [])}
    return {"Type": "AWS::SSO::PermissionSet", "Properties": given}


def _boundary(boundary: str) -> Mapping[str, Json]:
    if boundary.startswith("arn:"):
        return {"ManagedPolicyArn": boundary}
    return {"CustomerManagedPolicyReference": _reference(boundary)}


def _reference(policy: str) -> Mapping[str, str]:
    path, name = terraform.path_and_name(policy)
    return {"Name": name, "Path": path}


def _logical_id(name: str) -> str:
    parts = re.findall(r"[A-Za-z0-9]+", name)
    return "Set" + "".join(part[0].upper() + part[1:] for part in parts)


def as_terraform(sets: Sequence[PermissionSetSpec]) -> str:
    """HCL of `aws_ssoadmin_permission_set` and its attachments; the instance is found by a data source."""
    return terraform.document(zip(identifiers([one.name for one in sets], terraform.label), sets, strict=True))


def identifiers(names: Iterable[str], make: Callable[[str], str]) -> list[str]:
    """A unique identifier for each name, in order: what a language does not allow may make two names alike."""
    taken: set[str] = set()
    found = []
    for name in names:
        wanted = unique = make(name)
        number = 2
        while unique.lower() in taken:
            unique, number = f"{wanted}{number}", number + 1
        taken.add(unique.lower())
        found.append(unique)
    return found


def _text(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[PermissionSetSpec]], str]] = {
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
    "json": as_json,
}
"""What sets can be written as."""
