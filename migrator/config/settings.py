"""Every key of the configuration, with its default and what it is for (contract, "Configuration")."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from migrator.config.names import (
    AccountId,
    AccountPattern,
    DatabaseUrl,
    InstanceArn,
    Region,
    RoleArn,
    RoleName,
    S3Location,
    Secret,
    TargetId,
    Text,
    UserPattern,
)
from migrator.config.values import (
    Count,
    Duration,
    PartOfUsers,
    Percent,
    SessionDuration,
    Share,
    Size,
    SomeTime,
    TimeOfDay,
    Zone,
    wrong,
)
from migrator.domain.model import Json


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Accounts(_Block):
    """Which accounts take part; ids of accounts or organizational units, or names with `*`."""

    include: tuple[AccountPattern, ...] = Field(default=(), description="accounts or OUs; none = every active account")
    exclude: tuple[AccountPattern, ...] = Field(default=(), description="accounts or OUs to leave alone")


class Aws(_Block):
    """How AWS is entered."""

    profile: Text | None = Field(
        default=None, description="profile of ~/.aws/config; null = the environment's credentials"
    )
    region: Region = Field(default="us-east-1", description="Identity Center's home region")
    discovery_role: RoleName | None = Field(
        default="MigratorDiscovery",
        description="assumed in each member account to read; null = the caller's own credentials",
    )
    change_role: RoleName | None = Field(
        default="MigratorChange",
        description="assumed in each member account to write; null = the caller's own credentials",
    )
    organization_role_arn: RoleArn | None = Field(
        default=None, description="assumed where the caller is not in the management account"
    )
    external_id: Text | None = Field(default=None, description="sent with every AssumeRole")
    accounts: Accounts = Accounts()


class IdentityCenter(_Block):
    """What migrator may create in Identity Center."""

    instance_arn: InstanceArn | None = Field(default=None, description="null = the only instance")
    role_arn: RoleArn | None = Field(default=None, description="assumed where the caller is not in its account")
    users: Literal["create", "existing"] = Field(
        default="create", description="create | existing (the identity provider provisions them by SCIM)"
    )
    groups: Literal["create", "existing", "none"] = Field(
        default="create", description="create | existing | none (assign persons directly)"
    )
    permission_sets: Literal["create", "existing"] = Field(
        default="create", description="create | existing (managed as code elsewhere)"
    )


class AccessAdvisor(_Block):
    """Last-accessed data of IAM: the floor, which needs no trail."""

    type: Literal["access-advisor"] = "access-advisor"


class CloudTrailFiles(_Block):
    """CloudTrail's files, in S3 or in a folder."""

    type: Literal["cloudtrail"] = "cloudtrail"
    location: Text = Field(examples=["s3://bucket/prefix"])
    role_arn: RoleArn | None = None


class Athena(_Block):
    """The same trail, read by Athena; results go to `output`."""

    type: Literal["athena"] = "athena"
    database: Text = Field(examples=["default"])
    table: Text = Field(examples=["cloudtrail_logs"])
    workgroup: Text = "primary"
    output: S3Location = Field(examples=["s3://bucket/results"])
    role_arn: RoleArn | None = None


class LookupEvents(_Block):
    """CloudTrail's own event history, 90 days, for small organizations without a trail."""

    type: Literal["lookup-events"] = "lookup-events"


Source = Annotated[AccessAdvisor | CloudTrailFiles | Athena | LookupEvents, Field(discriminator="type")]
"""One place where usage is read."""


class Usage(_Block):
    """Where it is read what users really did."""

    lookback: SomeTime = Field(default=timedelta(days=90), description="how far back usage counts")
    sources: tuple[Source, ...] = Field(default=(AccessAdvisor(),), description="where usage is read, all of:")


class Rule(_Block):
    """What a user is whose name, path and tags all match; `name` is `NAME` or `ACCOUNT_ID/NAME`, all with `*`."""

    name: UserPattern | None = Field(default=None, examples=["ci-*"])
    path: Text | None = Field(default=None, examples=["/machines/*"])
    tag: Mapping[Text, Text] = Field(default_factory=dict, examples=[{"Team": "build"}])
    kind: Literal["human", "machine", "break-glass"] = Field(examples=["machine"])

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.name or self.path or self.tag):
            raise wrong("would match every user", "give the rule a name, a path or a tag")
        return self


class Classification(_Block):
    """What tells humans from machines, and whose a user is."""

    rules: tuple[Rule, ...] = Field(default=(), description="the first that matches decides:")
    break_glass: tuple[UserPattern, ...] = Field(
        default=(), description="NAME or ACCOUNT_ID/NAME, with *; never touched"
    )
    retire_after: SomeTime = Field(default=timedelta(days=180), description="unused for so long: no new access")
    email_tag: Text = Field(default="Email", description="tag that holds the person's address")
    owner_tag: Text = Field(default="Owner", description="tag that holds the owning team")
    cost_center_tag: Text = Field(default="CostCenter", description="tag that holds the cost center")


