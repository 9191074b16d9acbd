"""Signing in to the console of an account, which in AWS happens in a browser."""

from migrator.sandbox.clients import Origin
from migrator.sandbox.control import post


def sign_in(endpoint: str, account: str, user: str, origin: Origin, *, mfa: bool = False) -> tuple[str, str, str]:
    """Sign an IAM user in with its password; gives access key id, secret and token of the console's session.

    Raises `SandboxError` if the user has no password.
    """
    arguments = {"account": account, "user": user, "mfa": mfa, "source_ip": origin.address, "user_agent": origin.agent}
    answer = post(endpoint, "console/sign-in", arguments)
    return answer["access_key_id"], answer["secret_access_key"], answer["session_token"]
