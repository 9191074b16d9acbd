"""What is wrong with a configuration, and where."""

from pathlib import Path

from migrator.domain.errors import UsageError


class ConfigError(UsageError):
    """The configuration cannot be used. The text names the key, the file and the line; never a value.

    `said` is what is wrong without the place, for whoever is answering a question and sees no file.
    """

    def __init__(self, what: str, *, file: Path, line: int | None = None, key: str = "", next_step: str = "") -> None:
        where = clean(str(file)) + (f", line {line}" if line else "")
        super().__init__(f"{key} {what} ({where})" if key else f"{where}: {what}", next_step=next_step)
        self.file, self.line, self.key, self.said = file, line, key, what


def clean(text: str) -> str:
    """Text from outside on one line, without anything a terminal would act on."""
    return text if text.isprintable() else ascii(text)[1:-1]
