"""A workspace's content as a tree, and moving its HEAD and index to what became of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, LanesError, Locked, Raced, Refused, line
from gitlanes.git import exclusions, index, secret_files, staging, worktrees
from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Capture, Workspace
from gitlanes.store import layout
from gitlanes.store.transaction import require_locks
from gitlanes.workspaces import finding, mending, underway
from gitlanes.workspaces import state as states
from gitlanes.workspaces.footing import footing
from gitlanes.workspaces.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitlanes.git.process import Git
    from gitlanes.git.trees import Change, Item
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

    Overlay = Callable[[str, Mapping[bytes, Item | None]], str]


class Held:
    """A workspace whose lock is held: what its verbs work with.

    ``lock`` is the descriptor that git children inherit, ``index`` the private index that is
    staged ('' before), ``state`` the workspace's state as written last. ``skipped`` says how
    many untracked paths ``rules`` kept out when it was staged, ``secret`` which files for the
    secrets in them, ``apart`` whether the index had content of its own; ``embedded`` and ``empty``
    are repositories in it, as `staging.Staged` has them. ``progress`` is told how
    many files are written, and of how many.
    """

    def __init__(
        self,
        workspace: Workspace,
        git: Git,
        lock: int,
        state: states.WorkspaceState,
        rules: Callable[[], exclusions.Rules],
        progress: Callable[[str, int, int], None],
        durable: Callable[[], bool],
    ):
        self.progress = partial(progress, "writing files")
        self._reading = partial(progress, "reading files")
        self._rules = rules
        self._durable = durable
        self.skipped = 0
        self.secret: tuple[bytes, ...] = ()
        self.apart = False
        self.embedded: tuple[bytes, ...] = ()
        self.empty: tuple[bytes, ...] = ()
        self.workspace = workspace
        self.git = git
        self.lock = lock
        self.state = state
        self.index = ""
        self._signature: tuple[int, int, int] | None = None

    @property
    def git_dir(self) -> str:
        """The work tree's git directory."""
        return self.workspace.git_dir

    def stage(self, paths: Sequence[bytes], onto: str | None = None) -> str:
        """Return the tree of the files; with `paths`, of those alone on top of tree `onto`."""
        self.take_index()
        if onto is not None:
            index.load_tree(self.git, self.index, onto, (self.lock,))
        staged = staging.stage(
            self.git, self.index, paths, self._rules(), (self.lock,), self._reading
        )
        self.skipped, self.secret, self.apart = staged.skipped, staged.secret, staged.apart
        self.embedded, self.empty = staged.embedded, staged.empty
        return staged.tree

    def stage_more(self, paths: Sequence[bytes]) -> None:
        """Stage some files as they are, ignored ones too, beside what is staged already."""
        if not self.index:
            self.take_index()
        index.stage_exactly(self.git, self.index, paths, (self.lock,))

    def unstage(self, paths: Sequence[bytes]) -> None:
        """Let some files be staged no more, whatever lies there."""
        index.forget(self.git, self.index, paths, (self.lock,))

    def hidden_edits(self) -> list[bytes]:
        """Return the files that git was told not to look at, and that are not as HEAD has them."""
        self.take_index()
        paths = index.hidden(self.git, self.index)
        if not paths:
            return []
        before = index.staged_entries(self.git, self.index, paths)
        self.stage_more(paths)
        after = index.staged_entries(self.git, self.index, paths)
        return [path for path in paths if before[path] != after[path]]

    def take_index(self) -> None:
        """Begin with the workspace's own index as it is."""
        self._signature = index.signature(self.git_dir)
        self.index = index.private_copy(self.git_dir)

    def staged_tree(self) -> str:
        """Return the tree of what is staged."""
        return index.written(self.git, self.index, (self.lock,))

    def own_tree(self) -> str | None:
        """Return the tree of the workspace's own index, less secrets that HEAD has not.

        None while it has unmerged files.
        """
        self.take_index()
        try:
            secret_files.drop_new(self.git, self.index, self._rules().secret, (self.lock,))
            return self.staged_tree()
        except GitFailed:
            return None

    def secrets_of(self, paths: Iterable[bytes]) -> list[bytes]:
        """Return the paths that are those of files with secrets."""
        return secret_files.matching(self._rules().secret, paths)

    def drop_index(self) -> None:
        """Forget what was staged."""
        index.discard(self.index)
        self.index = ""

    def install_index(self) -> bool:
        """Make the staged index the workspace's own; False if that was written meanwhile."""
        with index.locked(self.git_dir) as install:
            if index.signature(self.git_dir) != self._signature:
                return False
            install(self.index)
        self.index = ""
        return True

    def update(
        self, old: str, new: str, changes: Mapping[bytes, Change], overlay: Overlay
    ) -> list[bytes] | None:
        """Bring index and files from one commit to another, equal or staged files included.

        Return the paths whose edits forbid it. The index is held from before it is read, so
        nothing that another git command does to it is lost. ``overlay`` writes a commit's tree
        with some paths set. Raises Refused, with nothing touched, where git has another reason.
        """
        with index.locked(self.git_dir) as install:
            if self.index and index.signature(self.git_dir) != self._signature:
                self.drop_index()
            hidden = [] if self.index else self._staged_only(changes)
            if hidden:
                return sorted(hidden)
            self.stage_more(list(changes))
            staged = index.staged_entries(self.git, self.index, list(changes))
            # Asked before git, which does not see them in a directory that becomes a file.
            edited = sorted(x for x, sides in changes.items() if staged.get(x) not in sides)
            if edited:
                return edited
            # Nor does it take such a file, once it is there, for what is to be there.
            done = {x: after for x, (_, after) in changes.items() if staged.get(x) == after}
            said = self._two_way(overlay(old, done) if done else old, new)
            if said is not None:
                raise Refused(said, hint="repeat the command")
            install(self.index)
        self.index = ""
        return None

    def become(self, old: str, new: str) -> str | None:
        """Bring index and files from tree `old`, which is staged, to tree `new`.

        Return git's words if it refuses, with nothing touched: a file was written meanwhile.
        Raises Locked where the index was, and GitFailed where git stops on the way.
        """
        with index.locked(self.git_dir) as install:
            if index.signature(self.git_dir) != self._signature:
                raise Locked(f"the index of '{self.workspace.path}' was written meanwhile")
            said = self._two_way(old, new)
            if said is None:
                install(self.index)
                self.index = ""
        return said

    def _two_way(self, old: str, new: str) -> str | None:
        return index.two_way(self.git, old, new, (self.lock,), self.index, progress=self.progress)

    def _staged_only(self, changes: Mapping[bytes, Change]) -> list[bytes]:
        """Return the paths whose staged content is neither side's, nor the file's."""
        own = os.path.join(self.git_dir, "index")
        staged = index.staged_entries(self.git, own, list(changes))
        self.stage_more(list(changes))
        files = index.staged_entries(self.git, self.index, list(changes))
        return [
            x
            for x, sides in changes.items()
            if staged.get(x) not in (*sides, files.get(x))
            # `git add -N` stages nothing, and looks like a new file without content.
            and not (sides[0] is None and staged[x][1] in index.EMPTY)
        ]

    def mark(
        self,
        tx: Transaction,
        tip: str,
        *,
        base: str | None,
        kind: str = states.SHIFT,
        old: str | None = None,
        new: str | None = None,
    ) -> None:
        """Note what follows here once the operation is in the lane's journal after entry `tip`.

        The workspace is based on `base` then. HEAD and index go from commit `old` to `new`;
        without these they stay.
        """
        locks = tuple(f"{self.git_dir}/{name}.lock" for name in ("index", "HEAD"))
        self.begin(states.Step(kind, old, new, tx.operation, tip, base, locks=locks))

    def rebase(self, base: str, *, with_head: bool) -> None:
        """Count the next changes from another commit, with HEAD and index there.

        The files stay, and what is staged besides.
        """
        if with_head:
            index.put_head(self.git, base, (self.lock,), keep_staged=True)
        self.done(base=base, head=base if with_head else self.state.head)

    def move(self, commit: str, *, base: str | None) -> None:
        """Put HEAD and index to an attempt made of this content; the files stay."""
        if not self.install_index():
            index.put_head(self.git, commit, (self.lock,))
        else:
            self.git.run("update-ref", "--no-deref", "HEAD", commit, pass_fds=(self.lock,))
        if worktrees.in_progress(self.git_dir) == "merge":
            self.git.run("merge", "--quit", pass_fds=(self.lock,))
        self.done(base=base, head=commit)

    def is_at(self, commit: str | None) -> bool:
        """Say whether HEAD is where gitlanes put it, and that is this commit."""
        actual = self.git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
        return self.state.head == actual == commit

    def move_back(self, commit: str) -> None:
        """Put HEAD and index to what lies below a rejected attempt.

        The files stay, and what is staged besides.
        """
        index.put_head(self.git, commit, (self.lock,), keep_staged=True)
        self.done(head=commit)

    def begin(self, step: states.Step, **changes: str | None) -> None:
        """Mark the directory as being changed by a step, and note what changes with that."""
        self.note(replace(self.state, step=step, **changes))

    def done(self, **changes: str | None) -> None:
        """End the step that was under way, if one was, and note what it changed."""
        self.note(replace(self.state, step=None, **changes))

    def note(self, state: states.WorkspaceState) -> None:
        """Write the workspace's state."""
        states.write(self.git_dir, state, durable=self._durable())
        self.state = state


