"""Identity Center, read: the instance, its permission sets, its people, and who holds what.

Names are looked up afresh, except that a permission set's ARN is remembered: a set cannot be renamed
(UpdatePermissionSet has no Name), only deleted, and that is noticed at the next use of its ARN.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from migrator.adapters.aws.changes.kind import listed, tag_map
from migrator.adapters.aws.errors import translated
from migrator.domain.changes import UNREADABLE
from migrator.domain.model import Json
from migrator.ports.aws import IdentityCenter, Missing, NoInstance, NotSupported, SetOnAws

if TYPE_CHECKING:
    from types_boto3_identitystore import IdentityStoreClient
    from types_boto3_sso_admin import SSOAdminClient

    from migrator.adapters.aws.session import Sessions

T = TypeVar("T")

PERMISSIONS = (
    "sso:ListInstances",
    "sso:ListPermissionSets",
    "sso:DescribePermissionSet",
    "sso:ListTagsForResource",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:ListManagedPoliciesInPermissionSet",
    "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
    "sso:GetPermissionsBoundaryForPermissionSet",
    "sso:ListAccountsForProvisionedPermissionSet",
    "sso:ListAccountAssignments",
    "identitystore:GetUserId",
    "identitystore:DescribeUser",
    "identitystore:DescribeGroup",
    "identitystore:GetGroupId",
    "identitystore:ListUsers",
    "identitystore:ListGroupMemberships",
)
"""What reading takes; sso-admin's actions are `sso:*`, by its signing name."""


