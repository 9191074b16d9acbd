"""How many sets there would be at each bound of what may be unused."""

from typing import Any

from migrator.domain.grouping.curve import curve
from migrator.domain.grouping.needs import why_unknown
from migrator.domain.mapping import SET, Needs
from migrator.domain.model import Destination
from migrator.operations.see_users import see_users
from migrator.ports.tools import Tools


def trade_off(tools: Tools) -> dict[str, Any]:
    """The curve of everybody who gets a set and whose needs are known; `left_out` counts those whose are not."""
    with tools.store.begin() as work:
        lines = [line.user for line in work.users.lines() if line.user.vanished_at is None]
        people = [user for user in lines if user.destination is Destination.PERMISSION_SET]
        granted = work.users.policies([user.id for user in people])
        needs = [Needs(u.id, u.user_name, SET, granted.get(u.id, ()), u.owner, u.cost_center) for u in people]
        seen = see_users(tools, work, needs)
    now, lookback = tools.clock.now(), tools.rules.lookback
    known = [one for one in seen if why_unknown(one, now, lookback) is None]
    points = curve(known, tools.rules, tools.catalogue) if known else ()
    return {
        "bound": tools.rules.unused_granted_max_percent,
        "users": len(known),
        "left_out": len(people) - len(known),
        "curve": [{"bound": p.bound, "sets": p.sets, "unused_granted_percent": p.unused_percent} for p in points],
    }
