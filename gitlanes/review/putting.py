"""Making an attempt of contents alone: files are put into a lane without a workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, NotFound, NothingToPropose, Refused, line
from gitlanes.gates.clearance import Clearance
from gitlanes.git.secret_files import matching, refuse_named
from gitlanes.models.events import Event
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import Lane
from gitlanes.models.results import Proposed
from gitlanes.models.workspaces import Capture
from gitlanes.plugins import around
from gitlanes.review import propose
from gitlanes.review.propose import NEW_CHANGE, Offer
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import binding, intake
from gitlanes.workspaces.rules import largest, secret_files

if TYPE_CHECKING:
    from gitlanes.git.trees import Item
    from gitlanes.store.lane_repo import LaneRepo

# {path from the top: content}; None deletes.
Files = Mapping[bytes, bytes | None]

_FILES = ("100644", "100755")
# What file systems leave out of a name, so that it could pass for git's own directory.
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]|[ .]+$|:.*")


def put(
    repo: LaneRepo, name: str, files: Files, offer: Offer | None = None, *, accept: bool = True
) -> Proposed:
    """Put files into a lane as an attempt on its present head, and accept that unless told.

    Contents are stored as they are, without git's filters; a file keeps its mode. It is a change
    of its own unless the offer names one. The lane's workspace, if it has one, is not looked at
    and stays as it is: its next proposal counts from where it stands, so that a path put here and
    edited there collides; an update brings the files there. A bound branch and the repository's
    own directory follow, as after any landing. Raises what `propose` and `commit` raise, BadValue
    for a path that can be none, NotFound for one to delete that is not there, Refused for one
    that may hold secrets.
    """
    offer = offer or Offer()
    propose.check(offer)
    for path, content in files.items():
        _check(path)
        _require_size(repo, path, content)
    verbs = ("propose", "accept") if accept else ("propose",)
    with ExitStack() as stack:
        events = (Event(x, repo.place.common_dir, name, agent=offer.intent.agent) for x in verbs)
        told = [stack.enter_context(around(x, repo.state_directory, repo.warn)) for x in events]
        made = _put(repo, name, files, offer, accept=accept)
        for one in told:
            one.result = made
    if accept:
        repo.landed(name)
    return made


def _put(repo: LaneRepo, name: str, files: Files, offer: Offer, *, accept: bool) -> Proposed:
    bound = repo.view.lane(name).record.bound
    if bound:
        intake.catch_up(repo, name)
    clearance = Clearance(repo, offer.waiver) if accept else None
    if offer.change is None:  # what was turned down is carried on by whoever mends it
        offer = replace(offer, change=NEW_CHANGE)
    if offer.message is None and offer.intent.prompt is None:
        offer = replace(offer, message=f"Put {', '.join(str(plain(x)) for x in files)}"[:72])
    with transaction(repo, "commit" if accept else "propose", actor=offer.intent.agent) as tx:
        state = repo.view.lane(name)
        captured = _captured(repo, state.record, files)
        made = propose.make(tx, name, captured, offer, clearance)
    if clearance is not None:
        made = propose.judged(repo, made, clearance)
    following = made.following
    if bound and following is None and not made.attempt.open:
        following = binding.follow(repo, name)
    return replace(made, following=following)


def _captured(repo: LaneRepo, lane: Lane, files: Files) -> Capture:
    """Return the head's content with the files in it, as if a workspace at the head had them."""
    from gitlanes.git.trees import overlay

    head = str(lane.head)
    tree = repo.objects.commit(head).tree
    new = [path for path in files if repo.objects.entry(tree, path) is None]
    refuse_named(matching(secret_files(repo), new), new)
    edits = {path: _item(repo, tree, path, content) for path, content in files.items()}
    made = overlay(repo.objects, tree, edits)
    if made == tree:
        raise NothingToPropose(
            f"nothing to propose: lane '{lane.name}' has this content already",
            hint="put something else",
        )
    return Capture(made, head, head, (), whole=False)


def _item(repo: LaneRepo, tree: str, path: bytes, content: bytes | None) -> Item | None:
    """Return what is to stand at a path of a tree; raises Refused where no file may be put."""
    found = repo.objects.entry(tree, path)
    there = found and found[0]
    shown = line(str(plain(path)), 80)
    if content is None and there is None:
        raise NotFound("file", shown, hint="only what the lane's head has can be deleted")
    if there is not None and there not in _FILES:
        raise Refused(f"'{shown}' is no ordinary file", hint="change it in a workspace")
    if content is None:
        return None
    return there or _FILES[0], repo.objects.write("blob", content)


def _check(path: bytes) -> None:
    """Raise BadValue for a path that git would not check out."""
    text = path.decode("utf-8", "surrogateescape")
    if b"\0" in path or not all(map(_allowed, text.split("/"))):
        raise BadValue(
            f"bad path '{line(text, 80)}'", hint="name a file from the top, as in src/app.py"
        )


def _require_size(repo: LaneRepo, path: bytes, content: bytes | None) -> None:
    limit = largest(repo)
    if limit and content is not None and len(content) > limit:
        raise Refused(
            f"'{line(str(plain(path)), 80)}' has {len(content)} bytes, more than {limit}",
            hint="keep it elsewhere, or raise lanes.maxBlobSize",
            data={"too_large": [plain(path)]},
        )


def _allowed(name: str) -> bool:
    return name not in ("", ".", "..") and _UNSEEN.sub("", name).lower() not in (".git", "git~1")
