"""The script that draws the documentation's pictures, on a database without anybody."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "docs/pictures.py"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("pictures", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dashboard_and_each_view_of_the_live_screen_are_drawn(script, migrated_sqlite_url, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"database: {json.dumps(migrated_sqlite_url)}\n")
    drawn = dict(script.pictures(config))
    assert drawn.keys() == {"status.svg", "watch-overview.svg", "watch-screams.svg", "watch-users.svg"}
    words = {name: re.sub(r"<[^>]*>", "", picture) for name, picture in drawn.items()}
    assert "Screams" in words["watch-overview.svg"]
    assert "agent" in words["watch-screams.svg"]
    assert "owner" in words["watch-users.svg"]
    assert len(set(words.values())) == 4
