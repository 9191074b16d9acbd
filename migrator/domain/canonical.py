"""One spelling for every JSON value, so that equal things have equal hashes."""

import hashlib
import json

from migrator.domain.model import Json


def canonical(value: Json) -> str:
    """JSON with sorted keys and no blanks; the same text for the same value, always."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(value: Json) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
