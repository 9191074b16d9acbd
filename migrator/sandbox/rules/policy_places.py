"""Every place in the sandbox where a resource keeps a policy of its own, to be read and written in the same way."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends


@dataclass(frozen=True, slots=True)
class Place:
    """One resource's policy; `write` takes JSON text."""

    read: Callable[[], Any]
    write: Callable[[str], None]


def places() -> Iterator[Place]:
    """Give the trust of every role and the policies of buckets, queues, topics, keys and secrets in all accounts."""
    for iam in _backends_of(iam_backends):
        for role in iam.roles.values():
            yield _attribute(role, "assume_role_policy_document")
    for service, collection in (("s3", "buckets"), ("sqs", "queues"), ("kms", "keys"), ("secretsmanager", "secrets")):
        for holder in _holders(service, collection):
            if getattr(holder, "policy", None):
                yield _attribute(holder, "policy")
    for topic in _holders("sns", "topics"):
        yield _attribute(topic, "policy")


def _attribute(holder: Any, name: str) -> Place:
    kept = getattr(holder, name)

    def write(text: str) -> None:
        if isinstance(kept, bytes):
            setattr(holder, name, text.encode())
        else:
            setattr(holder, name, json.loads(text) if isinstance(kept, dict) else text)

    return Place(lambda: getattr(holder, name), write)


def _holders(service: str, collection: str) -> Iterator[Any]:
    # A service that was never called has no policies, and importing it here would only cost time.
    module = sys.modules.get(f"moto.{service}.models")
    backends = getattr(module, f"{service}_backends") if module else {}
    for backend in _backends_of(backends):
        yield from list(dict(getattr(backend, collection)).values())


def _backends_of(backends: Any) -> Iterator[Any]:
    for regions in list(backends.values()):
        yield from list(regions.values())
