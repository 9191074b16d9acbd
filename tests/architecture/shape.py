"""What the shape of the source must be: each check reads one parsed file and answers what is wrong with it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FILE_LINES, FUNCTION_LINES, FOLDERS = 400, 50, 3
VAGUE = re.compile(r"Manager|Helper|Utils?|Handler", re.IGNORECASE)
SQL_CLOCK = re.compile(r"\bnow\s*\(\s*\)|\bcurrent_(timestamp|date|time)\b|\b(date)?time\('now'", re.IGNORECASE)
CLOCKS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "gmtime", "localtime"},
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """A file, parsed; `path` is relative to the root of the project."""

    path: str
    tree: ast.Module
    lines: int

    @property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def texts(self) -> Iterator[ast.Constant]:
        """Every text in the code, f-strings' parts included, that is not a docstring or a remark."""
        remarks = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
                yield node

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module named in an import, wherever it stands; a name that is imported is tried as a module too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def parsed(path: str, text: str) -> Source:
    """A source as the checks read it."""
    return Source(path, ast.parse(text), len(text.splitlines()))


def sources(*folders: str) -> list[Source]:
    """Every Python file in these folders of the project."""
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return [parsed(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in files]


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def too_big(source: Source) -> Iterator[str]:
    if source.lines > FILE_LINES:
        yield f"{source.path} has {source.lines} lines"
    for function in source.functions:
        if length(function) > FUNCTION_LINES:
            yield f"{source.path}:{function.lineno} {function.name} has {length(function)} lines"


def too_deep(source: Source) -> Iterator[str]:
    if len(Path(source.path).parts) - 2 > FOLDERS:
        yield f"{source.path} is more than {FOLDERS} folders deep"


def vaguely_named(source: Source) -> Iterator[str]:
    if VAGUE.search(Path(source.path).stem):
        yield f"{source.path} has a name that says nothing"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name):
            yield f"{source.path}:{node.lineno} {node.name} has a name that says nothing"


def undocumented(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield f"{source.path} has no docstring"
    yield from _undocumented(source.path, source.tree)


def _undocumented(path: str, scope: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in scope.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not _overrides(node):
            yield f"{path}:{node.lineno} {node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(path, node)


def _overrides(node: ast.stmt) -> bool:
    return any("override" in ast.unparse(mark) for mark in getattr(node, "decorator_list", ()))


def patched(source: Source) -> Iterator[str]:
    """Fakes stand in for the world; nothing of ours is swapped behind its own back."""
    for module, line in source.imports():
        if module.split(".")[0] in {"mock", "pytest_mock"} or module.startswith("unittest.mock"):
            yield f"{source.path}:{line} imports {module}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"setattr", "setitem", "delattr", "delitem"}:
            yield f"{source.path}:{node.lineno} patches with {ast.unparse(node)}"
        if isinstance(node, ast.arg) and node.arg == "mocker":
            yield f"{source.path}:{node.lineno} asks for mocker"


def asks_the_clock(source: Source) -> Iterator[str]:
    """Time is passed in."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS.get(ast.unparse(node.value).split(".")[-1], ()):
            yield f"{source.path}:{node.lineno} reads {ast.unparse(node)}"


def asks_the_database_for_the_time(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"func.now", "func.current_timestamp"}:
            yield f"{source.path}:{node.lineno} calls {ast.unparse(node)}"
    for text in source.texts():
        if SQL_CLOCK.search(str(text.value)):
            yield f"{source.path}:{text.lineno} has SQL that reads the clock"


def names_a_partition(source: Source) -> Iterator[str]:
    """An ARN begins with the partition it was read from: China's and GovCloud's differ."""
    for text in source.texts():
        if "arn:aws:" in str(text.value):
            yield f"{source.path}:{text.lineno} writes out arn:aws:"


def climbs(source: Source) -> Iterator[str]:
    """Inside operations: `work` > every other > `apply`."""
    own = ".".join(Path(source.path).with_suffix("").parts[:3])
    for module, line in source.imports():
        operation = ".".join(module.split(".")[:3])
        if operation.count(".") != 2 or not operation.startswith("migrator.operations.") or operation == own:
            continue
        if operation == "migrator.operations.work" or own == "migrator.operations.apply":
            yield f"{source.path}:{line} imports {operation}, which is above it"
