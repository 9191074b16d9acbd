"""Console sign-ins of IAM users: the session they give, and the time of the password's last use.

moto has no console, so no password is ever used there. A console session is a temporary credential of the user that
lasts twelve hours and outlives the password (IAM User Guide, "Switching roles (console)").
"""

import functools
from datetime import timedelta
from typing import Any

from moto.iam.utils import generate_access_key_id_from_account_id
from moto.moto_api._internal import mock_random

from migrator.sandbox import control_commands, sign_ins
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.principals import SESSIONS, Session, iam_of

_HOURS = timedelta(hours=12)


@functools.cache
def install() -> None:
    """Offer the sign-in through the control interface."""
    control_commands.COMMANDS["console/sign-in"] = sign_in


def sign_in(account: str, user: str, mfa: bool = False, source_ip: str = "", user_agent: str = "") -> dict[str, Any]:
    """Sign a user in with its password; a user without one is refused."""
    found = iam_of(account).users.get(user)
    if found is None or not found.password:
        raise ValueError(f"{user} cannot sign in to {account}")
    found.password_last_used = naive(CLOCK.now())  # type: ignore[assignment]  # moto declares it None
    sign_ins.note(found, mfa=mfa, ok=True, source_ip=source_ip, user_agent=user_agent)
    session = Session(
        access_key=generate_access_key_id_from_account_id(account, prefix="ASIA"),
        account=account,
        user_id=found.id,
        secret=mock_random.get_random_string(40),
        token=mock_random.get_random_string(200),
        issued=CLOCK.now(),
        expires=CLOCK.now() + _HOURS,
        mfa=mfa,
    )
    SESSIONS.value[session.access_key] = session
    return {
        "access_key_id": session.access_key,
        "secret_access_key": session.secret,
        "session_token": session.token,
    }