class IdentityCenterDirectory:
    """The port Directory over sso-admin and identitystore, and the look-ups that the change kinds share.

    `region` is Identity Center's home region; `instance_arn` chooses where there are several instances.
    """

    def __init__(self, sessions: "Sessions", region: str, instance_arn: str | None = None) -> None:
        self._sessions = sessions
        self._region = region
        self._wanted = instance_arn
        self._instance: IdentityCenter | None = None
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def sso(self) -> "SSOAdminClient":
        """The client of permission sets and assignments."""
        client: SSOAdminClient = self._sessions.center_client("sso-admin", self._region)
        return client

    def store(self) -> "IdentityStoreClient":
        """The client of users and groups."""
        client: IdentityStoreClient = self._sessions.center_client("identitystore", self._region)
        return client

    def instance(self) -> IdentityCenter:
        """The instance; raises NoInstance where there is none or more than one, saying which setting helps."""
        if self._instance is None:
            with translated(f"listing Identity Center instances in {self._region}"):
                found = list(listed(self.sso(), "list_instances", "Instances"))
            self._instance = self._chosen(found)
        return self._instance

    def _chosen(self, found: Sequence[Json]) -> IdentityCenter:
        arns = [each["InstanceArn"] for each in found]
        fitting = [each for each in found if self._wanted in {None, each["InstanceArn"]}]
        if not arns:
            raise NoInstance(
                f"there is no Identity Center instance in {self._region}",
                next_step="set aws.region to Identity Center's home region, or enable Identity Center there",
            )
        if not fitting:
            raise NoInstance(
                f"{self._wanted} is not in {self._region}; there is {', '.join(arns)}",
                next_step="correct identity_center.instance_arn or aws.region",
            )
        if len(fitting) > 1:
            raise NoInstance(
                f"there are {len(arns)} Identity Center instances in {self._region}: {', '.join(arns)}",
                next_step="set identity_center.instance_arn to one of them",
            )
        chosen = fitting[0]
        owner = chosen.get("OwnerAccountId", "")
        return IdentityCenter(chosen["InstanceArn"], chosen["IdentityStoreId"], self._region, owner)

    # -- permission sets -------------------------------------------------------------------------------------------

    def permission_sets(self) -> Sequence[SetOnAws]:
        """Every permission set, sorted by name; seven calls each, for there is no listing with details."""
        instance = self.instance().instance_arn
        with translated("reading permission sets"):
            found = [self._read_set(instance, arn) for arn in self._set_arns(instance)]
        return sorted(found, key=lambda each: each.name)

    def permission_set(self, name: str) -> SetOnAws | None:
        """One permission set whole; None where there is none of that name."""
        instance = self.instance().instance_arn
        with translated(f"reading permission set {name}"), suppress(Missing):
            return self.with_set(instance, name, lambda arn: self._read_set(instance, arn))
        return None

    def permission_set_names(self) -> Sequence[str]:
        """The names of all permission sets, sorted; each set is described once in our life."""
        instance = self.instance().instance_arn
        with translated("listing permission sets"):
            return sorted(self._set_name(instance, arn) for arn in self._set_arns(instance))

    def count_sets(self) -> int:
        """How many permission sets there are."""
        instance = self.instance().instance_arn
        with translated("listing permission sets"):
            return len(self._set_arns(instance))

    def _set_arns(self, instance: str) -> list[str]:
        return sorted(listed(self.sso(), "list_permission_sets", "PermissionSets", InstanceArn=instance))

    def _read_set(self, instance: str, arn: str) -> SetOnAws:
        sso = self.sso()
        which = {"InstanceArn": instance, "PermissionSetArn": arn}
        described = sso.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        self.remember(described["Name"], arn)
        managed = listed(sso, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **which)
        accounts = listed(sso, "list_accounts_for_provisioned_permission_set", "AccountIds", **which)
        tags = tags_of(sso, instance, arn)
        return SetOnAws(
            name=described["Name"],
            arn=arn,
            description=described.get("Description") or "",
            session_duration=described.get("SessionDuration") or "PT1H",
            inline_policy=inline_policy(sso, which),
            managed_policies=tuple(sorted(policy["Arn"] for policy in managed)),
            customer_policies=tuple(sorted(customer_policies(sso, which))),
            boundary=_boundary_if_told(sso, which),
            tags={} if tags == UNREADABLE else tags,
            accounts=tuple(sorted(accounts)),
        )

    def with_set(self, instance: str, name: str, use: Callable[[str], T]) -> T:
        """Do something with a permission set's ARN; raises Missing where no set has that name.

        Where a remembered ARN proves to be gone, the name is looked up again: somebody may have made a new set of it.
        """
        known = self._names.get(name)
        if known is not None:
            try:
                return use(known)
            except (Missing, self.sso().exceptions.ResourceNotFoundException):
                self.forget(name)
        return use(self._find_set(instance, name))

    def remember(self, name: str, arn: str) -> None:
        """Keep the ARN of a set that was just seen or made."""
        self._names[name] = arn

    def forget(self, name: str) -> None:
        """Look this set up afresh next time."""
        self._names.pop(name, None)

    def _find_set(self, instance: str, name: str) -> str:
        """The set's ARN; there is no search by name, so sets that were never seen are described one by one."""
        with self._lock:
            seen = {arn: known for known, arn in dict(self._names).items()}
            for arn in self._set_arns(instance):
                if arn not in seen:
                    described = self.sso().describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)
                    self.remember(described["PermissionSet"]["Name"], arn)
                if self._names.get(name) == arn:
                    return arn
        raise Missing(f"there is no permission set {name}")

    # -- people ----------------------------------------------------------------------------------------------------

    def find_user(self, user_name: str, email: str) -> str | None:
        """The identity store id of a user by name, else by address."""
        store = self.instance().identity_store_id
        for path, value in (("userName", user_name), ("emails.value", email)):
            if value:
                with suppress(Missing):
                    return self._user_id(store, path, value)
        return None

    def user_name(self, user_id: str) -> str:
        """The name of a user by its id; raises Missing where there is none."""
        store = self.instance().identity_store_id
        with translated(f"reading identity store user {user_id}"):
            return self.store().describe_user(IdentityStoreId=store, UserId=user_id)["UserName"]

    def user_id(self, store: str, user_name: str) -> str:
        """The id of a user; raises Missing where there is none of that name."""
        return self._user_id(store, "userName", user_name)

    def _user_id(self, store: str, path: str, value: str) -> str:
        unique: Json = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
        with translated(f"finding identity store user {value}"):
            return self.store().get_user_id(IdentityStoreId=store, AlternateIdentifier=unique)["UserId"]

    def group_id(self, store: str, group: str) -> str:
        """The id of a group; raises Missing where there is none of that name."""
        unique: Json = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": group}}
        with translated(f"finding identity store group {group}"):
            return self.store().get_group_id(IdentityStoreId=store, AlternateIdentifier=unique)["GroupId"]

    # -- who holds what --------------------------------------------------------------------------------------------

    def assignments(self, permission_set: str) -> Sequence[tuple[str, str, str]]:
        """Where a set is assigned: (account, `GROUP` or `USER`, principal); a principal that is gone by its id."""
        instance = self.instance()
        with translated(f"reading assignments of {permission_set}"), suppress(Missing):
            rows = self.with_set(
                instance.instance_arn, permission_set, lambda arn: list(self._assignments(instance, arn))
            )
            return sorted((account, kind, self._principal(instance, kind, who)) for kind, who, account, _ in rows)
        return []

    def members(self, group: str) -> Sequence[str] | None:
        """The names of the users in a group, sorted; None where there is no such group."""
        instance = self.instance()
        with translated(f"reading members of {group}"), suppress(Missing):
            found = set(self._members(instance, self.group_id(instance.identity_store_id, group)))
            return sorted(self._user_names(instance, found).values())
        return None

    def assigned(self, group: str) -> Sequence[tuple[str, str]]:
        """What a group gives its members: (account, permission set), sorted; reads the assignments of every set."""
        instance = self.instance()
        with translated(f"reading what {group} is assigned"), suppress(Missing):
            mine = self.group_id(instance.identity_store_id, group)
            rows = [row for arn in self._set_arns(instance.instance_arn) for row in self._assignments(instance, arn)]
            return sorted((account, name) for kind, who, account, name in rows if (kind, who) == ("GROUP", mine))
        return []

    def holders(self) -> Sequence[tuple[str, str, str]]:
        """Who holds what: (user name, account, permission set), groups resolved; deleted principals hold nothing.

        One call for each set and each account it is in, one for each group that is assigned, and the user listing.
        """
        instance = self.instance()
        with translated("reading who holds which permission set"):
            rows = [row for arn in self._set_arns(instance.instance_arn) for row in self._assignments(instance, arn)]
            groups = {principal for kind, principal, _, _ in rows if kind == "GROUP"}
            members = {group: self._members(instance, group) for group in sorted(groups)}
            people = [
                (person, account, name)
                for kind, principal, account, name in rows
                for person in (members[principal] if kind == "GROUP" else (principal,))
            ]
            names = self._user_names(instance, {person for person, _, _ in people})
        return sorted({(names[person], account, name) for person, account, name in people if person in names})

    def _assignments(self, instance: IdentityCenter, arn: str) -> Iterator[tuple[str, str, str, str]]:
        sso = self.sso()
        which = {"InstanceArn": instance.instance_arn, "PermissionSetArn": arn}
        accounts = list(listed(sso, "list_accounts_for_provisioned_permission_set", "AccountIds", **which))
        name = self._set_name(instance.instance_arn, arn) if accounts else ""
        for account in accounts:
            for row in listed(sso, "list_account_assignments", "AccountAssignments", AccountId=account, **which):
                yield row["PrincipalType"], row["PrincipalId"], account, name

    def _principal(self, instance: IdentityCenter, kind: str, identifier: str) -> str:
        store, where = self.store(), instance.identity_store_id
        try:
            if kind == "GROUP":
                return store.describe_group(IdentityStoreId=where, GroupId=identifier)["DisplayName"]
            return store.describe_user(IdentityStoreId=where, UserId=identifier)["UserName"]
        except store.exceptions.ResourceNotFoundException:
            return identifier

    def _set_name(self, instance: str, arn: str) -> str:
        for name, known in dict(self._names).items():
            if known == arn:
                return name
        described = self.sso().describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        self.remember(described["Name"], arn)
        return described["Name"]

    def _members(self, instance: IdentityCenter, group: str) -> tuple[str, ...]:
        store = self.store()
        which = {"IdentityStoreId": instance.identity_store_id, "GroupId": group}
        try:
            found = list(listed(store, "list_group_memberships", "GroupMemberships", **which))
        except store.exceptions.ResourceNotFoundException:
            return ()
        return tuple(each["MemberId"]["UserId"] for each in found)

    def _user_names(self, instance: IdentityCenter, wanted: set[str]) -> dict[str, str]:
        names: dict[str, str] = {}
        users: Iterable[Json] = (
            listed(self.store(), "list_users", "Users", IdentityStoreId=instance.identity_store_id) if wanted else ()
        )
        for user in users:
            if user["UserId"] in wanted:
                names[user["UserId"]] = user["UserName"]
            if len(names) == len(wanted):
                break
        return names


