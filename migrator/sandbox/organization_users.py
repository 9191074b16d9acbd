"""The IAM users of the simulated organization: two dozen people, some machines, every awkward shape."""

import json
from collections.abc import Mapping
from typing import Any

from migrator.sandbox.organization_types import User, allow, document

TEN_POLICIES = (
    "AmazonEC2ReadOnlyAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSQSReadOnlyAccess",
    "AmazonSNSReadOnlyAccess",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonSSMReadOnlyAccess",
    "AWSCloudFormationReadOnlyAccess",
    "CloudWatchReadOnlyAccess",
    "IAMReadOnlyAccess",
    "job-function/ViewOnlyAccess",
)
"""As many policies as a user may have attached by default."""

_FULL = 2_048 - 40


def _person(account: str, name: str, human: str, team: str, center: str, **shape: Any) -> User:
    first, last = human.split(" ", 1)
    email = shape.pop("email", f"{first.lower()}@acme.example")
    more = shape.pop("tags", {})
    shape.setdefault("password", True)
    tags = {"Email": email, "Name": human, "Owner": team, "CostCenter": center, **more}
    return User(account, name, {key: value for key, value in tags.items() if value and last}, **shape)


def _machine(account: str, name: str, team: str, center: str, **shape: Any) -> User:
    return User(account, name, {"Owner": team, "CostCenter": center, **shape.pop("tags", {})}, **shape)


def _full_inline() -> Mapping[str, Any]:
    """Return inline policies that leave forty characters of a user's inline quota: too few for any deny."""
    projects = [f"arn:aws:s3:::acme-data-lake/projects/{number:03d}/*" for number in range(15)]
    statements = [allow("s3:GetObject", "s3:PutObject", on=project) for project in projects]
    archive = "arn:aws:s3:::acme-data-lake/archive/"
    room = _FULL - len(json.dumps(document(*statements, allow("s3:GetObject", on=archive)), separators=(",", ":")))
    return {"projects": document(*statements, allow("s3:GetObject", on=archive + "x" * room))}


_HOME = document(
    allow("s3:GetObject", "s3:PutObject", on="arn:aws:s3:::acme-data-lake/home/${aws:username}/*"),
    allow("s3:ListBucket", on="arn:aws:s3:::acme-data-lake", StringLike={"s3:prefix": "home/${aws:username}/*"}),
)
_SECRETS = document(
    allow("secretsmanager:GetSecretValue", on="arn:aws:secretsmanager:*:*:secret:reports/*"),
    allow("s3:PutObject", "s3:GetObject", on="arn:aws:s3:::acme-data-reports/*"),
)
_WITH_MFA = document(allow("ec2:StartInstances", "ec2:StopInstances", Bool={"aws:MultiFactorAuthPresent": "true"}))

DATA = (
    _person("data", "alice", "Alice Archer", "data", "4200", groups=("data-team",), mfa=True, age=900),
    _person(
        "data", "bob", "Bob Baker", "data", "4200", groups=("data-team",), inline={"home": _HOME}, mfa=True, age=700
    ),
    _person("data", "carol", "Carol Cruz", "data", "4200", groups=("data-team",), inline=_full_inline(), age=650),
    _person("data", "erin", "Erin Evans", "data", "4200", groups=("data-team",), inline={"reports": _SECRETS}, age=800),
    _person("data", "judy", "Judy Jones", "data", "4200", groups=("data-team",), mfa=True, keys=()),
    _person("data", "niaj", "Niaj Nasser", "data", "4200", groups=("data-team",), age=1100, last_seen=300),
    _person(
        "data",
        "sybil",
        "Sybil Stone",
        "data",
        "4210",
        groups=("data-team",),
        tags={"ManagedBy": "terraform"},
        age=380,
        password=False,
    ),
    _person("data", "victor", "Victor Voss", "data", "4210", groups=("data-team",), age=500),
    _person("data", "quentin", "Quentin Quist", "data", "4210", groups=("data-team", "readonly"), age=720),
    _person("data", "zoe", "Zoë Ölçer", "data", "4200", email="zoe@acme.example", groups=("data-team",), age=310),
    _person("data", "kim", "Kim Kowalski", "data", "4200", groups=("data-team",), age=260),
    User("data", "contractor-7", {"Owner": "data"}, groups=("readonly",), password=True, keys=(), age=420),
    _machine("data", "etl-ingest", "data", "4200", own=("EtlIngest",), age=950),
)

