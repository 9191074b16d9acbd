"""Waves, approvals, and the hash that binds an approval to what it approved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WaveState(StrEnum):
    """Where a wave stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


class Stage(StrEnum):
    """What an approval is for: taking access away, or deleting."""

    CUT = "cut"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Wave:
    """A named set of users that moves together. `created_by` is an identity; nobody approves a wave they created."""

    id: int
    name: str
    state: WaveState
    created_by: str
    created_at: datetime
    starts_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """One identity's yes to one user's stage, bound to `subject_hash`."""

    wave: int
    stage: Stage
    user: int
    subject_hash: str
    approver: str
    at: datetime
    expires_at: datetime
