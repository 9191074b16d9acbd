"""One IAM user afresh, by calls about this user alone: nothing here comes from a report."""

from dataclasses import replace
from datetime import datetime

from migrator.adapters.aws.authorization import document, read_user, utc
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.adapters.aws.iam_credentials import PERMISSIONS as CREDENTIAL_PERMISSIONS
from migrator.adapters.aws.iam_credentials import CredentialReading
from migrator.domain.model import Json, UserFacts
from migrator.ports.aws import LastUse, Missing

PERMISSIONS = (
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListUserPolicies",
    *CREDENTIAL_PERMISSIONS,
)


def read_user_afresh(calls: IamCalls, user_name: str, observed_at: datetime) -> UserFacts | None:
    """Everything a snapshot needs; None where the user does not exist, or ceased to while it was read."""
    try:
        return _read(calls, user_name, observed_at)
    except Missing:
        return None


def read_last_use_afresh(calls: IamCalls, user_name: str) -> LastUse | None:
    """When the user's password and keys were last used: two calls, and one for each key; None where it is gone."""
    try:
        user = calls.answer("GetUser", UserName=user_name)["User"]
        reading = CredentialReading(calls, user["UserName"], lambda: last_sign_in(user))
        return LastUse(user["UserId"], reading.last_uses())
    except Missing:
        return None


def last_sign_in(user: Json) -> datetime | None:
    """When GetUser's user last signed in with the password."""
    return utc(user.get("PasswordLastUsed"))


def _read(calls: IamCalls, asked: str, observed_at: datetime) -> UserFacts:
    user = calls.answer("GetUser", UserName=asked)["User"]
    name = user["UserName"]
    groups = calls.listed("ListGroupsForUser", "Groups", UserName=name)
    policies = calls.listed("ListAttachedUserPolicies", "AttachedPolicies", UserName=name)
    facts = read_user(
        {**user, "GroupList": [group["GroupName"] for group in groups], "AttachedManagedPolicies": policies},
        calls.account_id,
        observed_at,
    )
    inline = _inline(calls, name)
    reading = CredentialReading(calls, name, lambda: last_sign_in(user))
    credentials = reading.all()
    return replace(facts, inline_policies=inline, credentials=credentials, not_checked=tuple(sorted(reading.missed)))


def _inline(calls: IamCalls, user_name: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in sorted(calls.listed("ListUserPolicies", "PolicyNames", UserName=user_name)):
        try:
            answer = calls.answer("GetUserPolicy", UserName=user_name, PolicyName=name)
        except Missing:
            continue  # removed since the listing, which the next reading will show
        found[name] = document(answer["PolicyDocument"])
    return found
