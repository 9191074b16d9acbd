"""What one user needs: what it was seen doing, and what is granted to it of which no log can tell."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from migrator.domain.coverage import FREE, SIGN_IN_ACTIONS, SIGN_IN_SOURCES, USERS_ONLY
from migrator.domain.cuts import QUARANTINE
from migrator.domain.grouping.catalogue import Catalogue
from migrator.domain.grouping.grants import Allow, Grants, Permission, grants_it, includes, scope_of
from migrator.domain.grouping.resources import pattern_of, widened
from migrator.domain.grouping.unlogged import NO_CALLS, SILENT, passes_roles
from migrator.domain.mapping import Needs
from migrator.domain.model import Json
from migrator.domain.policy.patterns import matcher, tokens
from migrator.domain.policy.variables import VARIABLE
from migrator.domain.usage import UsageFact

LONG_ENOUGH = timedelta(days=14)
"""So long a user must have been watched before what it did not do says anything; the look-back, where that is less."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A user with its grants, and what sources tell of it.

    `services` are those that IAM says it used in the look-back, None where nobody asked; `heard` the services whose
    data-plane calls the logs of its account hold. `since` is when the logs of its account, or the user, begin.
    `prior` names the set planned for it now, `holds` the one that its person has already.
    """

    need: Needs
    account_id: str
    arn: str
    calls: tuple[UsageFact, ...] = ()
    services: frozenset[str] | None = None
    heard: frozenset[str] = frozenset()
    since: datetime | None = None
    prior: str | None = None
    holds: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def worked(self) -> tuple[UsageFact, ...]:
        """The calls that say what it needs: allowed, not sign-ins, not free to everybody."""
        return tuple(call for call in self.calls if _tells(call))

    @property
    def home(self) -> str:
        """Its IAM groups, as one text."""
        groups = {source for source, _, _ in self.need.grants if source.startswith("group:")}
        return ",".join(sorted(one.removeprefix("group:") for one in groups))

    @property
    def documents(self) -> list[Json]:
        """The documents that grant to it, our own deny left out."""
        return [
            document
            for source, name, document in self.need.grants
            if source != "boundary" and name != QUARANTINE and not name.endswith(f":policy/{QUARANTINE}")
        ]

    @property
    def boundary(self) -> str | None:
        """The managed policy that bounds it."""
        return next((name for source, name, _ in self.need.grants if source == "boundary"), None)

    @property
    def own(self) -> Mapping[str, str]:
        """Values of the policy variables that end with the user."""
        name = self.arn.rsplit("/", 1)[-1]
        return {"aws:username": name, **{f"aws:principaltag/{key.lower()}": value for key, value in self.tags.items()}}


def why_unknown(seen: Seen, now: datetime, lookback: timedelta) -> str | None:
    """Why nobody knows what a user needs, in words; None where its calls tell."""
    if not seen.worked:
        return "no call of it is in the logs"
    if all(call.action is None for call in seen.worked):
        return "none of its calls has a known action"
    watched = now - seen.since if seen.since else timedelta()
    if watched < min(LONG_ENOUGH, lookback):
        return f"it was watched for {watched.days} days only"
    return None


def permissions_of(seen: Seen, grants: Grants, catalogue: Catalogue) -> frozenset[Permission]:
    """Everything the user needs, as far as logs tell, and what is granted where they do not."""
    found: set[Permission] = set()
    done: dict[str, set[str]] = {}
    for call in seen.worked:
        if call.action is not None and not _of_itself(seen, call, grants):
            done.setdefault(call.action, set()).add(call.resource)
    for action, resources in done.items():
        found |= {Permission(action, scope) for scope in _scopes(seen, grants, action, resources, catalogue)}
    kept: set[Permission] = set()
    for service in sorted(_not_told(seen)):
        kept |= grants.of_service(service, tuple(catalogue.actions(service)))
    for service, actions in SILENT.items():
        if service not in seen.heard:
            kept |= _perhaps_used(seen, grants, service, actions, done)
    if passes_roles(done, catalogue):
        kept |= grants.of_actions(NO_CALLS)
    return frozenset(kept | {one for one in found - kept if not any(grants_it(wide, one) for wide in kept)})


def data_services(calls: Iterable[UsageFact]) -> frozenset[str]:
    """The services whose data-plane calls these are: a trail that holds one such call asks for them."""
    named = {call.action for call in calls if call.action}
    return frozenset(service for service, actions in SILENT.items() if named & (actions - _LOGGED_ANYWAY))


_LOGGED_ANYWAY = frozenset(
    {
        *("s3:ListBucket", "s3:GetObjectAcl", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueues"),
        *("cloudwatch:ListMetrics", "redshift:GetClusterCredentials", "dynamodb:DescribeStream"),
    }
)
"""Of the data plane's actions, those that management events need too, or that some trails hold anyway."""


