"""What a call means to IAM: the action it needs and the resource it is on.

Source: the Service Authorization Reference. An operation is its own action under the service's signing name, except
where the tables below say otherwise.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal, iam_of

_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "stepfunctions": "states",
    "sso-admin": "sso",
    "resourcegroupstaggingapi": "tag",
    "ses": "ses",
    "sesv2": "ses",
    "opensearch": "es",
    "elbv2": "elasticloadbalancing",
}
_RENAMED = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetObjectAttributes": "s3:GetObject",
    "s3:SelectObjectContent": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:PutBucketCors": "s3:PutBucketCORS",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    "lambda:Invoke": "lambda:InvokeFunction",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}


def action_of(call: ApiCall) -> str:
    """Return the IAM action that a call needs, such as `s3:ListBucket`."""
    signing = call.model.metadata.get("signingName") or call.model.endpoint_prefix if call.model else call.service
    action = f"{_PREFIXES.get(call.service, signing)}:{call.operation}"
    return _RENAMED.get(action, action)


def resource_of(call: ApiCall, principal: Principal) -> str:
    """Return the ARN of the resource a call is on; `*` where the action has none, or none that the sandbox knows."""
    find = _RESOURCES.get(call.service)
    found = find(call.params, call, principal) if find else None
    return found or "*"


def account_of(call: ApiCall, resource: str, principal: Principal) -> str:
    """Return the account that owns a resource: by its ARN, a bucket's by who made it, else the caller's."""
    parts = resource.split(":", 5)
    if len(parts) > 4 and parts[4].isdecimal():  # noqa: PLR2004 - the fifth part is the account
        return parts[4]
    if call.service == "s3" and call.params.get("Bucket"):
        from moto.s3.models import s3_backends  # noqa: PLC0415 - only processes that use S3 pay for it

        owner = s3_backends.bucket_accounts.get(call.params["Bucket"])
        return str(owner[1]) if owner else principal.account
    return principal.account


def _iam(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    for parameter, find in _IAM_ENTITIES.items():
        if params.get(parameter):
            return find(params, principal)
    return _own_user(call, principal)


def _new_arn(params: Mapping[str, Any], principal: Principal, kind: str, name: str) -> str:
    return f"arn:{principal.partition}:iam::{principal.account}:{kind}{params.get('Path') or '/'}{name}"


def _group(params: Mapping[str, Any], principal: Principal) -> str:
    group = iam_of(principal.account, principal.partition).groups.get(params["GroupName"])
    return group.arn if group else _new_arn(params, principal, "group", params["GroupName"])


def _role(params: Mapping[str, Any], principal: Principal) -> str:
    roles = iam_of(principal.account, principal.partition).roles.values()
    arns = (role.arn for role in roles if role.name == params["RoleName"])
    return next(arns, None) or _new_arn(params, principal, "role", params["RoleName"])


def _user(params: Mapping[str, Any], principal: Principal) -> str:
    users = iam_of(principal.account, principal.partition).users
    arns = (user.arn for name, user in users.items() if name.lower() == params["UserName"].lower())
    return next(arns, None) or _new_arn(params, principal, "user", params["UserName"])


_IAM_ENTITIES: dict[str, Callable[[Mapping[str, Any], Principal], str]] = {
    "GroupName": _group,
    "RoleName": _role,
    "UserName": _user,
    "PolicyArn": lambda params, _: str(params["PolicyArn"]),
    "PolicyName": lambda params, principal: _new_arn(params, principal, "policy", params["PolicyName"]),
    "SerialNumber": lambda params, _: str(params["SerialNumber"]),
}


_ABOUT_ONESELF = frozenset(
    {
        "GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "ChangePassword",
        "GetLoginProfile", "ListMFADevices", "ListSSHPublicKeys", "ListSigningCertificates",
        "ListServiceSpecificCredentials",
    }
)  # fmt: skip


def _own_user(call: ApiCall, principal: Principal) -> str | None:
    return principal.user.arn if principal.user and call.operation in _ABOUT_ONESELF else None


def _s3(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    del call
    if not params.get("Bucket"):
        return None
    key = f"/{params['Key']}" if params.get("Key") else ""
    return f"arn:{principal.partition}:s3:::{params['Bucket']}{key}"


def _sqs(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    if params.get("QueueUrl"):
        account, name = str(params["QueueUrl"]).rstrip("/").split("/")[-2:]
        return f"arn:{principal.partition}:sqs:{call.region}:{account}:{name}"
    return _arn(call, principal, params["QueueName"]) if params.get("QueueName") else None


def _sns(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    arn = params.get("TopicArn") or params.get("TargetArn")
    return str(arn) if arn else (_arn(call, principal, params["Name"]) if params.get("Name") else None)


def _sts(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    if call.operation == "GetFederationToken":
        return f"arn:{principal.partition}:sts::{principal.account}:federated-user/{params.get('Name')}"
    return params.get("RoleArn")


def _kms(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    key = params.get("KeyId")
    return key if not key or key.startswith("arn:") else _arn(call, principal, f"key/{key}")


def _secret(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
    """A secret's whole ARN, which ends in six characters that its name lacks: policies are matched against that."""
    name = params.get("SecretId")
    if not name or str(name).startswith("arn:"):
        return name
    # A service that was never called has no state, and importing it here would only cost time.
    module = sys.modules.get("moto.secretsmanager.models")
    held = module.secretsmanager_backends[principal.account][call.region].secrets.values() if module else ()
    return next((str(secret.arn) for secret in held if secret.name == name), _arn(call, principal, f"secret:{name}"))


def _named(parameter: str, kind: str = "") -> Callable[[Mapping[str, Any], ApiCall, Principal], str | None]:
    def find(params: Mapping[str, Any], call: ApiCall, principal: Principal) -> str | None:
        name = params.get(parameter)
        return name if not name or str(name).startswith("arn:") else _arn(call, principal, f"{kind}{name}")

    return find


def _arn(call: ApiCall, principal: Principal, rest: str) -> str:
    return f"arn:{principal.partition}:{call.service}:{call.region}:{principal.account}:{rest}"


_RESOURCES: dict[str, Callable[[Mapping[str, Any], ApiCall, Principal], str | None]] = {
    "iam": _iam,
    "s3": _s3,
    "sqs": _sqs,
    "sns": _sns,
    "sts": _sts,
    "kms": _kms,
    "dynamodb": _named("TableName", "table/"),
    "lambda": _named("FunctionName", "function:"),
    "secretsmanager": _secret,
    "ssm": _named("Name", "parameter"),
    "logs": _named("logGroupName", "log-group:"),
    "events": _named("Name", "rule/"),
    "ecr": _named("repositoryName", "repository/"),
    "stepfunctions": _named("stateMachineArn"),
}
