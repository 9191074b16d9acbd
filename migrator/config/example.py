"""The example configuration, rendered from the model: every key, its default, one line about it."""

from collections.abc import Iterator, Mapping

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from migrator.config.settings import Settings, blocks
from migrator.domain.model import Json

_HEAD = """\
# Every key, with its default. A file needs only the keys that differ.
# Durations: 3s, 15m, 8h, 14d. Written by `python -m migrator.config > config.example.yaml`.
"""
_COMMENT_COLUMN = 42


_WRITTEN = """\
# Every key; values are the defaults where nothing else was answered. Written by `migrator init`.
# Durations: 3s, 15m, 8h, 14d. ${NAME} stands for an environment variable, in every value.
"""


def example() -> str:
    """The text of config.example.yaml."""
    return _HEAD + _body({})


def filled(answers: Mapping[str, Json]) -> str:
    """The same text with some values filled in, by dotted key: `{"aws.region": "eu-west-1"}`; nothing is checked."""
    return _WRITTEN + _body(answers)


def _body(answers: Mapping[str, Json]) -> str:
    settings = Settings()
    values = settings.model_dump(mode="json", by_alias=True)
    for key, answer in answers.items():
        *blocks_around, last = key.split(".")
        block = values
        for name in blocks_around:
            block = block[name]
        block[last] = answer
    return "\n".join(_block(settings, values, "")) + "\n"


def _block(block: BaseModel, values: Json, indent: str) -> Iterator[str]:
    for name, field in type(block).model_fields.items():
        value, inner = values[name], getattr(block, name)
        if isinstance(inner, BaseModel):
            yield f"{indent}{name}:  # {_sentence(inner)}"
            yield from _block(inner, value, indent + "  ")
            continue
        yield f"{indent}{name}: {_flow(value)}".ljust(_COMMENT_COLUMN) + f"  # {field.description}"
        yield from (f"{indent}  # {_flow(sample)}" for sample in _samples(field))


def _sentence(block: BaseModel) -> str:
    text = (type(block).__doc__ or "").splitlines()[0].rstrip(".")
    return text[0].lower() + text[1:]


def _samples(field: FieldInfo) -> Iterator[Json]:
    """One block of each shape that can stand in `field`."""
    for model in blocks(field.annotation):
        yield {
            inner.alias or name: inner.examples[0] if inner.examples else inner.get_default(call_default_factory=True)
            for name, inner in model.model_fields.items()
        }


def _flow(value: Json) -> str:
    """A value on one line, as YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
