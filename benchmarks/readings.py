"""The readings of the policy language in which iam-simulate differs from us, and what AWS's documents say of each.

A disagreement is explained when the naive evaluator, with readings of this table switched on, decides as iam-simulate
does. `ours` says on what our own reading rests: `documented`, or `careful` where the documents leave it open and we
take the side that grants less. A request that we alone allow by a `careful` reading counts as wrongly allowed.
"""

from typing import NamedTuple

GUIDE = "IAM User Guide"


class Reading(NamedTuple):
    theirs: str
    says: str
    ours: str


READINGS = {
    "needs no permission": Reading(
        "sts:GetCallerIdentity is allowed whatever the policies say",
        "STS API Reference, GetCallerIdentity: no permissions are required; the evaluator speaks of policies alone, "
        "and coverage counts the call as allowed",
        "careful",
    ),
    "valueless NotResource": Reading(
        "A NotResource whose variable has no value names nothing, so its Allow speaks of every resource",
        f'{GUIDE}, "Policy variables with no value": such a resource "will not match any resource"; whether the Allow '
        "then grants everything is not said, so it grants nothing here",
        "careful",
    ),
    "valueless NotResource denying": Reading(
        "A Deny whose NotResource has a variable without value says nothing",
        f"{GUIDE}, the same section: what matches no resource excepts none from the Deny",
        "documented",
    ),
    "short NotResource": Reading(
        "A NotResource with a wildcard in an ARN of fewer than six parts (`arn:aws:sqs:*`) names every resource",
        f"{GUIDE}, Resource: it names what its wildcard matches; an object in S3 is no queue",
        "documented",
    ),
    "short in an RCP": Reading(
        "An ARN of fewer than six parts names nothing in a resource control policy",
        f"{GUIDE}, Resource: a `*` that ends a part matches beyond the colon; RCPs are not excepted",
        "documented",
    ),
    "type by letter": Reading(
        "What stands before the first `/` or `:` of a resource's name is compared letter by letter",
        f"{GUIDE}, Resource: wildcards anywhere in a part, variables anywhere after the fifth colon; AWS's own "
        "AWSWAFFullAccess relies on `*/webacl/*/*`",
        "documented",
    ),
    "2008 substitutes": Reading(
        "Documents of 2008-10-17 substitute variables too",
        f"{GUIDE}, Version: in the earlier version variables are literal strings",
        "documented",
    ),
    "session of a federated user": Reading(
        "The session of a federated user needs no session policy",
        f"{GUIDE}, Policy evaluation logic: without one, such a session is denied",
        "documented",
    ),
    "federated user by name": Reading(
        "A federated user is the IAM user of the same name, in grants too",
        f"{GUIDE}, GetFederationToken: the caller chooses the session's name; here it may only take away",
        "careful",
    ),
    "spared by account": Reading(
        "A denying NotPrincipal spares everyone of a role or account that it names",
        f"{GUIDE}, NotPrincipal: account, role and session are checked one after another; naming only one of them may "
        "deny the caller",
        "careful",
    ),
    "session policy first": Reading(
        "A session policy's silence denies even the session that a resource policy names",
        f'{GUIDE}, Policy evaluation logic, "IAM role session": not limited by an implicit deny in a session policy',
        "documented",
    ),
    "everyone by name": Reading(
        "A Principal of `*` grants past a boundary's or session policy's silence",
        f"{GUIDE}, Principal: said only of `*` with a condition on aws:PrincipalArn",
        "careful",
    ),
    "set operator": Reading(
        "A key of many values never holds without ForAllValues or ForAnyValue",
        f'{GUIDE}, Access Analyzer, "Missing qualifier": an error of style, and it lists an AWS managed policy that '
        "relies on the condition",
        "documented",
    ),
    "valueless negation": Reading(
        "A negated operator does not hold against a variable without value",
        f'{GUIDE}, "Policy variables with no value": inverted operators do match against a null value',
        "documented",
    ),
    "escapes": Reading(
        "`${*}`, `${?}` and `${$}` match nothing in StringEquals",
        f"{GUIDE}, variables, special characters: in any string where variables may stand",
        "documented",
    ),
    "empty text": Reading(
        "An empty text in a set is a value like any other",
        f"{GUIDE}, multivalued keys: an empty string is a null data set, for which ForAllValues holds",
        "documented",
    ),
    "two families": Reading(
        "NotIpAddress does not hold between an IPv4 network and an IPv6 address",
        f"{GUIDE}, NotIpAddress: all addresses except those in the range",
        "documented",
    ),
    "epoch": Reading(
        "A number is a date in milliseconds since 1970",
        f"{GUIDE}, date operators: ISO 8601 or epoch (UNIX) time, which is in seconds",
        "documented",
    ),
    "whole of IPv4": Reading(
        "No address is within 0.0.0.0/0",
        f"{GUIDE}, IP address operators: CIDR notation (a shift by 32 bits is none in JavaScript)",
        "documented",
    ),
}
