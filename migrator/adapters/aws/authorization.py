"""GetAccountAuthorizationDetails, read: users, groups and policies of an account, without a call."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

from migrator.domain.model import GroupFacts, Json, UserFacts


@dataclass(frozen=True, slots=True)
class Authorization:
    """An account's users without their credentials, its groups, and managed policies by ARN."""

    users: tuple[UserFacts, ...] = ()
    groups: tuple[GroupFacts, ...] = ()
    policies: Mapping[str, Json] = field(default_factory=dict)

    @property
    def referenced(self) -> frozenset[str]:
        """The ARNs of every managed policy that a user or a group has, boundaries included."""
        to_users = (arn for user in self.users for arn in user.attached_policies)
        to_groups = (arn for group in self.groups for arn in group.attached_policies)
        return frozenset((*to_users, *to_groups, *(user.boundary for user in self.users if user.boundary)))


def read_authorization(pages: Iterable[Json], account_id: str, observed_at: datetime) -> Authorization:
    """Reads all pages of one answer; what comes twice counts once, AWS's own policies only where somebody has them."""
    users: dict[str, UserFacts] = {}
    groups: dict[str, GroupFacts] = {}
    policies: dict[str, Json] = {}
    for page in pages:
        read = (read_user(each, account_id, observed_at) for each in page.get("UserDetailList", ()))
        users.update((user.user_id, user) for user in read)
        groups.update((each["GroupName"], read_group(each)) for each in page.get("GroupDetailList", ()))
        policies.update((each["Arn"], default_document(each)) for each in page.get("Policies", ()))
    bare = Authorization(_sorted(users.values()), tuple(groups[name] for name in sorted(groups)))
    return Authorization(bare.users, bare.groups, _chosen(policies, bare.referenced))


def read_user(detail: Json, account_id: str, observed_at: datetime) -> UserFacts:
    """A user of the answer."""
    return UserFacts(
        account_id=account_id,
        user_name=detail["UserName"],
        user_id=detail["UserId"],
        arn=detail["Arn"],
        observed_at=observed_at,
        path=detail.get("Path", "/"),
        created_at=utc(detail.get("CreateDate")),
        tags=tags(detail.get("Tags")),
        groups=tuple(sorted(detail.get("GroupList", ()))),
        inline_policies=inline(detail.get("UserPolicyList")),
        attached_policies=attached(detail.get("AttachedManagedPolicies")),
        boundary=boundary(detail),
    )


def read_group(detail: Json) -> GroupFacts:
    """A group of the answer."""
    return GroupFacts(
        detail["GroupName"], inline(detail.get("GroupPolicyList")), attached(detail.get("AttachedManagedPolicies"))
    )


def default_document(policy: Json) -> Json:
    """The document of a managed policy's default version; None where the answer has none."""
    default = policy.get("DefaultVersionId")
    for version in policy.get("PolicyVersionList", ()):
        if version.get("IsDefaultVersion") or version.get("VersionId") == default:
            return document(version.get("Document"))
    return None


def inline(listed: Iterable[Json] | None) -> dict[str, Json]:
    """Inline policies by name, in the names' order."""
    read = {each["PolicyName"]: document(each["PolicyDocument"]) for each in listed or ()}
    return {name: read[name] for name in sorted(read)}


def attached(listed: Iterable[Json] | None) -> tuple[str, ...]:
    """The ARNs of attached managed policies, sorted."""
    return tuple(sorted(each["PolicyArn"] for each in listed or ()))


def boundary(detail: Json) -> str | None:
    """The ARN of a user's permissions boundary."""
    arn = (detail.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return str(arn) if arn else None


def tags(listed: Iterable[Json] | None) -> dict[str, str]:
    """Tags by key, in the keys' order."""
    read = {each["Key"]: each["Value"] for each in listed or ()}
    return {key: read[key] for key in sorted(read)}


def document(value: Json) -> Json:
    """A policy as plain JSON, whether botocore decoded it or left the percent-encoded text of the wire.

    Text that is no JSON is kept as it is: a snapshot tells the truth.
    """
    if not isinstance(value, str):
        return json.loads(json.dumps(value))
    for text in (value, unquote(value)):
        try:
            return json.loads(text)
        except ValueError:
            continue
    return value


def utc(value: Json) -> datetime | None:
    """A time of AWS, from a datetime or from ISO 8601 text, in UTC."""
    if value is None:
        return None
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _sorted(users: Iterable[UserFacts]) -> tuple[UserFacts, ...]:
    return tuple(sorted(users, key=lambda user: user.user_name))


def _chosen(policies: Mapping[str, Json], referenced: Collection[str]) -> dict[str, Json]:
    """The account's own policies all; AWS's only where attached, because some endpoints list all they know."""
    wanted = (arn for arn in policies if arn in referenced or arn.split(":")[4] != "aws")
    return {arn: policies[arn] for arn in sorted(wanted) if policies[arn] is not None}
