"""Who may do what: each call is decided by the product's own evaluator, over policies read at that moment.

moto knows no conditions but StringEquals, no variables, boundaries, SCPs or resource policies, and refuses every
REST service's signature (moto-facts §6). Here explicit denies always hold, and a role can only be assumed if it exists
and trusts the caller. Whether something must be allowed at all is a switch: with enforcement off, a caller whom no
policy allows may act, so that tests need not write policies for their stage hands.
"""

from dataclasses import replace

from migrator.domain.policy.evaluate import Decision, Request, Result, decide
from migrator.sandbox import principals
from migrator.sandbox.actions import account_of, action_of, resource_of
from migrator.sandbox.answers import Refusal
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.grants import ALLOW_ALL, Grants, grants_of
from migrator.sandbox.principals import Principal
from migrator.sandbox.request_context import context_of
from migrator.sandbox.state import Store

ENFORCING: Store[list[bool]] = Store("enforcing", lambda: [False])

# IAM User Guide, GetSessionToken: "cannot be controlled by policy"; GetCallerIdentity works under an explicit deny.
_ALWAYS = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
_LAYERS = {
    "identity": ("an identity-based policy", "no identity-based policy"),
    "boundary": ("a permissions boundary", "no permissions boundary"),
    "session": ("a session policy", "no session policy"),
    "scp": ("a service control policy", "no service control policy"),
    "resource": ("a resource-based policy", "no resource-based policy"),
}


def check(call: ApiCall, principal: Principal) -> None:
    """Refuse what the policies that rule a call refuse."""
    action = action_of(call)
    if action in _ALWAYS or not call.operation:
        return
    enforcing = ENFORCING.value[0]
    if principal.kind == "Root" and enforcing:
        raise principals.unknown_key(call)
    resource = resource_of(call, principal)
    owner = account_of(call, resource, principal)
    grants = grants_of(call, principal, resource, owner)
    assuming = action == "sts:AssumeRole"
    if not enforcing:
        grants = _allowed_otherwise(grants)
    request = Request(principal.arn, action, resource, context_of(call, principal, owner))
    decision = decide(grants.compiled(), request)
    denied = decision.result is Result.EXPLICITLY_DENIED
    missing = assuming and grants.resource is None
    if denied or missing or ((enforcing or assuming) and decision.result is not Result.ALLOWED):
        raise refusal(call, principal, action, resource, decision)


def _allowed_otherwise(grants: Grants) -> Grants:
    return replace(grants, identity=(*grants.identity, ALLOW_ALL))


def refusal(call: ApiCall, principal: Principal, action: str, resource: str, decision: Decision) -> Refusal:
    """Word a refusal as the service does.

    Source: IAM User Guide, "Troubleshoot access denied error messages".
    """
    explicit, implicit = _LAYERS[decision.layer or "identity"]
    if decision.result is Result.EXPLICITLY_DENIED:
        reason = f"with an explicit deny in {explicit}"
    else:
        reason = f"because {implicit} allows the {action} action"
    on = "" if resource == "*" else f" on resource: {_quoted(call, resource)}"
    message = f"User: {principal.arn} is not authorized to perform: {action}{on} {reason}"
    if call.protocol == "ec2":
        return Refusal("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if call.service == "sns":
        return Refusal("AuthorizationError", message, 403)
    # SQS speaks JSON but keeps the codes of its query protocol ("awsQueryCompatible").
    if call.protocol == "query" or call.service in {"s3", "sqs"} or call.protocol == "rest-xml":
        return Refusal("AccessDenied", message, 403)
    return Refusal("AccessDeniedException", message, 403 if call.protocol == "rest-json" else 400)


def _quoted(call: ApiCall, resource: str) -> str:
    return f'"{resource}"' if call.service == "s3" else resource
