"""Look for whatever names these users in an account, once for all of them, before anything is cut."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from migrator.domain.dossier import Dossier, User
from migrator.domain.lifecycle import Move
from migrator.ports.tools import Tools

FRESH = timedelta(hours=1)
"""A search this young is not repeated before a quarantine, which a rollback undoes."""

JUST_NOW = timedelta(minutes=5)
"""The same before a deletion, which nothing undoes: the search of the same command, unless it takes long."""

UNSEARCHED = ("policies of VPC endpoints, EKS, Glue, OpenSearch, Backup, Lake Formation and DynamoDB",)
"""Places that can name a user and that no search of ours looks into yet."""


def search_references(tools: Tools, user: User, together: Sequence[int], name: Move) -> None:
    """Search the user's account for it and for `together`, unless somebody did a moment ago."""
    now, rules, young = tools.clock.now(), tools.rules, JUST_NOW if name is Move.DELETE else FRESH
    with tools.store.read() as work:
        if not _stale(work.dossiers([user.id], now, rules.lookback)[0], now - young):
            return
        known = work.dossiers({user.id, *together}, now, rules.lookback)
        regions = sorted({rules.home_region, *work.usage.regions(user.account_id)})
    stale = [dossier for dossier in known if _stale(dossier, now - young) and dossier.user.vanished_at is None]
    ids = {dossier.facts.arn: dossier.user.id for dossier in stale if dossier.facts}
    ids |= {dossier.user.user_id: dossier.user.id for dossier in stale}
    answer = tools.reader.find_references(user.account_id, sorted(ids), regions)
    found = [(ids[one.user_arn], one) for one in answer.found if one.user_arn in ids]
    with tools.store.begin() as work:
        work.usage.refer([d.user.id for d in stale], found, (*answer.not_checked, *UNSEARCHED), now)
        work.commit()


def _stale(dossier: Dossier, before: datetime) -> bool:
    return dossier.references.at is None or dossier.references.at < before