@contextmanager
def held(repo: LaneRepo, workspace: Workspace, *, timeout: float = 60) -> Iterator[Held]:
    """Hold a workspace, with any interrupted step of it finished first."""
    git = finding.git_in(repo, workspace)
    require_locks(repo)
    with states.hold(workspace.git_dir, workspace.lane, timeout=timeout) as lock:
        workspace = mending.named(repo, workspace)
        state = mending.mended(repo, workspace, git, lock)
        if state.lane != workspace.lane_uuid:
            raise Raced(
                f"'{workspace.path}' was handed to lane '{state.name}' meanwhile",
                hint="repeat the command",
            )
        rules = partial(rules_of, repo, workspace)
        hold = Held(workspace, git, lock, state, rules, repo.progress, repo.durable)
        try:
            _finish(repo, hold)
            yield hold
        finally:
            if hold.index:
                hold.drop_index()


def _finish(repo: LaneRepo, hold: Held) -> None:
    """Finish an interrupted step that moved files."""
    step = hold.state.step
    if step is not None and step.kind in (states.UPDATE, states.RESTORE):
        from gitlanes.workspaces import restoring, updating  # they stand on this module

        {states.UPDATE: updating.finish, states.RESTORE: restoring.finish}[step.kind](repo, hold)


@contextmanager
def afterwards(repo: LaneRepo) -> Iterator[None]:
    """Let what follows an operation fail with a warning: its marker tells the next command."""
    try:
        yield
    except LanesError as error:
        repo.warnings.append(
            f"the workspace's HEAD and index wait for the next command: {error.message}"
        )


