"""Clients for every account: whose credentials they use, and how patient they are."""

import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from migrator import __version__
from migrator.adapters.aws.attempts import Attempts, OnCall
from migrator.adapters.aws.errors import SIGN_IN, translated
from migrator.adapters.aws.patience import ATTEMPTS, wait_by
from migrator.domain.errors import MigratorError
from migrator.ports.aws import AccessDenied, Caller

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session

PERMISSIONS = ("sts:GetCallerIdentity", "sts:AssumeRole")

Purpose = Literal["read", "change"]

SESSION_NAME = "migrator"
CONNECT_SECONDS = 5
READ_SECONDS = 30


class Sessions:
    """Gives clients, one for each identity, service and region; safe to share between threads.

    `read` acts in a member account as `discovery_role`, `change` as `change_role`; None stands for the caller's own
    credentials, which open no other account. They also serve the caller's own account, unless `organization_role_arn`
    says that the caller is not in the management account: then its account is a member like any other. Endpoints are
    botocore's business alone.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str = "us-east-1",
        discovery_role: str | None = None,
        change_role: str | None = None,
        organization_role_arn: str | None = None,
        identity_center_role_arn: str | None = None,
        external_id: str | None = None,
        on_call: OnCall | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._profile = profile
        self._region = region
        self._roles = {"read": discovery_role, "change": change_role}
        self._organization_role = organization_role_arn
        self._center_role = identity_center_role_arn
        self._external_id = external_id
        self._seam = Attempts(on_call) if on_call else None
        self._attempts = attempts
        self._sleep = sleep
        self._lock = RLock()
        self._sessions: dict[str | None, Session] = {}
        self._clients: dict[tuple[str | None, str, str], Any] = {}
        self._caller: Caller | None = None

    def caller(self) -> Caller:
        """Who we are, asked once; raises AccessDenied where the credentials are missing, expired or refused."""
        with self._lock:
            if self._caller is None:
                with translated("sts:GetCallerIdentity"):
                    said = self.own_client("sts").get_caller_identity()
                arn = said["Arn"]
                self._caller = Caller(arn, said["UserId"], said["Account"], arn.split(":")[1])
            return self._caller

    def client(self, service: str, account_id: str, purpose: Purpose, region: str | None = None) -> Any:
        """A client that acts in an account; the role is assumed at its first call."""
        return self.role_client(self.role_arn(account_id, purpose), service, region)

    def organization_client(self, service: str) -> Any:
        """A client of the management account, or of a delegated administrator."""
        return self.role_client(self._organization_role, service)

    def center_client(self, service: str, region: str) -> Any:
        """A client of the account that owns the Identity Center instance, in the instance's region."""
        return self.role_client(self._center_role, service, region)

    def own_client(self, service: str, region: str | None = None) -> Any:
        """A client with the caller's own credentials."""
        return self.role_client(None, service, region)

    def role_client(self, role_arn: str | None, service: str, region: str | None = None) -> Any:
        """A client that acts as a role; None stands for the caller's own credentials."""
        key = (role_arn, service, region or self._region)
        with self._lock:
            if key not in self._clients:
                with translated(f"opening {service}"):
                    session = self._session(role_arn)
                    create: Any = session.create_client
                    client = create(service, region_name=key[2], config=_config(self._attempts))
                    wait_by(self._sleep, client, self._attempts)
                    self._clients[key] = client
            return self._clients[key]

    def role_arn(self, account_id: str, purpose: Purpose) -> str | None:
        """The role that `client` acts as in an account; None where it is the caller itself."""
        role, caller = self._roles[purpose], self.caller()
        if role is None and account_id != caller.account_id:
            raise _wrong_account(account_id, purpose, caller)
        if role is None:
            return None
        if account_id == caller.account_id and self._organization_role is None:
            return None
        return f"arn:{caller.partition}:iam::{account_id}:role/{role.removeprefix('/')}"

    def _session(self, role_arn: str | None) -> "Session":
        if role_arn not in self._sessions:
            self._sessions[role_arn] = self._open(role_arn)
        return self._sessions[role_arn]

    def _open(self, role_arn: str | None) -> "Session":
        from botocore.credentials import CredentialResolver  # noqa: PLC0415  # botocore is slow to import
        from botocore.session import Session  # noqa: PLC0415  # as above

        from migrator.adapters.aws.role_credentials import RoleCredentials, RoleProvider  # noqa: PLC0415  # as above

        session = Session(profile=self._profile)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        if role_arn is not None:
            credentials = RoleCredentials(partial(self._assume, role_arn))
            session.register_component("credential_provider", CredentialResolver([RoleProvider(credentials)]))
        if self._seam:
            self._seam.watch(session)
        return session

    def _assume(self, role_arn: str) -> Mapping[str, str]:
        from migrator.adapters.aws.role_credentials import LIFETIME  # noqa: PLC0415  # it imports botocore

        account = role_arn.split(":")[4]
        external = {"ExternalId": self._external_id} if self._external_id else {}
        try:
            with translated(f"sts:AssumeRole of {role_arn}", account):
                answer = self.own_client("sts").assume_role(
                    RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=LIFETIME, **external
                )
        except AccessDenied as error:
            if error.next_step == SIGN_IN:
                raise
            raise _cannot_enter(error, role_arn) from error.__cause__
        given: Mapping[str, str] = answer["Credentials"]
        return given


@cache
def _loader(data_path: str | None) -> Any:
    """A loader keeps every service model it reads, megabytes each: all sessions of a process share one."""
    from botocore.loaders import create_loader  # noqa: PLC0415  # botocore is slow to import

    return create_loader(data_path)


def _wrong_account(account_id: str, purpose: Purpose, caller: Caller) -> AccessDenied:
    """Without this, another account's users would be taken for this one's, and a namesake's access cut."""
    setting = "aws.discovery_role" if purpose == "read" else "aws.change_role"
    return AccessDenied(
        f"account {account_id} cannot be entered with the caller's own credentials, which are of {caller.account_id}",
        next_step=f"name a role in {setting}, or leave only {caller.account_id} in aws.accounts.include",
    )


def _cannot_enter(error: MigratorError, role_arn: str) -> AccessDenied:
    name = role_arn.rsplit("/", 1)[-1]
    return AccessDenied(
        error.what,
        next_step=f"create {name} in that account, let it trust the caller (and aws.external_id), "
        "or name the right role in the configuration",
    )


def _config(attempts: int) -> "Config":
    from botocore.config import Config  # noqa: PLC0415  # botocore is slow to import

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        user_agent_extra=f"migrator/{__version__}",
    )
