"""Who may do what."""

from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal


def check(call: ApiCall, principal: Principal) -> None:
    """Refuse what policies refuse."""