def capture(
    repo: LaneRepo, hold: Held, paths: Sequence[bytes] = (), *, base: str | None = None
) -> Capture:
    """Return the workspace's content; raises Refused in the middle of a conflicted merge.

    It is compared with `base`, by default with what the workspace is based on.
    """
    workspace = hold.workspace
    underway.refuse_unmerged(hold)
    head_name = "HEAD" if workspace.root else layout.worktree_head(_id_of(workspace))
    head = repo.refs.target(head_name)
    given, base = base, base or (head if workspace.root else hold.state.base)
    if head is None or base is None:
        raise Refused(
            f"workspace of lane '{workspace.lane}' has no HEAD commit",
            hint="see 'git lanes doctor'",
        )
    tree = _staged(repo, hold, paths, base)
    tell_of_repositories(repo, hold)
    merging = repo.refs.target(head_name.replace("HEAD", "MERGE_HEAD"))
    own = _own_commits(repo, hold, head)
    moved = not workspace.root and head not in (hold.state.head, hold.state.base)
    if moved and given is None:
        below = footing(repo, workspace.lane, base, tree, head, commits=bool(own))
        if below != base:
            hold.state, base = replace(hold.state, base=below), below
            tree = _staged(repo, hold, paths, base) if paths else tree
    return Capture(tree, base, head, own, not paths, merging, moved, hold.skipped, hold.secret)


def tell_of_repositories(repo: LaneRepo, hold: Held) -> None:
    """Warn of repositories that were staged as a commit alone, or not at all."""
    for path in hold.embedded:
        name = line(os.fsdecode(path).rstrip("/"), 60)
        repo.warn(
            f"'{name}' is a git repository of its own: only the id of its commit is taken in, and "
            "not its files; let it be a submodule ('git submodule add'), or ignore it"
        )
    for path in hold.empty:
        name = line(os.fsdecode(path).rstrip("/"), 60)
        repo.warn(f"'{name}' is a git repository without a commit, and is left out")


def _staged(repo: LaneRepo, hold: Held, paths: Sequence[bytes], base: str) -> str:
    """Return the tree of the content, or of the base with some paths as they are."""
    if hold.index:
        hold.drop_index()
    return hold.stage(paths, repo.refs.target(f"{base}^{{tree}}") if paths else None)


def _own_commits(repo: LaneRepo, hold: Held, head: str) -> tuple[str, ...]:
    """Return the commits that the agent made itself since gitlanes last put HEAD somewhere."""
    if hold.workspace.root or head in (hold.state.head, hold.state.base):
        return ()
    known = [f"^{x}" for x in (hold.state.head, hold.state.base) if x]
    heads = [f"^{x.record.head}" for x in repo.view.lanes() if x.record.head]
    out = repo.git.run("rev-list", "--reverse", "--stdin", input=_lines([head, *known, *heads]))
    return tuple(out.text.split())


def _lines(revisions: Sequence[str]) -> bytes:
    return "".join(f"{x}\n" for x in revisions).encode()


def _id_of(workspace: Workspace) -> str:
    return worktrees.WorkTree(workspace.git_dir, workspace.path).name
