"""Which git processes run: asked only when a lock might be stale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Commands that take no lock on anything, our own helpers and ourselves (`git lanes`) among them.
_READING = frozenset(
    ("cat-file", "diff-tree", "for-each-ref", "lanes", "log", "ls-files", "rev-list", "rev-parse")
)
# Git's own options that take the next argument.
_WITH_VALUE = frozenset(("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"))


def any_git_process(common_dir: str) -> bool:
    """Say whether some git process, other than our own children, works in that repository.

    A process counts when it stands in the repository or a work tree of it, or names it in
    its arguments, unless its command takes no locks. One that may not be looked at counts, too.
    """
    import psutil  # 40 ms, and only recovery needs it

    places = [Path(common_dir), Path(common_dir).parent]
    own = {child.pid for child in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter(["name", "cmdline", "cwd", "status"]):
        info = process.info
        if process.pid in own or not _takes_locks(info["name"] or "", info["cmdline"] or []):
            continue
        if info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if info["cwd"] is None or _concerns(info["cwd"], info["cmdline"] or [], places):
            return True
    return False


def _takes_locks(name: str, arguments: Sequence[str]) -> bool:
    if name != "git" and not (name.startswith("git-") and name != "git-lanes"):
        return False
    words = iter(arguments[1:])
    for word in words:
        if word == "--no-optional-locks":
            return False
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word not in _READING
    return True


def _concerns(directory: str, arguments: list[str], places: list[Path]) -> bool:
    if any(Path(directory).is_relative_to(place) for place in places):
        return True
    if any(str(places[0]) in argument for argument in arguments):
        return True
    pointer = Path(directory, ".git")
    return pointer.is_file() and str(places[0]) in pointer.read_text(errors="replace")
