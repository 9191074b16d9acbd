"""Where the real recordings lie, which are never copied into the project."""

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3].parent / "shared" / "data"

here = pytest.mark.skipif(not DATA.is_dir(), reason="the shared recordings are not on this machine")


def recorded(name: str) -> Any:
    """A JSON file of the recordings."""
    return json.loads((DATA / name).read_text())
