"""Operations about a user mean the caller where the name is left out, and need a name where the caller is no user.

Deviation: moto looks such operations up under no name at all, and its GetUser invents a `default_user`.
Source: IAM API, "If you do not specify a user name, IAM determines the user name implicitly based on the access key".
"""

from typing import Any

from migrator.sandbox.rules.iam_wire import IamCall, before

_IMPLICIT = (
    "GetUser", "ListSSHPublicKeys", "ListSigningCertificates", "UploadSigningCertificate",
    "UpdateSigningCertificate", "DeleteSigningCertificate",
)  # fmt: skip


def install() -> None:
    """Fill the name in before moto looks."""
    before(_fill, *_IMPLICIT)


def _fill(call: IamCall) -> None:
    if not call.get("UserName") and call.principal.kind != "Root":
        params: Any = call.params
        params["UserName"] = call.user().name
