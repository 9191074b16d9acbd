"""Screams: evidence that something still needs the old credentials after they were cut."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from migrator.domain.canonical import digest
from migrator.domain.model import Credential, CredentialKind
from migrator.domain.rules import Rules
from migrator.domain.usage import Refusal, UsageFact

REFUSED_CALL, CONSOLE_SIGN_IN, KEY_USED, REPORTED = "refused-call", "console-sign-in", "key-used", "reported"
NEW_ACCESS = "new-access-refused"
"""The five signals: recorded refusals, successful sign-ins with the old password, last-used times, a person's word, and
a refusal of the new access for something that the old one was used for."""

OPEN, DISMISSED, NOISE, SUSPICIOUS, GAP = "open", "dismissed", "noise", "suspicious", "gap"

UNSETTLED = frozenset({OPEN, "not-checked", SUSPICIOUS, GAP})
"""Dispositions of screams that nobody has answered."""

DELIVERY = timedelta(minutes=15)
"""How late CloudTrail may deliver: about 5 minutes, not guaranteed (CloudTrail user guide, "find your log files")."""


AGREE = timedelta(minutes=1)
"""How far IAM's last-used time and CloudTrail's of the same call may lie apart: the latter has no fractions."""


@dataclass(frozen=True, slots=True)
class Scream:
    """Refusals of one user with the same signal, event, address and agent, counted.

    `signal` is one of the five; `disposition` is `open` (still in use), `noise`, `suspicious`, `gap`, `rolled-back`,
    `dismissed` or `not-checked`; `reason` is why; `event_source` is CloudTrail's.
    `last` of a dismissed scream stays where its reader saw it.
    """

    id: int
    user: int
    signal: str
    event_source: str
    event_name: str
    address: str
    agent: str
    count: int
    first: datetime
    last: datetime
    disposition: str = "open"
    reason: str = ""
    version: int = 0

    @property
    def key(self) -> tuple[int, str, str, str, str, str]:
        """What makes two refusals the same scream."""
        return self.user, self.signal, self.event_source, self.event_name, self.address, self.agent


@dataclass(frozen=True, slots=True)
class Watched:
    """A user whose credentials were cut at `cut_at`: what its principal does since then is a scream.

    The best `cut_at` is when the deny was about to be made, because it works before the state says so. `until` is when
    the user was deleted: whoever has its name and so its ARN later is somebody else.
    """

    user: int
    principal: str
    cut_at: datetime
    until: datetime | None = None

    @property
    def since(self) -> datetime:
        """The second of the cut: CloudTrail's times have no fractions."""
        return self.cut_at.replace(microsecond=0)

    def covers(self, at: datetime) -> bool:
        """Whether what the principal does at that time is the user's, under the cut."""
        return at >= self.since and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True)
class Heard:
    """A scream as it stands now (id 0 where it is new) with the events that are new in it: (event id, when)."""

    scream: Scream
    events: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class _Sign:
    """One sign of life, whatever heard it."""

    event_id: str
    at: datetime
    user: int
    signal: str
    event_source: str
    event_name: str
    address: str
    agent: str
    calls: int = 1


def fold(
    known: Iterable[Scream],
    watched: Iterable[Watched],
    refusals: Iterable[Refusal] = (),
    sign_ins: Iterable[UsageFact] = (),
    seen: Collection[str] = (),
) -> tuple[Heard, ...]:
    """Count what was heard since the cuts into screams; only those that changed, oldest first.

    `sign_ins` are any usage facts, of which console sign-ins with the old password count. `seen` holds event ids that
    were counted before (`event_ids` tells which to look up). Noise that was dismissed in this cut goes on being
    counted and stays dismissed; a scream of an earlier cut is another scream.
    """
    users = list(watched)
    cuts = {w.principal: w for w in users}
    return _counted(known, users, (*_from_refusals(refusals, cuts), *_from_sign_ins(sign_ins, cuts)), seen)


def event_ids(refusals: Iterable[Refusal], sign_ins: Iterable[UsageFact] = ()) -> frozenset[str]:
    """The ids under which `fold` counts these; CloudTrail's own, or a hash where it gave none."""
    return frozenset((*map(_refusal_id, refusals), *map(_sign_in_id, filter(_is_sign_in, sign_ins))))


