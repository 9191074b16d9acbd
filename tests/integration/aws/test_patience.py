"""How often a call is tried, and how long that waits."""

from contextlib import ExitStack

import pytest

from migrator.adapters.aws.patience import ATTEMPTS, LONGEST, THROTTLED, UNANSWERED
from migrator.adapters.aws.session import Sessions
from migrator.ports.aws import AccessDenied, Transient, Unavailable
from tests.integration.aws.scripted import IDENTITY, failure, scripted

pytestmark = pytest.mark.usefixtures("endpoint")

BUSY = (400, failure("Throttling", "Rate exceeded"))
DOWN = (503, failure("ServiceUnavailable"))


class Storm:
    """A caller of a scripted AWS, with the waits it would have made."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.attempts = 0
        self.sessions = Sessions(on_call=self._count, sleep=self.waits.append)

    def _count(self, moment: str, _n: int) -> None:
        self.attempts += moment == "before"


@pytest.fixture
def storm(monkeypatch):
    """A caller whose AWS answers so, the last answer for ever."""
    with ExitStack() as servers:

        def storm(*answers: tuple[int, str]) -> Storm:
            monkeypatch.setenv("AWS_ENDPOINT_URL", servers.enter_context(scripted(*answers)))
            return Storm()

        yield storm


@pytest.mark.parametrize(("answer", "base"), [(BUSY, THROTTLED), (DOWN, UNANSWERED)])
def test_a_storm_is_waited_out_by_the_clock_that_was_given(storm, answer, base):
    caught = storm(*[answer] * (ATTEMPTS - 1), (200, IDENTITY))
    assert caught.sessions.caller().user_id == "AIDAADA"
    most = [min(base * 2**n, LONGEST) for n in range(ATTEMPTS - 1)]
    assert len(caught.waits) == len(most)
    assert all(limit / 2 <= wait <= limit for wait, limit in zip(caught.waits, most, strict=True))


@pytest.mark.parametrize("answer", [BUSY, DOWN])
def test_a_storm_without_end_is_told_after_so_many_attempts(storm, answer):
    caught = storm(answer)
    with pytest.raises(Unavailable):
        caught.sessions.caller()
    assert caught.attempts == ATTEMPTS
    assert sum(caught.waits) < 60


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDenied", AccessDenied), ("ExpiredToken", AccessDenied), ("ConcurrentModification", Transient)],
)
def test_what_another_attempt_does_not_better_is_asked_once(storm, code, kind):
    caught = storm((403, failure(code)))
    with pytest.raises(kind):
        caught.sessions.caller()
    assert (caught.attempts, caught.waits) == (1, [])


def test_a_client_whose_calls_all_fail_stops_repeating_them(storm):
    caught = storm(DOWN)
    for _ in range(12):
        with pytest.raises(Unavailable):
            caught.sessions.caller()
    calm = caught.attempts
    with pytest.raises(Unavailable):
        caught.sessions.caller()
    assert caught.attempts == calm + 1
