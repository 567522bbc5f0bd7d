"""The repository that every verb takes: git, refs, objects and settings, opened when needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gitlanes import clock, ids
from gitlanes.errors import Refused
from gitlanes.git.locks import Lock
from gitlanes.git.process import Git
from gitlanes.git.refs import Mover, RefReader
from gitlanes.git.replacing import replace_file
from gitlanes.git.repo import Place, find
from gitlanes.store import layout
from gitlanes.store.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from gitlanes.git.objects import ObjectStore
    from gitlanes.git.packs import Pack
    from gitlanes.git.raw import ObjectReader
    from gitlanes.git.settings import Identity, Settings
    from gitlanes.redaction.redactor import Redactor
    from gitlanes.store.expectation import Expected

T = TypeVar("T")
Progress = Callable[[str, int, int], None]


def _untold(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def _unfollowed(lane: str) -> None:
    """Do nothing more."""


class LaneRepo:
    """One repository, seen from one directory; for one thread at a time.

    ``warnings`` collects what a verb noticed beside its result; doors show them. ``progress``
    is called with what is being done, how much of it is done, and how much there is. ``environ``
    is the caller's, for what is run on his behalf. A ``lenient`` one passes over a team's file
    that cannot be taken, with a warning. ``landed`` is called with the name of a lane in which
    work has landed: there doors have done what verbs of higher rooms do then. ``expected`` is what
    operations ask of a lane before anything else (`expectation.expecting`).
    """

    def __init__(self, place: Place, environ: Mapping[str, str]):
        self.place = place
        self.environ = environ
        self.git = Git(place.common_dir, environ, before=self._before_git)
        self.refs = RefReader(self.git, self._before_asking)
        self.warnings: list[str] = []
        linked = os.path.dirname(place.git_dir) == os.path.join(place.common_dir, "worktrees")
        present = os.path.basename(place.git_dir) if linked else None
        self.view = View(self.git, self.refs, self.warn, present)
        self.progress: Progress = _untold
        self.landed: Callable[[str], None] = _unfollowed
        self.lock = Lock(os.path.join(place.common_dir, "lanes", "lock"))
        self._mover: Mover | None = None
        self.lenient = False
        self.expected: Expected | None = None
        self._found_as_is = "GIT_WORK_TREE" in environ or "GIT_DIR" not in environ

    @classmethod
    def open(cls, directory: str | os.PathLike[str], environ: Mapping[str, str]) -> LaneRepo:
        """Open the repository around a directory, as GIT_DIR in `environ` may say otherwise."""
        return cls(find(os.fspath(directory), environ), environ)

    def warn(self, text: str) -> None:
        """Note what a person should see, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def tell_redacted(self) -> None:
        """Warn of secrets that were taken out of what was recorded since the last time."""
        found, self.redactor.found = self.redactor.found, {}
        if found:
            what = "a secret was" if len(found) == 1 else f"{len(found)} secrets were"
            self.warn(f"{what} redacted before recording: {', '.join(sorted({*found.values()}))}")

    def counted(self, what: str, items: Sequence[T]) -> Iterator[T]:
        """Yield the items, telling how far one is; `what` is said of all: 'checking lanes'."""
        for done, item in enumerate(items):
            self.progress(what, done, len(items))
            yield item
        self.progress(what, len(items), len(items))

    @cached_property
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

        return ObjectStore(
            self.place.common_dir,
            self.refs,
            cache(lambda kind: self.own_settings.fsyncs(kind)),
        )

    def held_pack(self) -> Pack | None:
        """Return what is held back as a pack to be written, None where that is little."""
        return self.opened.as_pack() if self.opened is not None else None

    @property
    def opened(self) -> ObjectStore | None:
        """The object store, None as long as nothing needed it."""
        return self.__dict__.get("objects")

    def _before_git(self) -> None:
        """Let git see what is held back."""
        if self.opened is not None:
            self.opened.settle()

    def _before_asking(self, names: Sequence[str]) -> None:
        if self.opened is not None and self.opened.has_held(names):
            self.opened.settle()

    @property
    def reader(self) -> ObjectReader:
        """What reads objects fastest: libgit2 where it is loaded already."""
        return self.opened or self.refs

    @cached_property
    def settings(self) -> Settings:
        """Git's configuration between the team's file and the environment, read once."""
        from gitlanes.config import layers  # listings go without

        root = self.root()
        try:
            below = layers.team(layers.team_file(root[1] if root else None))
        except Refused as error:
            if not self.lenient:
                raise
            self.warn(f"{error.message}; gone on as if it said nothing")
            below = {}
        return self.own_settings.between(below, layers.environment(self.git.environ))

    @property
    def prompts(self) -> str:
        """What is stored of texts: 'full', 'redacted', and of prompts 'digest' or 'none'."""
        from gitlanes.config import table

        known = table.BY_NAME["prompts"]
        return self.settings.word(known.key, known.default[0], known.words)

    @cached_property
    def redactor(self) -> Redactor:
        """What takes secrets out of what is recorded; readers do without."""
        from gitlanes.redaction.redactor import Redactor

        return Redactor(self.state_directory / "secret-rules.json", on=self.prompts != "full")

    @cached_property
    def own_settings(self) -> Settings:
        """Git's configuration alone, read once."""
        from gitlanes.git.settings import Settings

        return Settings(self.git)

    def durable(self) -> bool:
        """Say whether git is told to fsync refs: then so is what stands beside them."""
        return self.own_settings.fsyncs("reference")

    def identity(self) -> Identity:
        """Return who commits now."""
        return self.own_settings.identity(clock.now())

    @cached_property
    def host(self) -> str:
        """This machine's name, for the journal."""
        return os.uname().nodename

    @cached_property
    def own_id(self) -> str:
        """This clone's id, for the journal; made where there is none yet."""
        file = self.state_directory / "id"
        with suppress(OSError):
            known = file.read_text("ascii", "replace").strip()
            if known.replace("-", "").isalnum() and len(known) < 100:
                return known
        made = ids.new_id(clock.now())
        replace_file(file, f"{made}\n")
        return made

    def root(self) -> tuple[str, str] | None:
        """Return (git directory, top) of the main work tree, or None in a bare repository.

        GIT_DIR alone does not make the present directory the top, as it would for git: a
        command run from elsewhere must not take that place for the repository's files.
        """
        place, common = self.place, self.place.common_dir
        if place.git_dir == common and (place.bare or (place.work_tree and self._found_as_is)):
            return (common, place.work_tree) if place.work_tree else None
        parent, name = os.path.split(common)
        usual = parent if name == ".git" else None
        if usual is not None and usual == place.work_tree:
            return common, usual
        if self.own_settings.flag("core.bare", False):
            return None
        configured = self.own_settings.text("core.worktree")
        top = os.path.realpath(os.path.join(common, configured)) if configured else usual
        return (common, top) if top else None

    def mover(self, lock: int) -> Mover:
        """Return the git that moves refs under the lock: the same as long as that goes well."""
        mover = self._mover
        if mover is not None and mover.pass_fds == (lock,) and mover.fresh:
            return mover
        if mover is not None:
            mover.close()
        self._mover = Mover(self.git, (lock,))
        return self._mover

    def close(self) -> None:
        """End the helper processes."""
        self.refs.close()
        if self._mover is not None:
            self._mover.close()
            self._mover = None
        self.lock.close()

    def __enter__(self) -> LaneRepo:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