class Fitting(_Block):
    """How permission sets are planned."""

    unused_granted_max_percent: Percent = Field(
        default=30, description="most of what a set grants that nobody may need"
    )
    coverage_min_percent: Percent = Field(default=100.0, description="least of the observed calls that must be allowed")
    prefer_managed_policies: bool = Field(default=True, description="AWS managed policies before own statements")
    session_duration: SessionDuration = Field(default=timedelta(hours=8), description="1h to 12h")
    share_across_owners: bool = Field(default=False, description="whether cost centers may share a set")
    cross_check: bool = Field(default=False, description="whether map asks AWS's policy simulator about the calls too")


class ChangeWindow(_Block):
    """When cuts may be made: on `days`, between `from` and `to` of that zone; past midnight where `to` is earlier."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        min_length=1, examples=[["mon", "tue"]]
    )
    opens: TimeOfDay = Field(alias="from", examples=["09:00"])
    closes: TimeOfDay = Field(alias="to", examples=["16:00"])
    zone: Zone = Field(examples=["Europe/Berlin"])

    @model_validator(mode="after")
    def _opens_at_all(self) -> Self:
        if self.opens == self.closes:
            raise wrong("never opens", "write different times for from and to")
        return self


class Freeze(_Block):
    """Days on which nothing is cut, the first and the last included."""

    first: date = Field(alias="from", examples=["2026-12-19"])
    last: date = Field(alias="to", examples=["2027-01-06"])
    zone: Zone = Field(examples=["Europe/Berlin"])

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.last < self.first:
            raise wrong("ends before it begins", "write the first day in from and the last in to")
        return self


class Gates(_Block):
    """What holds users back."""

    sso_sign_in: bool = Field(default=True, description="no cut before the person signed in the new way")
    listening: bool = Field(default=True, description="no cut while nobody would hear a scream")
    legacy_quiet: Duration = Field(
        default=timedelta(days=0), description="how long the old credentials must have been unused"
    )
    approvals: Count = Field(default=1, description="how many must approve a wave; 0 = no wave and no approval needed")
    approval_valid: SomeTime = Field(default=timedelta(days=30), description="how long an approval holds")
    change_window: ChangeWindow | None = Field(default=None, description="when cuts may be made; null = always; or:")
    freezes: tuple[Freeze, ...] = Field(default=(), description="days on which nothing is cut; or:")


class ScreamTest(_Block):
    """How long each cut is listened to."""

    quarantine: Duration = Field(default=timedelta(days=7), description="denied, before the keys are made inactive")
    deactivate: Duration = Field(default=timedelta(days=14), description="inactive, before the user is deleted")
    sessions: Duration = Field(
        default=timedelta(hours=36), description="inactive at least this long: sessions of old keys live on"
    )
    rollback_on_scream: bool = Field(default=True, description="the worker puts back who screams")
    poll: SomeTime = Field(default=timedelta(minutes=15), description="how often the worker listens")


class Waves(_Block):
    """How many move together."""

    size: Size = Field(default=25, description="users of a wave")
    canary: Count = Field(default=5, description="users of the first wave")
    max_per_account: Size | None = Field(default=None, description="users of one account in a wave; null = no limit")
    max_per_team: Size | None = Field(default=None, description="users of one owner in a wave; null = no limit")
    max_in_scream_test: PartOfUsers = Field(
        default=Share(percent=10), description="of the users, quarantined at once; a number or a percentage"
    )


class Guardrails(_Block):
    """What keeps IAM users from coming back."""

    scp_exempt_accounts: tuple[AccountId, ...] = Field(default=(), description="accounts the policy leaves alone")
    scp_exempt_roles: tuple[Text, ...] = Field(
        default=(), description="roles the policy leaves alone; names or ARNs, with *"
    )
    responder_roles: tuple[Text, ...] = Field(
        default=(), description="roles that may act on alerts; names or ARNs, with *"
    )
    scp_targets: tuple[TargetId, ...] = Field(default=(), description="accounts, OUs or the root to attach it to")
    alert_queue: Text | None = Field(default=None, description="queue that receives the alerts; its URL or ARN")


class Log(_Block):
    """What is logged, to stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug | info | warning | error"
    )
    format: Literal["text", "json"] = Field(default="text", description="text | json")


class Settings(_Block):
    """The whole configuration, frozen."""

    database: DatabaseUrl = Field(
        default="sqlite:///migrator.db", repr=False, description="or postgresql+psycopg://user@host/name"
    )
    aws: Aws = Aws()
    identity_center: IdentityCenter = IdentityCenter()
    usage: Usage = Usage()
    classification: Classification = Classification()
    mapping: Fitting = Fitting()
    gates: Gates = Gates()
    scream_test: ScreamTest = ScreamTest()
    waves: Waves = Waves()
    notifications: tuple[Secret, ...] = Field(
        default=(),
        repr=False,
        description="Apprise URLs; {email} in one: each person, {owner}: each team; ${ENV} is expanded",
    )
    notification_templates: Text | None = Field(
        default=None, description="a folder with your own texts, NAME.txt; those that are not there are ours"
    )
    guardrails: Guardrails = Guardrails()
    log: Log = Log()


def blocks(annotation: Json) -> Iterator[type[BaseModel]]:
    """The blocks of keys that an annotation names, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from blocks(inner)
