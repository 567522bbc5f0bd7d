"""Commands to be killed, each with the repository that it finds and how its repetition ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitlanes import Collision, Cost, Intent
from tests.support.crashing import Before, Crashes, Passed, Running, places
from tests.support.observed import left_behind, observe, records
from tests.support.repos import TestRepo

FILES = {"auth.py": "login\n", "src/app.py": "app\n", "src/old.py": "old\n", "kept.txt": "kept\n"}
EDITS = {"auth.py": "login, better\n", "src/new.py": "new\n", "src/old.py": None}
INTENT = Intent(agent="agent-1", prompt="do it")
COST = Cost(input_tokens=3)


@dataclass(frozen=True)
class Scene:
    """A command, what is there before it, and its exit code once it was done already.

    A `nightly` one is left to the slow tests.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable[[TestRepo], Any]
    done: int
    nightly: bool = False


def _edited(repo: TestRepo) -> None:
    repo.write(EDITS, repo.lane("auth"))


def _proposed(repo: TestRepo) -> None:
    _edited(repo)
    repo.lanes.propose("auth", message="better login", intent=INTENT, cost=COST)


def _own_work(repo: TestRepo) -> None:
    _edited(repo)
    place = repo.workspace("auth")
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "--message=agent's own", cwd=place)


def _committed(repo: TestRepo) -> None:
    _edited(repo)
    repo.lanes.commit("auth", message="better login", intent=INTENT, cost=COST)


def _leaked(repo: TestRepo) -> None:
    (repo.path / ".git" / "leaked").write_text("open-sesame-7\n")
    repo.write({"auth.py": "key = 'open-sesame-7'\n"}, repo.lane("auth"))
    intent = Intent(agent="agent-1", prompt="use open-sesame-7")
    repo.lanes.commit("auth", message="with open-sesame-7", intent=intent, cost=COST)
    repo.lanes.snapshot("auth")


def _beside(repo: TestRepo) -> None:
    _committed(repo)
    repo.lane("dev")


def _two_changes(repo: TestRepo) -> None:
    _committed(repo)
    repo.commit("auth", {"later.txt": "later\n"})
    repo.write({"auth.py": "unsaved\n"}, repo.workspace("auth"))


def _later(repo: TestRepo) -> None:
    _committed(repo)
    repo.commit("auth", {"later.txt": "later\n"})
    repo.write({"unsaved.txt": "unsaved\n"}, repo.workspace("auth"))


