"""What was called."""

from migrator.sandbox.answers import Answer
from migrator.sandbox.calls import ApiCall
from migrator.sandbox.principals import Principal


def note(call: ApiCall, principal: Principal, answer: Answer) -> None:
    """Record a call."""
