"""Parameters of IAM and STS calls are held to their service models: lengths, patterns, enumerations.

Deviation: moto accepts a user named `z z`, a key status `Bogus`, a session name of a hundred characters. boto3 does not
check these on its side (tested), so AWS's refusal, ValidationError, would first be met in production.
Source: the botocore service models, which are AWS's.
"""

from migrator.sandbox import gateway
from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal
from migrator.sandbox.rules.wire import Fault, check

_SERVICES = frozenset({"iam", "sts"})


def install() -> None:
    """Check every call to IAM and STS before it takes effect."""
    gateway.CHECKS.append(_check)


def _check(call: ApiCall, principal: Principal) -> None:
    del principal
    if call.service not in _SERVICES or not call.operation:
        return
    model = call.operation_model
    if model is None or model.input_shape is None:
        return
    try:
        check(call.service, call.operation, call.params, "ValidationError")
    except Fault as fault:
        raise Refusal(str(fault.code), str(fault.message)) from fault
