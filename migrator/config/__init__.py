"""YAML → frozen settings. Costs pydantic and yaml: imported when a command needs it, never by `--help`."""

from migrator.config.errors import ConfigError
from migrator.config.example import example
from migrator.config.loading import load
from migrator.config.settings import Settings
from migrator.config.values import Share

__all__ = ["ConfigError", "Settings", "Share", "example", "load"]
