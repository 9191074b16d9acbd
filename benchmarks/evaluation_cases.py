"""The requests that evaluators are asked in a benchmark, repeatable by seed, as the lines of `policy evaluate`."""

import json
import random
import re
from pathlib import Path

from migrator.adapters.catalogue import Catalogue

MANAGED = Path(__file__).parents[2] / "shared/data/policies/aws_managed_policies.jsonl"
ACCOUNT, OTHER = "111111111111", "222222222222"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Admin"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
CALLERS = (ALICE, ALICE, SESSION, FEDERATED)
NAMES = ("alice", "a", "home", "AWSServiceRoleForX", "k-1")

KEYS = {
    "aws:username": ("alice", "bob", "", "*"),
    "aws:PrincipalTag/Team": ("alice", "a", "A", ""),
    "aws:SourceIp": ("203.0.113.7", "198.51.100.9", "2001:db8::1"),
    "aws:MultiFactorAuthAge": ("10", "9.5", "3600", "0"),
    "aws:CurrentTime": ("2024-01-01T00:00:00Z", "2025-06-01T12:00:00Z", "1704067200"),
    "aws:SecureTransport": ("true", "false", "True"),
    "aws:PrincipalArn": (ALICE, ROLE),
    "aws:userid": ("AIDAEXAMPLE", "AROAEXAMPLE:alice"),
    "aws:TagKeys": ("a", "b", "alice", "A", ""),
    "aws:CalledVia": ("cloudformation.amazonaws.com", "athena.amazonaws.com"),
}
MANY = ("aws:TagKeys", "aws:CalledVia")
TEXTS = ("a", "alice", "a*", "*", "?", "A", "", "ALICE", "al?ce", "*e", "home/${aws:username}", "${aws:username}",
         "${aws:PrincipalTag/Team}*", "${aws:PrincipalTag/Team, 'a'}", "${*}", "${$}a", "*.amazonaws.com")  # fmt: skip
ARNS = (ALICE, ROLE, f"arn:aws:iam::*:user/{'*'}", "arn:aws:iam::*:role/A*", "arn:aws:iam::*:user/${aws:username}",
        "arn:aws:iam::?11111111111:*", "arn:aws:iam::*:*", "arn:aws:iam::111111111111:user*")  # fmt: skip
WANTED = {
    "String": TEXTS,
    "Arn": ARNS,
    "Numeric": ("10", "9.5", "0", "3600.0"),
    "Date": ("2024-01-01T00:00:00Z", "2025-01-01", "1704067200"),
    "Ip": ("203.0.113.0/24", "0.0.0.0/0", "203.0.113.7", "2001:db8::/32", "::/0"),
    "Bool": ("true", "false"),
    "Null": ("true", "false"),
}
FAMILY = {
    "aws:SourceIp": "Ip", "aws:MultiFactorAuthAge": "Numeric", "aws:CurrentTime": "Date",
    "aws:SecureTransport": "Bool", "aws:PrincipalArn": "Arn",
}  # fmt: skip
OPERATORS = {
    "String": ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
               "StringNotLike"),
    "Arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "Numeric": ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
                "NumericGreaterThanEquals"),
    "Date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
             "DateGreaterThanEquals"),
    "Ip": ("IpAddress", "NotIpAddress"),
    "Bool": ("Bool",),
}  # fmt: skip
TARGETS = (
    ("s3:GetObject", "arn:aws:s3:::bucket/alice/k"),
    ("s3:getobject", "arn:aws:s3:::bucket/a"),
    ("s3:ListBucket", "arn:aws:s3:::bucket"),
    ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/alice"),
    ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:alice"),
    ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{OTHER}:alice"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/alice"),
    ("ec2:DescribeInstances", "*"),
)
ACTIONS = ("s3:GetObject", "s3:*", "*", "s3:Get*", "s3:*Object", "iam:*", "sqs:Send*", "ec2:Describe*", "kms:*",
           "s3:ListBucket", "S3:GETOBJECT", "sqs:?endMessage", "kms:De*")  # fmt: skip
