"""IAM of one account, call by call: pages gathered, errors translated, gaps remembered."""

from typing import Any

from botocore import xform_name

from migrator.adapters.aws.changes.kind import listed
from migrator.adapters.aws.errors import ActionDenied, translated
from migrator.domain.model import Json
from migrator.ports.aws import NotSupported

LARGEST = 1000
"""Elements of the largest page that IAM gives (IAM API, MaxItems); without asking it gives a hundred."""


class IamCalls:
    """Calls to IAM in one account; operations are named as IAM names them."""

    def __init__(self, client: Any, account_id: str) -> None:
        self._client = client
        self.account_id = account_id
        self._unsupported: set[str] = set()

    def listed(self, operation: str, key: str, **arguments: Json) -> list[Json]:
        """Every element of a listing. Raises the port's errors; Missing where its parent is not there."""
        with translated(f"iam:{operation}", self.account_id):
            return list(listed(self._client, xform_name(operation), key, **arguments))

    def pages(self, operation: str, **arguments: Json) -> list[Json]:
        """Every page of an answer that holds several listings."""
        with translated(f"iam:{operation}", self.account_id):
            paginator = self._client.get_paginator(xform_name(operation))
            return list(paginator.paginate(**arguments, PaginationConfig={"PageSize": LARGEST}))

    def answer(self, operation: str, **arguments: Json) -> Json:
        """One answer."""
        with translated(f"iam:{operation}", self.account_id):
            return getattr(self._client, xform_name(operation))(**arguments)

    def listed_or_missed(self, words: str, missed: set[str], operation: str, key: str, **arguments: Json) -> list[Json]:
        """A listing whose absence is bearable: where AWS refuses or lacks it, `words` are added to `missed`."""
        if operation not in self._unsupported:
            try:
                return self.listed(operation, key, **arguments)
            except NotSupported:
                self._unsupported.add(operation)
            except ActionDenied:
                pass
        missed.add(words)
        return []

    def answer_or_missed(self, words: str, missed: set[str], operation: str, **arguments: Json) -> Json:
        """An answer whose absence is bearable; None with `words` added to `missed`."""
        if operation not in self._unsupported:
            try:
                return self.answer(operation, **arguments)
            except NotSupported:
                self._unsupported.add(operation)
            except ActionDenied:
                pass
        missed.add(words)
        return None
