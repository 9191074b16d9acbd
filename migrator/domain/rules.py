"""What the operator decided once, in the configuration: windows, limits, thresholds. Times are timedeltas."""

from dataclasses import dataclass, field
from datetime import timedelta

from migrator.domain.calendar import ChangeWindow, Freeze

__all__ = ["SILENCE", "ChangeWindow", "ClassRule", "Freeze", "Rules", "Share"]

SILENCE = 3
"""A worker that beat within so many polls was listening all along."""


@dataclass(frozen=True, slots=True)
class Share:
    """A number of users, absolute or as a percentage of those that are there."""

    value: float
    percent: bool = False

    def of(self, total: int) -> int:
        """How many that is of `total`; at least one where the share is above zero."""
        count = int(total * self.value / 100) if self.percent else int(self.value)
        return max(count, 1) if self.value > 0 else 0


@dataclass(frozen=True, slots=True)
class ClassRule:
    """A rule of the configuration that decides a kind; every condition given must hold. `name` and `path` take `*`."""

    kind: str
    name: str = "*"
    path: str = "*"
    account: str = "*"
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything the domain needs of the configuration; the defaults are those of `config.example.yaml`.

    `create_users`, `groups` (`create`, `existing`, `none`) and `create_sets`: what of Identity Center is ours to make;
    `own_roles` names the roles migrator itself acts through.
    """

    lookback: timedelta = timedelta(days=90)
    usage_sources: int = 1
    unread_sources: tuple[str, ...] = ()
    class_rules: tuple[ClassRule, ...] = ()
    break_glass: tuple[str, ...] = ()
    retire_after: timedelta = timedelta(days=180)
    email_tag: str = "Email"
    owner_tag: str = "Owner"
    cost_center_tag: str = "CostCenter"
    unused_granted_max_percent: float = 30
    coverage_min_percent: float = 100
    prefer_managed_policies: bool = True
    session_duration: timedelta = timedelta(hours=8)
    share_across_owners: bool = False
    sso_sign_in: bool = True
    listening: bool = True
    legacy_quiet: timedelta = timedelta()
    approvals: int = 1
    approval_valid: timedelta = timedelta(days=30)
    change_window: ChangeWindow | None = None
    freezes: tuple[Freeze, ...] = ()
    quarantine: timedelta = timedelta(days=7)
    deactivate: timedelta = timedelta(days=14)
    sessions: timedelta = timedelta(hours=36)
    rollback_on_scream: bool = True
    poll: timedelta = timedelta(minutes=15)
    wave_size: int = 25
    canary: int = 5
    max_per_account: int | None = None
    max_per_team: int | None = None
    max_in_scream_test: Share = field(default_factory=lambda: Share(10, percent=True))
    create_users: bool = True
    groups: str = "create"
    create_sets: bool = True
    include_accounts: tuple[str, ...] = ()
    exclude_accounts: tuple[str, ...] = ()
    home_region: str = "us-east-1"
    own_roles: tuple[str, ...] = ()
