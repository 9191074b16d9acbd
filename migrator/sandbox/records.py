"""CloudTrail records in their real shape, without a single secret.

Source: CloudTrail User Guide, "CloudTrail record contents" and "userIdentity element", version 1.11.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.parsers import create_parser

from migrator.sandbox.answers import Answer, header
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import iso
from migrator.sandbox.events import EventKind
from migrator.sandbox.principals import Principal

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SECRET = re.compile(
    r"password|secret|token|authenticationcode|privatekey|messagebody|^message$|^body$|^item$|expressionattributevalues"
    r"|^payload$|plaintext|^entries$|^requestitems$",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"secretid", "nexttoken", "passwordresetrequired", "clientrequesttoken", "secretarn"})
_ANSWERED = frozenset({"iam", "sts", "sso-admin", "identitystore", "organizations"})
_LONGEST = 1024
_IAM_CODES = frozenset(
    {
        "NoSuchEntity", "EntityAlreadyExists", "LimitExceeded", "DeleteConflict", "MalformedPolicyDocument",
        "InvalidInput", "PasswordPolicyViolation", "EntityTemporarilyUnmodifiable", "UnmodifiableEntity",
    }
)  # fmt: skip
_CODE_IN_XML = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE_IN_XML = re.compile(rb"<Message>([^<]*)</Message>")


def record(
    call: ApiCall, principal: Principal, kind: EventKind, answer: Answer, moment: datetime, number: int
) -> dict[str, Any]:
    """Return the record of one call; `number` makes its ids unique and the same in every run."""
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity(principal),
        "eventTime": iso(moment),
        "eventSource": kind.source,
        "eventName": kind.name,
        "awsRegion": kind.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": f"[{call.user_agent}]" if call.service == "s3" else call.user_agent,
        **_error(call, answer),
        "requestParameters": request_parameters(call),
        "responseElements": _response_elements(call, kind, answer),
        "requestID": event_id(f"request {number}"),
        "eventID": event_id(f"event {number}"),
        "readOnly": kind.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": not kind.data,
        "recipientAccountId": principal.account,
        "eventCategory": "Data" if kind.data else "Management",
    }
    if kind.resource_type and kind.resource != "*":
        made["resources"] = [{"accountId": kind.owner, "type": kind.resource_type, "ARN": kind.resource}]
    return made


def identity(principal: Principal) -> dict[str, Any]:
    """Return the userIdentity of a principal."""
    found: dict[str, Any] = {
        "type": principal.kind,
        "principalId": principal.principal_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": principal.access_key,
    }
    if principal.kind == "IAMUser":
        found["userName"] = principal.name
    if principal.issued is not None:
        found["sessionContext"] = {
            **_issuer(principal),
            "attributes": {
                "creationDate": iso(principal.issued),
                "mfaAuthenticated": str(bool(principal.mfa)).lower(),
            },
        }
    return found


def _issuer(principal: Principal) -> dict[str, Any]:
    if principal.role is not None:
        kind, issuer = "Role", principal.role
    elif principal.kind == "FederatedUser" and principal.user is not None:
        kind, issuer = "IAMUser", principal.user
    else:
        return {}
    named = {"principalId": issuer.id, "arn": issuer.arn, "accountId": principal.account, "userName": issuer.name}
    return {"sessionIssuer": {"type": kind, **named}, "webIdFederationData": {}}


def error_of(answer: Answer) -> tuple[str, str]:
    """Return code and message of an answer that refuses, two empty texts of one that does not."""
    if answer.status < 400:  # noqa: PLR2004 - the first HTTP status that is an error
        return "", ""
    code, message = _read_error(answer)
    return code or str(answer.status), message


def request_parameters(call: ApiCall) -> dict[str, Any] | None:
    """Return a call's parameters as CloudTrail spells them, without secrets; None where there are none."""
    shown = _shown(call.params)
    if call.service == "s3" and "bucket" in shown:
        shown["bucketName"] = shown.pop("bucket")
    return shown or None


def event_id(seed: str) -> str:
    """Return a UUID that is the same for the same seed."""
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=4))


def _error(call: ApiCall, answer: Answer) -> dict[str, str]:
    code, message = error_of(answer)
    if not code:
        return {}
    if call.protocol == "ec2":
        code = f"Client.{code}"
    if call.service == "iam" and code in _IAM_CODES:
        code += "Exception"
    return {"errorCode": code, "errorMessage": message[:_LONGEST]}


def _read_error(answer: Answer) -> tuple[str, str]:
    if answer.body.lstrip().startswith(b"{"):
        content = json.loads(answer.body)
        code = content.get("__type") or header(answer.headers, "x-amzn-ErrorType") or content.get("code") or ""
        message = content.get("message") or content.get("Message") or ""
        return str(code).rpartition("#")[2].partition(":")[0], str(message)
    code_found, message_found = _CODE_IN_XML.search(answer.body), _MESSAGE_IN_XML.search(answer.body)
    code_text = code_found.group(1).decode() if code_found else header(answer.headers, "x-amzn-ErrorType") or ""
    return code_text, message_found.group(1).decode() if message_found else ""


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            _lowered(str(key)): _HIDDEN if _is_secret(str(key)) else _shown(item)
            for key, item in value.items()
            if not isinstance(item, bytes | bytearray) and not hasattr(item, "read") and not _is_password(str(key))
        }
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%b %d, %Y %I:%M:%S %p")
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _is_secret(key: str) -> bool:
    return bool(_SECRET.search(key)) and key.lower() not in _NOT_SECRET


def _is_password(key: str) -> bool:
    # CloudTrail leaves these out instead of masking them.
    return key.lower().endswith("password") or key.lower() in {"secretaccesskey", "secretstring", "secretbinary"}


def _lowered(key: str) -> str:
    return key[:1].lower() + key[1:]


def _response_elements(call: ApiCall, kind: EventKind, answer: Answer) -> dict[str, Any] | None:
    writes = not kind.read_only or call.service == "sts"
    model = call.operation_model
    if call.service not in _ANSWERED or not writes or answer.status >= 400 or model is None:  # noqa: PLR2004 - as above
        return None
    headers = {name.lower(): value for name, value in answer.headers}
    raw = {"status_code": answer.status, "headers": headers, "body": answer.body}
    parsed = create_parser(model.service_model.protocol).parse(raw, model.output_shape)
    parsed.pop("ResponseMetadata", None)
    shown: dict[str, Any] = _shown(parsed)
    return shown or None
