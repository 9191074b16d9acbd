"""Who makes a request, with the context keys that follow: the IAM user today, its Identity Center session tomorrow.

Sources: IAM User Guide, "AWS global condition context keys"; Identity Center User Guide, "Referencing permission sets".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrator.domain.policy.evaluate import Context, Request

NEW_SUFFIX = "0" * 16
"""Stands for the 16 hexadecimal digits that AWS will give a role that does not exist yet."""

NEW_ROLE_ID = "AROA" + "X" * 17
"""Stands for the unique id that AWS will give a role that does not exist yet."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal's ARN, the keys its requests carry, and those they never carry.

    Keys are in lower case. An entry of `absent` that ends in `/` speaks of every key that begins so. `maybe` has keys
    that a request either carries with this value or lacks. Whatever is in none of them is unknown, unless a request
    says it.
    """

    principal: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    maybe: Mapping[str, str] = field(default_factory=dict)

    def request(
        self, action: str, resource: str | None, keys: Iterable[str], context: Context | None = None
    ) -> Request:
        """Makes a request of this actor; those of `keys` that nobody can know are listed as unknown."""
        known = {key.lower(): value for key, value in (context or {}).items()}
        full = {**self.context, **known}
        unknown = frozenset(key for key in keys if key not in full and not self._lacks(key))
        return Request(self.principal, action, resource, full, unknown)

    def requests(
        self, action: str, resource: str | None, keys: Iterable[str], context: Context | None = None
    ) -> tuple[Request, ...]:
        """Makes the requests of which one is the real one: with and without each of `maybe` that is asked for."""
        found: tuple[Request, ...] = (self.request(action, resource, keys, context),)
        for key, value in self.maybe.items():
            if key in found[0].unknown_keys:
                found = tuple(one for request in found for one in _with_and_without(request, key, value))
        return found

    def _lacks(self, key: str) -> bool:
        return key in self.absent or f"{key.partition('/')[0]}/" in self.absent


def _with_and_without(request: Request, key: str, value: str) -> tuple[Request, Request]:
    left = request.unknown_keys - {key}
    principal, action, resource = request.principal, request.action, request.resource
    with_it = Request(principal, action, resource, {**request.context, key: value}, left)
    return with_it, Request(principal, action, resource, request.context, left)


def iam_user(arn: str, user_id: str, tags: Mapping[str, str] | None = None, organization: str = "") -> Actor:
    """An IAM user with long-term credentials. Its MFA keys are unknown: they depend on each session."""
    account, resource = arn.split(":", 5)[4:6]
    context = {
        **_common(arn, account, organization),
        "aws:username": resource.rsplit("/", 1)[-1],
        "aws:userid": user_id,
        "aws:principaltype": "User",
        **_tags(tags),
    }
    return Actor(arn, context, frozenset({"aws:principaltag/"}))


def identity_center_session(
    account: str,
    permission_set: str,
    session_name: str,
    *,
    region: str = "us-east-1",
    partition: str = "aws",
    suffix: str = NEW_SUFFIX,
    role_id: str = NEW_ROLE_ID,
    attributes: Mapping[str, str] | None = None,
    organization: str = "",
    identity_store_user: str = "",
) -> Actor:
    """A person's session in an account through a permission set: an assumed `AWSReservedSSO_*` role.

    `region` is Identity Center's home region, `session_name` the Identity Center user name, `attributes` those for
    access control (ABAC), which arrive as session tags. `aws:username` and the user's own tags are absent. MFA happened
    at the portal: `aws:MultiFactorAuthPresent` is never true in such a session (CloudTrail shows `mfaAuthenticated` as
    false in all of them); whether it is false or absent, AWS does not say.
    """
    role = f"AWSReservedSSO_{permission_set}_{suffix}"
    # The path has no region element where the instance is in us-east-1 (Referencing permission sets).
    home = "" if region == "us-east-1" else f"{region}/"
    role_arn = f"arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/{home}{role}"
    context = {
        **_common(role_arn, account, organization),
        "aws:userid": f"{role_id}:{session_name}",
        "aws:principaltype": "AssumedRole",
        **({"identitystore:userid": identity_store_user} if identity_store_user else {}),
        **_tags(attributes),
    }
    session = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session_name}"
    absent = frozenset({"aws:username", "aws:principaltag/", "aws:multifactorauthage"})
    return Actor(session, context, absent, {"aws:multifactorauthpresent": "false"})


def role_session(
    account: str, role: str, session_name: str, *, partition: str = "aws", organization: str = ""
) -> Actor:
    """A machine's session of an IAM role without a path that does not exist yet.

    `aws:username` is absent. What the role's tags, its trust and its MFA will be is its team's to decide: unknown.
    """
    role_arn = f"arn:{partition}:iam::{account}:role/{role}"
    context = {
        **_common(role_arn, account, organization),
        "aws:userid": f"{NEW_ROLE_ID}:{session_name}",
        "aws:principaltype": "AssumedRole",
    }
    session = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session_name}"
    return Actor(session, context, frozenset({"aws:username"}))


def _common(principal_arn: str, account: str, organization: str) -> dict[str, str]:
    known = {"aws:principalorgid": organization} if organization else {}
    return {
        "aws:principalarn": principal_arn,
        "aws:principalaccount": account,
        "aws:principalisawsservice": "false",
        **known,
    }


def _tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {f"aws:principaltag/{key.lower()}": value for key, value in (tags or {}).items()}
