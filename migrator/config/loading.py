"""A file → settings, or the one-line error that says what to correct."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from migrator.config.document import Document, Key, parse
from migrator.config.errors import ConfigError
from migrator.config.settings import Settings, blocks
from migrator.domain.model import Json

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MISFITS = {
    "bool_type": ("is neither true nor false", "write true or false"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "model_type": ("must be a block of keys", "write its keys below it, indented, or leave it out"),
    "model_attributes_type": ("must be a block of keys", "write its keys below it, indented, or leave it out"),
    "dict_type": ("must be a block of keys", "write its keys below it, indented, or leave it out"),
    "mapping_type": ("must be a block of keys", "write its keys below it, indented, or leave it out"),
    "tuple_type": ("must be a list", "write [] for none, [a, b] for two"),
    "too_short": ("must not be an empty list", "write at least one item"),
    "missing": ("is missing", "add it"),
}


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in the file `path`, with variables from `environ`; raises ConfigError, which names key and line."""
    return check(_text(path), path, environ)


def check(text: str, path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in `text`, which is, or shall be, the file `path`; raises ConfigError."""
    document = parse(text, path, environ)
    try:
        return Settings.model_validate(document.data)
    except ValidationError as error:
        raise _first(document, error) from None  # its own text would repeat values, which may be secrets


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            "there is no such file",
            file=path,
            next_step="write one with `migrator init`, or name another: --config FILE",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not text in UTF-8", file=path, next_step="save it as UTF-8") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"cannot be read: {why}", file=path, next_step="name a file that you may read") from error


def _first(document: Document, error: ValidationError) -> ConfigError:
    """The misfit that stands first in the file, and how many more there are."""
    misfits = sorted(
        ((_place(document, misfit["loc"]), misfit) for misfit in error.errors(include_url=False)),
        key=lambda found: document.line(found[0]),
    )
    key, misfit = misfits[0]
    what, fix = _words(document, key, misfit)
    more = f"; {len(misfits) - 1} more after it" if misfits[1:] else ""
    return document.error(what + more, key, fix=fix)


def _place(document: Document, loc: Key) -> Key:
    """Where `loc` stands in the file: pydantic puts a source's type between its position and its key."""
    place: Key = ()
    for at, part in enumerate(loc):
        if (*place, part) in document.lines or at == len(loc) - 1:
            place = (*place, part)
    return place


def _words(document: Document, key: Key, misfit: "ErrorDetails") -> tuple[str, str]:
    kind, context = misfit["type"], misfit.get("ctx", {})
    if kind == "wrong":
        return context["what"], context["fix"]
    if kind == "extra_forbidden":
        return "is not a key of the configuration", _advice(document, key)
    if kind in {"literal_error", "union_tag_invalid", "union_tag_not_found"}:
        choices = context.get("expected") or context.get("expected_tags", "")
        return "is none of the words that can stand here", f"write one of {choices}" if choices else "give it a type"
    return _MISFITS.get(kind, ("cannot be used", "see config.example.yaml"))


def _advice(document: Document, key: Key) -> str:
    """What else could have been meant by an unknown key."""
    known = sorted(
        {field.alias or name for block in _around(document, key) for name, field in block.model_fields.items()}
    )
    close = get_close_matches(str(key[-1]), known, n=1)
    return f"did you mean {close[0]}?" if close else f"the keys here are {', '.join(known)}"


def _around(document: Document, key: Key) -> list[type[BaseModel]]:
    """The blocks that `key` may stand in: more than one only where a list holds several shapes."""
    found: list[type[BaseModel]] = [Settings]
    data = document.data
    for part in key[:-1]:
        data = data[part]
        if isinstance(part, int):
            found = [block for block in found if "type" not in block.model_fields or _type(block) == data.get("type")]
        else:
            found = [inner for block in found for inner in blocks(block.model_fields[part].annotation)]
    return found


def _type(block: type[BaseModel]) -> Json:
    return block.model_fields["type"].default
