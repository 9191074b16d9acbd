"""The condition keys of a call, as AWS would fill them in.

Source: IAM User Guide, "AWS global condition context keys". A key that does not apply to the principal is absent:
`aws:username` for roles, `aws:TokenIssueTime` and the MFA keys for long-term keys.
"""

from datetime import UTC
from typing import Any

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK, iso
from migrator.sandbox.grants import organization_id
from migrator.sandbox.principals import Principal, iam_of

_TYPES = {"IAMUser": "User", "AssumedRole": "AssumedRole", "FederatedUser": "FederatedUser", "Root": "Account"}


def context_of(call: ApiCall, principal: Principal, owner: str) -> dict[str, str | list[str]]:
    """Return the keys that the call's request context holds."""
    now = CLOCK.now()
    context: dict[str, str | list[str]] = {
        "aws:CurrentTime": iso(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalArn": principal.role.arn if principal.role is not None else principal.arn,
        "aws:PrincipalType": _TYPES[principal.kind],
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": owner,
        "aws:SecureTransport": "true",
        "aws:SourceIp": call.source_ip,
        "aws:UserAgent": call.user_agent,
        "aws:ViaAWSService": "false",
        "aws:userid": principal.principal_id,
    }
    context |= _of_organization(principal, owner) | _of_user(principal) | _of_session(call, principal)
    return context | _of_tags(principal) | _of_parameters(call)


def _of_organization(principal: Principal, owner: str) -> dict[str, str]:
    ids = {"aws:PrincipalOrgID": organization_id(principal.account), "aws:ResourceOrgID": organization_id(owner)}
    return {key: value for key, value in ids.items() if value}


def _of_user(principal: Principal) -> dict[str, str]:
    return {"aws:username": principal.name} if principal.kind == "IAMUser" else {}


def _of_session(call: ApiCall, principal: Principal) -> dict[str, str]:
    if principal.issued is None:
        return {"aws:MultiFactorAuthPresent": "true"} if call.params.get("TokenCode") else {}
    issued = principal.issued.astimezone(UTC)
    keys = {"aws:TokenIssueTime": iso(issued)}
    if principal.mfa is not None:
        keys["aws:MultiFactorAuthPresent"] = str(principal.mfa).lower()
    if principal.mfa:
        keys["aws:MultiFactorAuthAge"] = str(int((CLOCK.now() - issued).total_seconds()))
    return keys


def _of_tags(principal: Principal) -> dict[str, str]:
    if principal.user is not None:
        tags = iam_of(principal.account, principal.partition).tagger.list_tags_for_resource(principal.user.arn)["Tags"]
    else:
        tags = principal.role.tags if principal.role is not None else []
    return {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in tags or []}


def _of_parameters(call: ApiCall) -> dict[str, str | list[str]]:
    params = call.params
    direct = {
        "sts:ExternalId": params.get("ExternalId"),
        "sts:RoleSessionName": params.get("RoleSessionName"),
        "iam:PolicyARN": params.get("PolicyArn"),
        "iam:PermissionsBoundary": params.get("PermissionsBoundary"),
        "s3:prefix": params.get("Prefix"),
        "s3:delimiter": params.get("Delimiter"),
    }
    service = {"sts": "sts:", "iam": "iam:", "s3": "s3:"}.get(call.service, "-")
    keys: dict[str, str | list[str]] = {
        key: str(value) for key, value in direct.items() if value and key.startswith(service)
    }
    tags: Any = params.get("Tags")
    if isinstance(tags, list) and all(isinstance(tag, dict) and "Key" in tag for tag in tags) and tags:
        keys |= {f"aws:RequestTag/{tag['Key']}": str(tag.get("Value", "")) for tag in tags}
        keys["aws:TagKeys"] = [str(tag["Key"]) for tag in tags]
    return keys
