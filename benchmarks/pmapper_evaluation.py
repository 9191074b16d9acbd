"""Times PMapper on the cases of a JSON Lines file; run by the Python of its own environment, never imported.

Prints seconds. PMapper 1.1.5 imports names that Python 3.10 moved; they are put back first.
"""

import collections
import collections.abc
import json
import sys
from pathlib import Path
from time import perf_counter

for name in ("Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

from principalmapper.querying.local_policy_simulation import policy_has_matching_statement  # noqa: E402
from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict  # noqa: E402

cases = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
asked = [(one["identity"], one["request"], CaseInsensitiveDict(one["request"]["context"])) for one in cases]
start = perf_counter()
for identity, request, context in asked:
    for effect in ("Deny", "Allow"):
        any(
            policy_has_matching_statement(document, effect, request["action"], request["resource"], context)
            for document in identity
        )
print(perf_counter() - start)
