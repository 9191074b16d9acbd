"""The portal's own CloudTrail events: who took up which role, by the identifiers that are left since July 2025.

Source: IAM Identity Center User Guide, "Identity Center events in CloudTrail"; AWS Security Blog, "Important changes to
CloudTrail events for AWS IAM Identity Center": no user name, `onBehalfOf` instead. Recorded in the home region of the
management account only.
"""

from typing import Any

from migrator.sandbox import records
from migrator.sandbox.clock import CLOCK, iso
from migrator.sandbox.events import EventKind
from migrator.sandbox.recorder import keep, next_number
from migrator.sandbox.rules.center_state import Center

_SOURCE = "sso.amazonaws.com"


def note_federation(
    center: Center, user: dict[str, Any], account: str, permission_set: str, source_ip: str, user_agent: str
) -> None:
    """Record that a user of the identity store took up a permission set in an account."""
    kind = EventKind(_SOURCE, "Federate", center.region, False, False, "", "*", center.owner)
    moment, number = CLOCK.now(), next_number()
    partition = center.instance_arn.split(":")[1]
    store = f"arn:{partition}:identitystore::{center.owner}:identitystore/{center.store_id}"
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IdentityCenterUser",
            "accountId": center.owner,
            "onBehalfOf": {"userId": user["UserId"], "identityStoreArn": store},
            "credentialId": records.event_id(f"credential {number}"),
        },
        "eventTime": iso(moment),
        "eventSource": kind.source,
        "eventName": kind.name,
        "awsRegion": kind.region,
        "sourceIPAddress": source_ip or "127.0.0.1",
        "userAgent": user_agent,
        "requestParameters": None,
        "responseElements": None,
        "eventID": records.event_id(f"event {number}"),
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": center.owner,
        "serviceEventDetails": {"role_name": permission_set, "account_id": account},
        "eventCategory": "Management",
    }
    keep(made, kind, moment)
