"""IAM, read: whole accounts with few calls, single users afresh."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from migrator.adapters.aws import trails
from migrator.adapters.aws.account_wide import AccountWide, read_services
from migrator.adapters.aws.authorization import Authorization, document, read_authorization
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.adapters.aws.iam_credentials import CredentialReading
from migrator.adapters.aws.iam_role import PERMISSIONS as ROLE_PERMISSIONS
from migrator.adapters.aws.iam_role import read_role_afresh
from migrator.adapters.aws.iam_user import PERMISSIONS as USER_PERMISSIONS
from migrator.adapters.aws.iam_user import last_sign_in, read_last_use_afresh, read_user_afresh
from migrator.adapters.aws.references import search
from migrator.adapters.aws.report_request import PERMISSIONS as REPORT_PERMISSIONS
from migrator.adapters.aws.report_request import ReportOrder
from migrator.adapters.aws.session import Sessions
from migrator.domain.model import AccountFacts, Json, UserFacts
from migrator.domain.roles import RoleFacts
from migrator.domain.trails import Trail
from migrator.ports.aws import LastUse, Missing, References
from migrator.ports.clock import Clock

PERMISSIONS = tuple(
    sorted(
        {
            "iam:GetAccountAuthorizationDetails",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            *REPORT_PERMISSIONS,
            *ROLE_PERMISSIONS,
            *USER_PERMISSIONS,
        }
    )
)

READ = ["User", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
"""What is asked of GetAccountAuthorizationDetails; roles, which may be thousands, are not."""

NO_REPORT = "credential report"


@dataclass(frozen=True, slots=True)
class IamReader:
    """The port `AccountReader` over boto3; the clock waits for the credential report."""

    sessions: Sessions
    clock: Clock

    def read_account(self, account_id: str) -> AccountFacts:
        """Every user with all it has; `observed_at` is the moment before the first call.

        Four answers about the whole account carry most of it (docs/decisions/0008). Raises Unreachable where the
        account cannot be entered or refuses GetAccountAuthorizationDetails.
        """
        observed_at = self.clock.now()
        calls = self._calls(account_id)
        order = ReportOrder(calls, self.clock)
        pages = calls.pages("GetAccountAuthorizationDetails", Filter=READ)
        found = read_authorization(pages, account_id, observed_at)
        services = read_services(calls)
        report = order.fetch()
        wide = AccountWide(report if order.fresh else None, services)
        users = (self._with_credentials(calls, user, wide) for user in found.users)
        policies, gaps = _complete(calls, found)
        return AccountFacts(
            account_id=account_id,
            observed_at=observed_at,
            users=tuple(user for user in users if user is not None),
            groups=found.groups,
            policies=policies,
            root=report.root if report else None,
            not_checked=tuple(sorted((*gaps, *(() if report else (NO_REPORT,))))),
        )

    def read_user(self, account_id: str, user_name: str) -> UserFacts | None:
        """One user afresh, everything a snapshot needs; None where it does not exist."""
        return read_user_afresh(self._calls(account_id), user_name, self.clock.now())

    def read_last_use(self, account_id: str, user_name: str) -> LastUse | None:
        """When one user's password and access keys were last used; None where it does not exist."""
        return read_last_use_afresh(self._calls(account_id), user_name)

    def read_role(self, account_id: str, name: str) -> RoleFacts | None:
        """One role with what it grants and when it was last used; None where it does not exist."""
        return read_role_afresh(self._calls(account_id), name, self.clock.now())

    def read_policies(self, account_id: str, arns: Collection[str]) -> Mapping[str, Json]:
        """The documents of these managed policies as they are now; one that does not exist is left out."""
        calls = self._calls(account_id)
        found = {arn: _fetched(calls, arn, set()) for arn in sorted(arns)}
        return {arn: policy for arn, policy in found.items() if policy is not None}

    def find_references(self, account_id: str, user_arns: Collection[str], regions: Sequence[str]) -> References:
        """Policies of this account that name one of these users, by ARN or by unique id."""
        return search(self.sessions, account_id, user_arns, regions)

    def trails(self, account_id: str, region: str) -> Sequence[Trail]:
        """The trails that record this account."""
        return trails.read_trails(self.sessions, account_id, region)

    def _calls(self, account_id: str) -> IamCalls:
        return IamCalls(self.sessions.client("iam", account_id, "read"), account_id)

    def _with_credentials(self, calls: IamCalls, user: UserFacts, wide: AccountWide) -> UserFacts | None:
        """The user with its credentials; None where it ceased to exist meanwhile."""
        told = wide.of(user.user_name, user.created_at)
        reading = CredentialReading(calls, user.user_name, partial(self._last_sign_in, calls, user.user_name), told)
        try:
            credentials = reading.all()
        except Missing:
            return None
        return replace(user, credentials=credentials, not_checked=tuple(sorted(reading.missed)))

    def _last_sign_in(self, calls: IamCalls, user_name: str) -> datetime | None:
        return last_sign_in(calls.answer("GetUser", UserName=user_name)["User"])


def _complete(calls: IamCalls, found: Authorization) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Policies by ARN, with the ones that users or groups have and the answer left out, boundaries above all."""
    policies = dict(found.policies)
    gaps: set[str] = set()
    for arn in sorted(found.referenced - policies.keys()):
        fetched = _fetched(calls, arn, gaps)
        if fetched is not None:
            policies[arn] = fetched
    return {arn: policies[arn] for arn in sorted(policies)}, tuple(gaps)


def _fetched(calls: IamCalls, arn: str, gaps: set[str]) -> Json:
    words = f"policy {arn}"
    try:
        policy = calls.answer_or_missed(words, gaps, "GetPolicy", PolicyArn=arn)
        if policy is None:
            return None
        version = policy["Policy"]["DefaultVersionId"]
        answer = calls.answer_or_missed(words, gaps, "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    except Missing:
        gaps.add(words)
        return None
    return None if answer is None else document(answer["PolicyVersion"]["Document"])
