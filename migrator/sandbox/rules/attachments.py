"""Attaching a policy twice counts once.

Deviation: moto counts every attachment again, so a policy that was attached twice and detached once stays "attached"
for ever. Source: IAM API, AttachUserPolicy; ManagedPolicy.AttachmentCount is the number of entities.
"""

from moto.iam.models import Group, ManagedPolicy, Role, User


def install() -> None:
    """Count by looking."""
    ManagedPolicy.attach_to = _attach
    ManagedPolicy.detach_from = _detach
    ManagedPolicy.attachment_count = property(_count, lambda _self, _value: None)


def _attach(policy: ManagedPolicy, holder: User | Group | Role) -> None:
    holder.managed_policies[policy.arn] = policy


def _detach(policy: ManagedPolicy, holder: User | Group | Role) -> None:
    del holder.managed_policies[policy.arn]


def _count(policy: ManagedPolicy) -> int:
    iam = policy.backend
    holders = (*iam.users.values(), *iam.groups.values(), *iam.roles.values())
    return sum(1 for holder in holders if policy.arn in holder.managed_policies)