WEB = (
    _person("web", "alice.archer", "Alice Archer", "data", "4200", groups=("developers",), age=350),
    _person("web", "dave", "Dave Diaz", "web", "4300", managed=TEN_POLICIES, mfa=True, age=610),
    _person(
        "web",
        "frank",
        "Frank Fischer",
        "web",
        "4300",
        groups=("developers",),
        boundary="DeveloperBoundary",
        mfa=True,
        age=330,
    ),
    _person("web", "heidi", "Heidi Hahn", "web", "4300", groups=("developers",), keys=("Active", "Inactive"), age=870),
    _person(
        "web",
        "ivan",
        "Ivan Ilić",
        "web",
        "4300",
        groups=("developers",),
        ssh_keys=2,
        service_credentials=("codecommit.amazonaws.com",),
        certificates=1,
        age=760,
    ),
    _person("web", "olivia", "Olivia O'Brien-Ortiz", "web", "4300", groups=("developers",), tags={"Name": ""}, age=240),
    _person(
        "web",
        "trent",
        "Trent Tran",
        "web",
        "4310",
        groups=("developers",),
        password=False,
        tags={"Name": "=1+1 @SUM -2 +3", "Team": "@web/=cmd", "Note": "http://evil.example/x=1"},
        age=290,
    ),
    _person("web", "uma", "Uma Underwood", "web", "4310", groups=("readonly",), keys=(), age=200),
    _person(
        "web",
        "walter",
        "Walter Weiss",
        "web",
        "4310",
        managed=("AmazonEC2ReadOnlyAccess",),
        stack="team-users",
        password=False,
    ),
    _person("web", "mia", "Mia Meyer", "web", "4300", groups=("developers",), inline={"start": _WITH_MFA}, age=230),
    User("web", "dev-shared", {"Owner": "web", "CostCenter": "4300"}, groups=("developers",), password=True, age=990),
    _machine("web", "ci-deployer", "web", "4300", own=("Deploy",), tags={"Purpose": "ci"}, age=840),
)

SHARED = (
    _person("shared", "aarcher", "Alice Archer", "data", "4200", groups=("readonly",), age=280, password=False),
    _person(
        "shared",
        "grace",
        "Grace Gruber",
        "ops",
        "4400",
        managed=TEN_POLICIES,
        inline=_full_inline(),
        boundary="OpsBoundary",
        age=1000,
    ),
    _person("shared", "mallory", "Mallory Moss", "ops", "4400", path="/ops/", groups=("ops",), mfa=True, age=530),
    _person("shared", "peggy@acme.example", "Peggy Park", "ops", "4400", groups=("ops",), age=410),
    _person("shared", "rupert+ops=eu,1", "Rupert Roth", "ops", "4400", groups=("ops",), path="/ops/eu/", age=440),
    _person("shared", "wendy", "Wendy Wolf", "ops", "4400", groups=("ops",), mfa=True, age=560),
    _person(
        "shared",
        "Zoe.O",
        "Zoë Ölçer",
        "data",
        "4200",
        email="ZOE@ACME.EXAMPLE",
        groups=("readonly",),
        age=220,
        password=False,
    ),
    _machine("shared", "ses-smtp-mailer", "ops", "4400", path="/system/", own=("SendMail",), age=1200),
    _machine("shared", "backup-script", "ops", "4400", own=("Backup",), age=1050),
)

MANAGEMENT = (
    _person("acme", "lena", "Lena Lindt", "security", "4000", managed=("AdministratorAccess",), mfa=True, age=640),
    _person("acme", "yves", "Yves Young", "finance", "4100", managed=("job-function/Billing",), age=470),
    User(
        "acme",
        "breakglass-admin",
        {"Owner": "security", "Purpose": "break-glass"},
        managed=("AdministratorAccess",),
        password=True,
        mfa=True,
        keys=(),
        age=700,
    ),
)

USERS = DATA + WEB + SHARED + MANAGEMENT
