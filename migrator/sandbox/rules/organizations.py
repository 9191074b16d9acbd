"""Organizations as AWS has it: sizes and numbers of policies, no doubled attachments, nothing from member accounts.

moto attaches twice without a word and a ninth SCP to one target, stores 6 KB of anything as an SCP, answers member
accounts with empty lists, refuses Identity Center's delegated administrator and yet registers it, and gives
OrganizationAccountAccessRole no permissions.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakePolicy,
    FakeRoot,
    FakeServiceAccess,
    OrganizationsBackend,
    organizations_backends,
)
from moto.organizations.responses import OrganizationsResponse

from migrator.sandbox.rules.center_state import organization_of
from migrator.sandbox.rules.reserved_roles import aws_policy
from migrator.sandbox.rules.wire import Call, Fault, check, page, serve

# AWS Organizations user guide, "Quotas": 5,120 characters, blanks included; 5 policies of one type a target.
CONTENT_LIMIT = 5_120
ATTACHMENTS_LIMIT = 5
INVALID = "InvalidInputException"
_SSO = "sso.amazonaws.com"
_OPEN_TO_ALL = {"DescribeOrganization", "CreateOrganization"}
_READS = ("Describe", "List")

Check = Callable[[Call, OrganizationsBackend], None]


@functools.cache
def install() -> None:
    """Guard moto's organizations by the checks of this module."""
    for service in (_SSO, "iam.amazonaws.com"):
        _add(FakeDelegatedAdministrator.SUPPORTED_SERVICES, service)
        _add(FakeServiceAccess.TRUSTED_SERVICES, service)
    OrganizationsResponse.organizations_backend = property(_backend)  # type: ignore[assignment]
    serve(OrganizationsResponse, "organizations", _OPERATIONS, INVALID)
    for name in [name for name in vars(OrganizationsResponse) if not name.startswith("_") and name != "request_params"]:
        method = vars(OrganizationsResponse)[name]
        if callable(method):
            setattr(OrganizationsResponse, name, _guarded(method))


def _backend(response: OrganizationsResponse) -> OrganizationsBackend:
    """Return the organization's one backend, whichever of its accounts asks."""
    found = organization_of(response.current_account)
    return found or organizations_backends[response.current_account][response.partition]


def _guarded(method: Callable[[OrganizationsResponse], Any]) -> Callable[[OrganizationsResponse], Any]:
    @functools.wraps(method)
    def guarded(response: OrganizationsResponse) -> Any:
        name = response._get_action()
        call = Call(response.current_account, response.region, json.loads(response.body or "{}"))
        check("organizations", name, call.params, INVALID)
        backend = response.organizations_backend
        _check_caller(name, call.account, backend)
        if name in _CHECKS:
            _CHECKS[name](call, backend)
        answer = method(response)
        if name == "CreateAccount" and not isinstance(answer, ActionResult):
            _give_access(json.loads(answer)["CreateAccountStatus"]["AccountId"], response.partition, call)
        return answer

    return guarded


