"""A CloudFormation template of permission sets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from migrator.adapters.export.words import identifiers, path_and_name, text
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec


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
    return text(template)


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
    path, name = path_and_name(policy)
    return {"Name": name, "Path": path}


def _logical_id(name: str) -> str:
    parts = re.findall(r"[A-Za-z0-9]+", name)
    return "Set" + "".join(part[0].upper() + part[1:] for part in parts)
