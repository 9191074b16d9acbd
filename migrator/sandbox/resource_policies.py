"""The policy that a resource carries itself: a role's trust, a bucket's, queue's, topic's, key's or secret's policy."""

import json
import sys
from collections.abc import Callable
from typing import Any

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import iam_of


def resource_policy(call: ApiCall, resource: str, owner: str) -> str | None:
    """Return the document that the resource of a call carries, None where it carries none."""
    find = _FINDERS.get(call.service)
    document = find(call, resource, owner) if find else None
    if document is None or isinstance(document, str):
        return document or None
    return document.decode() if isinstance(document, bytes) else json.dumps(document)


def _trust(call: ApiCall, resource: str, owner: str) -> Any:
    if call.operation != "AssumeRole":
        return None
    roles = iam_of(owner, resource.split(":")[1]).roles.values() if resource.startswith("arn:") else []
    return next((role.assume_role_policy_document for role in roles if role.arn == resource), None)


def _bucket(call: ApiCall, resource: str, owner: str) -> Any:
    name = call.params.get("Bucket")
    buckets = _backend("s3", owner, resource.split(":")[1]).buckets if name else {}
    return buckets[name].policy if name in buckets else None


def _queue(call: ApiCall, resource: str, owner: str) -> Any:
    queues = _backend("sqs", owner, call.region).queues
    return next((queue.policy for queue in queues.values() if queue.queue_arn == resource), None)


def _topic(call: ApiCall, resource: str, owner: str) -> Any:
    topics = _backend("sns", owner, call.region).topics
    return topics[resource].policy if resource in topics else None


def _key(call: ApiCall, resource: str, owner: str) -> Any:
    keys = _backend("kms", owner, call.region).keys
    return next((key.policy for key in keys.values() if key.arn == resource), None)


def _secret(call: ApiCall, resource: str, owner: str) -> Any:
    secrets = _backend("secretsmanager", owner, call.region).secrets
    # A secret's ARN ends in six random characters that its name, and so a resource made of it, lacks.
    named = {resource, call.params.get("SecretId")}
    return next((s.policy for s in secrets.values() if getattr(s, "policy", None) and named & {s.name, s.arn}), None)


def _backend(service: str, account: str, region: str) -> Any:
    # A service that was never called has no state, and importing it here would only cost time.
    module = sys.modules.get(f"moto.{service}.models")
    return getattr(module, f"{service}_backends")[account][region] if module else _Empty()


class _Empty:
    """The state of a service that nobody has used."""

    def __getattr__(self, name: str) -> dict[str, Any]:
        return {}


_FINDERS: dict[str, Callable[[ApiCall, str, str], Any]] = {
    "sts": _trust,
    "s3": _bucket,
    "sqs": _queue,
    "sns": _topic,
    "kms": _key,
    "secretsmanager": _secret,
}
