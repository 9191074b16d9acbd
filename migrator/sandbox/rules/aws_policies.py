"""AWS's own managed policies as moto ships them, found by path and name."""

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data


@functools.cache
def aws_policies() -> dict[str, dict[str, Any]]:
    """Return AWS's own policies by path and name, such as `/job-function/ViewOnlyAccess`, each with its `Name`."""
    data = json.loads(aws_managed_policies_data)
    return {f"{policy.get('Path', '/')}{name}": {"Name": name, **policy} for name, policy in data.items()}
