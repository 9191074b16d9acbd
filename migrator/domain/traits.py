"""Traits of an IAM user that speak for a human or for a machine, each with its weight in log-odds.

The weights are judgements, not measurements: 0.4 is a hint, 1 is worth three to one, 2 seven to one. They are set so
that no single hint passes the threshold of `classify`, and a password with MFA, or a service's name with keys, does.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from migrator.domain.dossier import Used
from migrator.domain.model import CredentialKind, UserFacts
from migrator.domain.people import addresses, valid_address
from migrator.domain.rules import Rules

_SES = re.compile(r"ses-smtp-user\.\d{8}-\d+", re.IGNORECASE)
_FIRST_LAST = re.compile(r"[a-z]{2,}\.[a-z]{2,}(-[a-z]{2,})?\d{0,2}", re.IGNORECASE)
_SERVICE_WORD = re.compile(
    "svc|service|serviceaccount|sa|ci|cd|cicd|bot|robot|deploy|deployer|deployment|backups?|jenkins|github|gitlab|"
    "circleci|bitbucket|travis|buildkite|terraform|ansible|packer|automation|pipeline|cron|batch|lambda|app|api|smtp|"
    "ses|monitoring|datadog|grafana|prometheus|newrelic|exporter|uploader|sync|etl|runner|agent|integration|machine|"
    "script|worker|job|nightly|reporter|mailer|scanner|replicator"
)
_SERVICE_PATHS = ("/service", "/svc", "/machine", "/bot", "/ci/", "/system", "/app", "/robot", "/automation")
_HUMAN_PATHS = ("/people", "/human", "/employee", "/staff", "/developer", "/person", "/contractor")
_SDKS = ("boto3/", "botocore/", "aws-sdk-", "terraform", "pulumi", "ansible", "jenkins", "github-actions", "s3manager")
_BROWSERS = ("console.amazonaws.com", "signin.amazonaws.com", "mozilla/")
_MACHINE_SERVICES = ("bedrock", "cassandra")
_AROUND_THE_CLOCK = 20
_OFFICE_HOURS = 12
_STEADY_CALLS = 100
_MANY_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Trait:
    """One observation; `weight` above zero speaks for a human. `source` says in words what was seen."""

    weight: float
    source: str
    at: datetime | None = None
    window: str | None = None


def traits(facts: UserFacts, used: Used, rules: Rules, hours: Collection[int] | None = None) -> tuple[Trait, ...]:
    """Everything about a user that hints at what it is."""
    return (
        *_of_credentials(facts),
        *_of_name(facts),
        *_of_tags(facts, rules),
        *_of_use(used, hours),
    )


def _of_credentials(facts: UserFacts) -> Iterator[Trait]:
    kinds = {c.kind for c in facts.credentials}
    password, mfa = CredentialKind.CONSOLE_PASSWORD in kinds, CredentialKind.MFA_DEVICE in kinds
    if password:
        yield Trait(2.5 if mfa else 1.5, "console password with an MFA device" if mfa else "console password")
    elif mfa:
        yield Trait(0.7, "MFA device without a console password")
    elif CredentialKind.ACCESS_KEY in kinds:
        yield Trait(-0.8, "access keys, no console password")
    if CredentialKind.SSH_PUBLIC_KEY in kinds:
        yield Trait(0.4, "SSH key for CodeCommit")
    if CredentialKind.SIGNING_CERTIFICATE in kinds:
        yield Trait(-0.5, "signing certificate")
    services = sorted(str(c.detail["service"]) for c in facts.credentials if "service" in c.detail)
    for service in dict.fromkeys(services):
        machine = service.startswith(_MACHINE_SERVICES)
        yield Trait(-0.8 if machine else 0.3, f"credential for {service}")


def _of_name(facts: UserFacts) -> Iterator[Trait]:
    name, service = facts.user_name, _service_words(facts.user_name)
    if _SES.fullmatch(name):
        yield Trait(-4.0, "name of an SES SMTP user")
    elif valid_address(name):
        yield Trait(1.2 if service else 2.0, "name is an e-mail address")
    elif service:
        yield Trait(-2.0, f"name says {service[0]}")
    elif _FIRST_LAST.fullmatch(name):
        yield Trait(1.2, "name like first.last")
    path = facts.path.casefold()
    if path.startswith(_SERVICE_PATHS):
        yield Trait(-1.5, f"path {facts.path}")
    elif path.startswith(_HUMAN_PATHS):
        yield Trait(1.5, f"path {facts.path}")


def _of_tags(facts: UserFacts, rules: Rules) -> Iterator[Trait]:
    if addresses(facts, rules):
        # On a service's user the address is the team's, to be asked; on any other it is the person's.
        yield Trait(1.6 if _service_words(facts.user_name) else 2.4, f"tag {rules.email_tag}")


def _service_words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if _SERVICE_WORD.fullmatch(word)]


def _of_use(used: Used, hours: Collection[int] | None) -> Iterator[Trait]:
    window = f"{used.since:%Y-%m-%d}/{used.until:%Y-%m-%d}" if used.since and used.until else None
    agents = tuple(agent.casefold() for agent in used.agents)
    if any(browser in agent for agent in agents for browser in _BROWSERS):
        yield Trait(1.5, "works in the console", used.mined_at, window)
    if any("aws-cli/" in agent and "exec-env/" not in agent for agent in agents):
        yield Trait(0.5, "types aws-cli commands", used.mined_at, window)
    scripted = [a for a in agents if "exec-env/" in a or ("aws-cli/" not in a and any(sdk in a for sdk in _SDKS))]
    if scripted:
        yield Trait(-1.0, f"calls by {scripted[0].split()[0]}", used.mined_at, window)
    if used.addresses >= _MANY_ADDRESSES:
        yield Trait(0.4, f"calls from {used.addresses} addresses", used.mined_at, window)
    elif used.addresses == 1 and used.calls >= _STEADY_CALLS:
        yield Trait(-0.4, "all calls from one address", used.mined_at, window)
    distinct = len(set(hours or ()))
    if distinct >= _AROUND_THE_CLOCK:
        yield Trait(-1.5, "calls around the clock", used.mined_at, window)
    elif 0 < distinct <= _OFFICE_HOURS and used.calls >= _STEADY_CALLS:
        yield Trait(0.5, f"calls in {distinct} hours of the day", used.mined_at, window)
