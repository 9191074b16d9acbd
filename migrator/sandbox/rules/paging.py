"""IAM's lists come in pages: MaxItems and Marker are honoured, IsTruncated is true, order is by name.

Deviation: moto answers most lists whole and never truncates, so a forgotten paginator loses nobody. A page is of 100
here as on AWS, of up to 1,000 where MaxItems says so; the control interface can make it smaller (`pages`), which AWS
does too ("might return fewer").
Source: IAM API, "IsTruncated"; botocore's paginators name the lists.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.utils import camelcase_to_underscores, get_pagination_model
from moto.iam.responses import IamResponse

from migrator.sandbox import faults
from migrator.sandbox.rules.iam_wire import IamCall, instead_of
from migrator.sandbox.rules.wire import Fault
from migrator.sandbox.state import Store

_DEFAULT = 100
_MOST = 1000
_EVERYTHING = 10**9
_SORTED_BY = ("name", "user_name", "cert_name")

PAGE_SIZE: Store[dict[str, int]] = Store("page-size", lambda: {"iam": _MOST})
"""The greatest page that IAM answers, whatever MaxItems asks for."""


def install() -> None:
    """Page every list that botocore pages, except those that a rule pages itself."""
    for operation, model in get_pagination_model("iam").items():
        if hasattr(IamResponse, camelcase_to_underscores(operation)):
            keys = model["result_key"]
            instead_of(_paged([keys] if isinstance(keys, str) else keys), operation)


def page(params: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the page that Marker and MaxItems ask for, over one list or several counted together."""
    bent = faults.bent(first=not params.get("Marker"))
    if bent == "empty-page":
        return {**{key: [] for key in lists}, "IsTruncated": True, "Marker": _marker(0)}
    start = _offset(params.get("Marker"))
    stop = start + min(int(params.get("MaxItems") or _DEFAULT), _MOST, PAGE_SIZE.value["iam"])
    answer: dict[str, Any] = {}
    seen = 0
    for key, rows in lists.items():
        answer[key] = rows[max(0, start - seen) : max(0, stop - seen)]
        seen += len(rows)
    answer["IsTruncated"] = bool(bent) or stop < seen
    if answer["IsTruncated"]:
        answer["Marker"] = _marker(0 if bent else stop)
    return answer


def _paged(keys: list[str]) -> Callable[[IamCall, Callable[[], Any]], Any]:
    def answer(call: IamCall, moto: Callable[[], Any]) -> Any:
        asked = dict(call.params)
        _ask_for_everything(call)
        try:
            whole = dict(moto())
        finally:
            _restore(call, asked)
        if whole.get("Marker"):
            return whole
        return {**whole, **page(asked, {key: _ordered(list(whole.get(key) or [])) for key in keys})}

    return answer


def _ask_for_everything(call: IamCall) -> None:
    params: Any = call.params
    params["MaxItems"] = _EVERYTHING
    params.pop("Marker", None)


def _restore(call: IamCall, asked: Mapping[str, Any]) -> None:
    params: Any = call.params
    params.clear()
    params.update(asked)


def _ordered(rows: list[Any]) -> list[Any]:
    for attribute in _SORTED_BY:
        if rows and all(hasattr(row, attribute) for row in rows):
            return sorted(rows, key=lambda row: str(getattr(row, attribute)))
    return sorted(rows) if rows and all(isinstance(row, str) for row in rows) else rows


def _marker(stop: int) -> str:
    return base64.b64encode(f"sandbox:{stop}".encode()).decode()


def _offset(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        return int(base64.b64decode(marker, validate=True).decode().removeprefix("sandbox:"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Fault("ValidationError", "Invalid Marker.") from None
