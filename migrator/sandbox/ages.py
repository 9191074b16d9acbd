"""Ages set by hand: users, passwords and keys that look older than the sandbox is."""

from moto.iam.models import AccessKey, AccessKeyLastUsed, User, iam_backends

from migrator.sandbox.clock import naive, parse
from migrator.sandbox.principals import iam_of


def user_of(account: str, name: str) -> User:
    """Return a user of an account; raises ValueError if there is none."""
    user = iam_of(account).users.get(name)
    if user is None:
        raise ValueError(f"no user {name} in account {account}")
    return user


def set_user(user: User, created: str | None, password_used: str | None) -> None:
    """Set a user's creation and last sign-in; what is None stays."""
    if created is not None:
        user.create_date = naive(parse(created))
        if user.password:
            user.password_created = user.password_changed = user.create_date
    if password_used is not None:
        user.password_last_used = naive(parse(password_used))


def set_key(key: str, created: str | None, used: str | None, service: str, region: str) -> None:
    """Set an access key's creation and last use; what is None stays."""
    found = _key_of(key)
    if created is not None:
        found.create_date = naive(parse(created))
    if used is not None:
        found.last_used = AccessKeyLastUsed(naive(parse(used)), service, region)


def _key_of(key: str) -> AccessKey:
    for partitions in iam_backends.values():
        for iam in partitions.values():
            if key in iam.access_keys:
                return iam.access_keys[key]
    raise ValueError(f"no access key {key}")
