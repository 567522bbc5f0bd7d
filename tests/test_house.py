"""The rules of the house, kept by reading the source: who may import, call and spell what.

The ladder and the doorkeepers are data. Where a module breaks a rule, the module moves.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from gitlanes import Repo
from gitlanes.sdk.tasks import Tasks
from tests.support.signatures import takes_expect

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "gitlanes"

# From the ground up. Rooms on one step are siblings: they do not know each other.
LADDER: tuple[tuple[str, ...], ...] = (
    ("errors", "ids", "clock"),
    ("models", "git"),
    ("config", "plugins"),
    ("combine", "usage", "redaction"),
    ("store",),
    ("cache",),
    ("team",),
    ("workspaces",),
    ("lanes", "githooks"),
    ("history",),
    ("events",),
    ("gates",),
    ("review",),
    ("stacks",),
    ("landing",),
    ("queue",),
    ("graph",),
    ("tasks",),
    ("undoing",),
    ("exchange",),
    ("epochs",),
    ("fleet",),
    ("upkeep",),
    ("demo",),
    ("cli", "sdk", "mcp", "web"),
)
STEP = {room: step for step, rooms in enumerate(LADDER) for room in rooms}
DOORS = LADDER[-1]

# What may be imported only in some places; 'git/' is a room, 'git/process.py' a module.
IMPORTED_ONLY_IN = {
    "pygit2": ("git/",),
    "subprocess": (
        *("git/process.py", "git/repo.py", "git/refs.py", "git/notes.py"),
        "team/running.py",
        *("graph/agents.py", "events/commands.py", "fleet/spawning.py"),
        *("cli/pager.py", "cli/terminal.py", "demo/"),
    ),
    "libtmux": ("fleet/tmux.py",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "time": ("clock.py",),
    "datetime": ("clock.py",),
    "psutil": ("git/processes.py", "git/families.py"),
    "fcntl": ("git/locks.py", "git/reflinks.py"),
    "sqlite3": ("cache/",),
    "detect_secrets": ("redaction/library.py",),
    "urllib": ("history/embeddings.py", "cache/database.py"),
}
# The exact words below, as calls. A dotted name is the end of what is called.
CALLED_ONLY_IN = {
    "subprocess.Popen": (
        *("git/process.py", "team/running.py", "graph/agents.py", "events/commands.py"),
        *("cli/pager.py", "demo/", "fleet/spawning.py"),
    ),
    "subprocess.run": ("git/repo.py", "demo/"),
    "os.system": (),
    "os.popen": (),
    "move_refs": (
        "store/transaction.py",
        "store/recovery.py",
        "exchange/exporting.py",
        "exchange/stack_branches.py",
    ),
    "print": ("cli/",),
    "os.getenv": ("cli/", "sdk/"),
    "Path.home": ("cli/", "sdk/"),
    "expanduser": ("cli/", "sdk/"),
    "sys.exit": ("cli/", "demo/"),
}
READ_ONLY_IN = {"os.environ": ("cli/", "sdk/", "demo/")}
# Words of git's own that move something, as whole arguments.
SAID_ONLY_IN = {
    "update-ref": ("git/refs.py", "git/index.py", "workspaces/"),
    "worktree": ("git/worktrees.py",),
    "read-tree": ("git/index.py",),
    "reset": ("git/worktrees.py", "workspaces/"),
    "checkout": ("git/index.py", "workspaces/"),
    "push": ("git/remotes.py", "workspaces/submodules.py"),
    "fetch": ("git/remotes.py", "workspaces/submodules.py"),
    # The second and the third are about a key of the team's file.
    "clone": ("exchange/cloning.py", "config/workspace.py", "models/provisioning.py", "demo/"),
}

# Methods of `gitlanes.Repo` and its `tasks` that read. What is in neither list takes `expect`.
READING = {
    *("open", "close", "clone", "take_warnings", "wait", "wait_async"),
    *(
        "head",
        "lane",
        "lanes",
        "status",
        "relatives",
        "children",
        "lineage",
        "common_base",
        "graph",
    ),
    *("attempts", "history", "trace", "show", "cat", "diff", "blame", "why", "search"),
    *("similar", "operation", "operations", "last_rejection", "change", "changes", "became", "was"),
    *("check", "overlap", "would_land", "conflict", "conflicts", "evaluate_workspace", "trusted"),
    "compare",
    *("events", "subscribe", "tell", "cost", "read_usage", "budget", "budget_left"),
    *("require_budget", "stack", "stacks", "unassigned", "review_summary", "queue"),
    *(
        "workspace",
        "workspace_environment",
        "who",
        "snapshots",
        "show_snapshot",
        "settings",
        "validate_settings",
    ),
    *("hook_status", "remote_status", "tasks.list", "tasks.show", "tasks.ready", "tasks.check"),
    *("runs", "wait_for_runs", "attach", "logs"),
}
# What changes no lane, all of them, or begins with none: no revision of one tells of that.
ABOUT_NO_LANE = {
    *("init", "init_from_remote", "push", "pull", "fetch", "doctor", "configure"),
    *("hook_install", "hook_uninstall", "trust", "distrust", "prune_snapshots"),
    *("gc", "compact", "purge", "kill"),
    *("fanout", "multi", "go"),
}

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60

Found = Iterator[tuple[int, str]]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


@cache
def nodes(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a syntax tree."""
    return list(ast.walk(tree))


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's path below the package."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """Return the room or floor module that a file belongs to; '' for the package's own face."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first in ("__init__", "__main__") else first


