"""The search for everything in an account that names a user: trust policies, resource policies, KMS grants."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from botocore import xform_name

from migrator.adapters.aws.changes.kind import listed
from migrator.adapters.aws.errors import ActionDenied, translated
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.adapters.aws.resource_policies import KEYS, SOURCES, PolicySource, permissions
from migrator.adapters.aws.session import Sessions
from migrator.domain.errors import Unreachable
from migrator.domain.model import Json
from migrator.domain.policy.document import MalformedPolicy
from migrator.domain.references import ALLOW, SOLE_ADMINISTRATOR, Named, naming, sole_administrators
from migrator.ports.aws import Missing, NameReference, NotSupported, References, Rejected, Transient

PERMISSIONS = (
    "iam:GetAccountAuthorizationDetails",
    "iam:ListUsers",
    *(action for source in SOURCES for action in permissions(source)),
)

_BEARABLE = (Unreachable, NotSupported, Rejected, Transient)
"""What one service or resource may answer without spoiling the search of the others."""


def search(sessions: Sessions, account_id: str, user_arns: Collection[str], regions: Sequence[str]) -> References:
    """What names one of these users, given by ARN or by unique id; what was not read is in `not_checked`.

    Raises Unreachable where the account cannot be entered.
    """
    if not user_arns:
        return References()
    running = _Search(sessions, account_id)
    running.identify(user_arns)
    running.roles()
    for source in SOURCES:
        for region in sorted(set(regions))[: 1 if source.one_region else None]:
            running.resources(source, region)
    found = tuple(sorted(running.found, key=lambda each: (each.where, each.user_arn, each.effect)))
    return References(found, tuple(sorted(running.not_checked)))


class _Search:
    """One search of one account; `found` and `not_checked` grow."""

    def __init__(self, sessions: Sessions, account_id: str) -> None:
        self._sessions = sessions
        self._account = account_id
        self._users: tuple[Named, ...] = ()
        self.found: set[NameReference] = set()
        self.not_checked: set[str] = set()

    def identify(self, user_arns: Collection[str]) -> None:
        """Learns the users' unique ids, which policies show once a user was deleted; ids may be given too."""
        arns = sorted({one for one in user_arns if ":" in one})
        ids = {arn: found for account in {arn.split(":")[4] for arn in arns} for arn, found in self._ids(account)}
        left = sorted({one for one in user_arns if ":" not in one} - {ids.get(arn) for arn in arns})
        self._users = (*(Named(arn, ids.get(arn, "")) for arn in arns), *(Named(one, one) for one in left))

    def _ids(self, account_id: str) -> list[tuple[str, str]]:
        try:
            return [(user["Arn"], user["UserId"]) for user in self._iam(account_id).listed("ListUsers", "Users")]
        except _BEARABLE as error:
            if account_id == self._account and not isinstance(error, ActionDenied):
                raise
            self.not_checked.add(f"unique ids of users in account {account_id}")
            return []

    def roles(self) -> None:
        """Looks through the trust policies of all roles."""
        try:
            pages = self._iam(self._account).pages("GetAccountAuthorizationDetails", Filter=["Role"])
        except ActionDenied:
            self.not_checked.add("trust policies of roles")
            return
        for role in (role for page in pages for role in page.get("RoleDetailList", ())):
            self._judge(role["Arn"], role["AssumeRolePolicyDocument"], trust=True)

    def resources(self, source: PolicySource, region: str) -> None:
        """Looks through one service in one region."""
        whole = source.words if source.one_region else f"{source.words} in {region}"
        client = self._sessions.client(source.service, self._account, "read", region)
        partition = self._sessions.caller().partition
        try:
            for element in self._listed(client, source):
                self._resource(client, source, element, partition)
        except _BEARABLE:
            self.not_checked.add(whole)

    def _resource(self, client: Any, source: PolicySource, element: Json, partition: str) -> None:
        where = source.where(element, {}, partition)
        try:
            with self._calling(source.service, source.reading):
                answer = getattr(client, xform_name(source.reading))(**source.arguments(element))
            where = source.where(element, answer, partition)
            if policy := source.policy(answer):
                self._judge(where, policy, key=source is KEYS)
        except Missing:
            pass
        except NotSupported:
            raise
        except _BEARABLE:
            self.not_checked.add(f"policy of {where}")
        if source is KEYS:
            self._grants(client, where)

    def _grants(self, client: Any, key_arn: str) -> None:
        try:
            with self._calling("kms", "ListGrants"):
                grants = list(listed(client, "list_grants", "Grants", KeyId=key_arn))
        except Missing:
            return
        except _BEARABLE:
            self.not_checked.add(f"grants of {key_arn}")
            return
        for user in self._users:
            named = {user.arn, user.user_id} - {""}
            if any(named & {grant.get("GranteePrincipal"), grant.get("RetiringPrincipal")} for grant in grants):
                self.found.add(NameReference(user.arn, key_arn, ALLOW))

    def _judge(self, where: str, policy: Json, *, trust: bool = False, key: bool = False) -> None:
        try:
            named = naming(policy, self._users, self._account, trust=trust)
            alone = sole_administrators(policy, self._users) if key else ()
        except MalformedPolicy:
            self.not_checked.add(f"policy of {where}")
            return
        self.found.update(NameReference(arn, where, effect) for arn, effect in named)
        self.found.update(NameReference(arn, where, SOLE_ADMINISTRATOR) for arn in alone)

    def _listed(self, client: Any, source: PolicySource) -> Iterator[Json]:
        paging = {"PaginationConfig": {"PageSize": source.page_size}} if source.page_size else {}
        with self._calling(source.service, source.listing):
            elements = list(listed(client, xform_name(source.listing), source.key, **paging))
        yield from elements

    def _calling(self, service: str, operation: str) -> Any:
        return translated(f"{service}:{operation}", self._account)

    def _iam(self, account_id: str) -> IamCalls:
        return IamCalls(self._sessions.client("iam", account_id, "read"), account_id)
