"""YAML → frozen settings. Costs pydantic and yaml: imported when a command needs it, never by `--help`."""

from migrator.config.errors import ConfigError
from migrator.config.example import example, filled
from migrator.config.loading import check, load
from migrator.config.settings import Settings
from migrator.config.values import Share
from migrator.config.writing import require_free, write_file

__all__ = ["ConfigError", "Settings", "Share", "check", "example", "filled", "load", "require_free", "write_file"]
