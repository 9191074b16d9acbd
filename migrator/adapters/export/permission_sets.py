"""Permission sets as code: Terraform, CloudFormation, or plain JSON."""

from collections.abc import Callable, Mapping, Sequence

from migrator.adapters.export import terraform
from migrator.adapters.export.cloudformation import as_cloudformation
from migrator.adapters.export.words import identifiers, text
from migrator.domain.model import Json
from migrator.domain.policy.fit import PermissionSetSpec


def as_json(sets: Sequence[PermissionSetSpec]) -> str:
    """The sets as a list, with the words of Identity Center's API in lower case."""
    return text([_plain(one) for one in sets])


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


def as_terraform(sets: Sequence[PermissionSetSpec]) -> str:
    """HCL of `aws_ssoadmin_permission_set` and its attachments; the instance is found by a data source."""
    return terraform.document(zip(identifiers([one.name for one in sets], terraform.label), sets, strict=True))


FORMATS: Mapping[str, Callable[[Sequence[PermissionSetSpec]], str]] = {
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
    "json": as_json,
}
"""What sets can be written as."""
