"""Text → configuration file: whole or not at all, and for its owner's eyes only, because it may name secrets."""

import os
import tempfile
from pathlib import Path

from migrator.config.errors import ConfigError

_OWN_EYES = 0o600


def require_free(path: Path, *, replace: bool) -> None:
    """Raise ConfigError where nothing may be written at `path`."""
    if path.is_dir():
        raise ConfigError("is a folder", file=path, next_step="name a file: --config FILE")
    if not path.parent.is_dir():
        raise ConfigError("has no folder to be in", file=path, next_step=f"make it first: mkdir -p {path.parent}")
    if not replace and (path.exists() or path.is_symlink()):
        raise ConfigError(
            "exists already", file=path, next_step="give --force to replace it, or name another: --config FILE"
        )


def write_file(path: Path, text: str, *, replace: bool = False) -> None:
    """Write the file at once, mode 0600; raises ConfigError where it may not be written."""
    require_free(path, replace=replace)
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent, text=True)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"cannot be written: {why}", file=path, next_step="name another: --config FILE") from error
    draft = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(_OWN_EYES)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"cannot be written: {why}", file=path, next_step="name another: --config FILE") from error
