"""Installing our hooks, taking them away again, and saying how they stand."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.githooks import places, scripts, workspace
from gitlanes.githooks.writing import put
from gitlanes.models import hooks as states
from gitlanes.models.hooks import Hook, Hooks

if TYPE_CHECKING:
    from gitlanes.githooks.places import Place
    from gitlanes.store.lane_repo import LaneRepo


def status(repo: LaneRepo) -> Hooks:
    """Return how each hook stands, for the work tree that one stands in."""
    place = places.present(repo)
    return _told(repo, place)


def install(repo: LaneRepo, *, workspace_only: bool = False) -> Hooks:
    """Put our hooks where git looks for them; what is there already runs before ours.

    Nothing is overwritten, and what is installed stays. Where others manage the hooks, nothing is
    written: the result says what to add to which file. With `workspace_only` the workspace that
    one stands in gets hooks of its own, which run all others, too. Raises Refused for a hook of
    ours that somebody edited, and where a hook would have to be put aside over another file.
    """
    if workspace_only:
        workspace.install(repo)
        return status(repo)
    found = status(repo)
    if found.directory == places.own(repo):
        root = repo.root()
        where = root[1] if root else repo.place.common_dir
        raise Refused(
            "this workspace has hooks of its own, which run those of the repository",
            hint=f"install those there: cd {shlex.quote(where)} && git lanes hook install",
        )
    wanted = [x for x in found.hooks if x.status in (states.MISSING, states.OUTDATED)]
    for hook in found.hooks:
        _require_unedited(hook)
    for hook in wanted:
        if hook.file is None:
            _require_room(hook)
    for hook in wanted:
        if hook.file is None:
            put(hook.path, hook.name, aside=hook.status == states.MISSING)
    return status(repo)


def uninstall(repo: LaneRepo) -> Hooks:
    """Take our hooks away and put back what was there before, as it was.

    A workspace's own ones go first. Raises Refused for one that somebody edited, or put another
    one in the place of, and Negative where there is none of ours.
    """
    found = status(repo)
    ours = [x for x in found.hooks if _is_ours(x)]
    for hook in found.hooks:
        _require_unedited(hook)
        if hook not in ours and os.path.lexists(places.before(hook.path)):
            raise Refused(
                f"hook '{hook.path}' is another one than was installed",
                hint=f"the one from before is kept in '{places.before(hook.path)}'",
            )
    if not ours:
        others = [x.file for x in found.hooks if x.status == states.OTHER]
        hint = f"they are run by '{others[0]}': take the line out there" if others else ""
        raise Negative("none of our hooks is installed here", hint=hint)
    if found.directory == places.own(repo):
        workspace.remove(repo)
        return status(repo)
    for hook in ours:
        if hook.before is not None:
            os.replace(hook.before, hook.path)
        else:
            os.unlink(hook.path)
    return status(repo)


def _told(repo: LaneRepo, place: Place) -> Hooks:
    found = tuple(_hook(repo, place, name) for name in scripts.NAMES)
    return Hooks(place.directory, found, place.setting)


def _hook(repo: LaneRepo, place: Place, name: str) -> Hook:
    path = os.path.join(place.directory, name)
    what = scripts.recognised(name, places.content(path))
    if what is not None and (place.foreign or os.path.islink(path)):
        return Hook(name, states.OTHER, path, file=path)
    before = places.before(path)
    kept = before if what is not None and os.path.lexists(before) else None
    if what == scripts.EDITED:
        return Hook(name, states.CHANGED, path, kept)
    if what is not None:
        sound = what == scripts.CURRENT and os.access(path, os.X_OK)
        good = states.CHAINED if kept else states.INSTALLED
        return Hook(name, good if sound else states.OUTDATED, path, kept)
    other = places.other_means(repo, place, name)
    if other is not None:
        return Hook(name, states.OTHER, path, file=other)
    file, line = places.to_add(repo, place, name) if place.foreign else (None, None)
    return Hook(name, states.MISSING, path, file=file, line=line)


def _is_ours(hook: Hook) -> bool:
    return hook.status in (states.INSTALLED, states.CHAINED, states.OUTDATED)


def _require_unedited(hook: Hook) -> None:
    if hook.status != states.CHANGED:
        return
    back = f", then put '{hook.before}' back" if hook.before else ""
    raise Refused(
        f"hook '{hook.path}' was changed since it was installed",
        hint=f"save what you need of it, remove it by hand{back}",
    )


def _require_room(hook: Hook) -> None:
    """Raise Refused where what is there cannot be put aside without a loss."""
    path, kept = hook.path, places.before(hook.path)
    if os.path.isdir(path):
        raise Refused(f"'{path}' is a directory", hint="git runs no hook there: remove it")
    if hook.status == states.OUTDATED or not os.path.lexists(kept):
        return
    if not os.path.lexists(path) or not os.path.samestat(os.lstat(path), os.lstat(kept)):
        raise Refused(
            f"'{kept}' is in the way: it is a hook that was put aside before",
            hint="put it back, or remove it",
        )
