"""The same trail, read by Athena: for what one machine cannot read. One query a day, counted as files are.

The query stands in `athena.sql`. The table is that of the CloudTrail user guide, partitioned by `timestamp`
(`yyyy/MM/dd`), best by projection; an organization's trail is one table over all its accounts.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any

from migrator.adapters.aws.errors import translated
from migrator.adapters.usage.days import DAY, Day, day_of, days
from migrator.adapters.usage.events import event_of
from migrator.adapters.usage.records import ActionNames, FactCount
from migrator.domain.usage import REFUSALS, Part, PartUsage
from migrator.ports.clock import Clock

PERMISSIONS = (
    *("athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution"),
    *("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"),
    *("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
)
"""The last two lines are what Athena does in the caller's name."""

_PAUSES = (0.5, 1.0, 2.0, 5.0)
_LOOKS = 360
"""Half an hour at five seconds a look, as long as Athena lets a query run by default."""
_MOST = 1000


class AthenaTrail:
    """A usage source over Athena, a part for each day; a day that is over is asked once, today once an hour."""

    def __init__(
        self, client: Any, database: str, table: str, workgroup: str, output: str, clock: Clock, catalogue: ActionNames
    ) -> None:
        self.source = f"athena:{database}.{table}"
        self._client = client
        self._place = (database, table, workgroup, output)
        self._clock = clock
        self._catalogue = catalogue

    def list_parts(self, since: datetime, until: datetime, accounts: Collection[str] | None = None) -> Iterator[Part]:
        """The days of that time, whatever the accounts: a day is one query over all of them."""
        del accounts
        for day in days(since, until, self._clock.now()):
            yield Part(self.source, "", day.text, day.etag("%H"))

    def read(self, part: Part) -> PartUsage:
        """The calls of one day; `bad` where the query failed. Raises what the port's calls raise."""
        query = self._start(part)
        failed = self._wait(query)
        if failed:
            return PartUsage(part, bad=failed)
        count, events = FactCount(self._catalogue), 0
        times: list[datetime] = []
        for row in self._rows(query):
            calls, first, last = int(row["calls"]), _moment(row["first"]), _moment(row["last"])
            count.add(event_of(_record(row)), first, calls=calls, last=last)
            events += calls
            times += (first, last)
        first_of, last_of = min(times, default=None), max(times, default=None)
        return PartUsage(part, events, count.facts(), count.refused(), first_of, last_of)

    def _start(self, part: Part) -> str:
        database, table, workgroup, output = self._place
        # The same question has the same token, so that asking again after a lost answer starts no second query.
        token = sha256(f"{self.source}\n{part.key}\n{part.etag}\n{output}".encode()).hexdigest()
        with translated("athena:StartQueryExecution"):
            answer = self._client.start_query_execution(
                QueryString=query_text(database, table, day_of(part.key, self._clock.now())),
                QueryExecutionContext={"Database": database},
                ResultConfiguration={"OutputLocation": output},
                WorkGroup=workgroup,
                ClientRequestToken=token,
            )
        return str(answer["QueryExecutionId"])

    def _wait(self, query: str) -> str:
        """Wait for a query; returns why it failed, else an empty text."""
        for look in range(_LOOKS):
            with translated("athena:GetQueryExecution"):
                status = self._client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                return ""
            if status["State"] in {"FAILED", "CANCELLED"}:
                return f"the query {status['State'].lower()}: {status.get('StateChangeReason', 'no reason given')}"
            self._clock.sleep(_PAUSES[min(look, len(_PAUSES) - 1)])
        return "the query did not end in half an hour"

    def _rows(self, query: str) -> Iterator[Mapping[str, str]]:
        """Every row by the names of its columns; the first row is the names."""
        names: list[str] = []
        words: dict[str, Any] = {"QueryExecutionId": query, "MaxResults": _MOST}
        while True:
            with translated("athena:GetQueryResults"):
                answer = self._client.get_query_results(**words)
            for row in answer["ResultSet"]["Rows"]:
                values = [cell.get("VarCharValue", "") for cell in row["Data"]]
                if names:
                    yield dict(zip(names, values, strict=False))
                else:
                    names = values
            if not answer.get("NextToken") or answer["NextToken"] == words.get("NextToken"):
                return
            words["NextToken"] = answer["NextToken"]


def query_text(database: str, table: str, day: Day) -> str:
    """The query of one day. Logs are filed by delivery, so that the day after is looked into too."""
    text = files(__package__).joinpath("athena.sql").read_text(encoding="utf-8")
    return Template(text).substitute(
        table=f"{_quoted(database)}.{_quoted(table)}",
        refusals=", ".join(f"'{each}'" for each in sorted(REFUSALS)),
        day=f"{day.begin:%Y/%m/%d}",
        next_day=f"{day.begin + DAY:%Y/%m/%d}",
        begin=f"{day.begin:%Y-%m-%dT%H:%M:%SZ}",
        end=f"{day.end:%Y-%m-%dT%H:%M:%SZ}",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _record(row: Mapping[str, str]) -> dict[str, Any]:
    """The CloudTrail record that a row stands for, as far as we read it."""
    issuer = {"type": row["issuer_type"], "arn": row["issuer_arn"]}
    who = {
        "type": row["type"],
        "arn": row["arn"],
        "accountId": row["account_id"],
        "accessKeyId": row["access_key"],
        "invokedBy": row["invoked_by"],
        "sessionContext": {"sessionIssuer": issuer} if row["issuer_arn"] else None,
        "onBehalfOf": {"userId": row["user_id"]} if row["user_id"] else None,
    }
    texts = {
        "eventSource": "source",
        "eventName": "name",
        "awsRegion": "region",
        "sourceIPAddress": "address",
        "userAgent": "agent",
        "recipientAccountId": "recipient",
        "errorCode": "error",
        "errorMessage": "message",
        "eventID": "id",
    }
    return {
        "userIdentity": {name: value for name, value in who.items() if value},
        **{theirs: row[ours] or None for theirs, ours in texts.items()},
        "requestParameters": _value(row["parameters"]),
        "responseElements": _value(row["response"]),
        "resources": [{"ARN": arn} for arn in _value(row["resources"]) or () if arn],
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
