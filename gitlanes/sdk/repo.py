"""`gitlanes.Repo`: every verb as a method, with the models that the command line prints."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from gitlanes.config import settings as config
from gitlanes.config.validation import validate
from gitlanes.exchange import cloning, following
from gitlanes.git.process import elsewhere
from gitlanes.history import cat, diff, log, show, trace
from gitlanes.landing import accepting, check, overlap, promote, proposing
from gitlanes.landing.plans import Force
from gitlanes.lanes import lifecycle, listing
from gitlanes.lanes.about import About
from gitlanes.models.costs import NO_LIMITS, Limits
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.health import Diagnosis
from gitlanes.models.history import Diff, History, Shown, Trace
from gitlanes.models.lanes import (
    Adopted,
    Lanes,
    LaneSummary,
    NewLane,
    Status,
)
from gitlanes.models.notes import NO_COST, NO_INTENT, NO_JUDGEMENT, Cost, Intent, Judgement
from gitlanes.models.overlap import Overlap
from gitlanes.models.plain import NOTHING
from gitlanes.models.results import Decided, Promotion, Proposed
from gitlanes.models.settings import Configuration, Validation
from gitlanes.review import amend, decide, propose, putting
from gitlanes.sdk.batches import Batches
from gitlanes.sdk.changes import Changes
from gitlanes.sdk.collecting import Collecting
from gitlanes.sdk.costs import Costs
from gitlanes.sdk.directories import Directories
from gitlanes.sdk.epochs import Epochs
from gitlanes.sdk.events import Happenings
from gitlanes.sdk.exchange import Exchange
from gitlanes.sdk.fleet import Fleet
from gitlanes.sdk.gates import Gates
from gitlanes.sdk.graph import Following
from gitlanes.sdk.hooks import GitHooks
from gitlanes.sdk.keeping import Keeping
from gitlanes.sdk.offering import Amendment, Offering, Path_, Proposing, Said, offer_of, path_names
from gitlanes.sdk.past import Past
from gitlanes.sdk.provisioning import Giving
from gitlanes.sdk.questions import Questions
from gitlanes.sdk.queue import Queue
from gitlanes.sdk.remotes import Remotes
from gitlanes.sdk.stacks import Stacks
from gitlanes.sdk.syncing import Syncing
from gitlanes.sdk.tasks import HandingOut
from gitlanes.sdk.undoing import Undoing
from gitlanes.sdk.waits import Waits
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.store.transaction import mend
from gitlanes.upkeep import doctor


class Repo(
    Keeping,
    Collecting,
    Questions,
    Past,
    Waits,
    Happenings,
    Costs,
    Gates,
    Changes,
    Following,
    Syncing,
    HandingOut,
    Undoing,
    Epochs,
    Stacks,
    Queue,
    Batches,
    GitHooks,
    Exchange,
    Remotes,
    Directories,
    Fleet,
    Giving,
):
    """One git repository with lanes; a context manager, one for each thread.

    The identity and git's configuration are read once. Every method raises a subclass of
    `gitlanes.LanesError` with data and a hint. ``expect`` always is the head (or a beginning
    of it) that the lane to be changed must have; otherwise `Raced` is raised.
    """

    def __init__(self, lane_repo: LaneRepo):
        self._repo = lane_repo
        lane_repo.landed = partial(following.follow, lane_repo)

    @classmethod
    def open(cls, path: Path_ = ".", *, environ: Mapping[str, str] | None = None) -> Repo:
        """Open the repository around `path`, as git would find it; raises NotARepository."""
        opened = cls(LaneRepo.open(path, os.environ if environ is None else environ))
        mend(opened._repo)
        return opened

    @classmethod
    def clone(cls, url: str, path: Path_, *, environ: Mapping[str, str] | None = None) -> Repo:
        """Clone a repository to `path` with its lanes, and open that; raises GitFailed."""
        known = elsewhere(os.environ if environ is None else environ)
        opened = cls.open(
            cloning.clone(url, os.fspath(path), ".", known, quiet=True), environ=known
        )
        opened.init_from_remote()
        return opened

    def close(self) -> None:
        """End the helper process that reads refs."""
        self._repo.close()

    def __enter__(self) -> Repo:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The repository's own directory: its top, or the git directory of a bare one."""
        root = self._repo.root()
        return Path(root[1] if root else self._repo.place.common_dir)

    def take_warnings(self) -> list[str]:
        """Return what verbs noticed beside their results since the last call."""
        found, self._repo.warnings = self._repo.warnings, []
        return found

    def init(self, lane: str = "main") -> Adopted:
        """Adopt the repository in place; see `gitlanes.lanes.lifecycle.init`."""
        return lifecycle.init(self._repo, lane)

    def new(
        self,
        name: str,
        *,
        start: str | None = None,
        on: str | None = None,
        workspace: bool = True,
        path: Path_ | None = None,
        agent: str | None = None,
        description: str | None = None,
        meta: Mapping[str, str] = NOTHING,
        mode: str | None = None,
        sparse: Iterable[str] = (),
        budget: Limits = NO_LIMITS,
        batch: str | None = None,
        exist_ok: bool = False,
        expect: str | None = None,
    ) -> NewLane:
        """Make a lane and its workspace; `expect` is the head that `start` must have.

        It starts from ``start``, or from ``on``, a lane that it follows then.
        ``sparse`` are the directories that the workspace is limited to, ``mode`` is how the
        lane is promoted unless told, ``budget`` what it may use, ``batch`` an id that it shares
        with lanes for the same work.
        """
        return lifecycle.new(
            self._repo,
            name,
            start=start,
            on=on,
            workspace=workspace,
            path=Path(path) if path is not None else None,
            agent=agent,
            about=About(description, dict(meta), mode),
            sparse=tuple(sparse),
            limits=budget,
            batch=batch,
            exist_ok=exist_ok,
            expect=expect,
        )

    def head(self, lane: str) -> str:
        """Return a lane's accepted head: one round trip to a helper process."""
        return str(self._repo.view.lane(lane).record.head)

    def lanes(self, *, archived: bool = False) -> Lanes:
        """Return all lanes, the archived ones if asked for."""
        return listing.list_lanes(self._repo, archived=archived)

    def lane(self, name: str) -> LaneSummary:
        """Return one lane."""
        return listing.summary(self._repo, name)

    def status(self, lane: str | None = None) -> Status:
        """Return the lanes, and what is unsaved in one workspace."""
        return listing.status(self._repo, lane)

    def propose(self, lane: str | None = None, **offer: Unpack[Proposing]) -> Proposed:
        """Offer a workspace's content, or some paths of it, as an attempt; see `Proposing`."""
        return propose.propose(self._repo, lane, offer_of(offer))

    def commit(self, lane: str | None = None, **offer: Unpack[Offering]) -> Proposed:
        """Propose and accept in one operation; see `Offering`."""
        return propose.commit(self._repo, lane, offer_of(offer))

    def amend(
        self, lane: str | None = None, *, of: str | None = None, **offer: Unpack[Amendment]
    ) -> Proposed:
        """Fold a workspace's edits into the last attempt, or the one that `of` names.

        It keeps its Change-Id and stays open or accepted, and later ones are laid on it again.
        See `Amendment`.
        """
        return amend.amend(self._repo, lane, offer_of(offer), of=of)

    def put_file(
        self,
        lane: str,
        path: Path_,
        content: bytes | None,
        *,
        accept: bool = True,
        change: str | None = None,
        **said: Unpack[Said],
    ) -> Proposed:
        """Put a file, by its path from the top, into a lane without a workspace; None deletes it.

        It is an attempt on the lane's head, accepted like any other unless told, and a change of
        its own unless ``change`` is that of an earlier one. A workspace of the lane stays as it
        is; see `gitlanes.review.putting.put`.
        """
        (name,) = path_names([path])
        offer = offer_of({**said, "change": change})
        return putting.put(self._repo, lane, {name: content}, offer, accept=accept)

    def accept(
        self,
        attempt: str,
        judgement: Judgement = NO_JUDGEMENT,
        *,
        expect: str | None = None,
        waiver: Waiver = NO_WAIVER,
    ) -> Decided:
        """Make an open attempt part of its lane's head; raises Collision, GateFailed."""
        return accepting.accept(self._repo, attempt, judgement, expect=expect, waiver=waiver)

    def reject(
        self,
        attempt: str,
        judgement: Judgement = NO_JUDGEMENT,
        *,
        reset: bool = False,
        expect: str | None = None,
    ) -> Decided:
        """Turn an open attempt down; it stays readable. ``reset`` brings the files to the head."""
        return decide.reject(self._repo, attempt, judgement, reset=reset, expect=expect)

    def promote(
        self,
        lane: str | None = None,
        *,
        into: str | None = None,
        mode: str | None = None,
        force: Iterable[Path_] = (),
        force_all: bool = False,
        message: str | None = None,
        intent: Intent = NO_INTENT,
        cost: Cost = NO_COST,
        expect: str | None = None,
        strict: bool = False,
        waiver: Waiver = NO_WAIVER,
        propose: bool = False,
        dry_run: bool = False,
    ) -> Promotion:
        """Land a lane's accepted head on another lane.

        Raises Collision or GateFailed, and nothing moved. ``waiver`` is what is let pass. ``force``
        are the colliding paths on which the source wins. ``strict`` refuses where
        anything of the lane would stay behind. With ``propose`` the promotion is left as an
        open attempt of the target, for `accept`. With ``dry_run`` collisions are part of the
        result, and nothing moves.
        """
        forced = Force(path_names(force), force_all)
        order = promote.Order(into, mode, forced, message, intent, cost, expect, strict, waiver)
        if dry_run:
            return promote.preview(self._repo, lane, order)
        return (proposing.propose if propose else promote.promote)(self._repo, lane, order)

    def check(self, *lanes: str, into: str | None = None) -> list[Promotion]:
        """Return for each lane whether it would land; nothing moves."""
        return check.check(self._repo, lanes, into=into)

    def history(
        self,
        lane: str | None = None,
        *,
        status: str | None = None,
        agent: str | None = None,
        tag: str | None = None,
        since: str | None = None,
        limit: int | None = None,
        promotions: bool = False,
        source: str | None = None,
        into: str | None = None,
    ) -> History:
        """Return attempts with their intents and costs, newest first.

        With ``promotions`` those alone; ``source`` and ``into`` are the lanes that they come
        from and land on.
        """
        of = (promotions, source, into)
        return log.history(self._repo, log.Filter(lane, status, agent, tag, since, limit, *of))

    def trace(self, state: str | None = None, *, limit: int | None = None) -> Trace:
        """Return the attempts that led to a state, the last one first."""
        return trace.trace(self._repo, state, limit=limit)

    def overlap(self, *lanes: str) -> Overlap:
        """Return which lanes touch the same paths right now, unsaved work included."""
        return overlap.overlap(self._repo, lanes)

    def cat(self, state: str, path: Path_) -> bytes:
        """Return the content of a file, by its path from the top, as a state has it."""
        (name,) = path_names([path])
        return b"".join(cat.content(self._repo, cat.find(self._repo, state, name)))

    def show(self, name: str) -> Shown:
        """Return whatever `name` names."""
        return show.show(self._repo, name)

    def diff(
        self,
        old: str | None = None,
        new: str | None = None,
        *,
        paths: Iterable[Path_] = (),
        stat: bool = False,
        content: bool = False,
    ) -> Diff:
        """Return the files that differ between two states, with the patch or summary if wanted.

        Without ``new`` it is what the workspace of lane ``old`` holds now; ``paths`` are from
        the top.
        """
        rendering = (*(diff.STAT if stat else ()), *(diff.CONTENT if content else ()))
        return diff.diff(self._repo, old, new, paths=path_names(paths), rendering=rendering)

    def settings(self) -> Configuration:
        """Return every setting that gitlanes knows, with its value and where it comes from."""
        return config.configuration(self._repo.git, self._top)

    def configure(self, key: str, *values: str, everywhere: bool = False) -> None:
        """Set a setting in git's configuration, the user's own if ``everywhere``.

        Without values it is unset; Negative is raised if it is not there. BadValue is raised
        for a key or value that cannot be. What is open already keeps what it has read.
        """
        if values:
            config.assign(self._repo.git, key, values, everywhere=everywhere)
        else:
            config.unset(self._repo.git, key, everywhere=everywhere)

    def validate_settings(self) -> Validation:
        """Return everything that is wrong with the settings, wherever they are made."""
        return validate(self._repo.git, self._top)

    @property
    def _top(self) -> str | None:
        root = self._repo.root()
        return root[1] if root else None

    def doctor(self, *, fix: bool = False, full: bool = False) -> Diagnosis:
        """Say what is wrong in the repository; with ``fix``, mend what safely can be.

        ``full`` lets git read the content of every object. An operation that was interrupted
        was seen to when this was opened. Raises NotAdopted.
        """
        return doctor.doctor(self._repo, fix=fix, full=full)
