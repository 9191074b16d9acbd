"""The names a configuration holds: of regions, roles, accounts, users, places. Each is text of one shape."""

import re
from typing import Annotated, Any

from pydantic import PlainValidator

from migrator.config.values import wrong


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("must be text", "write a word, in quotes where YAML would read something else")
    return value


def shaped(pattern: str, what: str, fix: str) -> Any:
    """The annotation of a text that has the shape `pattern`; `what` and `fix` are its error."""
    shape = re.compile(pattern)

    def check(value: Any) -> str:
        text = _text(value)
        if not shape.fullmatch(text) or not text.isprintable():
            raise wrong(what, fix)
        return text

    return PlainValidator(check)


Text = Annotated[str, shaped(r".*\S.*", "must not be empty", "write a word, or leave the key out")]
"""Any printable text that is not blank."""

Secret = Annotated[str, shaped(r"\S+", "is not a URL", "write SCHEME://…, as Apprise reads it")]
"""A URL that carries a secret."""

Region = Annotated[
    str,
    shaped(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}", "is not an AWS region", "write a region's name, such as us-east-1"),
]
"""The name of an AWS region."""

RoleName = Annotated[
    str,
    shaped(r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", "is not a role's name", "write its name, with its path if it has one"),
]
"""The name of an IAM role, without ARN, with its path (`team/Reader`) where it has one."""

RoleArn = Annotated[
    str,
    shaped(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+", "is not a role's ARN", "write the whole ARN of an IAM role"),
]
"""The ARN of an IAM role."""

InstanceArn = Annotated[
    str,
    shaped(
        r"arn:aws[a-z-]*:sso:::instance/(sso)?ins-[A-Za-z0-9.-]+",
        "is not an Identity Center instance's ARN",
        "take it from `aws sso-admin list-instances`",
    ),
]
"""The ARN of an Identity Center instance."""

AccountId = Annotated[
    str,
    shaped(r"[0-9]{12}", "is not an account id", "write its twelve digits"),
]
"""Twelve digits."""

UserPattern = Annotated[
    str,
    shaped(
        r"(([0-9]{12}|[0-9*]*\*[0-9*]*)/)?[^/\s]+",
        "is not the name of a user",
        "write NAME or ACCOUNT_ID/NAME; * stands for anything",
    ),
]
"""`NAME` or `ACCOUNT_ID/NAME`, with `*`."""

AccountPattern = Annotated[
    str,
    shaped(
        r"[0-9]{12}|(?![0-9]+$)[^/\s]([^/]*[^/\s])?|([0-9]{12}|[0-9*]*\*[0-9*]*)/[^/]*[^/\s]",
        "is not an account or an organizational unit",
        "write twelve digits, an id such as ou-ab12-34cd56ef, or a name with *",
    ),
]
"""An account id, an organizational unit's id, or an account's name, with `*`."""

TargetId = Annotated[
    str,
    shaped(
        r"[0-9]{12}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}",
        "is not something a policy can be attached to",
        "write an account's twelve digits, an id such as ou-ab12-34cd56ef, or the root's id",
    ),
]
"""What a service control policy can be attached to."""

S3Location = Annotated[
    str,
    shaped(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S*)?", "is not a place in S3", "write s3://BUCKET/PREFIX"),
]
"""A bucket, with or without a prefix."""


def _database(value: Any) -> str:
    url = _text(value)
    if re.fullmatch(r"postgresql\+psycopg://([^/\s]*)/[^/?\s]+(\?\S*)?", url):
        return url
    if re.fullmatch(r"sqlite:///(?!:memory:|\?).*[^/]", url):
        return url
    raise wrong("is not a database", "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")


DatabaseUrl = Annotated[str, PlainValidator(_database)]
"""Where the state is kept: a file of SQLite, or a database of PostgreSQL."""
