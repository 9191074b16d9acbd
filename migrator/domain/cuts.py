"""What takes access away, as plans: the deny, inactive credentials, deletion. And what comes back of it.

Every plan holds only what is missing, so asking again after a cut gives an empty one.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from migrator.domain.changes import Change, Plan, backward, losses
from migrator.domain.model import ACTIVE, INACTIVE, Credential, CredentialKind, Json, UserFacts

QUARANTINE = "migrator-quarantine"
"""The name of the deny wherever it rides, so that anyone can recognise and remove it by hand."""

DENY: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "MigratorQuarantine", "Effect": "Deny", "Action": "*", "Resource": "*"}],
}
"""Explicit, so that it also reaches sessions minted from the keys and grants of resource policies (aws-facts, 3)."""

INLINE_QUOTA = 2048
"""Characters of all inline policies of a user, blanks not counted (IAM quotas)."""

ATTACHED_QUOTA = 10
"""Managed policies attached to a user, unless AWS raised it (IAM quotas)."""

_WITH_STATUS = (
    CredentialKind.ACCESS_KEY,
    CredentialKind.SSH_PUBLIC_KEY,
    CredentialKind.SERVICE_SPECIFIC,
    CredentialKind.SIGNING_CERTIFICATE,
)


def quarantine(facts: UserFacts, managed: Json = None) -> Plan:
    """Let the deny ride on the user: inline where it fits, else attached, else as the permissions boundary.

    `managed` is the document of the account's own policy `migrator-quarantine`; None where none was found. A deny that
    rides already is enough, wherever it rides; one whose text somebody changed is put right.
    """
    if _riding(facts, managed):
        return Plan(())
    user, arn = _user(facts), quarantine_arn(facts)
    if _fits_inline(facts):
        return Plan((Change("inline-policy", (*user, QUARANTINE), facts.inline_policies.get(QUARANTINE), DENY),))
    policy = () if managed == DENY else (Change("managed-policy", (facts.account_id, arn), managed, DENY),)
    if arn in facts.attached_policies or facts.boundary == arn:
        return Plan(policy)
    if len(facts.attached_policies) < ATTACHED_QUOTA:
        return Plan((*policy, Change("attached-policy", (*user, arn), None, after=True)))
    return Plan((*policy, Change("permissions-boundary", user, facts.boundary, arn)))


def deactivate(facts: UserFacts) -> Plan:
    """Make every credential Inactive that is Active; passwords have no such state and rest under the deny."""
    active = (c for c in _of_kinds(facts, _WITH_STATUS) if c.status == ACTIVE)
    return Plan(tuple(_status(facts, c, {"status": INACTIVE}) for c in active))


def delete(facts: UserFacts) -> Plan:
    """Remove everything that keeps IAM from deleting the user (aws-facts, 1), then the user. The deny goes last."""
    changes = (*_credentials_gone(facts), *_access_gone(facts), _user_gone(facts))
    return Plan(changes, losses(changes))


def put_back(history: Iterable[Change], used_elsewhere: Collection[str] = ()) -> Plan:
    """The way back from these cuts. A managed policy that other users still need (`used_elsewhere`, ARNs) stays.

    None is made again: who removed the account's deny was its last user, and nobody who comes back needs it.
    """
    plan = backward(history)
    kept = (c for c in plan.changes if not (c.kind == "managed-policy" and _of_the_others(c, used_elsewhere)))
    return replace(plan, changes=tuple(kept))


def _of_the_others(change: Change, used_elsewhere: Collection[str]) -> bool:
    return change.creates or (change.deletes and change.target[-1] in used_elsewhere)


def quarantine_arn(facts: UserFacts) -> str:
    """The ARN that the managed deny has in the user's account and partition."""
    return f"arn:{facts.arn.split(':')[1]}:iam::{facts.account_id}:policy/{QUARANTINE}"


def is_quarantined(facts: UserFacts) -> bool:
    """Whether a deny of our name rides on the user, wherever; its text is not looked at where it is managed."""
    arn = quarantine_arn(facts)
    return QUARANTINE in facts.inline_policies or arn in facts.attached_policies or facts.boundary == arn


