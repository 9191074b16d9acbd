"""Work in the management account is done with the caller's own rights in IAM, and fails later without them.

In member accounts Identity Center has a service-linked role for it. Source: aws-iam-identity-center-extensions issue
80; landing-zone-accelerator-on-aws issue 496, for the wording of the failure.
"""

from dataclasses import replace

from moto.core.utils import get_service_model

from migrator.sandbox import enforcement
from migrator.sandbox.answers import Refusal
from migrator.sandbox.rules.center_state import Center
from migrator.sandbox.rules.wire import Call

_NEEDED = ("CreateRole", "PutRolePolicy", "AttachRolePolicy")
_REASON = (
    "Received a 403 status error: Access denied by IAM. Please check your policy, or wait for role propagation to "
    "complete. IAM Error: {}"
)


def shortfall(call: Call, center: Center, account: str, permission_set: str) -> str | None:
    """Return why the caller cannot have a reserved role made in the account; None where it can."""
    if account != center.owner or call.api is None or call.principal is None:
        return None
    params = {"RoleName": f"AWSReservedSSO_{permission_set}", "Path": "/aws-reserved/sso.amazonaws.com/"}
    for operation in _NEEDED:
        asked = replace(call.api, service="iam", operation=operation, params=params, protocol="query")
        asked.model = get_service_model("iam")
        try:
            enforcement.check(asked, call.principal)
        except Refusal as refusal:
            return _REASON.format(refusal.message)
    return None
