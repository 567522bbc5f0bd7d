"""The spelling of every ref name, and of the names that go into them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gitlanes.errors import BadName, line

if TYPE_CHECKING:
    from pathlib import Path

HEADS = "refs/lanes/head/"
JOURNALS = "refs/lanes/journal/"
SNAPSHOTS = "refs/lanes/snapshots/"
SEEN = "refs/lanes/seen/"
REMOTES = "refs/lanes/remote/"
# A ref that nobody needs, to ask a server with.
PROBES = "refs/lanes/probe/"
ALL = "refs/"
REMOTE_BRANCHES = "refs/remotes/"
BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
STASH = "refs/stash"
# Where Gerrit takes commits for review.
REVIEWS = "refs/for/"
# Where a commit may be that other people have seen.
PUBLIC = (BRANCHES, TAGS, "refs/remotes/")
NOTES = {
    "intents": "refs/notes/lanes/intents",
    "costs": "refs/notes/lanes/costs",
    "evaluations": "refs/notes/lanes/evaluations",
}

# What travels: where it is on a server, and below a remote's name here.
TRAVELLING = {
    JOURNALS: "journal/",
    HEADS: "head/",
    "refs/notes/lanes/": "notes/",
}

# What the lane that adopts a repository is called unless told.
USUAL_NAME = "main"

OURS = ("refs/lanes/", "refs/notes/lanes/")

_SPELLING = "use letters, digits, '.', '_' and '-', at most 100 of them"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LIKE_AN_ID = re.compile(r"[0-9a-f]{7,64}|I[0-9a-f]{40}", re.IGNORECASE)
_LIKE_HEAD = re.compile(r"([a-z]+_)*head", re.IGNORECASE)


def head(lane: str) -> str:
    """Return the ref of a lane's accepted head."""
    return HEADS + lane


def journal(lane: str) -> str:
    """Return the ref of a lane's journal."""
    return JOURNALS + lane


def lane_of(ref: str) -> str | None:
    """Return the lane whose head or journal a ref is."""
    start = next((x for x in (HEADS, JOURNALS) if ref.startswith(x)), None)
    return None if start is None else ref.removeprefix(start)


def seen(lane: str) -> str:
    """Return the ref of the bound branch's tip last agreed on in this clone."""
    return SEEN + lane


def snapshot(lane: str, number: int) -> str:
    """Return the ref of a lane's safety snapshot."""
    return f"{SNAPSHOTS}{lane}/{number}"


def remote(name: str) -> str:
    """Return what the refs begin with that were fetched from a remote.

    A remote's name may have slashes, and would be the directory of another one's refs.
    """
    return f"{REMOTES}{name.replace('%', '%25').replace('/', '%2F')}/"


def fetched(name: str, ref: str) -> str:
    """Return where a ref of a remote's is kept here once it is fetched."""
    start = next(x for x in TRAVELLING if ref.startswith(x))
    return remote(name) + TRAVELLING[start] + ref.removeprefix(start)


def on_remote(name: str, ref: str) -> str:
    """Return what a ref that was fetched from a remote is called there."""
    rest = ref.removeprefix(remote(name))
    start = next(x for x, short in TRAVELLING.items() if rest.startswith(short))
    return start + rest.removeprefix(TRAVELLING[start])


def twins(lane: str) -> str:
    """Return the pattern of a lane's journals as they were fetched from all remotes."""
    return f"{REMOTES}*/{TRAVELLING[JOURNALS]}{lane}"


def remote_of(ref: str) -> str:
    """Return the remote that a ref was fetched from."""
    name = ref.removeprefix(REMOTES).partition("/")[0]
    return name.replace("%2F", "/").replace("%25", "%")


def refspecs(name: str) -> list[str]:
    """Return what is fetched from a remote, and where to."""
    return [f"+{x}*:{remote(name)}{short}*" for x, short in TRAVELLING.items()]


def branch(name: str) -> str:
    """Return the full ref of a branch given by its short name."""
    return BRANCHES + name


def shortest(branch: str) -> str:
    """Return what people call a branch that may be given in full, of a remote too."""
    return re.sub(r"^refs/(heads|remotes)/", "", branch)


def called(ref: str) -> str:
    """Return what people call a public ref: ``branch 'auth'``, ``tag 'v1'``."""
    if ref.startswith(TAGS):
        return f"tag '{ref.removeprefix(TAGS)}'"
    return f"branch '{shortest(ref)}'"


def remote_branch(name: str) -> str:
    """Return the full ref of a remote's branch, given as ``origin/main``."""
    return f"refs/remotes/{name}"


def short_branch(ref: str) -> str:
    """Return a branch's short name."""
    return ref.removeprefix(BRANCHES)


def worktree_head(name: str) -> str:
    """Return the name by which the whole repository sees a linked work tree's HEAD."""
    return f"worktrees/{name}/HEAD"


def how_to_find_journal(lane: str) -> str:
    """Return the hint for a journal whose ref was deleted, broken or moved back."""
    return (
        "find its newest entry among what 'git fsck --no-reflogs --dangling' lists, or in "
        f"another clone, then: git update-ref {journal(lane)} ENTRY"
    )


def state_directory(common_dir: str) -> Path:
    """Return the directory of the lock, the pending operation and disposable caches."""
    from pathlib import Path  # 3 ms, and readers do without

    return Path(common_dir, "lanes")


def check_lane_name(name: str) -> str:
    """Return `name` if a lane may have it; raises BadName with the reason."""
    reason = _fault(name)
    if reason is None:
        return name
    raise BadName(f"bad lane name '{line(name, 60)}': {reason}", hint=_SPELLING)


def check_stack_name(name: str) -> str:
    """Return `name` if a stack may have it: the rules are those for lanes."""
    reason = _fault(name)
    if reason is None:
        return name
    raise BadName(f"bad stack name '{line(name, 60)}': {reason}", hint=_SPELLING)


def is_lane_name(name: str) -> bool:
    """Say whether a lane may have that name."""
    return _fault(name) is None


@lru_cache(maxsize=256)
def _fault(name: str) -> str | None:
    rules = (
        (not name, "it is empty"),
        (len(name) > 100, "it is longer than 100 characters"),
        (not _NAME.fullmatch(name), "it has a character or a beginning that is not allowed"),
        (".." in name, "it contains '..'"),
        (name.endswith("."), "it ends in '.'"),
        (name.lower().endswith(".lock"), "it ends in '.lock'"),
        (_DEVICE.fullmatch(name), "it is a device name on Windows"),
        (_LIKE_AN_ID.fullmatch(name), "it looks like an object id"),
        (_LIKE_HEAD.fullmatch(name), "it looks like one of git's own refs"),
    )
    return next((reason for broken, reason in rules if broken), None)
