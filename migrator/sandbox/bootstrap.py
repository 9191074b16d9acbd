"""How the sandbox begins: one account, one administrator in it, nothing else."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from moto.sts.models import sts_backends

from migrator.sandbox import snapshots
from migrator.sandbox.clock import naive
from migrator.sandbox.principals import MANAGEMENT_ACCOUNT, iam_of
from migrator.sandbox.state import Store

ROLE = "OrganizationAdmin"
"""The role of the management account that the sandbox's administrator works in."""

SESSION = "administrator"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials as boto3 takes them, with whose they are."""

    account: str
    arn: str
    access_key_id: str
    secret_access_key: str
    session_token: str


_ADMINISTRATOR: Store[dict[str, str]] = Store("administrator", dict)


def reset() -> None:
    """Return to the beginning."""
    snapshots.reset()
    _ADMINISTRATOR.value.update(asdict(_administrator(MANAGEMENT_ACCOUNT)))


def administrator() -> dict[str, str]:
    """Return the administrator's credentials; they never expire, wherever the clock is set."""
    return dict(_ADMINISTRATOR.value)


def _administrator(account: str) -> Credentials:
    iam = iam_of(account)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(ROLE, json.dumps(trust), "/", None, "The sandbox's administrator", [], 43200)
    role.put_policy("administrator", json.dumps(_ALLOW_ALL))
    assumed = sts_backends[account]["aws"].assume_role("us-east-1", SESSION, role.arn, None, 43200, None)
    assumed.expiration = naive(_NEVER)
    return Credentials(account, assumed.arn, assumed.access_key_id, assumed.secret_access_key, assumed.session_token)
