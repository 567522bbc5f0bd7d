"""Bringing index and files from one state to another without overwriting what nothing else has.

Git overwrites ignored files, and directories of them, without a word; nothing here does. What
an interrupted step half wrote is written anew, and snapshotted before: it could be an edit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.git import index
from gitlanes.git.deep import LONGEST_PATH, files_below
from gitlanes.git.exclusions import up_from
from gitlanes.git.refs import Mover, move_head
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.workspaces import mending

if TYPE_CHECKING:
    from gitlanes.git.trees import Change, Item
    from gitlanes.models.workspaces import Snapshot
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.workspaces.capture import Held
    from gitlanes.workspaces.state import WorkspaceState

_SUBMODULE = "160000"
# Of a path that is too long for anything else, this much is shown.
_SHOWN = 60


def changes_between(repo: LaneRepo, old: str, new: str) -> dict[bytes, Change]:
    """Return ``{path: (before, after)}`` of what differs between two commits or trees.

    Raises Refused for a path to be written that is too long for any directory, and GitFailed
    where a partial clone cannot fetch a content.
    """
    from gitlanes.git.trees import changed_paths

    before, after = (repo.objects.tree_of(x) for x in (old, new))
    changes = changed_paths(repo.objects, repo.git, before, after)
    refuse_long(path for path, (_, now) in changes.items() if now is not None)
    if changes and repo.own_settings.partial_clone:
        # Git deletes files before it fetches others: without a remote nothing may have begun.
        repo.git.run("diff-tree", "-r", "--numstat", before, after)
    return changes


def require_content(repo: LaneRepo, commit: str) -> None:
    """Raise Refused for a state that no work tree can have, because of a path in it."""
    from gitlanes.git.trees import long_paths

    refuse_long(long_paths(repo.objects, repo.objects.commit(commit).tree, LONGEST_PATH))


def refuse_long(paths: Iterable[bytes]) -> None:
    """Raise Refused for a path that no work tree can have: git would crash."""
    path = next((x for x in paths if len(x) > LONGEST_PATH), None)
    if path is not None:
        raise Refused(
            f"path '{os.fsdecode(path[:_SHOWN])}...' has {len(path)} bytes: "
            f"no directory can have one of more than {LONGEST_PATH}",
            hint="work on that state without a workspace",
            data={"path": os.fsdecode(path)},
        )


def move_files(repo: LaneRepo, hold: Held, old: str, new: str) -> list[bytes] | None:
    """Bring index and files from one commit to another; return the paths whose edits forbid it.

    Files that are equal to the new commit's already (a proposal's own) are no obstacle. Raises
    GitFailed where git stops on the way (a full disk), Refused where it does not begin.
    """
    changes = changes_between(repo, old, new)
    added = [path for path, (before, _) in changes.items() if before is None]
    blocking = {path for path in _above(hold, _to_be(changes)) if path not in changes}
    files = [path for path, (before, _) in changes.items() if not _is_module(before)]
    blocking |= {path for path in files if _has_others(hold, path, changes)}
    if blocking:
        return sorted(blocking)
    covered = _any_there(hold, added) or _replaces_directory(changes)
    plain = not hold.index and not covered
    if plain and index.two_way(hold.git, old, new, (hold.lock,), progress=hold.progress) is None:
        return None
    return hold.update(old, new, changes, partial(_overlaid, repo))


def _overlaid(repo: LaneRepo, commit: str, edits: Mapping[bytes, Item | None]) -> str:
    """Return a commit's tree with some paths set, for git to read."""
    from gitlanes.git.trees import overlay

    tree = overlay(repo.objects, repo.objects.tree_of(commit), edits)
    repo.objects.settle()
    return tree


def _replaces_directory(changes: Mapping[bytes, Change]) -> bool:
    """Say whether a file or a link takes a directory's place: git overlooks edits staged there."""
    added = {path for path, (before, _) in changes.items() if before is None}
    return any(above in added for path in changes for above in up_from(os.path.dirname(path)))


