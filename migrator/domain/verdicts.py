"""What a scream means: still in use, noise, suspicious, or a gap in the new access.

Judged against what the user did before the cut. Where nothing is known of that time nothing can be called unseen, and
a scream counts as use: putting back is the safe answer only where nothing speaks of theft.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from migrator.domain.screams import CONSOLE_SIGN_IN, KEY_USED, REPORTED, Scream
from migrator.domain.usage import UsageFact


class Verdict(StrEnum):
    """Dispositions that a judgement gives; a person's word replaces any of them."""

    IN_USE = "open"
    NOISE = "noise"
    SUSPICIOUS = "suspicious"


RECONNAISSANCE = frozenset(
    {
        *(
            "iam:ListUsers",
            "iam:ListRoles",
            "iam:ListAttachedUserPolicies",
            "iam:ListUserPolicies",
            "iam:GetUserPolicy",
        ),
        *("iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary", "iam:ListAccessKeys", "iam:ListGroupsForUser"),
        *("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:AttachUserPolicy"),
        *("iam:PutUserPolicy", "iam:UpdateLoginProfile", "iam:UpdateAssumeRolePolicy"),
        *("sts:GetFederationToken", "sts:GetSessionToken", "organizations:ListAccounts", "account:PutAlternateContact"),
        *("ses:GetAccount", "ses:GetSendQuota", "ses:ListIdentities", "ses:UpdateAccountSendingEnabled"),
        *("bedrock:ListFoundationModels", "bedrock:InvokeModel", "bedrock:PutUseCaseForModelAccess"),
        *("servicequotas:ListServiceQuotas", "ec2:GetConsoleScreenshot", "secretsmanager:ListSecrets"),
        *("cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "guardduty:DeleteDetector"),
    }
)
"""First calls of whoever found a key, from published incident reports (Unit 42, Sysdig, Permiso, Invictus; MITRE ATT&CK
T1087.004, T1580, T1526)."""

_SEVERAL = 3
"""So many different ones that the user never called before are no accident."""

_STRETCH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Before:
    """What a user did in the look-back before its cut, and what its person does through Identity Center since then."""

    facts: tuple[UsageFact, ...] = ()
    sessions: tuple[UsageFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and its reason, in words; an ordinary use needs none."""

    verdict: Verdict
    why: str = ""


def judge(scream: Scream, before: Before, others: Iterable[Scream] = ()) -> Judged:
    """What a scream means; `others` are the user's other screams of this cut."""
    if scream.signal in (REPORTED, KEY_USED):
        return Judged(Verdict.IN_USE)
    why = _suspicion(scream, before, others)
    if why:
        return Judged(Verdict.SUSPICIOUS, why)
    why = _noise(scream, before)
    return Judged(Verdict.NOISE, why) if why else Judged(Verdict.IN_USE)


def _suspicion(scream: Scream, before: Before, others: Iterable[Scream]) -> str:
    if not before.facts:
        return ""
    known = {network(fact.address) for fact in before.facts} | {network(fact.address) for fact in before.sessions}
    families = {family(fact.agent) for fact in before.facts}
    place, tool = network(scream.address) not in known, family(scream.agent) not in families
    if place and tool:
        return f"never seen from {network(scream.address)}, nor with {family(scream.agent)}"
    unseen = _reconnaissance([scream, *others], before, scream.first)
    mine = call(scream) in unseen
    if mine and (place or tool):
        where = f"from {network(scream.address)}" if place else f"with {family(scream.agent)}"
        return f"reconnaissance never seen of this user: {call(scream)}, {where}"
    if mine and len(unseen) >= _SEVERAL:
        return f"reconnaissance never seen of this user: {', '.join(sorted(unseen))}"
    return ""


def _reconnaissance(screams: Iterable[Scream], before: Before, at: datetime) -> set[str]:
    """Reconnaissance within an hour of that moment that the user never made before its cut."""
    made = {f"{service(fact.source)}:{fact.event}" for fact in before.facts}
    near = (s for s in screams if abs(s.first - at) <= _STRETCH or abs(s.last - at) <= _STRETCH)
    return {called for scream in near if (called := call(scream)) in RECONNAISSANCE and called not in made}


def _noise(scream: Scream, before: Before) -> str:
    if scream.signal == CONSOLE_SIGN_IN:
        return ""
    tool = family(scream.agent)
    same = [f for f in before.facts if (f.source, f.event) == (scream.event_source, scream.event_name)]
    if same and all(fact.refused for fact in same) and any(family(fact.agent) == tool for fact in same):
        return "it was refused before the cut, too, and never allowed"
    moved = [f for f in before.sessions if f.address == scream.address and not f.error]
    if not moved:
        return ""
    if tool in BROWSERS and _READS.match(scream.event_name):
        return "a browser tab: its person works through Identity Center from there since"
    if any((f.source, f.event) == (scream.event_source, scream.event_name) for f in moved):
        return "its person makes the same call through Identity Center from there since"
    return ""


BROWSERS = frozenset({"mozilla", "s3console", "console.amazonaws.com"})
_READS = re.compile(r"(Describe|List|Get|Head|Lookup)[A-Z]")
_SERVICES = {"monitoring": "cloudwatch", "email": "ses"}


def call(scream: Scream) -> str:
    """A scream's call as an action is written: `iam:ListUsers`."""
    return f"{service(scream.event_source)}:{scream.event_name}"


def service(event_source: str) -> str:
    """The service's prefix of an event source: `iam` of `iam.amazonaws.com`."""
    name = event_source.partition(".")[0]
    return _SERVICES.get(name, name)


def family(agent: str) -> str:
    """What made a call, without its version: `boto3` of `[Boto3/1.34 md/Botocore…]`, `mozilla` of any browser."""
    return agent.strip("[] ").partition("/")[0].partition(" ")[0].casefold()


def network(address: str) -> str:
    """The neighbourhood of an address: /16 of IPv4, /32 of IPv6; a service's name is its own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found}/{16 if found.version == 4 else 32}", strict=False))  # noqa: PLR2004
