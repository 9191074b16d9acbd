"""What sets are called: as before where most of their users had it, else after the group they come from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from migrator.domain.grouping.clusters import Cluster
from migrator.domain.mapping import Needs
from migrator.domain.policy.fit import set_name


class Names:
    """Names that are taken, names that clusters have a claim to, and those of sets that were planned before.

    `known` maps the content of these to their names.
    """

    def __init__(self, taken: Iterable[str], known: Mapping[str, str]) -> None:
        self.taken = set(taken)
        self._known = known
        self._claimed: dict[int, str] = {}

    def claim(self, clusters: Sequence[Cluster]) -> None:
        """Let each cluster keep the name that most of its users had, the largest share first."""
        claims = []
        for at, cluster in enumerate(clusters):
            before = Counter[str]()
            for profile in cluster.profiles:
                before[profile.prior] += profile.weight
            claims += [(-users, name, cluster.key, at) for name, users in before.items() if name]
        given = set(self.taken)
        for _, name, _, at in sorted(claims):
            if name not in given and id(clusters[at]) not in self._claimed:
                given.add(name)
                self._claimed[id(clusters[at])] = name

    def name(self, cluster: Cluster, content: str, users: Sequence[Needs]) -> str:
        """The name of a cluster's set: the one it has a claim to, that of an equal set, else a new one."""
        claimed = set(self._claimed.values())
        equal = self._known.get(content)
        if id(cluster) in self._claimed:
            return self._claimed[id(cluster)]
        if equal is not None and equal not in claimed:
            return equal
        occupied = {*self.taken, *claimed, *self._known.values()}
        groups = {_groups(one) for one in users}
        first = min(users, key=lambda one: (one.user_name, one.user)).user_name
        home = next(iter(groups)) if len(groups) == 1 else ""
        wanted = home or first
        if wanted.lower() in {one.lower() for one in occupied}:
            wanted = f"{home}-{first}" if home else first
        name = set_name(wanted, occupied)
        self.taken.add(name)
        return name


def _groups(user: Needs) -> str:
    sources = {source for source, _, _ in user.grants if source.startswith("group:")}
    return "-".join(sorted(one.removeprefix("group:") for one in sources))
