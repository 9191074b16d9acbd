"""Unique ids have AWS's prefixes and length: AIDA users, AGPA groups, ANPA managed policies, AIPA instance profiles.

Deviation: moto's are twenty random lower-case characters, so code that tells `AIDA…` in a policy from a name cannot be
tried. Source: IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes".
"""

import functools
from typing import Any

import moto.iam.models as iam_models
from moto.iam.models import Group, InstanceProfile, User
from moto.moto_api._internal import mock_random

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_RANDOM_LENGTH = 17


def install() -> None:
    """Give new users, groups, policies and instance profiles their ids."""
    _identify(User, "AIDA")
    _identify(Group, "AGPA")
    _identify(InstanceProfile, "AIPA")
    iam_models.random_policy_id = lambda: unique_id("ANPA")


def unique_id(prefix: str) -> str:
    """Return a new unique id."""
    return prefix + "".join(mock_random.choices(_ALPHABET, k=_RANDOM_LENGTH))


def _identify(model: Any, prefix: str) -> None:
    original = model.__init__

    @functools.wraps(original)
    def initialised(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.id = unique_id(prefix)

    model.__init__ = initialised
