"""The page of settings, from the configuration's model."""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from migrator.config import Settings
from migrator.config.settings import blocks

from .markdown import code, page, summary, table

INTRODUCTION = """\
The file is `--config FILE`, else `MIGRATOR_CONFIG`, else `./config.yaml`. Only what differs from the default need be
written; [config.example.yaml](../../config.example.yaml) has every key. Durations are written `3s`, `15m`, `8h`, `14d`.
`${NAME}` in any value is replaced from the environment; `$${` is a plain `${`. An unknown key, a wrong type or an
impossible value is an error (exit code 2) that names the key, the file and the line."""

UNREAD = ("notifications", "guardrails", "log")
"""Keys that are checked and that no operation asks for yet; a test notices when that changes."""

NOT_YET = """\
Checked, and without effect in this version: `notifications`, `guardrails`, `log`."""


def settings_page() -> str:
    """Every key with its default, then the shapes of the blocks that stand in lists."""
    settings = Settings()
    rows = list(_rows(settings, settings.model_dump(mode="json", by_alias=True), ""))
    shapes = dict.fromkeys(shape for model in _models(Settings) for shape in _inner(model))
    return page(
        "Settings",
        "migrator/config/settings.py",
        INTRODUCTION,
        NOT_YET,
        table(("key", "default", "means"), rows),
        "## Blocks that are written where they are needed",
        *(f"### {shape.__name__}\n\n{summary(shape)}\n\n{_shape(shape)}" for shape in shapes),
    )


def _rows(block: BaseModel, values: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in type(block).model_fields.items():
        inner = getattr(block, name)
        if isinstance(inner, BaseModel):
            yield from _rows(inner, values[name], f"{prefix}{name}.")
        else:
            yield code(prefix + name), code(flow(values[name])), _means(field)


def _means(field: FieldInfo) -> str:
    """What a key is for, and which blocks stand in it."""
    text = (field.description or "").removesuffix(":").removesuffix("; or").removesuffix(", all of")
    shapes = [f"[{shape.__name__}](#{shape.__name__.lower()})" for shape in blocks(field.annotation)]
    return f"{text}: {', '.join(shapes)}" if shapes else text


def _models(block: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A block, and every block that is always in it."""
    yield block
    for field in block.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _models(field.annotation)


def _inner(block: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The blocks that stand in a list or in place of null."""
    for field in block.model_fields.values():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            yield from blocks(field.annotation)


def _shape(shape: type[BaseModel]) -> str:
    rows = []
    for name, field in shape.model_fields.items():
        example = flow(field.examples[0]) if field.examples else ""
        default = "required" if field.is_required() else code(flow(field.get_default(call_default_factory=True)))
        rows.append((code(field.alias or name), default, code(example)))
    return table(("key", "default", "for example"), rows)


def flow(value: Any) -> str:
    """A value on one line, as YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
