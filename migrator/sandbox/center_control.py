"""What only a browser can do in AWS: enabling Identity Center, and a person's way through its access portal."""

from dataclasses import dataclass

from migrator.sandbox.clients import Origin
from migrator.sandbox.control import post


@dataclass(frozen=True, slots=True)
class CenterInstance:
    """The instance of Identity Center that was enabled."""

    instance_arn: str
    identity_store_id: str
    region: str


def enable_identity_center(endpoint: str, region: str, *, polls: int = 1, seconds: float = 5.0) -> CenterInstance:
    """Enable Identity Center in a home region, or change the timing of the one there is.

    An asynchronous request answers IN_PROGRESS to `polls` reads of its status, or for `seconds` of the sandbox's time.
    """
    arguments = {"region": region, "polls": polls, "seconds": seconds}
    return CenterInstance(**post(endpoint, "identity-center/enable", arguments))


def name_account(endpoint: str, account: str, name: str, email: str) -> None:
    """Name an account of an organization and its root's address, as when it is opened."""
    post(endpoint, "account/name", {"account": account, "name": name, "email": email})


def portal_access(endpoint: str) -> dict[str, list[tuple[str, str]]]:
    """Return, by user name, the accounts and permission-set names that the portal shows a person."""
    answer = post(endpoint, "portal/access", {})["access"]
    return {person: [(account, name) for account, name in rows] for person, rows in answer.items() if rows}


def portal_credentials(
    endpoint: str, user_name: str, account: str, permission_set: str, origin: Origin | None = None
) -> dict[str, str]:
    """Sign a person in and return temporary credentials as keyword arguments for a boto3 client.

    Calls made with them come from `assumed-role/AWSReservedSSO_<permission set>_<suffix>/<user name>`. Raises
    `SandboxError` where the person is not assigned.
    """
    seen = origin or Origin()
    arguments = {
        "user_name": user_name,
        "account": account,
        "permission_set": permission_set,
        "source_ip": seen.address,
        "user_agent": seen.agent,
    }
    answer = post(endpoint, "portal/credentials", arguments)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {name: answer[name] for name in names}
