"""What operations may ask of AWS's own evaluator, where the endpoint has it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from migrator.domain.model import Json
from migrator.domain.policy.decisions import Result


class Simulator(Protocol):
    """AWS's policy simulator, asked about documents rather than principals."""

    def simulate(
        self,
        account_id: str,
        documents: Sequence[Json],
        boundary: Json | None,
        actions: Sequence[str],
        resource: str,
        context: Mapping[str, Sequence[str]],
    ) -> Mapping[str, Result]:
        """What AWS makes of these actions on one resource, per action; keys of `context` are in lower case.

        Raises NotSupported where the endpoint does not have it, else the port's errors.
        """
        ...
