"""Texts, numbers, dates and addresses compared as the user guide says, one at a time: for the naive evaluator."""

import base64
import binascii
import datetime as dt
import decimal
import ipaddress
import re


def pieces(text, context, variables):
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
            if len(values) == 1 and values[0]:
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
    split = pieces(pattern, context, variables)
    if split is None:
        return False
    wild = {"*": any_char + "*", "?": any_char}
    expression = "".join(re.escape(part) if literal else wild.get(part, re.escape(part)) for literal, part in split)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def equal(pattern, text, context, variables):
    split = pieces(pattern, context, variables)
    return split is not None and "".join(part for _, part in split) == text


def arn_like(pattern, text, context, variables):
    split = pieces(pattern, context, variables)
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


def milliseconds(text):
    read = number(text)
    return text if read is None or re.fullmatch(r"\d{4}", text) else f"{read / 1000:f}"


def ordered(read, holds):
    def compare(wanted, given, _context, _variables):
        limit, value = read(wanted), read(given)
        return limit is not None and value is not None and holds(value, limit)

    return compare


def address(text):
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def in_network(wanted, given, _context, _variables):
    network, one = address(wanted), address(given)
    return None not in (network, one) and network.version == one.version and one.subnet_of(network)


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
