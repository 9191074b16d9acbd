"""Policy evaluation read straight off the user guide: nothing compiled, nothing remembered, nothing clever.

It is what the compiled evaluator is measured against, and what it must agree with. No unknown values. Where the user
guide leaves a choice, or another evaluator made one of its own, a reading names it (`benchmarks.readings`): with that
reading switched on, this evaluator decides as the other one does.
"""

import re

from benchmarks.naive_comparisons import COMPARISONS, glob, milliseconds, pieces

MANY = ("aws:tagkeys", "aws:calledvia", "aws:principalservicenameslist")
"""Context keys of many values."""


def decide_naively(case, readings=frozenset()):
    """Decides one line of `policy evaluate`; gives `allowed`, `explicitly_denied` or `implicitly_denied`."""
    return Reader(case, readings).decision()


class Reader:
    def __init__(self, case, readings):
        self.case, self.readings, self.request = case, readings, case["request"]
        given = self.request.get("context", {}).items()
        self.context = {key.lower(): [value] if isinstance(value, str) else list(value) for key, value in given}
        self.caller = self.request["principal"]
        self.parts = (self.caller.split(":", 5) + [""] * 6)[:6]

    def decision(self):
        case = self.case
        if "needs no permission" in self.readings and self.request["action"].lower() == "sts:getcalleridentity":
            return "allowed"
        levels = {
            "identity": [case["identity"]],
            "boundary": [] if case.get("boundary") is None else [[case["boundary"]]],
            "session": [] if case.get("session") is None else [case["session"]],
            "scp": case.get("scp") or [],
            "rcp": case.get("rcp") or [],
            "resource": [] if case.get("resource") is None else [[case["resource"]]],
        }
        found = {
            layer: [[one for document in level for one in self.verdicts(document, layer)] for level in given]
            for layer, given in levels.items()
        }
        if any(effect == "Deny" for given in found.values() for level in given for effect, _ in level):
            return "explicitly_denied"

        def allows(layer):
            return all(any(effect == "Allow" for effect, _ in level) for level in found[layer])

        limits = allows("boundary") and allows("session")
        federated = self.parts[5].startswith("federated-user/") and "session of a federated user" not in self.readings
        if federated and not found["session"]:
            limits = False
        named = {way for level in found["resource"] for effect, way in level if effect == "Allow"}
        granted = self.granted(allows("identity"), limits, allows("session"), named if found["resource"] else None)
        return "allowed" if granted and allows("scp") else "implicitly_denied"

    def granted(self, identity, limits, session, named):
        """Whether identity and resource allow; `named` is how the resource's policy names the caller, if it has one."""
        if named is None:
            return identity and limits
        mine = self.parts[4]
        if not mine:
            return bool(named)
        parts = self.request["resource"].split(":", 5)
        owner = parts[4] if len(parts) == 6 and parts[4] else (self.context.get("aws:resourceaccount") or [mine])[0]
        if "session policy first" in self.readings and not session:
            return False
        if owner != mine:
            return identity and limits and bool(named)
        if "caller" in named or (limits and named & {"role", "everyone"}):
            return True
        needs_the_resource = self.request["action"].lower().startswith(("kms:", "sts:assumerole"))
        return identity and limits and (bool(named) or not needs_the_resource)

    def verdicts(self, document, layer):
        """The effects of the document's statements that match, and how each names the caller."""
        variables = document.get("Version") == "2012-10-17" or "2008 substitutes" in self.readings
        for statement in listed(document["Statement"]):
            way = self.way(statement)
            if way and self.matches(statement, layer, variables):
                yield statement["Effect"], way

    def way(self, statement):
        """How the statement names the caller: by its own name, its role, its account, as one of everyone, or not."""
        named = "NotPrincipal" if "NotPrincipal" in statement else "Principal"
        if named not in statement:
            return "everyone"
        given = statement[named]
        pairs = (
            [("AWS", "*")] if given == "*" else [(kind, one) for kind, ones in given.items() for one in listed(ones)]
        )
        ways = {self.way_of(kind, one) for kind, one in pairs} - {None}
        denies = statement["Effect"] == "Deny"
        # Who called GetFederationToken may have chosen any name: no grant rests on it, yet it may take one away.
        grants = denies == (named == "NotPrincipal")
        if self.by_name(pairs) and (not grants or "federated user by name" in self.readings):
            ways.add("role")
        if named == "NotPrincipal":
            return None if self.spares(ways, denies) else "everyone"
        if "everyone" in ways and ("everyone by name" in self.readings or self.by_arn(statement)):
            return "caller"
        return next((way for way in ("caller", "role", "everyone", "account") if way in ways), None)

    def spares(self, ways, denies):
        """Whether a NotPrincipal that names the caller in these ways excepts it."""
        if denies and self.case.get("boundary") is not None:
            return False
        if not denies or "spared by account" in self.readings:
            return bool(ways)
        session = self.parts[5].startswith("assumed-role/")
        return "everyone" in ways or ("caller" in ways and (not session or "role" in ways))

    def way_of(self, kind, one):
        if kind == "AWS" and one == "*":
            return "everyone"
        if one == self.caller:
            return "role" if ":role/" in one else "caller"
        if kind == "AWS" and one[:4] in ("AIDA", "AROA"):
            own = [value.split(":")[0] for value in self.context.get("aws:userid", [])]
            return {"AIDA": "caller", "AROA": "role"}[one[:4]] if one in own else None
        return self.way_of_arn(one) if kind == "AWS" and self.parts[4] else None

    def way_of_arn(self, one):
        mine = self.parts[4]
        if one in (mine, f"arn:{self.parts[1]}:iam::{mine}:root"):
            return "account"
        kind, _, path = self.parts[5].partition("/")
        role = re.escape(path.split("/")[0])
        assumed = kind == "assumed-role" and re.fullmatch(rf"arn:[^:]*:iam::{mine}:role/(.*/)?{role}", one)
        return "role" if assumed else None

    def by_name(self, pairs):
        user = self.caller.replace(":sts:", ":iam:").replace(":federated-user/", ":user/")
        return user != self.caller and ("AWS", user) in pairs

    def by_arn(self, statement):
        positive = re.compile(r"(ForAnyValue:)?(StringEquals|StringLike|ArnEquals|ArnLike)")
        return any(
            key.lower() == "aws:principalarn" and positive.fullmatch(operator) and all(v.strip("*") for v in listed(vs))
            for operator, block in statement.get("Condition", {}).items()
            for key, vs in block.items()
        )

    def matches(self, statement, layer, variables):
        return (
            self.names_action(statement)
            and self.names_resource(statement, layer, variables)
            and all(
                self.holds(operator, key, [scalar(value) for value in listed(values)], variables)
                for operator, block in statement.get("Condition", {}).items()
                for key, values in block.items()
            )
        )

    def names_action(self, statement):
        asked = self.request["action"].lower()
        patterns = [one.lower() for one in listed(statement.get("Action", statement.get("NotAction")))]
        named = any(one == "*" or glob(one, asked, {}, variables=False) for one in patterns)
        return named != ("NotAction" in statement)

    def names_resource(self, statement, layer, variables):
        if "Resource" in statement:
            return any(self.is_resource(one, layer, variables) for one in listed(statement["Resource"]))
        if "NotResource" not in statement:
            return True
        named = listed(statement["NotResource"])
        if any(self.is_resource(one, layer, variables) for one in named):
            return False
        short = [one for one in named if "*" in one and one != "*" and one.count(":") < 5]
        if short and "short NotResource" in self.readings:
            return False
        # Where a variable has no value, an Allow means nothing and a Deny everything: the careful reading.
        everything = "valueless NotResource" in self.readings
        if statement["Effect"] == "Deny":
            everything = "valueless NotResource denying" not in self.readings
        return everything or all(pieces(text, self.context, variables) is not None for text in named)

    def is_resource(self, pattern, layer, variables):
        if layer in ("identity", "boundary", "session"):
            pattern = completed(pattern)
        if "type by letter" in self.readings and not self.same_type(pattern):
            return False
        if "short in an RCP" in self.readings and layer == "rcp" and pattern != "*" and pattern.count(":") < 5:
            return False
        return glob(pattern, self.request["resource"], self.context, variables)

    def same_type(self, pattern):
        wanted, given = pattern.split(":", 5), self.request["resource"].split(":", 5)
        if len(wanted) < 6 or len(given) < 6 or not re.search("[/:]", wanted[5]):
            return True
        return re.split("[/:]", wanted[5])[0] == re.split("[/:]", given[5])[0]

    def holds(self, operator, key, wanted, variables):
        values = self.context.get(key.lower(), [])
        quantifier, _, name = operator.rpartition(":")
        if name == "Null":
            return any(w.lower() == ("false" if values else "true") for w in wanted)
        if_exists = name.endswith("IfExists")
        name = name.removesuffix("IfExists")
        negated = "Not" in name
        base = name.replace("Not", "")

        def matches(value):
            if negated and self.unusable(base, value, wanted, variables):
                return True  # so that the negation does not hold
            if "epoch" in self.readings and base.startswith("Date"):
                return any(
                    COMPARISONS[base](milliseconds(w), milliseconds(value), self.context, variables) for w in wanted
                )
            usable = [w for w in wanted if self.usable(base, w)]
            return any(COMPARISONS[base](w, value, self.context, variables) for w in usable)

        present = values if "empty text" in self.readings else any(values)
        if quantifier == "ForAllValues":
            return not present or all(matches(value) != negated for value in values)
        if quantifier == "ForAnyValue":
            return bool(present) and any(matches(value) != negated for value in values)
        if not values:
            return if_exists or negated
        if "set operator" in self.readings and key.lower() in MANY:
            return False
        return any(map(matches, values)) != negated

    def usable(self, base, wanted):
        if "escapes" in self.readings and base.startswith("StringEquals") and re.search(r"\$\{[*?$]\}", wanted):
            return False
        return not ("whole of IPv4" in self.readings and base == "IpAddress" and wanted == "0.0.0.0/0")

    def unusable(self, base, value, wanted, variables):
        """Whether another reading refuses to negate this comparison."""
        if "valueless negation" in self.readings and any(pieces(w, self.context, variables) is None for w in wanted):
            return True
        families = {":" in one for one in (value, *wanted)}
        return "two families" in self.readings and base == "IpAddress" and len(families) > 1


def completed(pattern):
    if not pattern.startswith("arn:") or "*" in pattern or "?" in pattern:
        return pattern
    return pattern + ":*" * (5 - re.sub(r"\$\{[^}]*\}", "", pattern).count(":"))


def listed(value):
    return value if isinstance(value, list) else [value]


def scalar(value):
    return value if isinstance(value, str) else str(value).lower()
