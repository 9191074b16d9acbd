"""The permission sets that are planned and ours to make, for whoever keeps them as code."""

from collections.abc import Collection

from migrator.domain.errors import NotFound
from migrator.domain.mapping import SET, spec_from
from migrator.domain.policy.fit import PermissionSetSpec
from migrator.ports.rows import EXISTING
from migrator.ports.tools import Tools


def export_sets(tools: Tools, names: Collection[str] = ()) -> tuple[list[PermissionSetSpec], int]:
    """These sets, or all, by name; and how many planned sets are left out: those of others, and roles of machines.

    Raises NotFound.
    """
    with tools.store.read() as work:
        wanted = {grant.permission_set for grant in work.access.grants()}
        sets = [one for one in work.access.sets() if one.name in wanted or one.name in names]
    ours = {one.name: one for one in sets if one.origin != EXISTING and one.spec["type"] == SET}
    missing = sorted(set(names) - ours.keys())
    if missing:
        raise NotFound(f"no permission set {missing[0]!r} to export", next_step="see: migrator permission-sets list")
    chosen = [one for name, one in sorted(ours.items()) if not names or name in names]
    left_out = 0 if names else len(sets) - len(ours)
    return [spec_from(one.spec) for one in chosen], left_out
