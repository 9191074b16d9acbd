"""Role mining: the fewest clusters within the bound that a greedy search with local improvement finds.

The problem is NP-hard (Vaidya, Atluri, Guo: "The role mining problem", SACMAT 2007), so this is a search in five
steps: gather around the common core of similar users, split what is beyond the bound, merge what stays within it,
dissolve small clusters into others, and let nobody be worse off than need be. Everything is put in order before it is
chosen from, so the same input has the same answer in every run.
"""

import math
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import combinations

from migrator.domain.grouping.clusters import Cluster, Profile, collapse
from migrator.domain.grouping.limits import Limits

ALIKE = 0.4
"""Jaccard similarity to a core from which on a user gathers around it: two users of one role that each used four
fifths of it are at two thirds, users of two roles that share half are at a third."""

ROUNDS = 3
"""How often users may gather around the moved cores."""

SMALL = 40
"""The most profiles of a cluster that is tried to be dissolved."""

MANY = 1_500
"""So many clusters are merged with everyone; more, only with those of the same home."""


def mine(profiles: Iterable[Profile], limits: Limits) -> list[Cluster]:
    """The clusters, in order of their first users. Those with a prior set begin together."""
    alike = collapse(profiles)
    gathered = _gather(alike)
    within = [part for cluster in gathered for part in _split(cluster, limits)]
    merged = _merge(within, limits)
    return sorted(_dissolve(merged, limits), key=lambda cluster: cluster.key)


def _gather(profiles: Sequence[Profile]) -> list[Cluster]:
    """Each profile at the core most like it; a prior set holds its users together whatever they are like now."""
    clusters = _begun(profiles)
    cores = [cluster.core for cluster in clusters]
    for turn in range(ROUNDS):
        chosen: list[list[Profile]] = [[] for _ in cores]
        for profile in profiles:
            at = _nearest(profile.needs, cores)
            if at is None:
                at = len(cores)
                cores.append(profile.needs)
                chosen.append([])
            chosen[at].append(profile)
        clusters = [Cluster.of(each) for each in chosen if each]
        moved = [cluster.core for cluster in clusters]
        if moved == cores or turn == ROUNDS - 1:
            break
        cores = list(dict.fromkeys(moved))
    return clusters


def _begun(profiles: Sequence[Profile]) -> list[Cluster]:
    """Where to begin: the users of each prior set, else of each IAM group."""
    by_prior: dict[tuple[str, str], list[Profile]] = {}
    for profile in profiles:
        if profile.prior or profile.home:
            by_prior.setdefault((profile.prior, "" if profile.prior else profile.home), []).append(profile)
    return [Cluster.of(each) for _, each in sorted(by_prior.items())]


def _nearest(needs: int, cores: Sequence[int]) -> int | None:
    size, best, found = needs.bit_count(), ALIKE, None
    for at, core in enumerate(cores):
        common = (needs & core).bit_count()
        if common:
            alike = common / (size + core.bit_count() - common)
            if alike > best:
                best, found = alike, at
    return found


def _split(cluster: Cluster, limits: Limits) -> list[Cluster]:
    """The cluster, or parts of it within the limits: those nearest to the core first, each where it adds least."""
    if cluster.within(limits) or len(cluster.profiles) == 1:
        return [cluster]
    core = cluster.core
    order = sorted(cluster.profiles, key=lambda p: ((p.needs & ~core).bit_count(), -p.needs.bit_count(), p.users))
    parts: list[Cluster] = []
    for profile in order:
        host = _host(profile, parts, limits)
        if host is None:
            parts.append(Cluster.of([profile]))
        else:
            host.add(profile)
    return parts


def _host(profile: Profile, clusters: Sequence[Cluster], limits: Limits) -> Cluster | None:
    """The cluster that it would widen least and that stays within the limits; of equals the one it uses most of."""
    needs, weight = profile.needs, profile.weight
    size, least = needs.bit_count() * weight, limits.least_used
    fitting = []
    for at, cluster in enumerate(clusters):
        most = (cluster.used_needs + size) / ((cluster.users + weight) * least) if least > 0 else math.inf
        if cluster.size <= most:
            union = (cluster.needs | needs).bit_count()
            if union <= most:
                fitting.append((union - cluster.size, union, at))
    for _, _, at in sorted(fitting):
        if clusters[at].join(Cluster.of([profile])).within(limits):
            return clusters[at]
    return None


def _merge(clusters: list[Cluster], limits: Limits) -> list[Cluster]:
    """Join pairs as long as any stays within the limits, the pair with the least unused first."""
    alive = dict(enumerate(clusters))
    queue = [
        (-used, one, other) for one, other in _pairs(clusters) if (used := _together(alive[one], alive[other], limits))
    ]
    heapify(queue)
    number = len(clusters)
    while queue:
        _, one, other = heappop(queue)
        if one not in alive or other not in alive:
            continue
        joined = alive[one].join(alive[other])
        if not joined.allowed(limits):
            continue
        del alive[one], alive[other]
        for at, cluster in alive.items():
            used = _together(joined, cluster, limits)
            if used:
                heappush(queue, (-used, at, number))
        alive[number] = joined
        number += 1
    return list(alive.values())


def _pairs(clusters: Sequence[Cluster]) -> Iterable[tuple[int, int]]:
    if len(clusters) <= MANY:
        return combinations(range(len(clusters)), 2)
    homes: dict[str, list[int]] = {}
    for at, cluster in enumerate(clusters):
        homes.setdefault(cluster.profiles[0].home, []).append(at)
    return (pair for each in homes.values() for pair in combinations(each[:MANY], 2))


def _together(one: Cluster, other: Cluster, limits: Limits) -> float:
    """The share that is used of what both would grant as one; 0 where that is beyond the bound."""
    users = one.users + other.users
    needs = (one.needs | other.needs).bit_count() * users
    used = (one.used_needs + other.used_needs) / needs if needs else 1.0
    if used < limits.least_used:
        return 0.0
    actions = (one.actions | other.actions).bit_count() * users
    used = min(used, (one.used_actions + other.used_actions) / actions) if actions else used
    return used if used >= limits.least_used else 0.0


def _dissolve(clusters: list[Cluster], limits: Limits) -> list[Cluster]:
    """Empty small clusters into others that stay within the limits, smallest first.

    Once is enough: who takes somebody in has less room than before.
    """
    kept = sorted(clusters, key=lambda cluster: (cluster.users, cluster.key))
    for cluster in list(kept):
        at = next((at for at, each in enumerate(kept) if each is cluster), None)
        if at is None or len(cluster.profiles) > SMALL or len(kept) == 1:
            continue
        placed = _placed(cluster, [*kept[:at], *kept[at + 1 :]], limits)
        kept = kept if placed is None else placed
    return kept


def _placed(cluster: Cluster, others: list[Cluster], limits: Limits) -> list[Cluster] | None:
    """The others with every profile of the cluster among them; None where one finds no place."""
    now = list(others)
    for profile in sorted(cluster.profiles, key=lambda p: (-p.needs.bit_count(), p.users)):
        host = _host(profile, now, limits)
        if host is None:
            return None
        now[next(at for at, each in enumerate(now) if each is host)] = host.join(Cluster.of([profile]))
    return now
