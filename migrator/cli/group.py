"""How a group of commands is made, the same everywhere."""

import typer


def group(text: str) -> typer.Typer:
    """A group that shows its help when nothing is asked of it."""
    return typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
