"""A worker's health as a file: what a supervisor looks at instead of asking the worker."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Health:
    """How the last turn ended: when, with which exit code, why (empty where all was well), and how long it took."""

    at: datetime
    exit_code: int
    why: str = ""
    seconds: float = 0.0

    def ill(self, now: datetime, limit: timedelta) -> str:
        """What is wrong, in words; empty where the worker is well. A turn that failed users is no illness."""
        if now - self.at > limit:
            return f"no turn ended since {self.at:%Y-%m-%d %H:%M:%S} UTC"
        return f"the last turn failed: {self.why}" if self.exit_code > 1 else ""


def write_health(path: Path, health: Health) -> None:
    """Write it whole or not at all: a reader never sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    said = {"at": health.at.isoformat(), "exit_code": health.exit_code, "why": health.why, "seconds": health.seconds}
    fresh.write_text(json.dumps(said) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_health(path: Path) -> Health | None:
    """The last turn's health; None where none ended yet, or the file is not ours."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Health(datetime.fromisoformat(said["at"]), int(said["exit_code"]), str(said["why"]), said["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
