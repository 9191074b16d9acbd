"""Few sets for many people, on generated organizations whose true roles are known: `python -m benchmarks grouping`.

Each person uses most of its team's role; some do something of their own besides (noise), some have changed teams and
still do part of what they did before (drift). Measured: how many sets, how much of them is unused (mean over people of
actions granted and never used), how well the teams are found again, and how long it takes. Rivals: one set a user;
AirIAM's three groups (administrators, power users, read-only), the idea written again; and greedy biclique cover, the
minimum-degree heuristic of Ene, Horne, Milosavljevic, Rao, Schreiber and Tarjan ("Fast exact and heuristic methods for
role minimization problems", SACMAT 2008), given the same excess and let to give a person several roles.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import process_time

from benchmarks.figures import Figure
from migrator.adapters.catalogue import Catalogue
from migrator.domain.grouping.bits import mask_of, members
from migrator.domain.grouping.clusters import Profile
from migrator.domain.grouping.curve import unused
from migrator.domain.grouping.limits import Limits
from migrator.domain.grouping.mine import mine
from migrator.domain.grouping.needs import Seen
from migrator.domain.grouping.plan import Ground, plan_groups
from migrator.domain.mapping import SET, Needs
from migrator.domain.rules import Rules
from migrator.domain.usage import UsageFact

BOUND = 30
COMMON = 5
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READING = 0.6
"""The share of actions that only read."""


@dataclass(frozen=True)
class Organization:
    """What everybody does, as bit sets of actions, who is in which team, and which actions only read."""

    people: tuple[int, ...]
    teams: tuple[int, ...]
    roles: tuple[int, ...]
    actions: int
    reads: int


def organization(people, teams, *, role=30, actions=2_000, used=0.85, noise=0.15, drift=0.0, seed=1):
    """Teams of about the same size. `noise`: the share of people with something of their own; `drift`: who moved."""
    chance = Random(seed)  # noqa: S311  # a repeatable choice, no secret
    everything = range(COMMON, actions)
    roles = [[*range(COMMON), *chance.sample(everything, role - COMMON)] for _ in range(teams)]
    did, belongs = [], []
    for _ in range(people):
        team = chance.randrange(teams)
        mine_of = {action for action in roles[team] if chance.random() < used}
        if chance.random() < noise:
            mine_of.add(chance.choice(everything))
        if chance.random() < drift:
            mine_of.update(chance.sample(roles[chance.randrange(teams)], role // 6))
        did.append(mask_of(mine_of))
        belongs.append(team)
    reads = mask_of(action for action in range(actions) if chance.random() < READING)
    return Organization(tuple(did), tuple(belongs), tuple(map(mask_of, roles)), actions, reads)


def ours(made, bound=BOUND):
    """(clusters, seconds) of our search."""
    profiles = [Profile(did, did, (user,)) for user, did in enumerate(made.people)]
    begun = process_time()
    found = mine(profiles, Limits(bound))
    return found, process_time() - begun


def whole(made):
    """Seconds of everything that `migrator map` does to group these people: from counted calls to written policies."""
    catalogue = Catalogue()
    names = [f"{service}:{name}" for service in catalogue.services() for name in catalogue.actions(service)]
    names = [name for name in names if catalogue.access_level(name) in {"Read", "List", "Write"}]
    names = names[:: len(names) // made.actions]
    seen = [_seen(user, made, names) for user in range(len(made.people))]
    begun = process_time()
    found = plan_groups(seen, Ground(Rules(unused_granted_max_percent=BOUND), catalogue))
    return len(found), process_time() - begun


def _seen(user, made, names):
    name, account = f"user-{user:05}", f"{100_000_000_000 + user % 20}"
    arn = f"arn:aws:iam::{account}:user/{name}"
    source = ("", 1, MOMENT, MOMENT)
    actions = [names[number] for number in members(made.people[user])]
    calls = tuple(
        UsageFact(arn, account, f"{a.split(':')[0]}.amazonaws.com", a.split(":")[1], a, *source) for a in actions
    )
    need = Needs(user, name, SET, ((f"group:team-{made.teams[user]}", "all", ANYTHING),))
    return Seen(need, account, arn, calls, services=frozenset(), since=MOMENT)


def greedy_biclique(people, excess):
    """Roles of a greedy cover; a role goes to everybody of whom it wastes, over all who get it, at most `excess`.

    The vertex with the fewest uncovered edges goes first, be it a person (its uncovered actions become a role) or an
    action (what is common to all who still need it becomes one).
    """
    left, roles, held = list(people), [], [0] * len(people)
    while any(left):
        need = Counter(action for each in left for action in members(each))
        action, users = min(need.items(), key=lambda one: (one[1], one[0]))
        person = min((at for at, each in enumerate(left) if each), key=lambda at: (left[at].bit_count(), at))
        if left[person].bit_count() <= users:
            role = left[person]
        else:
            role = -1
            for at, each in enumerate(left):
                role = role & people[at] if each >> action & 1 else role
        size, wasted, given = role.bit_count(), 0, 0
        order = sorted(((role & ~each).bit_count(), at) for at, each in enumerate(people) if left[at] & role)
        for waste, at in order:
            if wasted + waste > excess * size * (given + 1):
                break
            wasted, given = wasted + waste, given + 1
            held[at] |= role
            left[at] &= ~role
        roles.append(role)
    return roles, held


def three_groups(made):
    """What AirIAM's fixed groups would grant each: administrators everything, power users and readers their part."""
    everything = (1 << made.actions) - 1
    administration = mask_of(range(0, made.actions, 20)) & ~made.reads
    power = everything & ~administration
    return [
        made.reads if not did & ~made.reads else power if not did & administration else everything
        for did in made.people
    ]


