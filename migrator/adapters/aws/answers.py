"""What an exception of botocore says, as plain and harmless data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from migrator.domain.model import Json

LONGEST = 300
"""Characters of AWS's own words that we repeat."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
_SECRETS = re.compile(
    r"(?i)(?P<name>(?:x-amz-)?security-?token|session-?token|secret-?(?:access-?)?key|password|bearer|authorization)"
    r"(?P<between>[\s\"':=]+)[^\s,\"'&]+"
)
_BLOBS = re.compile(r"(?<![\w+/=:.-])(?:[A-Za-z0-9+/]{40}(?![\w+/])|[\w+/=-]{100,})")
_QUIET = frozenset(("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"))
_MALFORMED = frozenset(("ParamValidationError", "UnknownParameterError", "InvalidRegionError", "ValidationError"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: AWS's error code, or the name of botocore's own error where AWS said nothing (`from_aws`).

    `message` is cleaned and bounded; `status` is HTTP's, 0 where there was none; `reason` a conflict's.
    """

    code: str
    message: str = ""
    status: int = 0
    reason: str = ""
    from_aws: bool = True

    @property
    def malformed(self) -> bool:
        """Whether botocore itself refused to send it."""
        return not self.from_aws and self.code in _MALFORMED


def read(error: Exception) -> Answer | None:
    """What an error of botocore says; None where it is not one of botocore's."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # botocore is slow to import
    from botocore.parsers import ResponseParserError  # noqa: PLC0415  # as above

    if isinstance(error, ClientError):
        return read_response(error.response)
    if isinstance(error, ResponseParserError):
        # An emulator answers what it lacks with a page; anything else unreadable is an answer lost on its way.
        page = "<!doctype html" in str(error).lower()
        return Answer("HtmlPage" if page else "UnreadableAnswer", from_aws=False)
    if isinstance(error, BotoCoreError):
        return Answer(type(error).__name__, clean(str(error)), from_aws=False)
    return None


def read_response(response: Mapping[str, Json]) -> Answer:
    """What the body of an error response says."""
    error = response.get("Error", {})
    code = _word(error.get("Code"))
    said = str(error.get("Message") or "")
    # An emulator answers what it lacks with a page: it says nothing to a person.
    message = "" if code in _QUIET or "<!doctype html" in said.lower() else clean(said)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = _word(response.get("Reason") or error.get("Reason"))
    return Answer(code, message, status, reason)


def clean(text: str) -> str:
    """Text from outside on one line: no escapes or control characters, nothing secret, at most `LONGEST` long."""
    bare = _ESCAPES.sub("", text[: LONGEST * 20])
    line = " ".join("".join(c if c.isprintable() else " " for c in bare).split())
    line = _SECRETS.sub(r"\g<name>\g<between>…", line)
    line = _BLOBS.sub("…", line)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _word(value: Json) -> str:
    """An error code: AWS prefixes EC2's with `Client.` or `Server.`, and some JSON services' with a namespace."""
    code = str(value or "").rsplit("#", 1)[-1]
    return clean(code.removeprefix("Client.").removeprefix("Server."))
