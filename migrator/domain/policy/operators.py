"""The names of condition operators: a comparison, whether it is negated, and how it treats many values and none."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Comparison(StrEnum):
    """What an operator compares, in its positive form."""

    STRING_EQUALS = "StringEquals"
    STRING_EQUALS_IGNORE_CASE = "StringEqualsIgnoreCase"
    STRING_LIKE = "StringLike"
    NUMERIC_EQUALS = "NumericEquals"
    NUMERIC_LESS_THAN = "NumericLessThan"
    NUMERIC_LESS_THAN_EQUALS = "NumericLessThanEquals"
    NUMERIC_GREATER_THAN = "NumericGreaterThan"
    NUMERIC_GREATER_THAN_EQUALS = "NumericGreaterThanEquals"
    DATE_EQUALS = "DateEquals"
    DATE_LESS_THAN = "DateLessThan"
    DATE_LESS_THAN_EQUALS = "DateLessThanEquals"
    DATE_GREATER_THAN = "DateGreaterThan"
    DATE_GREATER_THAN_EQUALS = "DateGreaterThanEquals"
    BOOL = "Bool"
    BINARY_EQUALS = "BinaryEquals"
    IP_ADDRESS = "IpAddress"
    ARN_LIKE = "ArnLike"
    NULL = "Null"


class Quantifier(StrEnum):
    """How a key of many values is compared."""

    ONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator as its name says it; `name` is its text in the document."""

    name: str
    comparison: Comparison
    negated: bool = False
    quantifier: Quantifier = Quantifier.ONE
    if_exists: bool = False

    @property
    def missing(self) -> bool:
        """What the condition is where the request has no such key (IAM User Guide, condition operators).

        ForAnyValue is decided before IfExists, and finds no value: people who tried it on AWS report so.
        """
        if self.quantifier is Quantifier.ANY:
            return False
        return self.if_exists or self.negated or self.quantifier is Quantifier.ALL


_BASES: dict[str, tuple[Comparison, bool]] = {
    **{comparison.value.lower(): (comparison, False) for comparison in Comparison},
    "stringnotequals": (Comparison.STRING_EQUALS, True),
    "stringnotequalsignorecase": (Comparison.STRING_EQUALS_IGNORE_CASE, True),
    "stringnotlike": (Comparison.STRING_LIKE, True),
    "numericnotequals": (Comparison.NUMERIC_EQUALS, True),
    "datenotequals": (Comparison.DATE_EQUALS, True),
    "notipaddress": (Comparison.IP_ADDRESS, True),
    # ArnEquals and ArnLike behave identically (IAM User Guide, condition operators).
    "arnequals": (Comparison.ARN_LIKE, False),
    "arnnotequals": (Comparison.ARN_LIKE, True),
    "arnnotlike": (Comparison.ARN_LIKE, True),
}


@lru_cache(maxsize=1024)
def operator_named(name: str) -> Operator | None:
    """Reads an operator's name, in any case; None where the language has no such operator."""
    text = name.lower()
    quantifier = Quantifier.ONE
    for prefix in (Quantifier.ALL, Quantifier.ANY):
        if text.startswith(prefix.value.lower()):
            quantifier, text = prefix, text.removeprefix(prefix.value.lower())
    if_exists = text.endswith("ifexists")
    base = _BASES.get(text.removesuffix("ifexists"))
    if text == "nullifexists":
        return None  # IfExists joins every operator but Null (IAM User Guide, condition operators)
    return Operator(name, base[0], base[1], quantifier, if_exists) if base else None
