"""What is really there, read by plain boto3, as plain data that can be compared."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from tests.scenario.company import Company

Facts = dict[str, Any]
CREDENTIALS = ("password", "keys", "ssh_keys", "service_credentials", "certificates", "mfa")


def read_users(company: Company) -> dict[str, Facts]:
    """Every user of every open member account by `ACCOUNT_NAME/NAME`, with everything that hangs on it."""
    found = {}
    for account in company.accounts:
        iam = company.admin("iam", account)
        for user in _pages(iam, "get_account_authorization_details", "UserDetailList", Filter=["User"]):
            found[f"{account}/{user['UserName']}"] = _user(iam, user)
    return found


def read_accounts(company: Company) -> dict[str, Facts]:
    """What belongs to the accounts and not to a user: their own policies with documents, virtual MFA devices."""
    found = {}
    for account in company.accounts:
        iam = company.admin("iam", account)
        policies = {p["Arn"]: p["DefaultVersionId"] for p in _pages(iam, "list_policies", "Policies", Scope="Local")}
        versions = {
            arn: iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            for arn, version in policies.items()
        }
        devices = sorted(d["SerialNumber"] for d in _pages(iam, "list_virtual_mfa_devices", "VirtualMFADevices"))
        found[account] = {"policies": versions, "virtual_mfa_devices": devices}
    return found


def read_center(company: Company) -> Facts:
    """Identity Center by names: sets with documents, groups with members, users, assignments; and who holds what.

    `holders` are (user name, account id, permission set): what the portal would show, computed from assignments.
    """
    center = company.seeded.identity_center
    sso, store = company.admin("sso-admin"), company.admin("identitystore")
    ids = {"IdentityStoreId": center.identity_store_id}
    users = {u["UserId"]: u["UserName"] for u in _pages(store, "list_users", "Users", **ids)}
    groups = {g["GroupId"]: g["DisplayName"] for g in _pages(store, "list_groups", "Groups", **ids)}
    members = {
        group: sorted(
            users[m["MemberId"]["UserId"]]
            for m in _pages(store, "list_group_memberships", "GroupMemberships", GroupId=group, **ids)
        )
        for group in groups
    }
    sets, assignments, holders = {}, [], set()
    instance = {"InstanceArn": center.instance_arn}
    for arn in _pages(sso, "list_permission_sets", "PermissionSets", **instance):
        one = {**instance, "PermissionSetArn": arn}
        name = sso.describe_permission_set(**one)["PermissionSet"]["Name"]
        sets[name] = {
            "inline": sso.get_inline_policy_for_permission_set(**one)["InlinePolicy"],
            "managed": sorted(
                p["Arn"]
                for p in _pages(sso, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **one)
            ),
        }
        for account in _pages(sso, "list_accounts_for_provisioned_permission_set", "AccountIds", **one):
            for each in _pages(sso, "list_account_assignments", "AccountAssignments", AccountId=account, **one):
                who = each["PrincipalId"]
                people = members[who] if each["PrincipalType"] == "GROUP" else [users[who]]
                assignments.append((name, account, groups.get(who) or users[who]))
                holders |= {(person, account, name) for person in people}
    by_name = {groups[group]: people for group, people in members.items()}
    return {
        "sets": sets,
        "groups": by_name,
        "users": sorted(users.values()),
        "assignments": sorted(assignments),
        "holders": holders,
    }


def read_everything(company: Company) -> Facts:
    """Users, accounts and Identity Center."""
    return {"users": read_users(company), "accounts": read_accounts(company), "center": read_center(company)}


def without_ids(users: dict[str, Facts]) -> dict[str, Facts]:
    """Users without what AWS gives anew to a user that is made again."""
    return {name: {k: v for k, v in user.items() if k not in ("user_id", "created")} for name, user in users.items()}


def shells(users: dict[str, Facts]) -> dict[str, Facts]:
    """Users without their credentials and ids: what a rollback of a deletion brings back."""
    bare = without_ids(users)
    return {name: {k: v for k, v in user.items() if k not in CREDENTIALS} for name, user in bare.items()}


def only(users: dict[str, Facts], names: Iterable[str]) -> dict[str, Facts]:
    """Some of the users; each must be there."""
    return {name: users[name] for name in names}


def statuses(user: Facts) -> dict[str, str]:
    """Every credential of a user that has a status, by id."""
    kinds = ("keys", "ssh_keys", "service_credentials", "certificates")
    return {key: status for kind in kinds for key, status in user[kind].items()}


def inactive(user: Facts) -> Facts:
    """The user as it is when each credential that can be is Inactive."""
    found = deepcopy(user)
    for kind in ("keys", "ssh_keys", "service_credentials", "certificates"):
        found[kind] = dict.fromkeys(found[kind], "Inactive")
    return found


def _user(iam: Any, user: Facts) -> Facts:
    name = {"UserName": user["UserName"]}
    return {
        "user_id": user["UserId"],
        "created": user["CreateDate"],
        "arn": user["Arn"],
        "path": user["Path"],
        "tags": {tag["Key"]: tag["Value"] for tag in user.get("Tags", ())},
        "groups": sorted(user["GroupList"]),
        "attached": sorted(policy["PolicyArn"] for policy in user["AttachedManagedPolicies"]),
        "inline": {policy["PolicyName"]: policy["PolicyDocument"] for policy in user.get("UserPolicyList", ())},
        "boundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "password": _password(iam, name),
        "keys": {k["AccessKeyId"]: k["Status"] for k in _pages(iam, "list_access_keys", "AccessKeyMetadata", **name)},
        "ssh_keys": {
            k["SSHPublicKeyId"]: k["Status"] for k in _pages(iam, "list_ssh_public_keys", "SSHPublicKeys", **name)
        },
        "service_credentials": {
            c["ServiceSpecificCredentialId"]: c["Status"]
            for c in iam.list_service_specific_credentials(**name)["ServiceSpecificCredentials"]
        },
        "certificates": {
            c["CertificateId"]: c["Status"] for c in _pages(iam, "list_signing_certificates", "Certificates", **name)
        },
        "mfa": sorted(d["SerialNumber"] for d in _pages(iam, "list_mfa_devices", "MFADevices", **name)),
    }


def _password(iam: Any, name: Facts) -> Facts | None:
    try:
        profile = iam.get_login_profile(**name)["LoginProfile"]
    except iam.exceptions.NoSuchEntityException:
        return None
    return {"reset_required": profile["PasswordResetRequired"], "created": profile["CreateDate"]}


def _pages(client: Any, call: str, key: str, **params: Any) -> list[Any]:
    """Every item, page by page, of lists that have a paginator and of those that have none."""
    if client.can_paginate(call):
        return [item for page in client.get_paginator(call).paginate(**params) for item in page[key]]
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        answer = getattr(client, call)(**params, **token)
        found += answer[key]
        if not answer.get("IsTruncated"):
            return found
        token = {"Marker": answer["Marker"]}
