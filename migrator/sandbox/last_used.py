"""When credentials were last used, as IAM tells it: by access key, by role.

moto notes every request, also those made with keys that are inactive, and under the service's name in moto. AWS counts
requests that were denied, and not those that failed authentication.
Source: IAM API, GetAccessKeyLastUsed; IAM User Guide, "Getting credential reports".
"""

import moto.iam.models as iam_models
from moto.iam.models import AccessKeyLastUsed

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.clock import CLOCK, naive
from migrator.sandbox.principals import Principal, iam_of

_GLOBAL = frozenset({"iam", "sts", "organizations", "route53", "cloudfront"})


def install() -> None:
    """Silence moto's own note, which does not know whether a request was authenticated."""
    iam_models.mark_account_as_visited = lambda **_: None


def note(call: ApiCall, principal: Principal) -> None:
    """Note an authenticated request on the key or the role that made it."""
    now = naive(CLOCK.now())
    if principal.role is not None:
        principal.role.last_used = now
        principal.role.last_used_region = call.region
    elif principal.user is not None and principal.session is None:
        key = iam_of(principal.account, principal.partition).access_keys.get(principal.access_key)
        if key is not None:
            region = "us-east-1" if call.service in _GLOBAL and principal.partition == "aws" else call.region
            key.last_used = AccessKeyLastUsed(now, call.service, region)
