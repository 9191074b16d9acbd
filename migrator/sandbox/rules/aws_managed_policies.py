"""AWS's own managed policies exist in every account, made when first asked for.

Deviation: moto has them only if told to load all 1,582 into each account and partition, half a second each time, and
then a snapshot of a few users would carry them all. Source: IAM User Guide, "AWS managed policies".
"""

import hashlib
from base64 import b32encode
from collections.abc import Callable
from typing import Any

from moto.iam.models import AWSManagedPolicy, IAMBackend

from migrator.sandbox.rules.aws_policies import aws_policies
from migrator.sandbox.rules.iam_wire import IamCall, before, instead_of

_NAMED_BY_ARN = (
    "AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy",
    "DetachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy",
    "GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "ListEntitiesForPolicy", "ListPolicyTags",
)  # fmt: skip


def install() -> None:
    """Make a policy before each operation that names it, and list those nobody uses without keeping them."""
    before(_make_named, *_NAMED_BY_ARN)
    instead_of(_listed, "ListPolicies")


def make(iam: IAMBackend, arn: str) -> None:
    """Put AWS's policy of this ARN, if there is one, among the account's."""
    prefix = f"arn:{iam.partition}:iam::aws:policy"
    if arn in iam.managed_policies or not arn.startswith(prefix):
        return
    data = aws_policies().get(arn.removeprefix(prefix))
    if data is not None:
        policy = AWSManagedPolicy.from_data(data["Name"], iam.account_id, iam.region_name, data)
        # The id is AWS's too: the same wherever and whenever one looks.
        policy.id = "ANPA" + b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]
        iam.managed_policies[arn] = policy


def _make_named(call: IamCall) -> None:
    make(call.iam, call["PolicyArn"])


def _listed(call: IamCall, moto: Callable[[], Any]) -> Any:
    if call.get("Scope", "All") == "Local" or call.get("OnlyAttached"):
        return moto()
    kept = dict(call.iam.managed_policies)
    for suffix in aws_policies():
        make(call.iam, f"arn:{call.iam.partition}:iam::aws:policy{suffix}")
    try:
        return moto()
    finally:
        call.iam.managed_policies.clear()
        call.iam.managed_policies.update(kept)
