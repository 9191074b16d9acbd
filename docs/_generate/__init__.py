"""The pages of the reference, each made by one function from the code that it describes."""

from collections.abc import Mapping

from migrator.config import example

from .changes import changes_page
from .commands import commands_page
from .gates import gates_page
from .permissions import permissions_page
from .reliability import reliability_page
from .sandbox import sandbox_page
from .settings import settings_page
from .states import states_page
from .tables import tables_page


def pages() -> Mapping[str, str]:
    """Every generated file with its text, by its path from the root of the project."""
    return {
        "config.example.yaml": example(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/states.md": states_page(),
        "docs/reference/gates.md": gates_page(),
        "docs/reference/settings.md": settings_page(),
        "docs/reference/tables.md": tables_page(),
        "docs/reference/permissions.md": permissions_page(),
        "docs/reference/changes.md": changes_page(),
        "docs/explanation/sandbox.md": sandbox_page(),
        "docs/explanation/reliability.md": reliability_page(),
    }