def blocking(repo: LaneRepo, hold: Held, old: str, new: str) -> list[bytes]:
    """Return the paths whose edits would forbid to bring the files from one commit to another."""
    changes = changes_between(repo, old, new)
    refuse_secrets_before(hold, changes)
    added = [path for path, (before, _) in changes.items() if before is None]
    found = {path for path in _above(hold, _to_be(changes)) if path not in changes}
    files = [path for path, (before, _) in changes.items() if not _is_module(before)]
    found |= {path for path in files if _has_others(hold, path, changes)}
    known = {path: before for path, (before, _) in changes.items() if before is not None}
    if not found and not _any_there(hold, added) and index.untouched(hold.git, old, known):
        return []
    staged = _staged(hold, [x for x in changes if x not in found])
    hold.drop_index()
    found |= {x for x, sides in changes.items() if x not in found and staged.get(x) not in sides}
    return sorted(found)


def refuse_secrets(hold: Held, paths: Iterable[bytes]) -> None:
    """Raise Refused where one of these files may hold secrets, and no commit has it."""
    found = hold.secrets_of(paths)
    if found:
        raise Refused(
            f"'{os.fsdecode(found[0])}' in workspace '{hold.workspace.id}' would be overwritten, "
            "and it may hold secrets",
            hint="move it to another place first: no snapshot is taken of it",
            data={"secret": [os.fsdecode(x) for x in found]},
        )


def refuse_secrets_before(hold: Held, changes: Mapping[bytes, Change]) -> None:
    """Raise Refused where a step would add a path at which an untracked file with secrets lies."""
    added = [path for path, (before, _) in changes.items() if before is None]
    there = [path for path in added if os.path.lexists(_place(hold, path))]
    if there:
        refuse_secrets(hold, there)


def files_in_place_of(hold: Held, paths: Mapping[bytes, Change]) -> list[bytes]:
    """Return the files that lie where these paths are to be added, above or below included.

    Raises Refused for a whole repository there: nothing of ours could keep it.
    """
    added = [path for path, (before, _) in paths.items() if before is None]
    found = set(_above(hold, added))
    for path in added:
        place = _place(hold, path)
        if os.path.islink(place) or not os.path.isdir(place):
            found.update([path] if os.path.lexists(place) else ())
        elif not os.path.lexists(os.path.join(place, b".git")):
            found.update(_below(hold, path))
        elif not _is_submodule(paths[path]):
            raise Refused(
                f"a git repository is in the way: '{os.fsdecode(place)}'",
                hint="move it to another place first",
            )
    return sorted(found)


def marks_of(hold: Held, paths: Iterable[bytes]) -> dict[bytes, tuple[int, int] | None]:
    """Return what changes when git writes a file or removes it, None where there is none."""
    found: dict[bytes, tuple[int, int] | None] = {}
    for path in paths:
        try:
            there = os.lstat(_place(hold, path))
            found[path] = (there.st_ino, there.st_mtime_ns)
        except OSError:
            found[path] = None
    return found


def locks_of(hold: Held) -> tuple[str, ...]:
    """Return the lock files that git takes when HEAD and index move."""
    return tuple(os.path.join(hold.git_dir, name) for name in ("index.lock", "HEAD.lock"))


def head_of(repo: LaneRepo, hold: Held) -> str | None:
    """Return the commit that HEAD is at there."""
    name = os.path.basename(hold.git_dir)
    return repo.refs.target("HEAD" if hold.workspace.root else layout.worktree_head(name))


def has_own_commits(repo: LaneRepo, head: str | None, state: WorkspaceState) -> bool:
    """Say whether HEAD stands on commits that are not the lane's: it may have been moved back."""
    if head in (None, state.head, state.base):
        return False
    return not any(x and is_ancestor(repo, str(head), x) for x in (state.head, state.base))