def _landed(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.promote("auth")


def _stood_on(repo: TestRepo) -> None:
    """An undo repeated comes to what cannot be taken back: another lane works on it."""
    repo.lane("auth")
    repo.lanes.new("dev", on="auth")
    repo.commit("dev", {"dev.txt": "dev\n"})
    repo.commit("auth", EDITS)
    repo.write({"unsaved.txt": "unsaved\n"}, repo.workspace("auth"))


def _taken_back(repo: TestRepo) -> None:
    _later(repo)
    repo.lanes.undo(lane="auth")


def _several_lanes(repo: TestRepo) -> None:
    _two_changes(repo)
    repo.lane("dev", {"dev.txt": "dev\n"})
    repo.lanes.create_stack("both", ["auth/2", "dev/1"])


def _imported(repo: TestRepo) -> None:
    _committed(repo)
    repo.save({"people.txt": "by hand\n"})


def _without_workspace(repo: TestRepo) -> None:
    repo.lanes.new("auth", workspace=False)


_ORDERED = """[workspace]
copy = ["*.key"]
link = ["shared"]
clone = ["deps"]
setup = [{args = ["cp", "kept.txt", "out"], makes = ["out"], inputs = ["kept.txt"]}]
ports = ["PORT"]
"""


def _ordered(repo: TestRepo) -> None:
    repo.save({".gitlanes.toml": _ORDERED, ".gitignore": "*.key\nshared\ndeps\nout\n"})
    repo.write({"a.key": "key\n", "shared/x": "x\n", "deps/a/y": "y\n", "deps/z": "z\n"})
    repo.lanes.trust()


def _pooled(repo: TestRepo) -> None:
    repo.git("config", "lanes.pool", "1")
    _ordered(repo)


def _from_the_pool(repo: TestRepo) -> None:
    _pooled(repo)
    repo.lane("before", {"auth.py": "other\n", "src/new.py": "new\n"})
    repo.lanes.archive("before")


def _to_the_pool(repo: TestRepo) -> None:
    _pooled(repo)
    repo.lane("auth", {"auth.py": "other\n"})


def failing(repo: TestRepo) -> None:
    """Let what sets workspaces up fail."""
    repo.save({".gitlanes.toml": "[workspace]\nsetup = [['sh', '-c', 'echo x > x; exit 1']]\n"})
    repo.lanes.trust()


def _documented(repo: TestRepo) -> None:
    repo.save({"docs/guide.md": "guide\n"})


def _put_away(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.archive("auth")


def _done_with(repo: TestRepo) -> None:
    _landed(repo)
    repo.lanes.export("auth", branch="out")
    earlier = {**repo.environ, "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    with TestRepo(repo.path, earlier).open() as before:
        before.snapshot("auth")
    place = repo.lanes.create_workspace("auth", at="auth/1", detached=True).path
    repo.write({"notes.txt": "notes\n"}, Path(place))
    repo.lanes.archive("auth")


def _called_otherwise(repo: TestRepo) -> None:
    _proposed(repo)
    repo.lanes.rename("auth", "login")


def _elsewhere(repo: TestRepo) -> None:
    _committed(repo)
    repo.git("switch", "--quiet", "--create", "other")


def _moved_on(repo: TestRepo) -> None:
    _proposed(repo)
    repo.write({"kept.txt": "kept, too\n"}, repo.workspace("auth"))
    repo.lanes.propose("auth", message="another", change="new", paths=["kept.txt"])
    repo.lanes.accept("auth/1")


def _stacked(repo: TestRepo) -> None:
    _proposed(repo)
    repo.write({"later.txt": "later\n"}, repo.workspace("auth"))


def _amendable(repo: TestRepo) -> None:
    _committed(repo)
    repo.commit("auth", {"later.txt": "later\n"})
    repo.propose("auth", {"open.txt": "open\n"})
    repo.write({"auth.py": "login, best\n"}, repo.workspace("auth"))


def _behind(repo: TestRepo) -> None:
    repo.write({"unsaved.txt": "unsaved\n"}, repo.lane("auth"))
    repo.lane("dev", EDITS)
    repo.lanes.promote("dev", into="auth")


def _dirty(repo: TestRepo) -> None:
    _committed(repo)
    repo.write({"auth.py": "unsaved\n", "unsaved.txt": "unsaved\n"}, repo.workspace("auth"))


def _followed_up(repo: TestRepo) -> None:
    _proposed(repo)
    repo.write({"beyond.txt": "beyond\n"}, repo.workspace("auth"))


def _to_hand_over(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.new("dev", workspace=False)


def _saved(repo: TestRepo) -> None:
    _edited(repo)
    repo.lanes.snapshot("auth")


_HAND_OVER = ("workspace", "switch", "dev", "--workspace", "auth")
_LOOK = ("workspace", "create", "auth", "--at", "auth/1", "--detached")


def _moved_forward(repo: TestRepo) -> None:
    _proposed(repo)
    head = "refs/lanes/head/auth"
    tip = repo.git("commit-tree", "-p", head, "-m", "by hand", f"{head}^{{tree}}")
    repo.git("update-ref", head, tip)


def _moved_aside(repo: TestRepo) -> None:
    _proposed(repo)
    repo.lanes.accept("auth/1")
    head = "refs/lanes/head/auth"
    tip = repo.git("commit-tree", "-p", f"{head}^", "-m", "by hand", f"{head}^{{tree}}")
    repo.git("update-ref", head, tip)
    repo.write({"kept.txt": "kept, too\n"}, repo.workspace("auth"))


def _head_deleted(repo: TestRepo) -> None:
    _edited(repo)
    repo.git("update-ref", "-d", "refs/lanes/head/auth")


def _branch_ahead(repo: TestRepo) -> None:
    repo.lane("auth")
    repo.git("branch", "feature")
    theirs = repo.path.with_name("theirs")
    repo.git("worktree", "add", "--quiet", str(theirs), "feature")
    repo.write({"people.txt": "by hand\n"}, theirs)
    repo.git("add", "people.txt", cwd=theirs)
    repo.git("commit", "--quiet", "--message=people", cwd=theirs)
    repo.git("worktree", "remove", str(theirs))


def _reviewed(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.export("auth", branch="out", form="linear")
    repo.git("switch", "--quiet", "out")
    repo.save({"doc.md": "by a reviewer\n"})
    repo.git("switch", "--quiet", "main")
    repo.write({"more.py": "more\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message="more")


def _offered(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.promote("auth", propose=True)


def _offered_before(repo: TestRepo) -> None:
    _offered(repo)
    repo.save({"people.txt": "by hand\n"})
    repo.lanes.new("other")  # takes it in


def _exported(repo: TestRepo) -> None:
    _committed(repo)
    repo.lanes.export("auth", branch="out", form="linear")
    repo.write({"auth.py": "amended\n"}, repo.workspace("auth"))
    repo.lanes.amend("auth")


def _squashed_by_hand(repo: TestRepo) -> None:
    _committed(repo)
    repo.git("merge", "--quiet", "--squash", "refs/lanes/head/auth")
    repo.git("commit", "--quiet", "--message=Title")
    repo.lanes.new("other", workspace=False)  # takes it in


def _to_sync(repo: TestRepo) -> None:
    repo.lanes.new("dev")
    repo.lanes.new("auth", on="dev")
    repo.commit("auth", EDITS)
    repo.commit("auth", {"later.txt": "later\n"})
    repo.commit("dev", {"kept.txt": "kept, too\n", "dev.txt": "dev\n"})
    repo.write({"unsaved.txt": "unsaved\n"}, repo.workspace("auth"))


def _to_sync_much(repo: TestRepo) -> None:
    _to_sync(repo)
    repo.commit("auth", {f"many/{number}/file": f"{number}\n" for number in range(70)})


def _conflicted(repo: TestRepo) -> None:
    repo.lanes.new("dev")
    repo.lanes.new("auth", on="dev")
    repo.commit("auth", EDITS)
    repo.commit("auth", {"later.txt": "later\n"})
    repo.commit("dev", {"auth.py": "dev\n", "dev.txt": "dev\n"})
    with suppress(Collision):
        repo.lanes.sync("auth")


def _resolved(repo: TestRepo) -> None:
    _conflicted(repo)
    repo.lanes.start_conflict("auth")
    repo.write({"auth.py": "both\n"}, repo.workspace("auth"))


def _wanted(repo: TestRepo) -> None:
    repo.lanes.tasks.add("log in better", lane="main")


def _task_done(repo: TestRepo) -> None:
    _wanted(repo)
    (task,) = repo.lanes.tasks.ready()
    repo.lanes.tasks.start(task.id, agent="agent-1", lane="auth")
    repo.write(EDITS, repo.workspace("auth"))
    repo.lanes.commit("auth", message="better login", intent=INTENT, cost=COST)


_START = ("task", "start", "t", "--lane", "auth", "--agent", "agent-1")


def _queued(repo: TestRepo) -> None:
    _committed(repo)
    repo.lane("dev", {"dev.txt": "dev\n"})
    repo.lanes.queue_add(["auth", "dev"], ready=True)


_WORK = ("-m", "better login", "--prompt", "do it", "--agent", "agent-1", "--tokens-in", "3")

SCENES = (
    Scene("commit", ("commit", "auth", *_WORK), _edited, 1),
    Scene("propose", ("propose", "auth", *_WORK), _edited, 1, nightly=True),
    Scene("propose-on", ("propose", "auth", "--on", "auth/1", *_WORK), _stacked, 1, nightly=True),
    Scene(
        "propose-rejected",
        ("propose", "auth", "--rejected", "x", *_WORK),
        _own_work,
        1,
        nightly=True,
    ),
    Scene("put", ("put", "auth", "auth.py", "src/app.py"), _committed, 1, nightly=True),
    Scene("amend", ("commit", "auth", "--amend"), _stacked, 1, nightly=True),
    Scene("amend-of", ("commit", "auth", "--amend-of", "auth/1"), _amendable, 128, nightly=True),
    Scene("accept", ("accept", "auth/1", "--by", "r"), _proposed, 128, nightly=True),
    Scene("accept-later", ("accept", "auth/2", "--by", "r"), _moved_on, 128, nightly=True),
    Scene(
        "reject", ("reject", "auth/1", "--by", "r", "--reason", "no"), _proposed, 128, nightly=True
    ),
    Scene("promote", ("promote", "auth"), _committed, 1),
    Scene("promote-propose", ("promote", "auth", "--propose"), _committed, 1, nightly=True),
    Scene("accept-promotion", ("accept", "main/1", "--by", "r"), _offered, 128, nightly=True),
    Scene("accept-promotion-later", ("accept", "main/1"), _offered_before, 128, nightly=True),
    Scene(
        "promote-part", ("promote", "auth", "--change", "auth/2"), _two_changes, 128, nightly=True
    ),
    Scene("promote-stack", ("promote", "--stack", "both"), _several_lanes, 1, nightly=True),
    Scene("queue-add", ("queue", "add", "auth"), _committed, 128, nightly=True),
    Scene("queue-run", ("queue", "run", "--jobs", "1"), _queued, 0, nightly=True),
    Scene("stack-create", ("stack", "create", "new", "auth"), _two_changes, 128, nightly=True),
    Scene("stack-merge", ("stack", "merge", "both", "1", "2"), _several_lanes, 128, nightly=True),
    Scene("review", ("review", "reject", "both/1", "--by", "r"), _several_lanes, 1, nightly=True),
    Scene("export-stack", ("export", "--stack", "both"), _several_lanes, 0, nightly=True),
    Scene("export", ("export", "auth", "--branch", "out"), _exported, 0, nightly=True),
    Scene("import", ("import", "feature", "--lane", "dev"), _branch_ahead, 1, nightly=True),
    Scene("import-beside", ("import", "out"), _reviewed, 1, nightly=True),
    Scene("reconcile", ("reconcile",), _squashed_by_hand, 0, nightly=True),
    Scene("follow", ("dep", "add", "dev", "--on", "auth"), _to_hand_over, 1, nightly=True),
    Scene("abandon", ("abandon", "auth"), _committed, 1, nightly=True),
    Scene("promote-unbound", ("promote", "auth", "--into", "dev"), _beside, 1, nightly=True),
    Scene("promote-import", ("promote", "auth"), _imported, 1, nightly=True),
    Scene("promote-elsewhere", ("promote", "auth"), _elsewhere, 1, nightly=True),
    Scene(
        "root-commit", ("commit", "main", *_WORK), lambda repo: repo.write(EDITS), 1, nightly=True
    ),
    Scene("import-head", ("reject", "auth/1"), _moved_forward, 128, nightly=True),
    Scene("keep-head", ("propose", "auth", *_WORK), _moved_aside, 1, nightly=True),
    Scene("put-back-head", ("propose", "auth", *_WORK), _head_deleted, 1, nightly=True),
    Scene("bind", ("bind", "auth", "feature"), _branch_ahead, 0, nightly=True),
    Scene("bind-new", ("bind", "auth", "other"), _without_workspace, 0, nightly=True),
    Scene("new", ("new", "auth"), lambda _: None, 128),
    Scene("new-sparse", ("new", "auth", "--sparse", "docs"), _documented, 128, nightly=True),
    Scene("new-provisioned", ("new", "auth"), _ordered, 128, nightly=True),
    Scene("new-pooled", ("new", "auth"), _from_the_pool, 128, nightly=True),
    Scene("remove-to-pool", ("workspace", "remove", "auth"), _to_the_pool, 128, nightly=True),
    Scene("rename", ("rename", "auth", "login"), _proposed, 128, nightly=True),
    Scene("rename-back", ("rename", "login", "auth"), _called_otherwise, 128, nightly=True),
    Scene("rename-bound", ("rename", "main", "trunk"), _committed, 128, nightly=True),
    Scene("archive", ("archive", "auth"), _committed, 1, nightly=True),
    Scene("archive-force", ("archive", "auth", "--force"), _proposed, 1, nightly=True),
    Scene("gc", ("gc", "--older-than", "0s", "--yes"), _done_with, 0, nightly=True),
    Scene("unarchive", ("unarchive", "auth"), _put_away, 1, nightly=True),
    Scene("edit", ("edit", "auth", "--description", "log in"), _committed, 1, nightly=True),
    Scene("budget", ("budget", "set", "auth", "--max-cost", "1"), _committed, 0, nightly=True),
    Scene("create", ("workspace", "create", "auth"), _without_workspace, 128, nightly=True),
    Scene("remove", ("workspace", "remove", "auth"), _committed, 128),
    Scene("remove-force", ("workspace", "remove", "auth", "--force"), _edited, 128, nightly=True),
    Scene("delete", ("delete", "auth", "--yes"), _committed, 128, nightly=True),
    Scene("delete-force", ("delete", "auth", "--yes", "--force"), _proposed, 128, nightly=True),
    Scene("snapshot", ("snapshot", "auth"), _edited, 0, nightly=True),
    Scene("prune", ("snapshot", "prune", "auth/s1", "--yes"), _saved, 128, nightly=True),
    Scene("update", ("workspace", "update", "auth"), _behind, 0, nightly=True),
    Scene("restore", ("restore", "main", "auth"), _committed, 0, nightly=True),
    Scene("restore-force", ("restore", "main", "auth", "--force"), _dirty, 0, nightly=True),
    Scene("restore-root", ("restore", "auth", "main"), _committed, 0, nightly=True),
    Scene("reject-reset", ("reject", "auth/1", "--reset"), _followed_up, 128, nightly=True),
    Scene("switch", _HAND_OVER, _to_hand_over, 128, nightly=True),
    Scene("sync", ("sync", "auth"), _to_sync, 1, nightly=True),
    Scene("sync-much", ("sync", "auth"), _to_sync_much, 1, nightly=True),
    Scene("cascade", ("cascade", "dev"), _to_sync, 0, nightly=True),
    Scene("conflict-start", ("conflict", "start", "auth"), _conflicted, 1, nightly=True),
    Scene("conflict-continue", ("conflict", "continue", "auth"), _resolved, 128, nightly=True),
    Scene("conflict-abandon", ("conflict", "abandon", "auth"), _resolved, 128, nightly=True),
    Scene("task-start", _START, _wanted, 0, nightly=True),
    Scene("task-complete", ("task", "complete", "auth"), _task_done, 1, nightly=True),
    Scene("rollback", ("rollback", "auth", "--to-fork"), _later, 1, nightly=True),
    Scene("rollback-bound", ("rollback", "main", "--to-fork"), _landed, 1, nightly=True),
    Scene("undo", ("undo", "--lane", "auth"), _stood_on, 128, nightly=True),
    Scene("undo-forward", ("undo", "--lane", "main"), _landed, 128, nightly=True),
    Scene("redo", ("redo", "--lane", "auth"), _taken_back, 1, nightly=True),
    Scene("compact", ("compact", "auth", "--yes"), _committed, 1, nightly=True),
    Scene("purge", ("purge", "--file", ".git/leaked", "--yes"), _leaked, 1, nightly=True),
    Scene("look", _LOOK, _committed, 128, nightly=True),
)


class Stage:
    """A scene's repository, made once and put back before each killing."""

    def __init__(self, scene: Scene, place: Path, environ: dict[str, str], crashes: Crashes):
        self.scene = scene
        self.crashes = crashes
        self.home = place / "home"
        self._kept = place / "kept"
        self.repo = TestRepo.make(self.home / "repo", environ, FILES)
        scene.prepare(self.repo)
        self.repo.close()
        # Copies are in other directories, where locks are tried anew: so they are here.
        (self.repo.path / ".git/lanes/locks-work").unlink()
        shutil.copytree(self.home, self._kept, symlinks=True)
        self.before = observe(self.repo)
        self.passed = self.run(*scene.command)
        assert (self.passed.code, self.passed.killed) == (0, False), self.passed.err
        self.after = observe(self.repo)
        self._places = places(self.passed.steps)
        self.whole = [self.before, *self._between(), self.after]

    def _between(self) -> list[dict[str, Any]]:
        """Return the records after each operation but the last, where the command does several."""
        steps = enumerate(self.passed.steps)
        begins = [number for number, step in steps if step.endswith("pending.new")][::2]
        found = []
        for begin in begins[1:]:
            self.reset()
            self.killed(begin)
            found.append(records(self.repo))
        return found

    def run(
        self,
        *args: str,
        before: Before | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Passed:
        """Run a command from the top of the repository, with more variables in its environment."""
        environ = {**self.repo.environ, **(variables or {})}
        return self.crashes.run(self.repo.path, environ, *args, before=before)

    def killed(self, step: int) -> Passed:
        """Run the scene's command, killed before that step of those that it passed."""
        return self.run(*self.scene.command, before=self._places[step])

    def start(self, **variables: str) -> Running:
        """Start the scene's command."""
        environ = {**self.repo.environ, **variables}
        return self.crashes.start(self.repo.path, environ, *self.scene.command)

    def reset(self) -> None:
        """Put everything back as it was before the command."""
        self.repo.close()
        shutil.rmtree(self.home)
        shutil.copytree(self._kept, self.home, symlinks=True)
        for place in (self.repo.path, self.home / "repo.lanes/auth"):
            if place.exists():
                # The copies are other files to the index.
                self.repo.git("update-index", "-q", "--refresh", cwd=place, check=False)

    def steps(self, *, every: bool) -> list[int]:
        """Return the steps to be killed before; unless `every`, one of each run of a kind.

        To be killed after a step is to be killed before the next.
        """
        return [step for step, (_, number) in enumerate(self._places) if every or number == 0]

    def settle(self, ended: Passed, *, collect: bool = True, torn: bool = False) -> None:
        """Assert that nothing is between, that the command repeated ends well, and git works.

        Where git was killed as it wrote a file, that is ``torn``.
        """
        listed = self.run("list", "--json")
        assert listed.code == 0, listed.err
        now = records(self.repo)
        assert now in [{x: whole[x] for x in now} for whole in self.whole]
        self.repeat(ended, torn=torn)
        self.use_git(collect=collect)

    def repeat(self, ended: Passed, *, torn: bool = False) -> None:
        """Assert that the command repeated does what was not done, and the rest of what was.

        A torn file could be somebody's edit, so it may have been snapshotted first.
        """
        for _ in range(3):
            again = self.run(*self.scene.command)
            if again.code != 75:
                break
        assert again.code in (0, self.scene.done), again.err
        if ended.code == 0:
            assert again.code == self.scene.done, "what was acknowledged is lost"
        now = observe(self.repo)
        for part in ("refs", "others") if torn else ():
            saved = {x for x in now[part] if x.startswith("refs/lanes/snapshots/")}
            for name in saved - self.after[part].keys():
                del now[part][name]
        assert now == self.after

    def use_git(self, *, collect: bool = True) -> None:
        """Assert that plain git works as if nothing had happened."""
        repo = self.repo
        repo.write({"own.txt": "own\n"})
        repo.git("add", "own.txt")
        repo.git("commit", "--quiet", "--message=own")
        repo.git("branch", "side")
        repo.git("branch", "--quiet", "-D", "side")
        if collect:
            repo.git("gc", "--quiet")
        repo.fsck()
        assert left_behind(repo) == []


@contextmanager
def named(step: str) -> Iterator[None]:
    """Say at which step a failure came."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"killed before '{step}'")
        raise


def stage_of(name: str, place: Path, environ: dict[str, str], crashes: Crashes) -> Stage:
    """Build the stage of the scene of that name."""
    return Stage(next(x for x in SCENES if x.name == name), place, environ, crashes)


def names(scenes: Sequence[Scene]) -> list[str]:
    """Return test ids."""
    return [x.name for x in scenes]