RESOURCES = ("*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/${aws:username}/*",
             "arn:aws:s3:::bucket/${aws:PrincipalTag/Team, 'alice'}/*", "arn:aws:s3:::*", "arn:aws:s3:::bucket/${*}",
             f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}", "arn:aws:sqs:*:*:${aws:username}",
             "arn:aws:s3:::bucket/?", "arn:aws:s3:::BUCKET/*", "arn:aws:kms:*:*:key/al*", "arn:aws:sqs:*")  # fmt: skip
PRINCIPALS = ("*", {"AWS": "*"}, {"AWS": ALICE}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": ACCOUNT}, {"AWS": FEDERATED},
              {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": OTHER}, {"Service": "sns.amazonaws.com"},
              {"AWS": [OTHER, ALICE]})  # fmt: skip
DELEGATING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}],
}
"""The policy that a key gets unless another is given: it leaves everything to the account's own policies."""


def listed(value):
    return value if isinstance(value, list) else [value]


def managed_policies():
    """AWS's own managed policies, as documents."""
    return [json.loads(line)["document"] for line in MANAGED.read_text().splitlines()]


def managed_cases(count, seed=1):
    """Requests to managed policies: half ask for what the policy names, half for what another names."""
    chance = random.Random(seed)  # noqa: S311  # a repeatable choice, no secret
    catalogue = Catalogue()
    documents = managed_policies()
    own = [sorted(_actions(document, catalogue)) for document in documents]
    everything = sorted({action for actions in own for action in actions})
    found = {}
    while len(found) < count:
        at = chance.randrange(len(documents))
        action = chance.choice(own[at] if own[at] and chance.random() < 0.5 else everything)
        resource = _resource(documents[at], action, catalogue, chance)
        context = _asked_for(documents[at], chance)
        of_key = DELEGATING if action.startswith("kms:") and resource != "*" else None
        found[at, action, resource, repr(context)] = a_case(
            [documents[at]], request=a_request(ALICE, action, resource, context), resource=of_key
        )
    return list(found.values())


def _actions(document, catalogue):
    for statement in listed(document["Statement"]):
        for pattern in listed(statement.get("Action", [])):
            yield from catalogue.expand(pattern)[:40]


def _resource(document, action, catalogue, chance):
    types = catalogue.resource_types(action)
    if not types:
        return "*"
    patterns = [one for each in listed(document["Statement"]) for one in listed(each.get("Resource", []))]
    likely = [one for one in patterns if one.startswith(f"arn:aws:{action.partition(':')[0]}:")]
    pattern = chance.choice(likely) if likely and chance.random() < 0.5 else chance.choice(types).arn
    values = {"Partition": "aws", "Region": "eu-west-1", "Account": ACCOUNT}
    filled = re.sub(r"\$\{([^}]*)\}", lambda found: values.get(found[1]) or chance.choice(NAMES), pattern)
    parts = filled.split(":", 5)
    if len(parts) == 6:
        parts[3:5] = [one.replace("*", given) for one, given in zip(parts[3:5], ("eu-west-1", ACCOUNT), strict=True)]
    return re.sub(r"[*?]", lambda _: chance.choice(NAMES), ":".join(parts))


def _asked_for(document, chance):
    """Values of the keys that the document's conditions ask for, half of them as it wants them."""
    context = {"aws:PrincipalArn": ALICE, "aws:username": "alice", "aws:RequestedRegion": "eu-west-1"}
    for statement in listed(document["Statement"]):
        for block in statement.get("Condition", {}).values():
            for key, values in block.items():
                if chance.random() < 0.6:
                    wanted = str(chance.choice(listed(values))).replace("*", "x")
                    context[key] = wanted if chance.random() < 0.7 else "other"
    return context


def generated_cases(count, seed=2):
    """Requests to generated policies in every layer: few texts, many shapes, so that patterns meet what they match."""
    chance = random.Random(seed)  # noqa: S311  # a repeatable choice, no secret
    return [_generated(chance) for _ in range(count)]