def from_last_used(
    watched: Watched,
    credentials: Iterable[Credential],
    known: Iterable[Scream],
    heard: Mapping[str, datetime],
    seen: Collection[str],
    now: datetime,
) -> tuple[Heard, ...]:
    """The second ear: credentials whose last-used time lies after the cut, where nothing that was heard tells it.

    Denied calls move last-used times too (aws-facts, 3), so this hears refusals that no trail records. `heard` holds
    by access key (empty: the password) the newest event that a trail tells. Where noise was dismissed in this cut, a
    time younger than `DELIVERY` waits: the trail may still tell that it was the noise.
    """
    mine = [scream for scream in known if scream.user == watched.user and scream.first >= watched.since]
    noisy = any(scream.disposition in (DISMISSED, NOISE) for scream in mine)
    signs = []
    for credential in credentials:
        at = credential.last_used_at
        name = "" if credential.kind is CredentialKind.CONSOLE_PASSWORD else credential.id
        if at is None or at <= watched.cut_at or (name in heard and at <= heard[name] + AGREE):
            continue
        if noisy and now - at < DELIVERY:
            continue
        agent, source = f"{credential.kind} {credential.id}", credential.last_used_service or ""
        signs.append(_Sign(use_id(credential, at), at, watched.user, KEY_USED, source, "", "", agent))
    return _counted(mine, [watched], signs, seen)


def use_id(credential: Credential, at: datetime) -> str:
    """The id under which `from_last_used` counts a use of a credential."""
    return f"{KEY_USED}:{credential.id}:{at.isoformat()}"


def to_put_back(screams: Iterable[Scream], rules: Rules) -> dict[int, Scream]:
    """By user, the first scream for which the worker puts credentials back by itself.

    Nobody's while a suspicious scream of theirs is unanswered: putting a stolen key back is worse than a broken script.
    """
    found: dict[int, Scream] = {}
    suspects = set()
    for scream in screams:
        if scream.disposition == SUSPICIOUS:
            suspects.add(scream.user)
        if rules.rollback_on_scream and scream.disposition == OPEN:
            found.setdefault(scream.user, scream)
    return {user: scream for user, scream in found.items() if user not in suspects}


_FIXES = (
    (("exec-env/aws_lambda",), "give the function an execution role and take the keys out of its configuration"),
    (("exec-env/aws_ecs", "exec-env/codebuild"), "give the task a role and take the keys out of its environment"),
    (("github-actions", "gitlab", "circleci"), "let the pipeline assume a role by OpenID Connect"),
    (("jenkins",), "run it under a role of its machine"),
    (("terraform", "pulumi", "ansible"), "run it with an sso-session profile, or under a role in the pipeline"),
    (("git/", "codecommit"), "use git-remote-codecommit with an sso-session profile"),
    (("console.amazonaws.com", "mozilla/"), "sign in through the access portal instead"),
    (("aws-cli/",), "aws configure sso, and the profile of the migration kit"),
    (("boto3/", "botocore/", "aws-sdk-", "s3manager"), "run it under a role, or with an sso-session profile"),
)


def likely_fix(scream: Scream) -> str:
    """What would most likely end the scream, by what made the call. A hint: the owner of the script knows better."""
    if scream.disposition == SUSPICIOUS:
        return "find out who that was before anything is put back; then dismiss it, or roll back by hand"
    if scream.signal == NEW_ACCESS:
        return "find what refuses it in the new access and mend that, then dismiss this"
    if scream.signal == CONSOLE_SIGN_IN:
        return "sign in through the access portal instead"
    if scream.event_source.startswith("ses.") or "smtp" in scream.agent.casefold():
        return "SMTP passwords come from access keys: send through the SES API under a role"
    agent = scream.agent.casefold()
    named = (fix for signs, fix in _FIXES if any(sign in agent for sign in signs))
    return next(named, "find what runs there, and run it under a role")


