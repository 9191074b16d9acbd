"""Gates about what the user really did: whether that is known, covered by the plan, and quiet now."""

from datetime import datetime, timedelta

from migrator.domain.dossier import Dossier
from migrator.domain.gates.result import GateResult, closed, counted, listed, moment, opened, progress, span
from migrator.domain.lifecycle import Move
from migrator.domain.model import Destination
from migrator.domain.rules import Rules

MINED_WITHIN = timedelta(days=1)
"""How old a reading of the usage sources may be: trails deliver in minutes, last-accessed data in four hours."""


def usage_fresh(dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`usage-fresh`: every source was read within `MINED_WITHIN`; what no source holds is listed.

    A trail that is younger than the look-back opens the gate: waiting would only make the past longer, not better.
    """
    gate, used = "usage-fresh", dossier.used
    if rules.usage_sources == 0:
        return opened(gate, "no usage source is configured", ("what the user did: no usage source",))
    command = f"migrator map {dossier.user.key}"
    if used.mined_at is None:
        return closed(gate, "its usage was never read", command)
    age = now - used.mined_at
    if age > MINED_WITHIN:
        return closed(gate, f"its usage was read {span(age)} ago", command)
    read = used.until - used.since if used.since and used.until else timedelta()
    unread = () if read >= rules.lookback - MINED_WITHIN else (f"usage: {progress(read, rules.lookback)} read",)
    return opened(gate, f"{counted(used.calls, 'call')} in {span(rules.lookback)}", (*used.not_checked, *unread))


def coverage(dossier: Dossier, _move: Move, rules: Rules, _now: datetime) -> GateResult:
    """`coverage`: the planned set allows at least `coverage_min_percent` of the calls that were allowed till now."""
    gate, cover, planned = "coverage", dossier.coverage, dossier.planned
    if cover is None or planned is None:
        return closed(gate, "coverage was never computed", f"migrator map {dossier.user.key}")
    if cover.spec_sha != planned.spec_sha:
        return closed(gate, "coverage is of an older plan", f"migrator map {dossier.user.key}")
    judged = cover.allowed + cover.denied + cover.unknown
    if judged == 0:
        return _nothing_to_cover(dossier, rules)
    if cover.allowed * 100 >= rules.coverage_min_percent * judged:
        return opened(gate, f"{cover.allowed} of {counted(judged, 'call')} covered")
    gaps = tuple(f"{gap.action} on {gap.resource}" if gap.resource else gap.action for gap in cover.gaps)
    blind = gaps or cover.doubts
    missing = f": {listed(blind, 1)}" if blind else ""
    why = f"{judged - cover.allowed} of {counted(judged, 'call')} not covered{missing}"
    return closed(gate, why, f"migrator permission-sets diff {planned.name}")


def _nothing_to_cover(dossier: Dossier, rules: Rules) -> GateResult:
    """No calls are covered by anything, provided that somebody looked for calls."""
    if rules.usage_sources == 0:
        return opened("coverage", "no calls to cover", ("what the user did: no usage source",))
    if dossier.used.mined_at is None:
        return closed("coverage", "its usage was never read", f"migrator map {dossier.user.key}")
    return opened("coverage", "no calls to cover")


def legacy_quiet(dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`legacy-quiet`: the old credentials rested for `legacy_quiet`, by usage sources and IAM's last-used times."""
    gate, quiet = "legacy-quiet", rules.legacy_quiet
    if not quiet:
        return opened(gate, "not required")
    if dossier.used.mined_at is None and dossier.facts is None:
        return closed(gate, "nobody looked when it was last used", f"migrator map {dossier.user.key}")
    last = last_seen(dossier)
    blind = () if dossier.used.mined_at else ("calls: last-used times only",)
    if last is None:
        return opened(gate, "never seen in use", blind)
    if now - last >= quiet:
        return opened(gate, f"last used {span(now - last)} ago", blind)
    why = f"quiet for {progress(now - last, quiet)}"
    return closed(gate, why, "nobody uses the old credentials", last + quiet)


def sso_sign_in(dossier: Dossier, _move: Move, rules: Rules, now: datetime) -> GateResult:
    """`sso-sign-in`: since provisioning, somebody worked through the planned set (or role).

    In that account if the user was used in the look-back or nobody knows, else in any.
    """
    gate, since, planned = "sso-sign-in", dossier.provisioned_at, dossier.planned
    if not rules.sso_sign_in:
        return opened(gate, "not required")
    if since is None or planned is None:
        return closed(gate, "nothing is provisioned yet", f"migrator advance {dossier.user.key} --to provisioned")
    whole = since.replace(microsecond=0)  # CloudTrail's times have no fractions
    through = [s for s in dossier.sign_ins if s.at >= whole and s.permission_set == planned.name]
    home = dossier.user.account_id
    here = [s for s in through if s.account_id == home]
    counting = here if _used_here(dossier, rules, now) else through
    if counting:
        last = max(s.at for s in counting)
        return opened(gate, f"seen through {planned.name} on {moment(last)}")
    if through:
        return closed(gate, f"seen through {planned.name}, but not in {home}", f"a call through it in {home}")
    if dossier.user.destination is Destination.IAM_ROLE:
        return closed(gate, f"role {planned.name} was never used", "its first session")
    return closed(
        gate, "never seen in Identity Center", "the person signs in through the access portal and makes a call"
    )


def last_seen(dossier: Dossier) -> datetime | None:
    """The latest use of the old credentials that any source knows; stored snapshots hold none, credential rows do."""
    times = [dossier.used.last, *(c.credential.last_used_at for c in dossier.credentials)]
    if dossier.facts is not None:
        times.append(dossier.facts.last_used)
    return max((at for at in times if at is not None), default=None)


def _used_here(dossier: Dossier, rules: Rules, now: datetime) -> bool:
    """Whether the user worked in its account in the look-back; yes where nobody can tell."""
    if dossier.used.mined_at is None and dossier.facts is None:
        return True
    last = last_seen(dossier)
    return dossier.used.calls > 0 or (last is not None and now - last <= rules.lookback)
