"""Every policy that rules a principal's call, read from the sandbox's state at the moment of the call."""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.iam.models import Group, IAMBackend, ManagedPolicy, Role, User
from moto.organizations.models import FakePolicy, OrganizationsBackend, organizations_backends

from migrator.domain.policy.evaluate import Policies
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import ROLE_CONTEXT, Principal, iam_of
from migrator.sandbox.resource_policies import resource_policy
from migrator.sandbox.rules.aws_managed_policies import make

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_NOTHING = '{"Version":"2012-10-17","Statement":[]}'
_SCP = "SERVICE_CONTROL_POLICY"


@dataclass(frozen=True, slots=True)
class Grants:
    """The documents of each layer, as texts; a layer of None does not exist for the call."""

    identity: tuple[str, ...] = ()
    boundary: str | None = None
    session: tuple[str, ...] | None = None
    scp: tuple[tuple[str, ...], ...] | None = None
    resource: str | None = None

    def compiled(self) -> Policies:
        """Return the layers as the evaluator takes them."""
        return _compiled(self)


def grants_of(call: ApiCall, principal: Principal, resource: str, owner: str) -> Grants:
    """Gather the layers for one call on one resource, which `owner` owns."""
    document = resource_policy(call, resource, owner)
    if document is None and owner != principal.account:
        document = _NOTHING
    return Grants(
        identity=tuple(_identity(principal)),
        boundary=_boundary(principal),
        session=_session(principal),
        scp=service_control(principal.account),
        resource=document,
    )


@functools.lru_cache(maxsize=512)
def _compiled(grants: Grants) -> Policies:
    return Policies(
        grants.identity,
        boundary=grants.boundary,
        session=grants.session,
        scp=grants.scp,
        resource=grants.resource,
    )


def _identity(principal: Principal) -> Iterable[str]:
    if principal.kind == "Root":
        return [ALLOW_ALL]
    if principal.user is not None:
        iam = iam_of(principal.account, principal.partition)
        groups = [group for group in iam.groups.values() if principal.user in group.users]
        return [document for holder in (principal.user, *groups) for document in documents(holder)]
    return documents(principal.role) if principal.role is not None else []


def documents(holder: User | Group | Role) -> list[str]:
    """Return the inline and attached documents of a user, group or role."""
    attached = [default_document(policy) for policy in holder.managed_policies.values()]
    return [_text(document) for document in (*holder.policies.values(), *attached)]


def default_document(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's default version."""
    version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return _text(version.document)


def _text(document: str | dict[str, Any]) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _boundary(principal: Principal) -> str | None:
    holder = principal.user or principal.role
    arn = getattr(holder, "permissions_boundary_arn", None)
    if not arn:
        return None
    iam: IAMBackend = iam_of(principal.account, principal.partition)
    make(iam, arn)
    # A boundary whose policy was deleted allows nothing.
    return default_document(iam.managed_policies[arn]) if arn in iam.managed_policies else _NOTHING


def _session(principal: Principal) -> tuple[str, ...] | None:
    if principal.kind == "FederatedUser":
        # Without a session policy a federated user may do nothing that an identity policy would have to allow.
        policy = principal.session.policy if principal.session else None
        return (policy,) if policy else ()
    if principal.role_session is None:
        return None
    extra = ROLE_CONTEXT.value.get(principal.access_key, {}).get("policies", ())
    inline = (principal.role_session.policy,) if principal.role_session.policy else ()
    return (*inline, *extra) or None


def service_control(account: str) -> tuple[tuple[str, ...], ...] | None:
    """Return the SCPs over an account from the root down, None where none rule it.

    The management account is never ruled; nothing is where the policy type is not enabled.
    """
    organization = _organization(account)
    if organization is None or organization.org is None or account == organization.org.master_account_id:
        return None
    root = next(unit for unit in organization.ou if unit.id == organization.org.root_id)
    if not any(kind["Type"] == _SCP for kind in getattr(root, "policy_types", [])):
        return None
    chain: list[Any] = [next(each for each in organization.accounts if each.id == account)]
    while chain[0] is not root:
        chain.insert(0, next(unit for unit in organization.ou if unit.id == chain[0].parent_id))
    levels = (tuple(_content(policy) for policy in each.attached_policies if policy.type == _SCP) for each in chain)
    return tuple(level for level in levels if level)


def _content(policy: FakePolicy) -> str:
    return str(policy.content)


def _organization(account: str) -> OrganizationsBackend | None:
    for partitions in list(organizations_backends.values()):
        for backend in list(partitions.values()):
            if backend.org is not None and any(each.id == account for each in backend.accounts):
                found: OrganizationsBackend = backend
                return found
    return None


def organization_id(account: str) -> str | None:
    """Return the id of the organization that an account belongs to."""
    organization = _organization(account)
    return str(organization.org.id) if organization and organization.org else None
