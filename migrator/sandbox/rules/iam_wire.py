"""How the IAM rules stand in moto: new operations, checks before old ones, answers changed after."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.iam.models import IAMBackend, User
from moto.iam.responses import IamResponse

from migrator.sandbox.principals import Principal, iam_of
from migrator.sandbox.rules.wire import Fault


@dataclass(frozen=True, slots=True)
class IamCall:
    """One IAM call: the account's IAM, the parameters, and who calls."""

    iam: IAMBackend
    params: Mapping[str, Any]
    principal: Principal

    def __getitem__(self, name: str) -> Any:
        """Return a required parameter."""
        return self.params[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an optional parameter."""
        return self.params.get(name, default)

    def user(self, name: str | None = None) -> User:
        """Return the user that `UserName` (or `name`) means, the caller where it is left out; NoSuchEntity if none."""
        wanted = name or self.params.get("UserName")
        if wanted is None:
            if self.principal.user is None:
                raise Fault("ValidationError", "Must specify userName when calling with non-User credentials")
            return self.principal.user
        folded = wanted.lower()
        found = next((user for known, user in self.iam.users.items() if known.lower() == folded), None)
        if found is None:
            raise Fault("NoSuchEntity", f"The user with name {wanted} cannot be found.")
        return found


Operation = Callable[[IamCall], Mapping[str, Any]]
Check = Callable[[IamCall], None]
Edit = Callable[[IamCall, Any], Any]


def serve_iam(operations: Mapping[str, Operation], responses: type[BaseResponse] = IamResponse) -> None:
    """Answer these operations in place of moto."""
    for name, operation in operations.items():
        setattr(responses, camelcase_to_underscores(name), _method(operation))


def before(check: Check, *operations: str, responses: type[BaseResponse] = IamResponse) -> None:
    """Run a check before moto's own answer to each of the operations; it refuses by raising `Fault`."""
    for name in operations:
        _wrap(responses, name, lambda method: _checked(method, check))


def after(edit: Edit, *operations: str, responses: type[BaseResponse] = IamResponse) -> None:
    """Give what moto answers to each of the operations to `edit`, and answer what it returns."""
    for name in operations:
        _wrap(responses, name, lambda method: _edited(method, edit))


def instead_of(answer: Callable[[IamCall, Callable[[], Any]], Any], *operations: str) -> None:
    """Answer operations by a function that is handed moto's own answer to call or not."""
    for name in operations:
        _wrap(IamResponse, name, lambda method: _replaced(method, answer))


def call_of(response: BaseResponse) -> IamCall:
    """Return the call that a moto response object stands for."""
    principal: Principal = response.normalized_request.environ["sandbox.principal"]
    return IamCall(iam_of(response.current_account, response.partition), response.params, principal)


def _wrap(responses: type[BaseResponse], name: str, wrapper: Callable[[Any], Any]) -> None:
    attribute = camelcase_to_underscores(name)
    method = getattr(responses, attribute)
    setattr(responses, attribute, functools.wraps(method)(wrapper(method)))


def _method(operation: Operation) -> Callable[[BaseResponse], ActionResult]:
    def answer(response: BaseResponse) -> ActionResult:
        return ActionResult(operation(call_of(response)))

    return answer


def _checked(method: Callable[[Any], Any], check: Check) -> Callable[[Any], Any]:
    def answer(response: BaseResponse) -> Any:
        check(call_of(response))
        return method(response)

    return answer


def _edited(method: Callable[[Any], Any], edit: Edit) -> Callable[[Any], Any]:
    def answer(response: BaseResponse) -> Any:
        result = method(response)
        changed = edit(call_of(response), result.result)
        return ActionResult(changed)

    return answer


def _replaced(
    method: Callable[[Any], Any], answer: Callable[[IamCall, Callable[[], Any]], Any]
) -> Callable[[Any], Any]:
    def replaced(response: BaseResponse) -> ActionResult:
        return ActionResult(answer(call_of(response), lambda: method(response).result))

    return replaced
