"""One base error; each kind says what was tried, for whom, what was answered, and what to do next."""


class MigratorError(Exception):
    """Something a person must know about. The text is one line; `next_step` is what to do about it."""

    exit_code = 1

    def __init__(self, what: str, *, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class UsageError(MigratorError):
    """The words were wrong: an unknown user, an ambiguous name, an impossible value."""

    exit_code = 2


class IllegalMove(UsageError):
    """The table of states has no such move from here."""


class NotFound(UsageError):
    """Nothing of that name is known."""


class Unreachable(MigratorError):
    """AWS or the database did not answer, or refused."""

    exit_code = 4


class DatabaseFailed(Unreachable):
    """The database did not answer, or refused. Nothing goes on without it, for no user and no account."""


class Refused(MigratorError):
    """The move is legal, yet it would hurt: a stranger under an old name, our own identity, somebody's hand."""


class Stale(MigratorError):
    """Somebody else changed the same row first."""


class Busy(MigratorError):
    """Another process is moving the same subject right now."""
