"""Principals in resource policies: checked when saved, bound to the unique id, shown as that id once they are gone.

Deviation: moto stores any principal and never touches a policy again. On AWS a policy that names a user shows `AIDA…`
after the user's deletion, a new user of the same name does not match it, and saving a policy with such a dead id is
refused. Source: IAM User Guide, "AWS JSON policy elements: Principal"; repost.aws, "invalid principal in policy".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.iam.models import Role, User, iam_backends

from migrator.sandbox import gateway
from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal
from migrator.sandbox.rules.center_state import member
from migrator.sandbox.rules.iam_wire import IamCall, instead_of
from migrator.sandbox.rules.policy_places import Place, places

Params = Mapping[str, Any]


def install() -> None:
    """Check policies before they are saved, and rewrite them when a principal is deleted or renamed."""
    gateway.CHECKS.append(_check)
    instead_of(_user_deleted, "DeleteUser")
    instead_of(_role_deleted, "DeleteRole")
    instead_of(_user_renamed, "UpdateUser")


def _attribute(params: Params) -> Any:
    return params.get("AttributeValue") if params.get("AttributeName") == "Policy" else None


def _attributes(params: Params) -> Any:
    return (params.get("Attributes") or {}).get("Policy")


_SAVED: dict[tuple[str, str], Callable[[Params], Any]] = {
    ("iam", "CreateRole"): lambda params: params["AssumeRolePolicyDocument"],
    ("iam", "UpdateAssumeRolePolicy"): lambda params: params["PolicyDocument"],
    ("s3", "PutBucketPolicy"): lambda params: params.get("Policy"),
    ("sqs", "CreateQueue"): _attributes,
    ("sqs", "SetQueueAttributes"): _attributes,
    ("sns", "CreateTopic"): _attributes,
    ("sns", "SetTopicAttributes"): _attribute,
    ("kms", "CreateKey"): lambda params: params.get("Policy"),
    ("kms", "PutKeyPolicy"): lambda params: params.get("Policy"),
    ("secretsmanager", "PutResourcePolicy"): lambda params: params.get("ResourcePolicy"),
}
_REFUSALS = {
    "iam": ("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{}"'),
    "s3": ("MalformedPolicy", "Invalid principal in policy"),
    "sqs": ("InvalidAttributeValue", "Invalid value for the parameter Policy."),
    "sns": ("InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
    "kms": ("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."),
    "secretsmanager": (
        "MalformedPolicyDocumentException",
        "This resource policy contains an unsupported principal.",
    ),
}


def _check(call: ApiCall, principal: Principal) -> None:
    del principal
    find = _SAVED.get((call.service, call.operation))
    document = _read(find(call.params)) if find else None
    for value in principals_of(document or {}):
        if not _exists(value):
            code, message = _REFUSALS[call.service]
            raise Refusal(code, message.format(value))


def _read(document: Any) -> dict[str, Any] | None:
    if isinstance(document, bytes):
        document = document.decode()
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return None  # the service itself refuses what is no JSON
    return found if isinstance(found, dict) else None


def principals_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Give every AWS principal that a policy document names."""
    for holder, _ in _holders(document):
        listed = holder["AWS"]
        yield from [listed] if isinstance(listed, str) else listed


def _holders(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            holder = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(holder, dict) and "AWS" in holder:
                yield holder, element


def _exists(value: str) -> bool:
    if value.startswith(("AIDA", "AROA")):
        return any(each.id == value for each in _everybody())
    parts = value.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith(("user/", "role/")) or not _known(parts[4]):  # noqa: PLR2004 - an ARN
        return True
    return any(each.arn == value for each in _everybody())


def _known(account: str) -> bool:
    # An account outside the sandbox is somebody else's: who exists there cannot be told.
    partitions = iam_backends.get(account, {})
    return member(account) is not None or any(iam.users or iam.roles for iam in partitions.values())


def _everybody() -> Iterator[User | Role]:
    for partitions in list(iam_backends.values()):
        for iam in list(partitions.values()):
            yield from (*iam.users.values(), *iam.roles.values())


def rewrite(old: str, new: str) -> None:
    """Replace a principal in every resource policy of every account."""
    for place in places():
        _rewrite(place, old, new)


def _rewrite(place: Place, old: str, new: str) -> None:
    document = _read(place.read())
    if document is None or old not in set(principals_of(document)):
        return
    for holder, _ in _holders(document):
        listed = holder["AWS"]
        if isinstance(listed, str):
            holder["AWS"] = new if listed == old else listed
        else:
            holder["AWS"] = [new if each == old else each for each in listed]
    place.write(json.dumps(document))


def _user_deleted(call: IamCall, moto: Callable[[], Any]) -> Any:
    user = call.user()
    arn, identity = user.arn, user.id
    result = moto()
    rewrite(arn, identity)
    return result


def _role_deleted(call: IamCall, moto: Callable[[], Any]) -> Any:
    role = call.iam.get_role(call["RoleName"])
    arn, identity = role.arn, role.id
    result = moto()
    rewrite(arn, identity)
    return result


def _user_renamed(call: IamCall, moto: Callable[[], Any]) -> Any:
    user = call.user()
    old = user.arn
    result = moto()
    rewrite(old, user.arn)
    return result
