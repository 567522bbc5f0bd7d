"""The part of `gitlanes.Repo` that is about ordinary branches: lanes go out, branches come in."""

from __future__ import annotations

import os

from gitlanes.exchange import exporting, importing, patches, sending
from gitlanes.exchange.exporting import Wish
from gitlanes.exchange.sides import choose
from gitlanes.models.exporting import Exported
from gitlanes.models.importing import Imported
from gitlanes.sdk.offering import Path_
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Exchange:
    """Between lanes and branches."""

    _repo: LaneRepo

    def export(
        self,
        lane: str | None = None,
        *,
        branch: str | None = None,
        form: str | None = None,
        trailers: str | None = None,
        push: str | bool = False,
        repository: Path_ | None = None,
        expect: str | None = None,
    ) -> Exported:
        """Put an ordinary branch at a lane's work.

        ``form`` is 'as-is' (the lane's own history), 'linear' (a commit for each that has not
        landed) or 'squash' (one for all), ``trailers`` how these name the agents: 'none',
        'assisted-by' or 'co-authored-by'. What is not given is as at the last export. With
        ``push`` the branch is pushed to the remote of that name, or to the usual one. With
        ``repository`` it is put into the repository in another directory, and not into this one.
        """
        remote = None
        if push is not False:
            remote = choose(self._repo, None if push is True else push)
        made = exporting.export(
            self._repo,
            lane,
            branch=branch,
            wish=Wish(form, trailers),
            expect=expect,
            here=repository is None,
        )
        if repository is not None:
            made = sending.put_into(self._repo, made, os.path.abspath(repository))
        return made if remote is None else sending.push(self._repo, made, remote)

    def import_branch(
        self,
        branch: str,
        *,
        lane: str | None = None,
        commits: str | None = None,
        repository: Path_ | None = None,
        expect: str | None = None,
    ) -> Imported:
        """Make a branch a lane, or let the lane that was made of it, or exported to it, follow it.

        ``commits`` is a range A..B of them, ``repository`` another repository's directory. Raises
        Negative where there is nothing new, Collision where lane and branch touched a path.
        """
        other = os.path.abspath(repository) if repository is not None else None
        repo, whole = self._repo, commits is None and other is None
        with expecting(repo, expect, lambda: importing.lane_for(repo, branch, lane, whole=whole)):
            return importing.import_branch(repo, branch, lane=lane, commits=commits, other=other)

    def format_patches(
        self,
        lane: str | None = None,
        *,
        directory: Path_,
        form: str | None = None,
        trailers: str | None = None,
        expect: str | None = None,
    ) -> Exported:
        """Write a lane's work that has not landed as patches for 'git am'; no branch is made."""
        where = os.path.abspath(directory)
        return patches.write_patches(
            self._repo, lane, where, wish=Wish(form, trailers), expect=expect
        )
