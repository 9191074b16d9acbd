"""Every usage source of the configuration takes effect."""

import pytest

from migrator.bootstrap import READ, Toolbox

SOURCES = {
    "access-advisor": ("{type: access-advisor}", None),
    "a folder": ("{type: cloudtrail, location: FOLDER}", "cloudtrail:FOLDER"),
    "a bucket": ("{type: cloudtrail, location: 's3://trail/logs'}", "cloudtrail:s3://trail/logs"),
    "athena": (
        "{type: athena, database: logs, table: trail, output: 's3://results/here'}",
        "athena:logs.trail",
    ),
    "lookup-events": ("{type: lookup-events}", "lookup-events:eu-west-1,us-east-1"),
}


def tools(tmp_path, *sources):
    text = f"aws: {{region: eu-west-1}}\nusage: {{sources: [{', '.join(sources)}]}}\n"
    (tmp_path / "config.yaml").write_text(text.replace("FOLDER", str(tmp_path)))
    return Toolbox(tmp_path / "config.yaml", {})


@pytest.mark.parametrize(("written", "marked"), SOURCES.values(), ids=SOURCES.keys())
def test_a_configured_source_is_read(tmp_path, monkeypatch, written, marked):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    box = tools(tmp_path, written)
    found = [source.source for source in box.sources]
    assert found == ([marked.replace("FOLDER", str(tmp_path))] if marked else [])
    assert (box.last_accessed is not None) == (marked is None)
    assert box.rules.unread_sources == ()


def test_several_sources_stand_beside_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    box = tools(tmp_path, *(written for written, _ in SOURCES.values()))
    assert (len(box.sources), box.rules.usage_sources) == (4, 5)
    assert set(READ) == {"access-advisor", "cloudtrail", "athena", "lookup-events"}
