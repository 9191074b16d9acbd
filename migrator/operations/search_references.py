"""Look for whatever names these users in an account, once for all of them, before anything is cut."""

from collections.abc import Sequence
from datetime import timedelta

from migrator.domain.lifecycle import State, reached
from migrator.ports.tools import Tools

FRESH = timedelta(hours=1)
"""A search this young is not repeated."""


UNSEARCHED = ("policies of VPC endpoints, EKS, Glue, OpenSearch, Backup, Lake Formation and DynamoDB",)
"""Places that can name a user and that no search of ours looks into yet."""


def search_references(tools: Tools, account_id: str, users: Sequence[int], goal: State) -> None:
    """Search where the next moves of these users will ask for it, and nobody looked within `FRESH`."""
    now, rules = tools.clock.now(), tools.rules
    if not reached(goal, State.QUARANTINED):
        return
    with tools.store.begin() as work:
        stale = [
            dossier
            for dossier in work.dossiers(users, now, rules.lookback)
            if _asked(dossier.user.state, goal)
            and dossier.facts is not None
            and (dossier.references.at is None or now - dossier.references.at > FRESH)
        ]
        regions = sorted({rules.home_region, *work.usage.regions(account_id)})
    if not stale:
        return
    ids = {dossier.facts.arn: dossier.user.id for dossier in stale if dossier.facts}
    ids |= {dossier.user.user_id: dossier.user.id for dossier in stale}
    answer = tools.reader.find_references(account_id, sorted(ids), regions)
    found = [(ids[one.user_arn], one) for one in answer.found if one.user_arn in ids]
    with tools.store.begin() as work:
        work.usage.refer([dossier.user.id for dossier in stale], found, (*answer.not_checked, *UNSEARCHED), now)
        work.commit()


def _asked(state: State, goal: State) -> bool:
    before_cut = state in (State.VERIFIED, State.PROVISIONED)
    return before_cut or (state is State.DEACTIVATED and goal is State.DELETED)
