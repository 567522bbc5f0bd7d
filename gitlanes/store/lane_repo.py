"""The repository that every verb takes: git, refs, objects and settings, opened when needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.git.process import Git
from gitlanes.git.refs import RefReader
from gitlanes.git.repo import Place, find
from gitlanes.git.settings import Identity, Settings
from gitlanes.store import layout
from gitlanes.store.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from gitlanes.git.objects import ObjectStore


class LaneRepo:
    """One repository, seen from one directory; for one thread at a time.

    ``warnings`` collects what a verb noticed beside its result; doors show them.
    """

    def __init__(self, place: Place, environ: Mapping[str, str]):
        self.place = place
        self.git = Git(place.common_dir, environ)
        self.refs = RefReader(self.git)
        self.view = View(self.git, self.refs)
        self.warnings: list[str] = []
        self._found_as_is = "GIT_WORK_TREE" in environ or "GIT_DIR" not in environ

    @classmethod
    def open(cls, directory: str | os.PathLike[str], environ: Mapping[str, str]) -> LaneRepo:
        """Open the repository around a directory, as GIT_DIR in `environ` may say otherwise."""
        return cls(find(os.fspath(directory), environ), environ)

    @property
    def state_directory(self) -> Path:
        """Where the lock and the pending operation lie."""
        return layout.state_directory(self.place.common_dir)

    @property
    def interrupted(self) -> bool:
        """Whether an operation is under way, or was interrupted."""
        return os.path.exists(os.path.join(self.place.common_dir, "lanes", "pending"))

    @cached_property
    def objects(self) -> ObjectStore:
        """The object store; opening it loads libgit2, which readers of refs do without."""
        from gitlanes.git.objects import ObjectStore

        return ObjectStore(self.place.common_dir)

    @cached_property
    def settings(self) -> Settings:
        """Git's configuration, read once."""
        return Settings(self.git)

    def identity(self) -> Identity:
        """Return who commits now."""
        return self.settings.identity(clock.now())

    @cached_property
    def host(self) -> str:
        """This machine's name, for the journal."""
        return os.uname().nodename

    def root(self) -> tuple[str, str] | None:
        """Return (git directory, top) of the main work tree, or None in a bare repository.

        GIT_DIR alone does not make the present directory the top, as it would for git: a
        command run from elsewhere must not take that place for the repository's files.
        """
        place, common = self.place, self.place.common_dir
        if place.git_dir == common and (place.bare or place.work_tree) and self._found_as_is:
            return (common, place.work_tree) if place.work_tree else None
        parent, name = os.path.split(common)
        usual = parent if name == ".git" else None
        if usual is not None and usual == place.work_tree:
            return common, usual
        if self.settings.flag("core.bare", False):
            return None
        configured = self.settings.text("core.worktree")
        top = os.path.realpath(os.path.join(common, configured)) if configured else usual
        return (common, top) if top else None

    def close(self) -> None:
        """End the helper process."""
        self.refs.close()

    def __enter__(self) -> LaneRepo:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
