"""Generated policies and requests: few texts, many shapes, so that patterns meet what they match."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from migrator.domain.policy.evaluate import Policies, Request

SMALL = settings(max_examples=30, deadline=None, derandomize=True)
"""The same few examples in every run: the machine is shared, and a red test must be red again."""

KEYS = [
    "aws:username",
    "aws:PrincipalTag/Team",
    "aws:SourceIp",
    "s3:prefix",
    "aws:TagKeys",
    "n",
    "d",
    "aws:PrincipalArn",
]
TEXTS = st.sampled_from(
    [
        *(
            "",
            "a",
            "A",
            "ab",
            "alice",
            "home/alice",
            "10",
            "9.5",
            "true",
            "false",
            "203.0.113.7",
            "2001:db8::1",
            "QUJD",
        ),
        *(
            "2024-01-01T00:00:00Z",
            "2023",
            "1704067200",
            "arn:aws:iam::1:role/Admin",
            "arn:aws:iam::1:user/a:b",
            "*",
            "?",
        ),
    ]
)
WANTED = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            *(
                "a*",
                "*",
                "home/${aws:username}",
                "${aws:username}*",
                "${aws:PrincipalTag/Team, 'a'}",
                "${*}",
                "a?",
                "${$}a",
            ),
            *(
                "arn:aws:iam::*:role/*",
                "arn:*:role/Admin",
                "arn:aws:iam::?:user/${aws:username}*",
                "203.0.113.0/24",
                "::/0",
            ),
            *("${AWS:UserName}", "${ aws:username }", "${n}", "*:*:*:*:*:*", "h*e/*i*e"),
        ]
    ),
)
BASES = [
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"),
    *("StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"),
    *("NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan"),
    *("DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress"),
    *("NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
]
OPERATORS = st.one_of(
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]),
            st.sampled_from(BASES),
            st.sampled_from(["", "IfExists"]),
        ),
    ),
    st.just("Null"),
)
ACTIONS = st.sampled_from(["s3:GetObject", "S3:getobject", "s3:PutObject", "s3:ListBucket", "iam:GetUser", "ec2:Run"])
ACTION_PATTERNS = st.one_of(
    ACTIONS, st.sampled_from(["*", "s3:*", "s3:Get*", "s3:*Object", "i?m:*", "*:Get*", "s3:?etObject"])
)
RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::b", "arn:aws:s3:::b/alice/k", "arn:aws:s3:::b/a", "arn:aws:iam::1:user/alice"]
)
RESOURCE_PATTERNS = st.one_of(
    RESOURCES,
    st.sampled_from(
        [
            *(
                "arn:aws:s3:::b/*",
                "arn:aws:s3:::b/${aws:username}/*",
                "arn:*",
                "arn:aws:s3:::b/${aws:PrincipalTag/Team, 'a'}",
            ),
            *("arn:aws:s3:::?", "*/k", "arn:aws:s3:::b/${n}*"),
        ]
    ),
)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    made[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some(ACTION_PATTERNS))
    made[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(some(RESOURCE_PATTERNS))
    conditions = st.dictionaries(
        OPERATORS, st.dictionaries(st.sampled_from(KEYS), some(WANTED), max_size=2), max_size=2
    )
    return made | draw(st.one_of(st.just({}), conditions.map(lambda found: {"Condition": found})))


DOCUMENTS = st.builds(
    lambda version, listed: {"Version": version, "Statement": listed},
    st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]),
    st.lists(statements(), min_size=1, max_size=3),
)
CONTEXTS = st.dictionaries(st.sampled_from(KEYS), st.one_of(TEXTS, st.lists(TEXTS, max_size=2)), max_size=5)
IDENTITY = st.lists(DOCUMENTS, min_size=1, max_size=3)
BOUNDARY = st.one_of(st.none(), DOCUMENTS)
USER = "arn:aws:iam::111111111111:user/alice"
ROLE = "arn:aws:iam::111111111111:role/team/Admin"
SESSION = "arn:aws:sts::111111111111:assumed-role/Admin/alice"
FEDERATED = "arn:aws:sts::111111111111:federated-user/alice"
CALLERS = st.sampled_from([USER, SESSION, FEDERATED, "sns.amazonaws.com"])
NAMED = st.sampled_from(
    [USER, ROLE, SESSION, FEDERATED, "111111111111", "arn:aws:iam::222222222222:root", "AIDAALICE", "AROAADMIN", "*"]
)
PRINCIPALS = st.one_of(
    st.just("*"),
    some(NAMED).map(lambda named: {"AWS": named}),
    st.builds(lambda named: {"AWS": named, "Service": "sns.amazonaws.com"}, NAMED),
)


@st.composite
def resource_statements(draw: st.DrawFn) -> dict[str, Any]:
    element = draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))
    plain = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])), "Action": "*", "Resource": "*"}
    made = draw(st.one_of(st.just(plain), statements())) | {element: draw(PRINCIPALS)}
    if draw(st.integers(0, 3)) == 0:
        wanted = st.sampled_from([USER, "arn:aws:iam::*:role/*", "*"])
        made["Condition"] = {draw(st.sampled_from(["ArnLike", "ArnNotLike"])): {"aws:PrincipalArn": draw(wanted)}}
    return made


RESOURCE = st.builds(
    lambda listed: {"Version": "2012-10-17", "Statement": listed}, st.lists(resource_statements(), max_size=3)
)
SCP = st.one_of(st.none(), st.lists(st.lists(DOCUMENTS, max_size=2), max_size=2))
OWNER_KEYS = ["aws:ResourceAccount", "aws:userid"]
OWNED = st.builds(
    lambda owner, userid: {"aws:ResourceAccount": owner, "aws:userid": userid},
    st.sampled_from(["111111111111", "111111111111", "222222222222"]),
    st.sampled_from(["AIDAALICE", "AROAADMIN:alice", "111111111111:alice"]),
)
REQUESTS_OF_ANYONE = st.builds(
    lambda caller, action, resource, context, owned: Request(caller, action, resource, {**context, **owned}),
    CALLERS,
    st.sampled_from(["s3:GetObject", "s3:PutObject", "kms:Decrypt"]),
    RESOURCES,
    CONTEXTS,
    OWNED,
)
REQUESTS = st.builds(
    lambda action, resource, context: Request("arn:aws:iam::1:user/alice", action, resource, context),
    ACTIONS,
    RESOURCES,
    CONTEXTS,
)


@dataclass(frozen=True)
class Case:
    identity: list[Mapping[str, Any]]
    boundary: Mapping[str, Any] | None
    scp: list[list[Mapping[str, Any]]] | None
    session: list[Mapping[str, Any]] | None = None
    rcp: list[list[Mapping[str, Any]]] | None = None
    resource: Mapping[str, Any] | None = None

    def policies(self) -> Policies:
        return Policies(self.identity, **{layer: getattr(self, layer) for layer in LAYERS})

    def line(self, request: Request) -> dict[str, Any]:
        """The case as a line of `policy evaluate`."""
        asked = {"principal": request.principal, "action": request.action, "resource": request.resource}
        layers = {layer: getattr(self, layer) for layer in LAYERS}
        return {"identity": self.identity, **layers, "request": {**asked, "context": request.context}}


LAYERS = ("boundary", "session", "scp", "rcp", "resource")
CASES = st.builds(Case, IDENTITY, BOUNDARY, SCP)
CASES_OF_RESOURCES = st.builds(
    Case,
    IDENTITY,
    BOUNDARY,
    SCP,
    session=st.one_of(st.none(), st.lists(DOCUMENTS, max_size=1)),
    rcp=st.one_of(st.none(), st.lists(st.lists(RESOURCE, max_size=1), max_size=1)),
    resource=st.one_of(st.none(), RESOURCE, RESOURCE),
)


FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NOTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
