"""One AWS call as it arrives: which service and operation, with which parameters, signed with which key, from where."""

import contextlib
import functools
import io
import logging
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.exceptions import BotoCoreError
from botocore.session import Session
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

LOG = logging.getLogger(__name__)

_RENAMED = {"awslambda": "lambda", "s3bucket_path": "s3", "dynamodb_v20111205": "dynamodb"}
_DEFAULT_REGION = "us-east-1"


@dataclass(slots=True)
class ApiCall:
    """One call, before anybody judged it; `operation` is empty where the service's model has no such operation."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    access_key: str
    session_token: str | None
    source_ip: str
    user_agent: str
    claimed_account: str | None
    protocol: str
    content_length: int = 0
    model: ServiceModel | None = field(default=None, repr=False)

    @property
    def operation_model(self) -> OperationModel | None:
        """The operation's shapes, if the service's model has the operation."""
        return self.model.operation_model(self.operation) if self.model and self.operation else None


def read(environ: dict[str, Any], dispatcher: DomainDispatcherApplication) -> ApiCall:
    """Read a request; its body is left readable for whoever answers it."""
    body = _rewound_body(environ)
    scope = _credential_scope(environ)
    service = _service(environ, dispatcher)
    model = _model(service)
    request = Request(environ, populate_request=False)
    protocol = _protocol(model, request)
    operation, uri_params = _operation(model, request)
    params = _params(model, operation, protocol, request, uri_params) if operation else {}
    environ["wsgi.input"] = io.BytesIO(body)
    return ApiCall(
        service=service,
        operation=operation,
        params=params,
        region=scope[2] if len(scope) > 2 and scope[2] else _DEFAULT_REGION,  # noqa: PLR2004 - key/date/region
        access_key=scope[0] if scope else "",
        session_token=request.headers.get("X-Amz-Security-Token") or request.args.get("X-Amz-Security-Token"),
        source_ip=request.headers.get("X-Sandbox-Source-Ip") or environ.get("REMOTE_ADDR") or "127.0.0.1",
        user_agent=request.headers.get("User-Agent", ""),
        claimed_account=request.headers.get("x-moto-account-id"),
        protocol=protocol,
        content_length=len(body),
        model=model,
    )


def _rewound_body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length:
        body: bytes = stream.read(int(length))
    else:
        body = stream.read() if environ.get("wsgi.input_terminated") else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _credential_scope(environ: dict[str, Any]) -> list[str]:
    """Return key, date, region, service and terminator of the signature, from its header or its query string."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in header:
        return str(header).partition("Credential=")[2].split(",")[0].split("/")
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if "X-Amz-Credential" in query:
        return unquote(query["X-Amz-Credential"][0]).split("/")
    if header.startswith("AWS "):
        return [header[4:].partition(":")[0]]
    return [query["AWSAccessKeyId"][0]] if "AWSAccessKeyId" in query else []


def _service(environ: dict[str, Any], dispatcher: DomainDispatcherApplication) -> str:
    host = dispatcher.infer_service_region_host(environ, environ.get("PATH_INFO", "")) or "s3.us-east-1.amazonaws.com"
    with contextlib.redirect_stdout(None):  # moto prints advice about services that it lacks
        backend = dispatcher.get_backend_for_host(host) or host.split(".")[0]
    return _RENAMED.get(backend) or _service_names().get(backend.replace("-", ""), backend)


@functools.cache
def _service_names() -> dict[str, str]:
    # moto drops the hyphens of service names.
    return {name.replace("-", ""): name for name in Session().get_available_services()}


@functools.cache
def _model(service: str) -> ServiceModel | None:
    try:
        return get_service_model(service)
    except BotoCoreError:
        return None


def _protocol(model: ServiceModel | None, request: Request) -> str:
    if model is None:
        return "json"
    try:
        return determine_request_protocol(model, request.content_type)
    except NotImplementedError:
        return str(model.protocol)


def _operation(model: ServiceModel | None, request: Request) -> tuple[str, dict[str, Any]]:
    if model is None:
        return "", {}
    named = request.values.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if named and not str(model.protocol).startswith("rest"):
        return (named, {}) if named in model.operation_names else ("", {})
    try:
        operation, uri_params = get_service_router(model.service_name).match(request)
    except Exception:  # noqa: BLE001 - the router raises several kinds; each means "no such operation"
        return "", {}
    return str(operation.name), dict(uri_params)


def _params(
    model: ServiceModel | None, operation: str, protocol: str, request: Request, uri_params: dict[str, Any]
) -> dict[str, Any]:
    assert model is not None  # noqa: S101 - an operation was found in it
    parser = PROTOCOL_PARSERS[protocol](model.operation_model(operation))
    asked = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data if protocol != "query" else b"",
        "url_path": request.path,
        "url_params": uri_params,
    }
    try:
        return dict(parser.parse(asked))
    except Exception:
        LOG.warning("cannot read the parameters of %s %s", model.service_name, operation, exc_info=True)
        return dict(uri_params)
