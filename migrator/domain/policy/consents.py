"""What a resource's own policy has to say about a session: lets it in, keeps it out, or leaves it to others.

A policy that names an IAM user does not name the Identity Center session that the user becomes. Source: IAM User Guide,
"Policy evaluation logic" and "Cross-account resource access".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from migrator.domain.model import Json
from migrator.domain.policy.actors import Actor
from migrator.domain.policy.compare import ask
from migrator.domain.policy.decisions import Context, Decision, Result
from migrator.domain.policy.document import MalformedPolicy
from migrator.domain.policy.evaluate import Policies

ARN_COLONS = 5

READ = ("s3", "sqs", "sns", "secretsmanager", "kms", "ecr", "lambda", "sts")
"""Services whose resources' policies can be read and judged here."""

GUARDED = frozenset(
    {
        *READ,
        *(
            "dynamodb",
            "glue",
            "events",
            "logs",
            "backup",
            "kinesis",
            "es",
            "codeartifact",
            "states",
            "elasticfilesystem",
        ),
        *(
            "apigateway",
            "execute-api",
            "schemas",
            "ses",
            "mediastore",
            "s3-outposts",
            "network-firewall",
            "rekognition",
        ),
    }
)
"""Services with resources that carry policies (IAM User Guide, "AWS services that work with IAM")."""

_OPEN: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Any", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


GONE: Json = "gone"
"""Stands for the policy of a role or a key that is not there any more: nobody can call it, so nothing of it is lost."""


def guard_of(action: str, resource: str | None) -> str | None:
    """The ARN of what carries the policy that speaks of a call, where it is one that can be read here.

    That is the bucket of an object, the topic of a subscription, the function of a version, the role to assume.
    """
    parts = (resource or "").split(":")
    service = action.lower().partition(":")[0]
    if len(parts) <= ARN_COLONS or parts[0] != "arn" or "*" in parts[ARN_COLONS]:
        return None
    if service == "sts":
        return resource if parts[2] == "iam" and parts[5].startswith("role/") else None
    if service not in READ or parts[2] != service:
        return None
    if service == "s3":
        return None if parts[4] else ":".join(parts[:5]) + ":" + parts[5].split("/", 1)[0]
    return ":".join(parts[: _LENGTH.get(service, len(parts))])


_LENGTH = {"sns": 6, "lambda": 7}
"""Parts of an ARN up to what carries the policy."""


def owner_of(resource: str | None) -> str:
    """The account in a resource's ARN; empty where there is none."""
    account = (resource or "").split(":", ARN_COLONS)[4] if (resource or "").count(":") >= ARN_COLONS else ""
    return account if account.isdecimal() else ""


def must_consent(action: str, resource: str | None, account: str) -> bool:
    """Whether the identity's policies are not enough: another account's resource, a KMS key, a role to assume."""
    name = action.lower()
    if resource in (None, "", "*"):
        return False
    if name.startswith(("kms:", "sts:assumerole")):
        return True
    return owner_of(resource) not in {"", account} and name.partition(":")[0] in GUARDED


@dataclass(frozen=True)
class Guard:
    """One resource's policy, as it was read; `document` is None where there is none."""

    arn: str
    document: Json | None

    @cached_property
    def alone(self) -> Policies:
        """The policy, for one whom nothing else allows anything."""
        return Policies((), resource=self.document)

    @cached_property
    def beside_all(self) -> Policies:
        """The policy, for one whose own policies allow everything."""
        return Policies([_OPEN], resource=self.document)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The context keys that it asks for."""
        return self.alone.keys


class Consents:
    """The policies of resources that were read, by ARN, and what they make of a decision of the caller's own policies.

    `read` maps the ARN of what carries a policy to its document, None where it carries none. What is not in it was not
    read; what cannot be understood counts as that.
    """

    def __init__(self, read: Mapping[str, Json | None]) -> None:
        self._guards = {arn: Guard(arn, document) for arn, document in read.items() if _understood(document)}

    def weigh(
        self, own: Decision, actor: Actor, action: str, resource: str | None, context: Context, *, bounded: bool
    ) -> Decision:
        """Joins a decision of the caller's own policies with the resource's policy.

        `bounded` says that a permissions boundary rules the caller, which may stop what the resource grants.
        """
        if own.result is Result.EXPLICITLY_DENIED:
            return own
        account = str(actor.context.get("aws:principalaccount", ""))
        arn = guard_of(action, resource)
        guard = self._guards.get(arn) if arn else None
        needed = must_consent(action, resource, account)
        if guard is None:
            unread = needed or (arn is not None and not owner_of(arn))
            return _NOT_READ if unread and own.result is not Result.IMPLICITLY_DENIED else own
        if guard.document == GONE:
            return own
        if guard.document is None:
            missing = needed and own.result is not Result.IMPLICITLY_DENIED
            return Decision(Result.IMPLICITLY_DENIED, None, RESOURCE) if missing else own
        there = {"aws:resourceaccount": account, **context}
        if own.result is Result.IMPLICITLY_DENIED:
            return self._granted(own, guard, actor, action, resource, there, bounded=bounded)
        beside = ask(guard.beside_all, actor, action, resource, guard.keys, there)
        return own if beside.result is Result.ALLOWED else beside

    def _granted(
        self,
        own: Decision,
        guard: Guard,
        actor: Actor,
        action: str,
        resource: str | None,
        context: Context,
        *,
        bounded: bool,
    ) -> Decision:
        if own.layer is not None:
            return own  # a boundary or a session policy limits what a resource grants to a session
        alone = ask(guard.alone, actor, action, resource, guard.keys, context)
        if alone.result is Result.ALLOWED and bounded:
            return Decision(Result.UNKNOWN, None, "boundary")
        return own if alone.result is Result.IMPLICITLY_DENIED else alone


def _understood(document: Json | None) -> bool:
    if document == GONE:
        return True
    try:
        Policies((), resource=document)
    except MalformedPolicy:
        return False
    return True


RESOURCE = "resource"
"""The layer of a resource's policy in decisions."""

_NOT_READ = Decision(Result.UNKNOWN, None, RESOURCE)
"""The resource's policy decides, and nobody could read it."""
