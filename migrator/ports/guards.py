"""What operations need of resources: the policies that they carry themselves."""

from collections.abc import Collection, Mapping
from typing import Protocol

from migrator.domain.model import Json


class Guards(Protocol):
    """The policies of buckets, queues, topics, keys, secrets, repositories, functions, and the trust of roles."""

    def read(self, account_id: str, arns: Collection[str]) -> Mapping[str, Json | None]:
        """The policy of each of these resources of an account; None where it carries none.

        What could not be read is left out. Raises Unreachable where the account cannot be entered.
        """
        ...
