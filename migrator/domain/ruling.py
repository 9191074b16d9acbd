"""A planned set as the policies that will rule whoever holds it."""

from collections.abc import Mapping

from migrator.domain.mapping import customer_path, documents, spec_from
from migrator.domain.model import Json
from migrator.domain.policy.evaluate import Policies
from migrator.domain.policy.fit import PermissionSetSpec


def policies_of(spec: Json, policies: Mapping[str, Json]) -> Policies:
    """What a planned set grants and what bounds it.

    `policies` maps managed ARNs and policy names to documents; a set that exists brings AWS's policies with it.
    """
    return ruling(spec_from(spec), named_policies(policies, spec.get("documents", {})))


def ruling(spec: PermissionSetSpec, named: Mapping[str, Json]) -> Policies:
    """What a set with these documents by name grants, compiled."""
    bound = named.get(spec.boundary) if spec.boundary else None
    return Policies(identity=documents(spec, named), boundary=bound)


def named_policies(policies: Mapping[str, Json], more: Mapping[str, Json]) -> dict[str, Json]:
    """Documents by the names that sets use: managed policies by ARN, an account's own by `/path/name` too."""
    own = {customer_path(arn): document for arn, document in policies.items() if ":policy/" in arn}
    return {**policies, **own, **more}
