"""`migrator doctor`: look at everything a migration stands on."""

import typer

from migrator.cli.desk import Desk


def doctor(ctx: typer.Context) -> int:
    """Check configuration, database, credentials, roles, Identity Center, quotas and trail, and say what to do."""
    from migrator.cli.render.doctor import findings_table
    from migrator.operations.doctor import doctor as examine
    from migrator.operations.doctor import exit_code

    desk: Desk = ctx.obj
    findings = examine(desk.tools)
    data = [
        {
            "check": finding.check,
            "account_id": finding.account_id,
            "result": str(finding.result),
            "detail": finding.detail,
            "fix": finding.fix or None,
        }
        for finding in findings
    ]
    desk.answer(data, lambda: findings_table(data))
    return exit_code(findings)
