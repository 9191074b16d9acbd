"""What every command has at hand: the global options, the tools, and the way to speak."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from migrator.bootstrap import Toolbox
    from migrator.operations.apply import Apply


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command takes, wherever they stand on the line."""

    config: Path | None = None
    json: bool = False
    yes: bool = False
    no_color: bool = False
    verbose: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


class Desk:
    """The global options, the tools they lead to, and the consoles. stdout carries answers, stderr everything else."""

    def __init__(self, options: Options, toolbox: "Callable[..., Toolbox] | None" = None) -> None:
        self.options = options
        self.logs = options.verbose
        """Whether what is recorded is logged too; said before the tools are first asked for."""
        self._toolbox = toolbox

    @property
    def config(self) -> Path:
        """The configuration file: `--config`, else `MIGRATOR_CONFIG`, else `./config.yaml`."""
        named = self.options.config or self.options.environ.get("MIGRATOR_CONFIG")
        return Path(named or "config.yaml")

    @cached_property
    def tools(self) -> "Toolbox":
        """The tools of this configuration."""
        from migrator.bootstrap import Toolbox

        return (self._toolbox or Toolbox)(self.config, self.options.environ, tell=self.progress, logs=self.logs)

    def close(self) -> None:
        """Let go of what the tools hold open."""
        if "tools" in self.__dict__:
            self.tools.close()

    @cached_property
    def apply(self) -> "Apply":
        """The loop that writes to AWS, with its tools."""
        from migrator.operations.apply import Apply

        tools = self.tools
        return Apply(tools.store, tools.hands, tools.clock, tools.worker, tools.gone)

    @cached_property
    def out(self) -> "Console":
        """Where answers go."""
        return self._console(stderr=False)

    @cached_property
    def err(self) -> "Console":
        """Where progress, questions and errors go."""
        return self._console(stderr=True)

    def answer(self, data: Any, render: "Callable[[], RenderableType]") -> None:
        """Tell the result: JSON on stdout where it was asked for, else as people read it."""
        if self.options.json:
            from migrator.cli.plain import json_text

            sys.stdout.write(json_text(data) + "\n")
            return
        self.out.print(render())

    def progress(self, text: str, **_facts: str) -> None:
        """A line on stderr, only where somebody watches."""
        if sys.stderr.isatty() and not self.options.json:
            from migrator.cli.plain import plain

            self.err.print(plain(text), style="dim", markup=False, highlight=False)

    def warn(self, text: str) -> None:
        """A line on stderr that must be seen."""
        from migrator.cli.plain import plain

        self.err.print(plain(text), markup=False, highlight=False, soft_wrap=True)

    def agree(self, question: str) -> bool:
        """Ask a person; `--yes` says yes. Without a terminal nobody can be asked, which is an error, not a yes."""
        if self.options.yes:
            return True
        if not sys.stdin.isatty():
            raise UsageError(f"{question} Nobody can be asked here.", next_step="give --yes if you are sure")
        self.err.print(f"{question} [y/N] ", end="", markup=False)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _console(self, *, stderr: bool) -> "Console":
        from rich.console import Console

        no_color = self.options.no_color or bool(self.options.environ.get("NO_COLOR"))
        columns = self.options.environ.get("COLUMNS", "")
        piped = not (sys.stderr if stderr else sys.stdout).isatty()
        width = int(columns) if columns.isdigit() else (160 if piped else None)
        return Console(stderr=stderr, no_color=no_color, width=width, highlight=False, soft_wrap=False)