def _tells(call: UsageFact) -> bool:
    name = (call.action or "").lower()
    return not (
        call.refused or call.source in SIGN_IN_SOURCES or name in SIGN_IN_ACTIONS or name in FREE or name in USERS_ONLY
    )


def _of_itself(seen: Seen, call: UsageFact, grants: Grants) -> bool:
    """A call on the IAM user's own keys and password, which end with it; whoever may do so to all keeps that."""
    if not (call.action or "").startswith("iam:") or call.resource != seen.arn:
        return False
    return not any("*" in one.statement.resources for one in grants.allowing(call.action or ""))


def _not_told(seen: Seen) -> set[str]:
    """Services of which the logs do not tell the actions: used by IAM's own memory, or by events without a name."""
    logged = {call.action.partition(":")[0] for call in seen.calls if call.action}
    unmapped = {call.source.partition(".")[0] for call in seen.worked if call.action is None}
    return unmapped | ((seen.services or frozenset()) - logged)


def _perhaps_used(
    seen: Seen, grants: Grants, service: str, actions: frozenset[str], done: Iterable[str]
) -> frozenset[Permission]:
    """What is granted of a data plane that no log holds, unless it is likely that nobody used it.

    IAM's memory decides. Without it, it counts as used where the user called the service otherwise, or where somebody
    granted it by name: `*` was not given for its sake.
    """
    if seen.services is not None:
        return grants.of_actions(actions) if service in seen.services else frozenset()
    if any(action.startswith(f"{service}:") for action in done):
        return grants.of_actions(actions)
    return grants.of_actions(actions, named=True)


def _scopes(seen: Seen, grants: Grants, action: str, resources: set[str], catalogue: Catalogue) -> Iterator[str]:
    """On what an action is needed, and under the conditions it is allowed under today."""
    allowing = grants.allowing(action)
    narrow: dict[str, set[str]] = {}
    for resource in sorted(resources):
        relevant = [one for one in allowing if not resource.startswith("arn:") or one.reaches(resource)]
        conditions = {one.condition for one in relevant} or {""}
        for condition in [""] if "" in conditions else sorted(conditions):
            if resource == "*":
                yield scope_of("*", condition)
            elif resource and _limitable(action, resource, catalogue):
                pattern = _no_wider(pattern_of(resource, seen.account_id), resource, relevant)
                narrow.setdefault(condition, set()).add(pattern)
            else:
                yield from _as_granted(relevant, resource, condition)
    for condition, patterns in narrow.items():
        yield from (scope_of(pattern, condition) for pattern in widened(patterns))


def _as_granted(relevant: list[Allow], resource: str, condition: str) -> Iterator[str]:
    """What is granted today, where the log does not say on what it was used; everything where nothing is."""
    same = [one for one in relevant if one.condition == condition]
    found = [scope for one in same for scope in one.scopes]
    plain = [one for one in found if not VARIABLE.search(one)]
    reached = not resource.startswith("arn:") or any(one.reaches(resource) for one in same)
    yield from plain if plain and reached else [scope_of("*", condition)]


def _no_wider(pattern: str, resource: str, relevant: list[Allow]) -> str:
    """The pattern, or what is granted today where that is narrower and holds the resource."""
    granted = [
        wide
        for one in relevant
        if not one.statement.negates_resources
        for wide in one.statement.resources
        if includes(wide, resource)
    ]
    if any(includes(wide, pattern) for wide in granted):
        return pattern
    return next((wide for wide in granted if includes(pattern, wide)), pattern)


def _limitable(action: str, resource: str, catalogue: Catalogue) -> bool:
    """Whether AWS would let an action be limited to this one resource: it touches no second kind that is required."""
    shapes = catalogue.resource_types(action)
    if sum(shape.required for shape in shapes) > 1:
        return False
    return any(_shaped(shape.arn, resource) for shape in shapes)


def _shaped(shape: str, resource: str) -> bool:
    return matcher(tokens(VARIABLE.sub("*", shape)))(resource)
