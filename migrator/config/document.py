"""YAML text → plain data, with the line of everything in it.

Of YAML's types only text, null, true and false are told apart: a number, a date or `16:00` stays the text it was
written as until the model says what it is, so an account id that looks octal is never another number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from migrator.config.errors import ConfigError, clean
from migrator.domain.model import Json

Key = tuple[str | int, ...]
"""Where a value stands: keys and positions, outermost first."""

_TAG = "tag:yaml.org,2002:"
_VARIABLE = re.compile(r"\$(?P<escaped>\$(?=\{))|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<broken>\$\{)")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}  # noqa: RUF012  # PyYAML's own attribute: none of YAML 1.1's guesses


_LITERALS = {"null": ("~", "null", "Null", "NULL", ""), "bool": ("true", "True", "TRUE", "false", "False", "FALSE")}
for _name, _words in _LITERALS.items():
    _first = sorted({word[:1] for word in _words})
    _Loader.add_implicit_resolver(_TAG + _name, re.compile("|".join(f"{w}$" for w in _words)), _first)


@dataclass(slots=True)
class Document:
    """What a file says: `data`, and the line (from 1) of every key and item in it."""

    file: Path
    environ: Mapping[str, str]
    data: Json = None
    lines: dict[Key, int] = field(default_factory=dict)

    def line(self, key: Key) -> int:
        """The line of `key`, or of the nearest thing around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def error(self, what: str, key: Key = (), *, fix: str = "") -> ConfigError:
        """The error that says `what` is the matter with `key`."""
        return ConfigError(what, file=self.file, line=self.line(key), key=dotted(key), next_step=fix)


def dotted(key: Key) -> str:
    """A place as people read it: `usage.sources[0].type`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{clean(part)}" for part in key).removeprefix(".")


def parse(text: str, file: Path, environ: Mapping[str, str]) -> Document:
    """Read `text`, with `${NAME}` in its values replaced from `environ`; raises ConfigError."""
    document = Document(file, environ)
    try:
        alias = next((event for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)), None)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        document.lines[()] = _line(error.problem_mark)
        raise document.error(f"is not YAML: {clean(error.problem or 'cannot be read')}") from error
    except yaml.YAMLError as error:
        raise document.error("is not YAML: a character that no text may hold") from error
    except RecursionError as error:
        raise document.error("is not YAML: nested too deep") from error
    if alias is not None:
        document.lines[()] = _line(alias.start_mark)
        raise document.error("uses an alias", fix="write the value out where it is used")
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value.strip()):
        raise document.error("is empty", fix="write one with `migrator init`; every key is in config.example.yaml")
    if not isinstance(root, yaml.MappingNode):
        raise document.error("is not a block of keys", fix="begin with a key such as `database:`")
    document.data = _value(document, root, ())
    return document


def _line(mark: Json) -> int:
    """The line, from 1, of one of PyYAML's marks; 1 where it has none."""
    return int(mark.line) + 1 if mark else 1


def _value(document: Document, node: yaml.Node, key: Key) -> Json:
    document.lines.setdefault(key, _line(node.start_mark))
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _mapping(document, node, key)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [_value(document, item, (*key, at)) for at, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.tag in {_TAG + name for name in ("str", "null", "bool")}:
        return _scalar(document, node, key)
    raise document.error("has a YAML tag", key, fix="leave out the word that begins with !")


def _mapping(document: Document, node: yaml.MappingNode, key: Key) -> Json:
    found: dict[str, Json] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise document.error("has a key that is no word", key)
        here = (*key, name.value)
        first = document.lines.get(here)
        document.lines[here] = _line(name.start_mark)
        if name.value in found:
            raise document.error(f"stands here twice, first in line {first}", here, fix="leave one of them")
        found[name.value] = _value(document, value, here)
    return found


def _scalar(document: Document, node: yaml.ScalarNode, key: Key) -> Json:
    if node.tag == _TAG + "null":
        return None
    if node.tag == _TAG + "bool":
        return node.value.lower() == "true"

    def expand(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        if found["broken"]:
            raise document.error("has a variable that is not written ${NAME}", key, fix="a plain ${ is written $${")
        name = found["name"]
        if name not in document.environ:
            raise document.error(
                f"needs the environment variable {name}, which is not set", key, fix=f"set it: export {name}=…"
            )
        return document.environ[name]

    return _VARIABLE.sub(expand, node.value)
