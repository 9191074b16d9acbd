"""The texts of notices: Jinja2 in its sandbox; a team may lay its own beside ours.

The first line of a template is the title, the rest the body. Facts hold names that strangers chose: control characters
and the angle brackets that chat programs obey are taken out of every value before it meets a template.
Source: https://jinja.palletsprojects.com/en/stable/sandbox/
"""

import unicodedata
from collections.abc import Mapping
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from migrator.domain.errors import UsageError
from migrator.domain.model import Json
from migrator.domain.notices import Notice

_LONGEST = 20_000
"""Characters of a text; what no channel would take."""

_OBEYED = str.maketrans({"<": "‹", ">": "›", "`": "'"})


class Texts:
    """Title and body of a notice; `folder` holds a team's own templates by the same names."""

    def __init__(self, folder: str | None = None) -> None:
        if folder is not None and not Path(folder).is_dir():
            raise UsageError(f"no folder {folder}", next_step="mend notification_templates in the configuration")
        ours = PackageLoader("migrator.adapters.notify", "templates")
        self._plain = _environment(ours)
        self._own = _environment(ChoiceLoader([FileSystemLoader(folder), ours])) if folder else self._plain

    def write(self, notice: Notice) -> tuple[str, str]:
        """Title and body. A team's template that is broken must not keep people from being told: ours is used."""
        facts = {name: _clean(value) for name, value in notice.facts.items()}
        try:
            text = _render(self._own, notice.template, facts)
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            note = f"\n\n(the team's template {notice.template}.txt is broken: {type(error).__name__})"
            text = _render(self._plain, notice.template, facts) + note
        title, _, body = text.strip().partition("\n")
        return title.strip(), body.strip()[:_LONGEST]


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    # Not escaped: these are plain texts for mail and chat, never a page.
    return ImmutableSandboxedEnvironment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


def _render(jinja: SandboxedEnvironment, name: str, facts: Mapping[str, Json]) -> str:
    return jinja.get_template(f"{name}.txt").render(**facts)


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return "".join(c for c in value.translate(_OBEYED) if unicodedata.category(c)[0] != "C")
    return [_clean(one) for one in value] if isinstance(value, list) else value
