"""Refusals and results in the exact shape of each protocol that AWS services speak."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from xml.sax.saxutils import escape

from moto.moto_api._internal import mock_random

from migrator.sandbox.calls import ApiCall

_JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status_line(self) -> str:
        """Status and reason, as WSGI wants them."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unknown"


class Refusal(Exception):
    """AWS's answer to a call that it refuses: code, message, HTTP status, and what else a JSON error has."""

    def __init__(
        self, code: str, message: str, status: int = 400, members: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Take the error code as AWS spells it for the service."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def refused(call: ApiCall, refusal: Refusal) -> Answer:
    """Write a refusal in the call's protocol."""
    request_id = str(mock_random.uuid4())
    if call.protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        return _json_refusal(call, refusal, request_id)
    body = _xml_refusal(call, refusal, request_id)
    return Answer(refusal.status, (("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)), body.encode())


def answer_json(content: object, status: int = 200) -> Answer:
    """Write any JSON content, for the control interface."""
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(content, default=str).encode())


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the value of a header, whatever its case."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def _json_refusal(call: ApiCall, refusal: Refusal, request_id: str) -> Answer:
    said = {"__type": refusal.code, "message": refusal.message, "Message": refusal.message, **refusal.members}
    body = json.dumps(said).encode()
    kind = "application/json" if call.protocol == "rest-json" else _JSON
    headers = (("Content-Type", kind), ("x-amzn-ErrorType", refusal.code), ("x-amzn-RequestId", request_id))
    return Answer(refusal.status, headers, body)


def _xml_refusal(call: ApiCall, refusal: Refusal, request_id: str) -> str:
    code, message = escape(refusal.code), escape(refusal.message)
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if call.protocol == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    if call.service == "s3":
        return f"<Error>{error}<RequestId>{request_id}</RequestId><HostId>sandbox</HostId></Error>"
    fault = "Sender" if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