def imports(tree: ast.AST) -> Found:
    """Yield (line, dotted name) of every import, wherever in the module it stands."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, x.name) for x in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{x.name}") for x in node.names)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for such an expression; a call on the way is left out."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Found:
    """Yield (line, dotted name) of everything that is called."""
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func)


def attributes(tree: ast.AST) -> Found:
    """Yield (line, dotted name) of every attribute that is used or imported."""
    yield from imports(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, dotted(node)


def arguments(tree: ast.AST) -> Found:
    """Yield (line, text) of every string that stands alone in a list or in a call of git."""
    for node in nodes(tree):
        runs = isinstance(node, ast.Call) and dotted(node.func).endswith(("run", "popen"))
        items = node.args if isinstance(node, ast.Call) and runs else []
        items = node.elts if isinstance(node, ast.Tuple | ast.List) else items
        for item in items:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield item.lineno, item.value


def strings(tree: ast.AST) -> Found:
    """Yield (line, text) of every string, f-strings' parts included, docstrings not."""
    own = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documents = {
        id(node.body[0].value)
        for node in nodes(tree)
        if isinstance(node, own) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and id(node) not in documents:
            value = node.value
            if isinstance(value, str | bytes):
                text = value if isinstance(value, str) else value.decode("latin-1")
                yield node.lineno, text


def ends_with(name: str, wanted: str) -> bool:
    """Say whether a dotted name is the wanted one, or ends in it."""
    return name == wanted or name.endswith("." + wanted)


def outside(
    places: tuple[str, ...], found: Callable[[ast.AST], Found], wanted: Callable[[str], bool]
) -> list[str]:
    """Return where modules other than these have something of that kind."""
    return [
        f"{name_of(path)}:{line}: {name}"
        for path in modules()
        if not name_of(path).startswith(places)
        for line, name in found(parsed(path))
        if wanted(name)
    ]


def test_every_module_has_a_room() -> None:
    """Each module of the package stands in a room that the ladder knows."""
    assert [name_of(x) for x in modules() if room_of(x) not in ("", *STEP)] == []


def test_imports_only_go_down() -> None:
    """No module imports a room above its own, nor a sibling, inside functions or for types."""
    wrong = []
    for path in modules():
        room = room_of(path)
        for line, name in imports(parsed(path)):
            parts = name.split(".")
            if parts[0] != "gitlanes" or not room:
                continue
            other = parts[1] if len(parts) > 1 else ""
            if other == "__version__" and room in DOORS:
                continue
            if other != room and STEP.get(other, len(LADDER)) >= STEP[room]:
                wrong.append(f"{name_of(path)}:{line}: {room} imports {name}")
    assert wrong == []


def test_the_floor_is_the_standard_library() -> None:
    """Errors, ids, the clock and the nouns import nothing from outside the standard library."""
    wrong = [
        f"{name_of(path)}:{line}: {name}"
        for path in modules()
        if room_of(path) in (*LADDER[0], "models")
        for line, name in imports(parsed(path))
        if name.partition(".")[0] not in (*sys.stdlib_module_names, "gitlanes")
    ]
    assert wrong == []


@pytest.mark.parametrize("library", IMPORTED_ONLY_IN)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    """Each guarded library has its importers, and no other module imports it."""
    places = IMPORTED_ONLY_IN[library]
    assert outside(places, imports, lambda x: x.partition(".")[0] == library) == []


@pytest.mark.parametrize("function", CALLED_ONLY_IN)
def test_a_function_is_called_only_where_it_belongs(function: str) -> None:
    """Each guarded function has its callers, and no other module calls it."""
    assert outside(CALLED_ONLY_IN[function], calls, lambda x: ends_with(x, function)) == []


@pytest.mark.parametrize("name", READ_ONLY_IN)
def test_the_environment_is_read_only_at_the_doors(name: str) -> None:
    """The environment enters at a door and is passed down from there."""
    assert outside(READ_ONLY_IN[name], attributes, lambda x: ends_with(x, name)) == []


@pytest.mark.parametrize("word", SAID_ONLY_IN)
def test_git_commands_that_move_things_are_said_only_where_they_belong(word: str) -> None:
    """HEAD, index, files, work trees and refs are moved by the rooms whose business that is."""
    assert outside(SAID_ONLY_IN[word], arguments, lambda x: x == word) == []


def test_ref_names_are_spelled_in_the_layout_alone() -> None:
    """No module but the layout spells the name of a ref."""
    assert outside(("store/layout.py",), strings, lambda x: "refs/" in x) == []


def test_no_command_goes_through_a_shell() -> None:
    """No call anywhere asks for a shell."""
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and any(x.arg == "shell" for x in node.keywords)
    ]
    assert wrong == []


