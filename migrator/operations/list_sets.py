"""What permission sets are planned, who shares each, how well they cover."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from migrator.domain.dossier import Covered
from migrator.domain.grouping.plan import WHY
from migrator.domain.model import Evidence, Json
from migrator.domain.policy.fit import compact
from migrator.domain.provisioning import group_name
from migrator.ports.store import Grant, StoredSet
from migrator.ports.tools import Tools


def list_sets(tools: Tools) -> list[dict[str, Any]]:
    """Every planned set or role under the keys of `permission-sets list --json`, by name."""
    with tools.store.read() as work:
        sets = work.access.sets()
        grants = work.access.grants()
        users = {user.id: user.key for user in work.users.many([grant.user for grant in grants])}
        covered = work.access.coverage([grant.user for grant in grants])
        reasons = {user: _why(found) for user, found in work.users.evidence(list(users)).items()}
    shapes = (_shape(one, [g for g in grants if g.permission_set == one.name], users, covered) for one in sets)
    whys = ({g.user: reasons.get(g.user) for g in grants if g.permission_set == one.name} for one in sets)
    return [{**shape, "why": _by_key(why, shape["name"], users)} for shape, why in zip(shapes, whys, strict=True)]


def _why(found: Iterable[Evidence]) -> Json:
    """The latest reason for a user's set, as it was kept."""
    return next((one.value for one in found if one.claim == WHY), None)


def _by_key(why: Mapping[int, Json], name: str, users: Mapping[int, str]) -> dict[str, str]:
    """Reasons by user; those for another set than the present one are left out."""
    told = {users[user]: reason for user, reason in why.items() if user in users and reason and reason["set"] == name}
    return {user: str(told[user]["why"]) for user in sorted(told)}


def _shape(
    one: StoredSet, grants: Sequence[Grant], users: dict[int, str], covered: dict[int, Covered]
) -> dict[str, Any]:
    accounts = sorted({grant.account_id for grant in grants})
    judged = [covered[g.user] for g in grants if g.user in covered and covered[g.user].spec_sha == one.spec_sha]
    calls = sum(c.allowed + c.denied + c.unknown for c in judged)
    unused = [c.unused_granted_percent for c in judged if c.unused_granted_percent is not None]
    inline = one.spec["inline_policy"]
    return {
        "name": one.name,
        "type": one.spec["type"],
        "permission_set_arn": one.arn,
        "accounts": accounts,
        "users": sorted(users[grant.user] for grant in grants if grant.user in users),
        "groups": [group_name(one.name, account) for account in accounts],
        "inline_policy_bytes": len(compact(inline).encode()) if inline else 0,
        "managed_policies": [*one.spec["managed_policies"], *one.spec["customer_policies"]],
        "tags": one.spec["tags"],
        "session_duration": one.spec["session_duration"],
        "coverage_percent": round(100 * sum(c.allowed for c in judged) / calls, 1) if calls else None,
        "unused_granted_percent": round(sum(unused) / len(unused), 1) if unused else None,
        "problems": one.spec["problems"],
        "origin": one.origin,
        "inline_policy": inline,
        "boundary": one.spec["boundary"],
    }
