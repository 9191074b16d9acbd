"""Sets of numbers, clusters within bounds, and the search for few of them."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.domain.grouping.bits import at_least, mask_of, members, tally
from migrator.domain.grouping.clusters import Cluster, Profile
from migrator.domain.grouping.limits import Limits
from migrator.domain.grouping.mine import mine

NUMBERS = st.frozensets(st.integers(0, 70), max_size=12)


def a_profile(user, numbers, **more):
    mask = mask_of(numbers)
    return Profile(mask, mask, (user,), **more)


@given(NUMBERS, NUMBERS)
def test_bit_sets_are_sets(one, other):
    assert set(members(mask_of(one) & mask_of(other))) == one & other
    assert mask_of(one | other).bit_count() == len(one | other)


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 9)), max_size=9), st.integers(1, 20))
def test_a_tally_counts_every_number(weighted, least):
    planes = tally((mask_of(numbers), weight) for numbers, weight in weighted)
    count = {n: sum(weight for numbers, weight in weighted if n in numbers) for n in range(71)}
    assert set(members(at_least(planes, least))) == {n for n, times in count.items() if times >= least}


def test_everything_occurs_at_least_never():
    with pytest.raises(ValueError, match="never"):
        at_least([], 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS.filter(bool), min_size=1, max_size=14), st.sampled_from([0.0, 15.0, 30.0, 60.0, 100.0]))
def test_everybody_is_in_one_cluster_that_covers_it_within_the_bound(people, bound):
    found = mine([a_profile(user, numbers) for user, numbers in enumerate(people)], Limits(bound))
    assert sorted(user for cluster in found for profile in cluster.profiles for user in profile.users) == list(
        range(len(people))
    )
    for cluster in found:
        mine_of = [people[user] for profile in cluster.profiles for user in profile.users]
        granted = set().union(*mine_of)
        assert set(members(cluster.needs)) == granted
        unused = 1 - sum(len(numbers) for numbers in mine_of) / (len(granted) * len(mine_of))
        assert unused <= bound / 100 + 1e-6


@settings(max_examples=40, deadline=None)
@given(st.lists(NUMBERS.filter(bool), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(people, chance):
    profiles = [a_profile(user, numbers) for user, numbers in enumerate(people)]
    shuffled = list(profiles)
    chance.shuffle(shuffled)
    assert [c.key for c in mine(profiles, Limits(30))] == [c.key for c in mine(shuffled, Limits(30))]


def test_at_no_excess_only_equals_share_and_at_any_excess_everybody_does():
    people = [a_profile(user, {0, 1, user % 3}) for user in range(9)]
    assert len(mine(people, Limits(0))) == 2
    assert len(mine(people, Limits(100))) == 1


def fewest(people, limits):
    """The true minimum, by trying every partition."""
    if not people:
        return 0
    first, *rest = people
    best = len(people)
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            if Cluster.of([first, *others]).within(limits):
                best = min(best, 1 + fewest([one for one in rest if one not in others], limits))
    return best


def test_on_small_organizations_it_is_never_far_from_the_true_minimum():
    chance = Random(7)  # noqa: S311  # a repeatable choice, no secret
    over = 0
    for _ in range(40):
        people = [
            a_profile(user, {n for n in range(4) if chance.random() < 0.8} | {4 + chance.randrange(6)})
            for user in range(6)
        ]
        found, true = len(mine(people, Limits(40))), fewest(people, Limits(40))
        assert true <= found <= true + 1
        over += found - true
    assert over <= 4


def test_teams_with_noise_are_found_again():
    chance = Random(3)  # noqa: S311  # a repeatable choice, no secret
    teams = [range(20 * team, 20 * team + 20) for team in range(6)]
    people = [
        a_profile(user, {n for n in teams[user % 6] if chance.random() < 0.9} | ({120 + user} if user < 6 else set()))
        for user in range(60)
    ]
    found = mine(people, Limits(30))
    assert sorted({user % 6 for user in cluster.key} for cluster in found) == [{team} for team in range(6)]


def test_nobody_is_given_a_way_to_more_access():
    way = mask_of([3])
    with_it = a_profile(1, {0, 1, 2, 3}, ways=1)
    without = a_profile(2, {0, 1, 2}, ways=0)
    assert len(mine([with_it, without], Limits(100, ways=[way]))) == 2
    assert len(mine([with_it, a_profile(2, {0, 1, 2}, ways=1)], Limits(100, ways=[way]))) == 1


def test_what_no_policy_could_hold_is_two_sets():
    people = [a_profile(1, range(10)), a_profile(2, range(10, 20))]
    assert len(mine(people, Limits(100, too_large=lambda needs: needs.bit_count() > 12))) == 2


def test_a_new_user_does_not_move_the_others():
    chance = Random(5)  # noqa: S311  # a repeatable choice, no secret
    people = [
        a_profile(user, {n for n in range(20 * (user % 4), 20 * (user % 4) + 20) if chance.random() < 0.85})
        for user in range(40)
    ]
    before = mine(people, Limits(30))
    names = {user: f"set-{at}" for at, cluster in enumerate(before) for user in cluster.key}
    again = [Profile(p.needs, p.actions, p.users, prior=names[p.users[0]]) for p in people]
    after = mine([*again, a_profile(99, range(20))], Limits(30))
    assert {tuple(user for user in cluster.key if user != 99) for cluster in after} == {c.key for c in before}