def test_files_and_functions_stay_short() -> None:
    """No module has more than 400 lines, and no function more than 60."""
    long = [name_of(x) for x in modules() if len(x.read_text().splitlines()) > MOST_LINES]
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = int(node.end_lineno or 0) - node.lineno + 1
                if length > MOST_LINES_OF_A_FUNCTION:
                    long.append(f"{name_of(path)}:{node.lineno}: {node.name} ({length})")
    assert long == []


def test_what_changes_a_lane_is_told_what_to_expect() -> None:
    """Each method of `gitlanes.Repo` takes `expect`, but for those that change no lane."""
    methods = {
        f"{prefix}{name}": method
        for prefix, owner in (("", Repo), ("tasks.", Tasks))
        for name in dir(owner)
        if not name.startswith("_") and callable(method := getattr(owner, name))
    }
    without = {name for name, method in methods.items() if not takes_expect(method)}
    assert without == READING | ABOUT_NO_LANE
    assert not READING & ABOUT_NO_LANE


def test_every_test_says_what_it_shows() -> None:
    """Every test has a docstring."""
    silent = [
        f"{path.relative_to(TOP)}:{node.lineno}: {node.name}"
        for path in sorted((TOP / "tests").rglob("*.py"))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_tests_work_on_the_real_thing() -> None:
    """No test imports a mocking library."""
    mocked = [
        f"{path.relative_to(TOP)}:{line}"
        for path in sorted((TOP / "tests").rglob("*.py"))
        for line, name in imports(parsed(path))
        if name.startswith(("unittest.mock", "mock.", "pytest_mock"))
    ]
    assert mocked == []