def mean_unused(people, held):
    """The mean over people of what they hold and never used, in percent."""
    return 100 * sum(1 - did.bit_count() / have.bit_count() for did, have in zip(people, held, strict=True)) / len(held)


def pairs(counts):
    """How many pairs there are in groups of these sizes."""
    return sum(n * (n - 1) / 2 for n in counts)


def adjusted_rand(one, other):
    """How alike two ways to divide people are: 1 for the same, 0 for chance (Hubert and Arabie, 1985)."""
    both = pairs(Counter(zip(one, other, strict=True)).values())
    first, second = pairs(Counter(one).values()), pairs(Counter(other).values())
    expected = first * second / pairs([len(one)])
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def found_again(made, clusters):
    """Adjusted Rand index of who is together, and the mean Jaccard similarity of each true role to its best set."""
    where = {user: at for at, cluster in enumerate(clusters) for user in cluster.key}
    alike = adjusted_rand(made.teams, [where[user] for user in range(len(made.people))])
    sets = [cluster.core for cluster in clusters]
    best = [max((role & each).bit_count() / (role | each).bit_count() for each in sets) for role in made.roles]
    return alike, sum(best) / len(best)


ORGANIZATIONS = {
    "1,000 people, 40 teams": {"people": 1_000, "teams": 40},
    "much noise": {"people": 1_000, "teams": 40, "noise": 0.5},
    "drift": {"people": 1_000, "teams": 40, "drift": 0.15},
}


def figures():
    """Sets, excess, recovery and time."""
    for name, shape in ORGANIZATIONS.items():
        yield from of_one(name, organization(**shape))
    for what, shape in {"": {}, ", much noise and drift": {"noise": 0.8, "drift": 0.1}}.items():
        large = organization(10_000, 100, **shape)
        _, seconds = ours(large)
        yield Figure(f"grouping: 10,000 people{what}, search", seconds, "CPU s", limit=10, less_is_better=True)
        sets, seconds = whole(large)
        note = f"calls to policies, {sets:,} sets"
        yield Figure(f"grouping: 10,000 people{what}", seconds, "CPU s", limit=10, less_is_better=True, note=note)


def of_one(name, made):
    """The figures of one organization."""
    clusters, _ = ours(made)
    excess = unused(clusters)
    said = f"{excess:.0f} % unused"
    yield Figure(
        f"grouping: {name}", len(clusters), "sets", "one set a user", len(made.people), 1, True, f"{said}, theirs 0 %"
    )
    roles, held = greedy_biclique(made.people, BOUND / 100)
    theirs = mean_unused(made.people, held)
    same, _ = ours(made, min(BOUND, theirs))
    note = f"at greedy's excess: {unused(same):.0f} % unused, theirs {theirs:.0f} %"
    yield Figure(f"grouping: {name}", len(same), "sets", "greedy biclique cover", len(roles), 1, True, note)
    fixed = mean_unused(made.people, three_groups(made))
    note = f"{len(clusters)} sets, theirs 3"
    yield Figure(f"grouping: {name}", excess, "% unused", "AirIAM's three groups", fixed, 1, True, note)
    alike, jaccard = found_again(made, clusters)
    yield Figure(f"grouping: {name}: who belongs together", alike, "adjusted Rand index", note="1 is exact")
    yield Figure(f"grouping: {name}: true roles", jaccard, "Jaccard", note="of the best set's core; 1 is exact")