def tags_of(sso: "SSOAdminClient", instance: str, arn: str) -> Json:
    """The tags of a permission set; UNREADABLE where the endpoint cannot list them."""
    try:
        with translated("listing a permission set's tags"):
            return tag_map(list(listed(sso, "list_tags_for_resource", "Tags", InstanceArn=instance, ResourceArn=arn)))
    except NotSupported:
        return UNREADABLE


def inline_policy(sso: "SSOAdminClient", which: Json) -> Json:
    """The set's own document; AWS says an empty text where there is none."""
    text = sso.get_inline_policy_for_permission_set(**which).get("InlinePolicy")
    return json.loads(text) if text else None


def customer_policies(sso: "SSOAdminClient", which: Json) -> Iterator[str]:
    """The set's customer managed policies, as `/path/name`."""
    operation = "list_customer_managed_policy_references_in_permission_set"
    for reference in listed(sso, operation, "CustomerManagedPolicyReferences", **which):
        yield f"{reference.get('Path') or '/'}{reference['Name']}"


def _boundary_if_told(sso: "SSOAdminClient", which: Json) -> Json:
    """A set's boundary; None also where the endpoint cannot tell."""
    try:
        with translated("reading a permission set's boundary"):
            return boundary(sso, which)
    except NotSupported:
        return None


def boundary(sso: "SSOAdminClient", which: Json) -> Json:
    """A set's permissions boundary, `{"arn"}` or `{"customer": "/path/name"}`; None where it or the set is missing."""
    try:
        found = sso.get_permissions_boundary_for_permission_set(**which)["PermissionsBoundary"]
    except sso.exceptions.ResourceNotFoundException:
        return None
    if "ManagedPolicyArn" in found:
        return {"arn": found["ManagedPolicyArn"]}
    reference = found["CustomerManagedPolicyReference"]
    return {"customer": f"{reference.get('Path') or '/'}{reference['Name']}"}
