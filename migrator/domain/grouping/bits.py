"""Sets of small numbers as integers: bit `n` is member `n`. Union, intersection and size are one machine loop each."""

from collections.abc import Iterable, Iterator


def mask_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def members(mask: int) -> Iterator[int]:
    """The numbers of a set, ascending."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def tally(weighted: Iterable[tuple[int, int]]) -> list[int]:
    """Counts of every number at once, as binary planes: bit `n` of plane `k` is bit `k` of how often `n` occurs.

    Takes (set, how many hold exactly it).
    """
    planes: list[int] = []
    for mask, weight in weighted:
        plane = 0
        while weight >> plane:
            carry = mask if weight >> plane & 1 else 0
            at = plane
            while carry:
                planes += [0] * (at + 1 - len(planes))
                planes[at], carry = planes[at] ^ carry, planes[at] & carry
                at += 1
            plane += 1
    return planes


def at_least(planes: list[int], least: int) -> int:
    """The numbers that occur that often."""
    if least <= 0:
        raise ValueError("everything occurs at least never")
    if least >> len(planes):
        return 0
    more, equal = 0, -1
    for at in range(len(planes) - 1, -1, -1):
        if least >> at & 1:
            equal &= planes[at]
        else:
            more |= equal & planes[at]
            equal &= ~planes[at]
    return more | equal
