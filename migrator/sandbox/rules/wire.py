"""How the rules answer AWS calls: validated parameters in, a dictionary out, faults raised."""

import base64
import binascii
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from migrator.sandbox import faults
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal

# Unicode categories of the service models' patterns that Python's `re` cannot spell. Letters are taken widely (all of
# the scripts' blocks), which refuses no more than AWS does.
_CATEGORIES = {
    "L": "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\ud7ff\uf900-\uffdc",
    "M": "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\ufe00-\ufe0f",
    "N": "0-9\u00b2\u00b3\u00b9\u00bc-\u00be\u0660-\u0669\u0966-\u096f",
    "P": r"!-#%-*,-/:;?@\[-\]_{}" + "\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3003",
    "S": r"$+<=>\^`|~" + "\u00a2-\u00a9\u00ac\u00ae-\u00b4\u00d7\u00f7\u20a0-\u2bff\U0001f000-\U0001faff",
    "Z": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_CLASS_OR_CATEGORY = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\p\{\w\}")
_CATEGORY = re.compile(r"\\p\{(\w)\}")


class Fault(ServiceException):
    """A refusal in the service's own words; members of its error shape beside the message are keyword arguments."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        """Take the error's code, its message and its further members, such as `Reason`."""
        super().__init__(code, message)
        for name, value in members.items():
            setattr(self, name, value)


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call as the rules see it: whose account it comes from, in which region, with which parameters."""

    account: str
    region: str
    params: Mapping[str, Any]
    api: ApiCall | None = None
    principal: Principal | None = None

    def __getitem__(self, name: str) -> Any:
        """Return a required parameter."""
        return self.params[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an optional parameter."""
        return self.params.get(name, default)


Operation = Callable[[Call], dict[str, Any]]


def serve(
    responses: type[BaseResponse],
    service: str,
    operations: Mapping[str, Operation],
    invalid: str = "ValidationException",
) -> None:
    """Answer these operations of a JSON service, each checked against its service model first.

    boto3 does not check maximum lengths, patterns or enumerations (tested), so without this check a name that AWS
    refuses would pass. `invalid` is the code of the service's refusal.
    """
    for name, operation in operations.items():
        setattr(responses, camelcase_to_underscores(name), _method(service, name, operation, invalid))


def _method(service: str, name: str, operation: Operation, invalid: str) -> Callable[[BaseResponse], ActionResult]:
    def method(response: BaseResponse) -> ActionResult:
        params = json.loads(response.body or "{}")
        check(service, name, params, invalid)
        environ = response.normalized_request.environ
        caller = (environ.get("sandbox.call"), environ.get("sandbox.principal"))
        return ActionResult(operation(Call(response.current_account, response.region, params, *caller)))

    method.__name__ = camelcase_to_underscores(name)
    return method


def check(service: str, operation: str, params: Mapping[str, Any], invalid: str = "ValidationException") -> None:
    """Raise the service's refusal if parameters break the lengths, patterns or enumerations of its model."""
    shape = get_service_model(service).operation_model(operation).input_shape
    broken = list(_violations(shape, params, "")) if shape else []
    if broken:
        plural = "" if len(broken) == 1 else "s"
        raise Fault(invalid, f"{len(broken)} validation error{plural} detected: {'; '.join(broken)}")


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure_violations(shape, value, path)
    elif shape.type_name == "list":
        yield from _length_violations(shape, value, path)
        for index, member in enumerate(value, start=1):
            yield from _violations(shape.member, member, f"{path}.{index}.member")
    elif shape.type_name == "string":
        yield from _length_violations(shape, value, path)
        yield from _text_violations(shape, value, path)


def _structure_violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.metadata.get("document") or not isinstance(value, Mapping):
        return
    for name, member in shape.members.items():
        where = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
        if value.get(name) is not None:
            yield from _violations(member, value[name], where)
        elif name in shape.required_members:
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"


def _length_violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        yield _broken(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and len(value) > high:
        yield _broken(value, path, f"Member must have length less than or equal to {high}")


def _text_violations(shape: Any, value: str, path: str) -> Iterator[str]:
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _broken(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        yield _broken(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")


def _broken(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_CLASS_OR_CATEGORY.sub(_spelled, pattern), re.ASCII)


def _spelled(found: re.Match[str]) -> str:
    text = _CATEGORY.sub(lambda category: _CATEGORIES[category[1]], found[0])
    return text if found[0].startswith("[") else f"[{text}]"


def page(
    call: Call, rows: Sequence[Any], key: str, default: int = 100, invalid: str = "ValidationException"
) -> dict[str, Any]:
    """Return the page of rows that MaxResults and NextToken ask for, under `key`."""
    bent = faults.bent(first=not call.get("NextToken"))
    if bent == "empty-page":
        return {key: [], "NextToken": _token(key, 0)}
    start = _offset(call.get("NextToken"), invalid)
    stop = start + int(call.get("MaxResults") or default)
    answer: dict[str, Any] = {key: list(rows[start:stop])}
    if bent or stop < len(rows):
        answer["NextToken"] = _token(key, 0 if bent else stop)
    return answer


def _token(key: str, stop: int) -> str:
    return base64.urlsafe_b64encode(f"{key}:{stop}".encode()).decode()


def _offset(token: str | None, invalid: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().rpartition(":")[2])
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Fault(invalid, "The NextToken is not valid.") from None
