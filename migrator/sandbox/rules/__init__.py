"""The rules: each corrects moto where it lets pass what AWS refuses, and says which deviation and AWS's source.

A rule is a module with `install() -> None`, named in the table.
"""

from importlib import import_module

RULES: tuple[str, ...] = (
    "identity_center",
    "identity_store",
    "organizations",
    "validation",
    "identifiers",
    "own_name",
    "polling",
    "user_names",
    "access_keys",
    "login_profiles",
    "mfa_devices",
    "service_credentials",
    "aws_managed_policies",
    "attachments",
    "boundaries",
    "quotas",
    "deletion",
    "policy_principals",
    "authorization_details",
    "credential_report",
    "sessions",
    "last_accessed",
    "event_selectors",
    "event_history",
    "paging",
    "reserved_roles",
    "portal",
    "console",
    "stack_users",
)
"""Modules of this package, installed in this order."""


def install() -> None:
    """Install every rule; once, after moto is imported and before the first call."""
    for name in RULES:
        import_module(f"{__name__}.{name}").install()