def without_quarantine(facts: UserFacts) -> UserFacts:
    """The facts as if our deny did not ride on the user; a boundary that it displaced is not known here."""
    arn = quarantine_arn(facts)
    return replace(
        facts,
        inline_policies={name: doc for name, doc in facts.inline_policies.items() if name != QUARANTINE},
        attached_policies=tuple(a for a in facts.attached_policies if a != arn),
        boundary=None if facts.boundary == arn else facts.boundary,
    )


def characters(document: Json) -> int:
    """How many characters of a policy IAM counts at most: blanks do not count, other letters may be sent escaped."""
    return len("".join(json.dumps(document).split()))


def _riding(facts: UserFacts, managed: Json) -> bool:
    if facts.inline_policies.get(QUARANTINE) == DENY:
        return True
    arn = quarantine_arn(facts)
    return managed in (None, DENY) and (arn in facts.attached_policies or facts.boundary == arn)


def _fits_inline(facts: UserFacts) -> bool:
    others = (document for name, document in facts.inline_policies.items() if name != QUARANTINE)
    return sum(map(characters, others)) + characters(DENY) <= INLINE_QUOTA


def _credentials_gone(facts: UserFacts) -> Iterator[Change]:
    """Login profile, the four kinds with a status, then MFA devices: deactivated first, deleted where virtual."""
    user = _user(facts)
    for password in _of_kinds(facts, (CredentialKind.CONSOLE_PASSWORD,)):
        before = {"password_reset_required": bool(password.detail.get("password_reset_required", False))}
        yield Change("login-profile", user, before, None)
    yield from (_status(facts, c, None) for c in _of_kinds(facts, _WITH_STATUS))
    devices = tuple(_of_kinds(facts, (CredentialKind.MFA_DEVICE,)))
    yield from (Change("mfa-device", (*user, d.id), {"virtual": _virtual(d)}, None) for d in devices)
    yield from (Change("virtual-mfa-device", (*user, d.id), before=True, after=None) for d in devices if _virtual(d))


def _access_gone(facts: UserFacts) -> Iterator[Change]:
    """Policies and groups, our own deny after all others, the boundary at the end."""
    user, deny = _user(facts), quarantine_arn(facts)
    for arn in sorted(facts.attached_policies):
        if arn != deny:
            yield Change("attached-policy", (*user, arn), before=True, after=None)
    for group in sorted(facts.groups):
        yield Change("group-membership", (*user, group), before=True, after=None)
    for name in sorted(facts.inline_policies, key=lambda name: (name == QUARANTINE, name)):
        yield Change("inline-policy", (*user, name), facts.inline_policies[name], None)
    if deny in facts.attached_policies:
        yield Change("attached-policy", (*user, deny), before=True, after=None)
    if facts.boundary is not None:
        yield Change("permissions-boundary", user, facts.boundary, None)


def _user_gone(facts: UserFacts) -> Change:
    before = {"user_id": facts.user_id, "path": facts.path, "tags": dict(facts.tags)}
    return Change("user", _user(facts), before, None)


def _status(facts: UserFacts, credential: Credential, after: Json) -> Change:
    target = (*_user(facts), credential.id)
    return Change(credential.kind.value, target, {"status": credential.status}, after)


def _of_kinds(facts: UserFacts, kinds: tuple[CredentialKind, ...]) -> Iterator[Credential]:
    """The credentials of these kinds, kind by kind, sorted."""
    chosen = (c for c in facts.credentials if c.kind in kinds)
    return iter(sorted(chosen, key=lambda c: (kinds.index(c.kind), c.id)))


def _virtual(device: Credential) -> bool:
    """Whether an MFA device is a virtual one, which must be deleted after it was deactivated."""
    return bool(device.detail.get("virtual", ":mfa/" in device.id))


def _user(facts: UserFacts) -> tuple[str, str]:
    return facts.account_id, facts.user_name
