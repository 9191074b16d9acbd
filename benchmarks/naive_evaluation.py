"""Policy evaluation read straight off the user guide: nothing compiled, nothing remembered, nothing clever.

It is what the compiled evaluator is measured against, and what it must agree with. No unknown values, no resource
policies.
"""

import base64
import binascii
import datetime as dt
import decimal
import ipaddress
import re


def decide_naively(identity, boundary, scp, request):
    """Decides one request; gives `allowed`, `explicitly_denied` or `implicitly_denied`."""
    context = {}
    for key, value in request.get("context", {}).items():
        context[key.lower()] = [value] if isinstance(value, str) else list(value)
    layers = [identity]
    if boundary is not None:
        layers.append([boundary])
    layers += scp or []
    verdicts = [[verdict(document, request, context) for document in layer] for layer in layers]
    if any("Deny" in found for layer in verdicts for found in layer):
        return "explicitly_denied"
    if all(any("Allow" in found for found in layer) for layer in verdicts):
        return "allowed"
    return "implicitly_denied"


def verdict(document, request, context):
    """The effects of the document's statements that match."""
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    variables = document.get("Version") == "2012-10-17"
    return {s["Effect"] for s in statements if statement_matches(s, request, context, variables)}


def statement_matches(statement, request, context, variables):
    def resource_matches(pattern):
        return glob(pattern, request["resource"], context, variables)

    def action_matches(pattern):
        return pattern == "*" or glob(pattern.lower(), request["action"].lower(), {}, variables=False)

    if "Action" in statement and not any(map(action_matches, listed(statement["Action"]))):
        return False
    if "NotAction" in statement and any(map(action_matches, listed(statement["NotAction"]))):
        return False
    if "Resource" in statement and not any(map(resource_matches, listed(statement["Resource"]))):
        return False
    if "NotResource" in statement:
        named = listed(statement["NotResource"])
        if any(map(resource_matches, named)):
            return False
        # Where a variable has no value, an Allow means nothing and a Deny everything: the careful reading.
        if statement["Effect"] == "Allow" and any(parts(text, context, variables) is None for text in named):
            return False
    return all(
        condition_holds(operator, key, [scalar(value) for value in listed(values)], context, variables)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def listed(value):
    return value if isinstance(value, list) else [value]


def scalar(value):
    return value if isinstance(value, str) else str(value).lower()


def parts(text, context, variables):
    """Splits a text into (literal?, text) pairs, variables replaced; None where one has no value."""
    out = []
    position = 0
    while position < len(text):
        end = text.find("}", position)
        if variables and text.startswith("${", position) and end > 0:
            inside = text[position + 2 : end]
            position = end + 1
            if inside in ("*", "?", "$"):
                out.append((True, inside))
                continue
            key, comma, default = inside.partition(",")
            values = context.get(key.strip().lower(), [])
            if len(values) == 1:
                out.append((True, values[0]))
            elif comma:
                out.append((True, default.strip().strip("'")))
            else:
                return None
        else:
            out.append((False, text[position]))
            position += 1
    return out


def glob(pattern, text, context, variables, any_char="."):
    split = parts(pattern, context, variables)
    if split is None:
        return False
    wild = {"*": any_char + "*", "?": any_char}
    expression = "".join(re.escape(part) if literal else wild.get(part, re.escape(part)) for literal, part in split)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def equal(pattern, text, context, variables):
    split = parts(pattern, context, variables)
    return split is not None and "".join(part for _, part in split) == text


def arn_like(pattern, text, context, variables):
    split = parts(pattern, context, variables)
    if split is None:
        return False
    wanted = [[]]
    for literal, part in split:
        for character in part:
            if character == ":" and len(wanted) < 6:
                wanted.append([])
            else:
                wanted[-1].append((literal, character))
    given = text.split(":", 5)
    if len(wanted) < 6 or len(given) < 6:
        return False
    return all(
        re.fullmatch(
            "".join(re.escape(c) if literal else {"*": ".*", "?": "."}.get(c, re.escape(c)) for literal, c in want),
            have,
            re.DOTALL,
        )
        for want, have in zip(wanted, given, strict=True)
    )


def condition_holds(operator, key, wanted, context, variables):
    values = context.get(key.lower(), [])
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return any(w.lower() == ("false" if values else "true") for w in wanted)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    compare = COMPARISONS[name.replace("Not", "")]

    def matches(value):
        return any(compare(w, value, context, variables) for w in wanted)

    if quantifier == "ForAllValues":
        return not any(values) or all(matches(value) != negated for value in values)
    if quantifier == "ForAnyValue":
        return any(matches(value) != negated for value in values) if any(values) else if_exists
    if not values:
        return if_exists or negated
    return any(map(matches, values)) != negated


def number(text):
    try:
        found = decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None
    return found if found.is_finite() else None


def date(text):
    if number(text) is not None and not re.fullmatch(r"\d{4}", text):
        return dt.datetime.fromtimestamp(float(text), dt.UTC)
    for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            found = dt.datetime.strptime(text, form)  # noqa: DTZ007  # the next line gives it its zone
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return None


def ordered(read, holds):
    def compare(wanted, given, _context, _variables):
        limit, value = read(wanted), read(given)
        return limit is not None and value is not None and holds(value, limit)

    return compare


def in_network(wanted, given, _context, _variables):
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def same_bytes(wanted, given, _context, _variables):
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(given, validate=True)
    except binascii.Error:
        return wanted == given


def ignoring_case(wanted, given, context, variables):
    return equal(wanted.lower(), given.lower(), {k: [v.lower() for v in vs] for k, vs in context.items()}, variables)


COMPARISONS = {
    "StringEquals": equal,
    "StringEqualsIgnoreCase": ignoring_case,
    "StringLike": glob,
    "ArnLike": arn_like,
    "ArnEquals": arn_like,
    "Bool": ignoring_case,
    "IpAddress": in_network,
    "BinaryEquals": same_bytes,
}
for kind, read in (("Numeric", number), ("Date", date)):
    COMPARISONS |= {
        f"{kind}Equals": ordered(read, lambda value, limit: value == limit),
        f"{kind}LessThan": ordered(read, lambda value, limit: value < limit),
        f"{kind}LessThanEquals": ordered(read, lambda value, limit: value <= limit),
        f"{kind}GreaterThan": ordered(read, lambda value, limit: value > limit),
        f"{kind}GreaterThanEquals": ordered(read, lambda value, limit: value >= limit),
    }
