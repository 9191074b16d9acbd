"""The credentials of one user, with as few calls as the credential report leaves to make."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from migrator.adapters.aws.account_wide import NOTHING, Told
from migrator.adapters.aws.authorization import utc
from migrator.adapters.aws.credential_report import SENTINELS, KeySlot
from migrator.adapters.aws.iam_calls import IamCalls
from migrator.domain.model import ACTIVE, Credential, CredentialKind, Json
from migrator.ports.aws import Missing

PERMISSIONS = (
    "iam:GetAccessKeyLastUsed",
    "iam:GetLoginProfile",
    "iam:ListAccessKeys",
    "iam:ListMFADevices",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
)

PASSWORD_ID = "password"  # noqa: S105  # a name, not a password
"""The id of every console password: a user has one at most."""

_MFA_TYPES = {":mfa/": "virtual", ":u2f/": "security-key", ":sms-mfa/": "sms"}
"""How the ARN of a device tells its type; a hardware token has a serial number instead (IAM API, MFADevice)."""


class CredentialReading:
    """One reading of one user's credentials; `missed` collects what could not be read.

    `told` is what answers about the whole account said already; `last_sign_in` is asked only where a password exists
    and the report does not say. Every method raises Missing where the user is gone.
    """

    def __init__(
        self, calls: IamCalls, user_name: str, last_sign_in: Callable[[], datetime | None], told: Told = NOTHING
    ) -> None:
        self._calls = calls
        self._user = user_name
        self._told = told
        self._row = told.row
        self._last_sign_in = last_sign_in
        self.missed: set[str] = set()

    def all(self) -> tuple[Credential, ...]:
        """Every credential, by kind and id."""
        found = [
            *self._password(),
            *self._access_keys(),
            *self._with_status("SSH public keys", "ListSSHPublicKeys", CredentialKind.SSH_PUBLIC_KEY),
            *self._services(),
            *self._certificates(),
            *self._mfa_devices(),
        ]
        return tuple(sorted(found, key=lambda credential: (credential.kind, credential.id)))

    def last_uses(self) -> tuple[Credential, ...]:
        """Access keys, and the password where it was ever used, with their last use; nothing else is asked for."""
        at = self._last_sign_in()
        password = () if at is None else (Credential(CredentialKind.CONSOLE_PASSWORD, PASSWORD_ID, last_used_at=at),)
        return (*self._access_keys(), *password)

    def _password(self) -> Iterator[Credential]:
        if self._row.password is False:
            return
        try:
            answer = self._calls.answer_or_missed(
                "console password", self.missed, "GetLoginProfile", UserName=self._user
            )
        except Missing:
            return
        if answer is None:
            return
        profile = answer["LoginProfile"]
        yield Credential(
            CredentialKind.CONSOLE_PASSWORD,
            PASSWORD_ID,
            created_at=utc(profile.get("CreateDate")),
            last_used_at=self._row.password_last_used if self._told.reported else self._last_sign_in(),
            detail={"password_reset_required": bool(profile.get("PasswordResetRequired"))},
        )

    def _access_keys(self) -> Iterator[Credential]:
        if self._row.keys == ():
            return
        listed = self._calls.listed_or_missed(
            "access keys", self.missed, "ListAccessKeys", "AccessKeyMetadata", UserName=self._user
        )
        known = paired(listed, self._row.keys or ())
        for key in sorted(listed, key=lambda key: key["AccessKeyId"]):
            slot = known.get(key["AccessKeyId"]) or self._last_used(key)
            yield Credential(
                CredentialKind.ACCESS_KEY,
                key["AccessKeyId"],
                key["Status"],
                utc(key.get("CreateDate")),
                slot.last_used_at,
                slot.last_used_service,
                slot.last_used_region,
            )

    def _last_used(self, key: Json) -> KeySlot:
        try:
            answer = self._calls.answer_or_missed(
                "last use of access keys", self.missed, "GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"]
            )
        except Missing:
            answer = None
        used = (answer or {}).get("AccessKeyLastUsed") or {}
        return KeySlot(
            active=key["Status"] == ACTIVE,
            last_used_at=utc(used.get("LastUsedDate")),
            last_used_service=_word(used.get("ServiceName")),
            last_used_region=_word(used.get("Region")),
        )

    def _certificates(self) -> Iterator[Credential]:
        if self._row.certificates is not False:
            yield from self._with_status(
                "signing certificates", "ListSigningCertificates", CredentialKind.SIGNING_CERTIFICATE
            )

    def _services(self) -> Iterator[Credential]:
        operation, kind = "ListServiceSpecificCredentials", CredentialKind.SERVICE_SPECIFIC
        if self._told.services is None:
            yield from self._with_status("service-specific credentials", operation, kind)
        else:
            yield from _read(self._told.services, operation, kind)

    def _with_status(self, words: str, operation: str, kind: CredentialKind) -> Iterator[Credential]:
        key = _LISTINGS[operation][0]
        listed = self._calls.listed_or_missed(words, self.missed, operation, key, UserName=self._user)
        yield from _read(listed, operation, kind)

    def _mfa_devices(self) -> Iterator[Credential]:
        if self._row.mfa is False:
            return
        for device in self._calls.listed_or_missed(
            "MFA devices", self.missed, "ListMFADevices", "MFADevices", UserName=self._user
        ):
            serial = device["SerialNumber"]
            yield Credential(
                CredentialKind.MFA_DEVICE, serial, created_at=utc(device.get("EnableDate")), detail=mfa_detail(serial)
            )


_LISTINGS = {
    "ListSSHPublicKeys": ("SSHPublicKeys", "SSHPublicKeyId", "UploadDate"),
    "ListServiceSpecificCredentials": ("ServiceSpecificCredentials", "ServiceSpecificCredentialId", "CreateDate"),
    "ListSigningCertificates": ("Certificates", "CertificateId", "UploadDate"),
}
"""Of each operation: where the listing stands, which field is the id, which the time of creation."""


def _read(listed: Iterable[Json], operation: str, kind: CredentialKind) -> Iterator[Credential]:
    _, identity, created = _LISTINGS[operation]
    for each in listed:
        detail = {"service": each["ServiceName"]} if "ServiceName" in each else {}
        yield Credential(kind, each[identity], each["Status"], utc(each.get(created)), detail=detail)


def paired(listed: Collection[Json], slots: Collection[KeySlot]) -> Mapping[str, KeySlot]:
    """Which slot of the report is which key, where that is beyond doubt: the report does not say a key's id.

    A slot fits a key of the same status that was made when the slot last changed, else before that. A key is paired
    only if one slot fits it, that slot fits no other key, and keys and slots are equally many.
    """
    if len(listed) != len(slots):
        return {}
    fits = {key["AccessKeyId"]: _fitting(key, slots) for key in listed}
    taken = [slot for found in fits.values() for slot in found]
    return {
        key: found[0] for key, found in fits.items() if len(found) == 1 and sum(slot is found[0] for slot in taken) == 1
    }


def mfa_detail(serial: str) -> dict[str, Json]:
    """What the serial number or ARN of a device tells about it."""
    kind = next((kind for mark, kind in _MFA_TYPES.items() if serial.startswith("arn:") and mark in serial), "hardware")
    return {"virtual": kind == "virtual", "type": kind}


def _fitting(key: Json, slots: Collection[KeySlot]) -> list[KeySlot]:
    made = utc(key.get("CreateDate"))
    if made is None:
        return []
    at = made.replace(microsecond=0)
    alike = [(slot, slot.rotated_at) for slot in slots if slot.active == (key["Status"] == ACTIVE)]
    same = [slot for slot, rotated in alike if rotated == at]
    return same or [slot for slot, rotated in alike if rotated is not None and rotated > at]


def _word(value: str | None) -> str | None:
    return None if value is None or value in SENTINELS else value
