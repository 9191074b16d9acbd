"""What `doctor` needs of AWS beside the other ports: the door of each account, and the quotas behind it."""

from dataclasses import dataclass
from typing import Literal, Protocol

Purpose = Literal["read", "change"]
"""What an account is entered for; each has a role of its own."""


@dataclass(frozen=True, slots=True)
class IamQuotas:
    """What an account's IAM has room for, by GetAccountSummary; None where it did not say."""

    policies_per_role: int | None = None
    roles: int | None = None
    most_roles: int | None = None


class Inspector(Protocol):
    """Tries doors without changing what is behind them."""

    def enter(self, account_id: str, purpose: Purpose) -> str:
        """The ARN that the account is entered as: the role is assumed, nothing else. Raises Unreachable."""
        ...

    def read(self, account_id: str) -> None:
        """The call that discovery lives on, for one user only; raises Unreachable where it is refused."""
        ...

    def quotas(self, account_id: str) -> IamQuotas:
        """The quotas of an account's IAM; raises Unreachable or NotSupported."""
        ...
