"""The four credentials that have a status: access keys, SSH keys, service-specific credentials, certificates."""

from dataclasses import dataclass

from botocore import xform_name

from migrator.adapters.aws.changes.kind import IamKind, Target, listed, not_so
from migrator.domain.changes import Change
from migrator.domain.model import Json


@dataclass(frozen=True, slots=True)
class Wire:
    """How IAM spells one of them: the parameter of its id, its three operations, the key of its listing."""

    id: str
    listing: str
    key: str
    update: str
    delete: str


ACCESS_KEY = Wire("AccessKeyId", "ListAccessKeys", "AccessKeyMetadata", "UpdateAccessKey", "DeleteAccessKey")
SSH_PUBLIC_KEY = Wire(
    "SSHPublicKeyId", "ListSSHPublicKeys", "SSHPublicKeys", "UpdateSSHPublicKey", "DeleteSSHPublicKey"
)
SERVICE_SPECIFIC = Wire(
    "ServiceSpecificCredentialId",
    "ListServiceSpecificCredentials",
    "ServiceSpecificCredentials",
    "UpdateServiceSpecificCredential",
    "DeleteServiceSpecificCredential",
)
SIGNING_CERTIFICATE = Wire(
    "CertificateId",
    "ListSigningCertificates",
    "Certificates",
    "UpdateSigningCertificate",
    "DeleteSigningCertificate",
)


@dataclass(frozen=True, slots=True)
class StatusCredential(IamKind):
    """`{"status": "Active" | "Inactive"}`; switched or deleted, never made."""

    wire: Wire

    @property
    def reads(self) -> tuple[str, ...]:
        """The listing, an action of the same name."""
        return (f"iam:{self.wire.listing}",)

    @property
    def writes(self) -> tuple[str, ...]:
        """Both writing operations, actions of the same names."""
        return (f"iam:{self.wire.update}", f"iam:{self.wire.delete}")

    def observe(self, target: Target) -> Json:
        """The credential's status."""
        account, user, credential = target
        found = listed(self.reading(account), xform_name(self.wire.listing), self.wire.key, UserName=user)
        statuses = (each["Status"] for each in found if each[self.wire.id] == credential)
        status = next(statuses, None)
        return None if status is None else {"status": status}

    def make(self, change: Change) -> None:
        """Switch the status, or delete the credential."""
        if change.before is None:
            raise not_so(change, "nobody but its owner can make it")
        account, user, credential = change.target
        iam = self.changing(account)
        which = {"UserName": user, self.wire.id: credential}
        if change.after is None:
            getattr(iam, xform_name(self.wire.delete))(**which)
        else:
            getattr(iam, xform_name(self.wire.update))(**which, Status=change.after["status"])
