"""Gather what tells what users need: their grants, what they did, what IAM remembers, what is planned for them now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from migrator.domain.dossier import Dossier, User
from migrator.domain.grouping.needs import Seen, data_services
from migrator.domain.mapping import Needs
from migrator.domain.usage import UsageFact
from migrator.ports.store import UnitOfWork
from migrator.ports.tools import Tools


def see_users(tools: Tools, work: UnitOfWork, needs: Sequence[Needs]) -> list[Seen]:
    """These users as grouping sees them, in the order of `needs`; those never read are left out.

    What a trail records, and since when, is judged by everybody of an account, so that one user alone is seen as with
    all others.
    """
    now = tools.clock.now()
    since = now - tools.rules.lookback
    known = {d.user.id: d for d in work.dossiers([need.user for need in needs], now, tools.rules.lookback)}
    accounts = {d.user.account_id for d in known.values()}
    everyone = [line.user for account in sorted(accounts) for line in work.users.lines(account=account)]
    partition = next((d.facts.arn.split(":")[1] for d in known.values() if d.facts), "aws")
    calls = work.usage.facts([_arn(user, partition) for user in everyone], since)
    heard, begins = _heard(everyone, calls, partition), _begins(everyone, calls, partition)
    services = work.usage.services(list(known))
    planned = {grant.user: grant for grant in work.access.grants() if grant.user in known}
    found = []
    for need in needs:
        dossier = known.get(need.user)
        if dossier is None or dossier.facts is None:
            continue
        account, grant = dossier.user.account_id, planned.get(need.user)
        found.append(
            Seen(
                need,
                account,
                dossier.facts.arn,
                calls=tuple(calls.get(dossier.facts.arn, ())),
                services=_services(services.get(need.user), since),
                heard=heard.get(account, frozenset()),
                since=_since(dossier, begins.get(account)),
                prior=grant.permission_set if grant else None,
                holds=grant.permission_set if grant and grant.provisioned_at and grant.email else None,
                tags=dossier.facts.tags,
            )
        )
    return found


def _arn(user: User, partition: str) -> str:
    return f"arn:{partition}:iam::{user.account_id}:user{user.path}{user.user_name}"


def _heard(
    users: Collection[User], calls: Mapping[str, Sequence[UsageFact]], partition: str
) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for user in users:
        of_user = data_services(calls.get(_arn(user, partition), ()))
        found[user.account_id] = found.get(user.account_id, frozenset()) | of_user
    return found


def _begins(users: Collection[User], calls: Mapping[str, Sequence[UsageFact]], partition: str) -> dict[str, datetime]:
    """When the logs of each account begin, as far as what users did tells."""
    found: dict[str, datetime] = {}
    for user in users:
        for call in calls.get(_arn(user, partition), ()):
            found[user.account_id] = min(call.first, found.get(user.account_id, call.first))
    return found


def _since(dossier: Dossier, begins: datetime | None) -> datetime | None:
    born = dossier.facts.created_at if dossier.facts else None
    return None if begins is None else max(begins, born or begins)


def _services(remembered: Mapping[str, datetime | None] | None, since: datetime) -> frozenset[str] | None:
    """What IAM says was used in the look-back; a day before it, since IAM's times lag by hours."""
    if remembered is None:
        return None
    return frozenset(name for name, at in remembered.items() if at and at >= since - timedelta(days=1))
