"""Console sign-ins of IAM users, as CloudTrail records them and as the credential report dates them.

Source: CloudTrail User Guide, "AWS Management Console sign-in events": recorded in us-east-1, failures too.
"""

from typing import Any

from moto.iam.models import User

from migrator.sandbox import records
from migrator.sandbox.ages import user_of
from migrator.sandbox.clock import CLOCK, iso, naive
from migrator.sandbox.events import EventKind
from migrator.sandbox.recorder import keep, next_number

_SOURCE = "signin.amazonaws.com"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def sign_in(account: str, name: str, *, mfa: bool, ok: bool, source_ip: str) -> User:
    """Record a sign-in; one that succeeds moves the password's last use. Raises ValueError where it cannot succeed."""
    user = user_of(account, name)
    if ok and not user.password:
        raise ValueError(f"{name} has no password in account {account}")
    if ok:
        user.password_last_used = naive(CLOCK.now())
    note(user, mfa=mfa, ok=ok, source_ip=source_ip, user_agent=_AGENT)
    return user


def note(user: User, *, mfa: bool, ok: bool, source_ip: str, user_agent: str) -> None:
    """Record that a user signed in to the console, or failed to."""
    kind = EventKind(_SOURCE, "ConsoleLogin", "us-east-1", False, False, "", "*", user.account_id)
    moment, number = CLOCK.now(), next_number()
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": user.id,
            "arn": user.arn,
            "accountId": user.account_id,
            "accessKeyId": "",
            "userName": user.name,
        },
        "eventTime": iso(moment),
        "eventSource": kind.source,
        "eventName": kind.name,
        "awsRegion": kind.region,
        "sourceIPAddress": source_ip or "127.0.0.1",
        "userAgent": user_agent or _AGENT,
        **({} if ok else {"errorMessage": "Failed authentication"}),
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success" if ok else "Failure"},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if mfa else "No",
        },
        "eventID": records.event_id(f"event {number}"),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": user.account_id,
        "eventCategory": "Management",
    }
    keep(made, kind, moment)