def settle(repo: LaneRepo, hold: Held, mover: Mover | None = None) -> None:
    """End the step: its files and index are in place, and HEAD and base go to its `base`.

    A HEAD that somebody moved meanwhile stays; a branch that it was on does, too. A `mover` that
    waits in that work tree moves it.
    """
    step, state = hold.state.step, hold.state
    base = step.base if step else None
    if base is None:
        hold.done()
        return
    if head_of(repo, hold) in (None, state.head, state.base, base):
        move_head(hold.git, base, (hold.lock,), mover=mover)
    hold.done(base=base, head=base)


def write_anew(repo: LaneRepo, hold: Held, old: str, new: str, *, wanted: bool = True) -> bool:
    """Write files that an interrupted step left half written; say whether it had begun to.

    What is neither the old nor the new content could be an edit made since, so the whole
    directory is snapshotted before. Where git had not begun, it is an edit, and stays; unless
    the files are `wanted` there, they stay, too.
    """
    step = hold.state.step
    assert step is not None
    begun = mending.remove_stale_locks(repo, step)
    changes = changes_between(repo, old, new)
    staged = _staged(hold, changes)
    torn = sorted(path for path, sides in changes.items() if staged.get(path) not in sides)
    begun = begun or any(staged.get(path) == now for path, (_, now) in changes.items())
    if torn and begun and wanted:
        rescue(repo, hold, torn)
        index.restore_paths(hold.git, new, torn, (hold.lock,))
    hold.drop_index()
    return begun


def rescue(repo: LaneRepo, hold: Held, paths: Iterable[bytes] = ()) -> None:
    """Snapshot what an interrupted step left, ignored `paths` included, and tell of it."""
    from gitlanes.workspaces import snapshots  # a room of its own above this one

    there = [x for x in paths if index.is_file(_place(hold, x))]
    tell(repo, hold, snapshots.save(repo, hold, also=there))


def tell(repo: LaneRepo, hold: Held, saved: Snapshot) -> None:
    """Say where the files are that an interrupted step left."""
    where = "the repository's directory" if hold.workspace.root else f"'{hold.workspace.path}'"
    repo.warnings.append(
        f"an interrupted update of {where} was finished; "
        f"files as they were are in snapshot {saved.id}"
    )


def _staged(hold: Held, changes: Iterable[bytes]) -> dict[bytes, tuple[str, str]]:
    """Return what lies at these paths now, as the private index has it."""
    hold.stage_more(list(changes))
    return index.staged_entries(hold.git, hold.index, list(changes))


def _to_be(changes: Mapping[bytes, Change]) -> list[bytes]:
    """Return the paths that are there afterwards: a link above one would give way."""
    return [path for path, (_, after) in changes.items() if after is not None]


def _above(hold: Held, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what stands where a directory is to be: git overwrites it where it is ignored."""
    seen: set[bytes] = set()
    for path in paths:
        while (path := os.path.dirname(path)) and path not in seen:
            seen.add(path)
            if index.is_file(_place(hold, path)):
                yield path


def _has_others(hold: Held, path: bytes, changes: Mapping[bytes, Change]) -> bool:
    """Say whether a directory lies at a path, with files that the step knows nothing of."""
    place = _place(hold, path)
    if os.path.islink(place) or not os.path.isdir(place):
        return False
    if os.path.lexists(os.path.join(place, b".git")):
        return not _is_submodule(changes[path])
    return any(file not in changes for file in _below(hold, path))


def _any_there(hold: Held, paths: Iterable[bytes]) -> bool:
    """Say whether something lies where a path is to be added: git overwrites ignored files."""
    return any(os.path.lexists(_place(hold, path)) for path in paths)


def _below(hold: Held, path: bytes) -> Iterator[bytes]:
    """Return all files in a directory, links to directories among them."""
    return files_below(os.fsencode(hold.workspace.path), path)


def _place(hold: Held, path: bytes) -> bytes:
    return os.path.join(os.fsencode(hold.workspace.path), path)


def _is_submodule(change: Change) -> bool:
    return _is_module(change[1])


def _is_module(item: Item | None) -> bool:
    return item is not None and item[0] == _SUBMODULE