def _generated(chance):
    action, resource = chance.choice(TARGETS)
    caller = chance.choice(CALLERS)
    owner = (resource.split(":", 5) + [""] * 5)[4] or ACCOUNT
    context = {key: chance.choice(values) for key, values in KEYS.items() if chance.random() < 0.5}
    for key in MANY:
        if key in context:
            context[key] = sorted({chance.choice(KEYS[key]) for _ in range(chance.randint(1, 2))})
    context["aws:ResourceAccount"] = owner
    policies = {
        "boundary": _document(chance) if chance.random() < 0.2 else None,
        "scp": [[_document(chance) for _ in range(chance.randint(1, 2))] for _ in range(2)]
        if chance.random() < 0.15
        else None,
        "session": [_document(chance)] if caller != ALICE and chance.random() < 0.4 else None,
        "rcp": [[_document(chance, principals=True, effects=("Deny",))]] if chance.random() < 0.1 else None,
    }
    # A key always has a policy, and without one nobody crosses accounts.
    with_policy = owner != ACCOUNT or action.startswith("kms:") or chance.random() < 0.25
    if with_policy and resource != "*" and not action.startswith("iam:"):
        policies["resource"] = _document(chance, principals=True)
    identity = [_document(chance) for _ in range(chance.randint(1, 2))]
    return a_case(identity, request=a_request(caller, action, resource, context), **policies)


def _document(chance, *, principals=False, effects=("Allow", "Allow", "Deny")):
    version = "2008-10-17" if chance.random() < 0.05 and len(effects) > 1 else "2012-10-17"
    statements = [_statement(chance, principals, effects) for _ in range(chance.randint(1, 3))]
    return {"Version": version, "Statement": statements}


def _statement(chance, principals, effects):
    made = {"Effect": chance.choice(effects)}
    if principals:
        negated = made["Effect"] == "Deny" and len(effects) > 1 and chance.random() < 0.1
        given = chance.choice(PRINCIPALS) if len(effects) > 1 else "*"
        made["NotPrincipal" if negated and given != "*" else "Principal"] = given
    made[chance.choice(("Action", "Action", "Action", "NotAction"))] = _some(chance, ACTIONS)
    made[chance.choice(("Resource", "Resource", "Resource", "NotResource"))] = _some(chance, RESOURCES)
    if len(effects) == 1:  # a resource control policy names no other service's actions, and none by `*` alone
        made.pop("NotAction", None)
        made["Action"] = _some(chance, tuple(one for one in ACTIONS if one != "*"))
    if chance.random() < 0.5:
        made["Condition"] = dict(_condition(chance) for _ in range(chance.choice((1, 1, 2))))
    return made


def _condition(chance):
    key = chance.choice(list(KEYS))
    if chance.random() < 0.12:
        return "Null", {key: chance.choice(WANTED["Null"])}
    family = FAMILY.get(key, "String") if chance.random() < 0.9 else "String"
    operator = chance.choice(OPERATORS[family]) + chance.choice(("", "", "IfExists"))
    if key in MANY or chance.random() < 0.1:
        operator = chance.choice(("ForAllValues:", "ForAnyValue:")) + operator
    return operator, {chance.choice((key, key.upper())): _some(chance, WANTED[family])}


def _some(chance, values):
    return chance.choice(values) if chance.random() < 0.5 else chance.sample(values, chance.randint(1, 2))


def a_request(principal, action, resource, context):
    return {"principal": principal, "action": action, "resource": resource, "context": context}


def a_case(identity, *, request, boundary=None, session=None, scp=None, rcp=None, resource=None):
    """One line of `policy evaluate`, and whose the resource is."""
    owner = request["context"].get("aws:ResourceAccount", ACCOUNT)
    return {
        "identity": identity, "boundary": boundary, "session": session, "scp": scp, "rcp": rcp, "resource": resource,
        "request": request, "owner": owner,
    }  # fmt: skip
