"""Text from outside made harmless: no escape sequence reaches a terminal, no markup is obeyed."""

import json
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text


def plain(text: object) -> str:
    """The text with control characters, line breaks and direction marks made visible as `�`."""
    return "".join(c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def cell(text: object, style: str = "") -> "Text":
    """A piece of a table that obeys no markup."""
    from rich.text import Text

    return Text("" if text is None else plain(text), style=style)


def json_text(data: Any) -> str:
    """JSON in ASCII: escapes stay escaped, times are ISO 8601."""
    return json.dumps(data, indent=2, default=_other, ensure_ascii=True)


def _other(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
