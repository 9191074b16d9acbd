"""The questions `status` asks, valid on SQLite and PostgreSQL. Aggregates only: the answers do not grow with the users.

Each user counts in one wave: the open one it is in, else the newest that is done. `:name` is a parameter.
"""

_LIVE = "c.gone_at IS NULL AND c.status = 'Active' AND c.kind <> 'mfa-device'"
_THERE = "u.vanished_at IS NULL AND u.state <> 'deleted'"
_KEY = "u.account_id || '/' || u.user_name"

ASIDE = {
    "placed": (
        "wave",
        """
  SELECT m.user_ref,
         COALESCE(MAX(CASE WHEN m.active THEN m.wave END), MAX(CASE WHEN v.state = 'done' THEN m.wave END)) AS wave
  FROM wave_users m JOIN waves v ON v.id = m.wave GROUP BY m.user_ref
""",
    ),
    "live": (
        "total, keys, passwords",
        f"""
  SELECT c.user_ref, COUNT(*), SUM(CASE WHEN c.kind = 'access-key' THEN 1 ELSE 0 END),
         SUM(CASE WHEN c.kind = 'console-password' THEN 1 ELSE 0 END)
  FROM credentials c WHERE {_LIVE} GROUP BY c.user_ref
""",  # noqa: S608  # constants of this file
    ),
    # The sign keeps SQLite from walking the key, which costs a look-up a row: reading the table through is quicker.
    "shut": ("gates", 'SELECT +g.user_ref, COUNT(*) FROM gate_results g WHERE NOT g."open" GROUP BY 1'),
}
"""What several questions speak of, by name: one row a user, the columns beside `user_ref`, and where it comes from.

`placed`: the one wave in which a user counts; `live`: what AWS would accept of it today; `shut`: its closed gates.
"""

REVISION = "SELECT version_num FROM alembic_version"

ORGANIZATION = "SELECT organization_id FROM installation"

ACCOUNTS = """
SELECT a.account_id, a.name, a.status, r.at, r.complete, r.error
FROM accounts a LEFT JOIN readings r ON r.id = (SELECT MAX(x.id) FROM readings x WHERE x.account_id = a.account_id)
ORDER BY a.account_id
"""

STANDINGS = """
SELECT p.wave, u.state, u.kind, u.vanished_at IS NOT NULL, COUNT(*), MIN(u.state_since), MAX(u.state_since),
       MAX(g.opens_at)
FROM users u LEFT JOIN placed p ON p.user_ref = u.id
LEFT JOIN gate_results g ON g.user_ref = CASE WHEN u.state IN ('quarantined', 'deactivated') THEN u.id END
  AND g.gate = 'scream-window' AND NOT g."open"
  AND g.move = CASE u.state WHEN 'quarantined' THEN 'deactivate' WHEN 'deactivated' THEN 'delete' END
GROUP BY 1, 2, 3, 4
"""

CREDENTIALS = f"""
SELECT p.wave, SUM(l.total), SUM(l.keys), SUM(l.passwords), COUNT(*), SUM(CASE WHEN u.kind = 'human' THEN 1 ELSE 0 END)
FROM live l JOIN users u ON u.id = l.user_ref LEFT JOIN placed p ON p.user_ref = u.id
WHERE {_THERE} GROUP BY p.wave
"""  # noqa: S608  # constants of this file

HOLDINGS = f"""
SELECT u.account_id, COALESCE(u.owner, ''), COUNT(*), COUNT(l.user_ref)
FROM users u LEFT JOIN live l ON l.user_ref = u.id
WHERE {_THERE} GROUP BY 1, 2
"""  # noqa: S608  # constants of this file

HELD = f"""
SELECT g.gate, p.wave, u.state, g.move, g.why, REPLACE(g.opens, {_KEY}, 'USER'), MIN(g.opens_at), MAX(g.opens_at),
       COUNT(*), MIN(u.state_since), MIN({_KEY}), MAX({_KEY})
FROM gate_results g JOIN users u ON u.id = g.user_ref LEFT JOIN placed p ON p.user_ref = u.id
WHERE NOT g."open" AND u.vanished_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608  # constants of this file

JUDGED = f"""
SELECT p.wave, u.state, g.move, CASE WHEN s.user_ref IS NULL THEN 0 ELSE 1 END, COUNT(*), MIN({_KEY})
FROM gate_results g JOIN users u ON u.id = g.user_ref LEFT JOIN placed p ON p.user_ref = u.id
LEFT JOIN shut s ON s.user_ref = g.user_ref
WHERE g.position = 0 AND u.vanished_at IS NULL GROUP BY 1, 2, 3, 4
"""  # noqa: S608  # constants of this file

WAVES = "SELECT id, name, state, created_by, created_at, starts_at FROM waves ORDER BY id"

APPROVALS = """
SELECT wave, stage, approver, MAX(at), MIN(expires_at), COUNT(DISTINCT user_ref)
FROM approvals GROUP BY wave, stage, approver ORDER BY MAX(at), approver
"""

SCREAMS = """
SELECT p.wave, SUM(CASE WHEN s.disposition IN ('open', 'not-checked', 'suspicious', 'gap') THEN 1 ELSE 0 END),
       SUM(CASE WHEN s.disposition NOT IN ('dismissed', 'noise') AND s."last" >= :day THEN 1 ELSE 0 END)
FROM screams s LEFT JOIN placed p ON p.user_ref = s.user_ref GROUP BY p.wave
"""

CRIES = f"""
SELECT p.wave, s.id, s.user_ref, s.signal, s.event_source, s.event_name, s.address, s.agent, s."count", s."first",
       s."last", s.disposition, s.reason, {_KEY},
       (SELECT MIN(r.ended_at) FROM runs r WHERE r.subject = 'user:' || s.user_ref AND r.kind = 'rollback'
        AND r.status = 'done' AND r.ended_at >= s."first")
FROM screams s JOIN users u ON u.id = s.user_ref LEFT JOIN placed p ON p.user_ref = s.user_ref
WHERE s.disposition IN ('open', 'not-checked', 'suspicious', 'gap')
   OR (s.disposition = 'rolled-back' AND s."last" >= :week)
ORDER BY CASE WHEN s.disposition = 'rolled-back' THEN 1 ELSE 0 END, s."last" DESC, s.id DESC LIMIT 500
"""  # noqa: S608  # constants of this file

SAMPLES = """
SELECT kpi, at, value
FROM (SELECT kpi, at, value, ROW_NUMBER() OVER (PARTITION BY kpi ORDER BY at) AS n,
             COUNT(*) OVER (PARTITION BY kpi) AS total
      FROM kpi_samples WHERE owner = '' AND cost_center = '' AND at >= :quarter) thinned
WHERE n * 40 / total <> (n - 1) * 40 / total ORDER BY kpi, at
"""

RUNS = f"""
SELECT p.wave, r.subject, {_KEY}, r.kind, r.wave, r.status, r.started_at, r.lease_until,
       (SELECT MAX(c.error) FROM changes c WHERE c.run = r.id)
FROM runs r
LEFT JOIN users u ON u.id = CASE WHEN SUBSTR(r.subject, 1, 5) = 'user:' THEN CAST(SUBSTR(r.subject, 6) AS INTEGER) END
LEFT JOIN placed p ON p.user_ref = u.id
WHERE r.status = 'running'
   OR (r.status = 'failed' AND r.id = (SELECT MAX(x.id) FROM runs x WHERE x.subject = r.subject))
ORDER BY r.id
"""  # noqa: S608  # constants of this file

WORKERS = "SELECT COUNT(*), MAX(beat_at), MIN(heard_since) FROM workers"