def new_access_refused(
    user: int, facts: Iterable[UsageFact], known: Iterable[Scream], seen: Collection[str]
) -> tuple[Heard, ...]:
    """Refusals of a person's new access as screams of the user whose need they are; `facts` are those refusals."""
    mine = [scream for scream in known if scream.user == user and scream.signal == NEW_ACCESS]
    screams = {scream.key: scream for scream in mine if scream.disposition in UNSETTLED}
    events: dict[tuple[int, str, str, str, str, str], list[tuple[str, datetime]]] = {}
    for fact in facts:
        if (event := gap_id(user, fact)) in seen:
            continue
        sign = _Sign(event, fact.last, user, NEW_ACCESS, fact.source, fact.event, fact.address, fact.agent, fact.calls)
        grown = replace(_grown(screams.get(_key(sign)), sign), disposition=GAP, reason=f"lacks {fact.action}")
        screams[grown.key] = grown
        events.setdefault(grown.key, []).append((event, fact.last))
    return tuple(Heard(screams[key], tuple(new)) for key, new in events.items())


def gap_id(user: int, fact: UsageFact) -> str:
    """The id under which `new_access_refused` counts a refusal."""
    return digest([NEW_ACCESS, user, fact.principal, fact.source, fact.event, fact.first, fact.last, fact.calls])


def _counted(
    known: Iterable[Scream], watched: Iterable[Watched], signs: Iterable[_Sign], seen: Collection[str]
) -> tuple[Heard, ...]:
    """The signs that are new, counted into the screams of the present cuts."""
    rounds = {w.user: w.since for w in watched}
    screams = {s.key: s for s in sorted(known, key=lambda s: s.first) if s.user in rounds and s.first >= rounds[s.user]}
    events: dict[tuple[int, str, str, str, str, str], list[tuple[str, datetime]]] = {}
    counted = set(seen)
    for sign in sorted(signs, key=lambda s: (s.at, s.event_id)):
        if sign.event_id in counted:
            continue
        counted.add(sign.event_id)
        grown = _grown(screams.get(_key(sign)), sign)
        screams[grown.key] = grown
        events.setdefault(grown.key, []).append((sign.event_id, sign.at))
    return tuple(Heard(screams[key], tuple(new)) for key, new in events.items())


def _from_refusals(refusals: Iterable[Refusal], cuts: Mapping[str, Watched]) -> Iterable[_Sign]:
    for r in refusals:
        cut = cuts.get(r.principal)
        if cut is not None and cut.covers(r.at) and not _OURS.search(r.agent):
            yield _Sign(_refusal_id(r), r.at, cut.user, REFUSED_CALL, r.source, r.event, r.address, r.agent)


def _from_sign_ins(facts: Iterable[UsageFact], cuts: Mapping[str, Watched]) -> Iterable[_Sign]:
    for f in facts:
        cut = cuts.get(f.principal)
        if cut is not None and cut.covers(f.last) and _is_sign_in(f):
            calls = f.calls if f.first >= cut.since else 1
            yield _Sign(_sign_in_id(f), f.last, cut.user, CONSOLE_SIGN_IN, f.source, f.event, f.address, f.agent, calls)


_OURS = re.compile(r"(^|\s)migrator/\d")
"""Our own mark in a user agent: we test what we cut."""


def _is_sign_in(fact: UsageFact) -> bool:
    """A sign-in that worked; anybody can fail one."""
    return fact.event == "ConsoleLogin" and fact.source == "signin.amazonaws.com" and not fact.error


def _refusal_id(refusal: Refusal) -> str:
    r = refusal
    return r.event_id or digest([r.at, r.principal, r.source, r.event, r.address, r.agent, r.error, r.access_key])


def _sign_in_id(fact: UsageFact) -> str:
    return digest([CONSOLE_SIGN_IN, fact.principal, fact.first, fact.last, fact.address, fact.agent, fact.calls])


def _key(sign: _Sign) -> tuple[int, str, str, str, str, str]:
    return sign.user, sign.signal, sign.event_source, sign.event_name, sign.address, sign.agent


def _grown(scream: Scream | None, sign: _Sign) -> Scream:
    """The scream with one more sign in it; events may come late and out of order."""
    if scream is None:
        return Scream(0, *_key(sign), sign.calls, sign.at, sign.at)
    last = scream.last if scream.disposition == DISMISSED else max(scream.last, sign.at)
    return replace(scream, count=scream.count + sign.calls, last=last)