def _check_caller(name: str, account: str, backend: OrganizationsBackend) -> None:
    if name in _OPEN_TO_ALL:
        return
    if backend.org is None:
        raise Fault("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    delegated = any(admin.account.id == account for admin in backend.admins)
    if account != backend.account_id and not (delegated and name.startswith(_READS)):
        raise Fault("AccessDeniedException", "You don't have permissions to access this resource.")


def _check_new_policy(call: Call, _backend: OrganizationsBackend) -> None:
    _check_content(call["Type"], call["Content"])


def _check_changed_policy(call: Call, backend: OrganizationsBackend) -> None:
    policy = backend.get_policy_by_id(call["PolicyId"])
    if policy.aws_managed:
        raise Fault(INVALID, "You can't modify an AWS managed policy.", Reason="IMMUTABLE_POLICY")
    if "Content" in call.params:
        _check_content(policy.type, call["Content"])
    if any(each.name == call.get("Name") and each is not policy for each in backend.policies):
        raise Fault("DuplicatePolicyException", "A policy with the same name already exists.")


def _check_deleted_policy(call: Call, backend: OrganizationsBackend) -> None:
    if backend.get_policy_by_id(call["PolicyId"]).aws_managed:
        raise Fault(INVALID, "You can't delete an AWS managed policy.", Reason="IMMUTABLE_POLICY")


def _check_content(kind: str, content: str) -> None:
    if kind == "SERVICE_CONTROL_POLICY" and len(content) > CONTENT_LIMIT:
        message = f"The policy is longer than {CONTENT_LIMIT} characters."
        raise Fault("ConstraintViolationException", message, Reason="POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or (kind == "SERVICE_CONTROL_POLICY" and not document.get("Statement")):
        raise Fault("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements.")


def _check_attach(call: Call, backend: OrganizationsBackend) -> None:
    policy = backend.get_policy_by_id(call["PolicyId"])
    enabled = [kind["Type"] for each in backend.ou if isinstance(each, FakeRoot) for kind in each.policy_types]
    if policy.type not in enabled:
        raise Fault("PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root.")
    attached = _attached(backend, call["TargetId"], policy.type)
    if policy in attached:
        raise Fault("DuplicatePolicyAttachmentException", "The selected policy is already attached to the target.")
    if len(attached) >= ATTACHMENTS_LIMIT:
        message = f"The target has {ATTACHMENTS_LIMIT} policies of this type already."
        raise Fault("ConstraintViolationException", message, Reason="MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")


def _check_detach(call: Call, backend: OrganizationsBackend) -> None:
    policy = backend.get_policy_by_id(call["PolicyId"])
    attached = _attached(backend, call["TargetId"], policy.type)
    if policy not in attached:
        raise Fault("PolicyNotAttachedException", "The policy isn't attached to the specified target.")
    if policy.type == "SERVICE_CONTROL_POLICY" and len(attached) == 1:
        message = "Every root, OU and account must have at least one SCP attached."
        raise Fault("ConstraintViolationException", message, Reason="MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")


def _attached(backend: OrganizationsBackend, target: str, kind: str) -> list[FakePolicy]:
    units = {each.id: each.attached_policies for each in backend.ou}
    accounts = {each.id: each.attached_policies for each in backend.accounts}
    if target in units | accounts:
        return [policy for policy in (units | accounts)[target] if policy.type == kind]
    raise Fault("TargetNotFoundException", "We can't find a root, OU, account, or policy with that TargetId.")


def _check_delegate(call: Call, backend: OrganizationsBackend) -> None:
    service = call["ServicePrincipal"]
    if not FakeDelegatedAdministrator.supported_service(service):
        raise Fault(INVALID, "You specified an unrecognized service principal.")
    if service == _SSO and any(
        _SSO in admin.services for admin in backend.admins if admin.account.id != call["AccountId"]
    ):
        message = "Identity Center has a delegated administrator already."
        reason = "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"
        raise Fault("ConstraintViolationException", message, Reason=reason)


def _check_unit(call: Call, backend: OrganizationsBackend) -> None:
    backend.validate_parent_id(call["ParentId"])
    if any(each.name == call["Name"] and each.parent_id == call["ParentId"] for each in backend.ou):
        raise Fault("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")


def _check_account(call: Call, backend: OrganizationsBackend) -> None:
    if any(account.email.lower() == call["Email"].lower() for account in backend.accounts):
        message = f"The address {call['Email']} is used by another account."
        raise Fault(INVALID, message, Reason="INVALID_EMAIL_ADDRESS_TARGET")


def _give_access(account: str, partition: str, call: Call) -> None:
    """Let the new account's access role administer it, as in AWS."""
    iam = iam_backends[account][partition]
    role = iam.get_role(call.get("RoleName") or "OrganizationAccountAccessRole")
    aws_policy(iam, f"arn:{partition}:iam::aws:policy/AdministratorAccess").attach_to(role)


def list_accounts(call: Call) -> dict[str, Any]:
    """List the accounts, the suspended ones too, 20 a page."""
    backend = organization_of(call.account)
    accounts = [] if backend is None else backend.accounts
    return page(call, [account.describe() for account in accounts], "Accounts", default=20, invalid=INVALID)


def effective_policy(_call: Call) -> dict[str, Any]:
    """Answer as for a target without management policies; SCPs are no type that this call knows."""
    raise Fault("EffectivePolicyNotFoundException", "There is no effective policy of this type for the target.")


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


_OPERATIONS = {"ListAccounts": list_accounts, "DescribeEffectivePolicy": effective_policy}
_CHECKS: dict[str, Check] = {
    "CreateAccount": _check_account,
    "CreateOrganizationalUnit": _check_unit,
    "CreatePolicy": _check_new_policy,
    "UpdatePolicy": _check_changed_policy,
    "DeletePolicy": _check_deleted_policy,
    "AttachPolicy": _check_attach,
    "DetachPolicy": _check_detach,
    "RegisterDelegatedAdministrator": _check_delegate,
}
