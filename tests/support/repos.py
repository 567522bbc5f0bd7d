"""Real repositories for tests, built in a few words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE

from gitlanes import Repo
from gitlanes.store.lane_repo import LaneRepo

Content = str | bytes

# What a repository has unless told.
START: Mapping[str, Content] = {"auth.py": "login\n", "src/app.py": "app\n"}


class TestRepo:
    """A git repository in a directory of its own, with git and gitlanes at hand."""

    __test__ = False

    def __init__(self, path: Path, environ: Mapping[str, str]):
        self.path = path
        self.environ = dict(environ)
        self._opened: list[Repo] = []
        self._without_workspace: set[str] = set()

    @classmethod
    def make(
        cls,
        path: Path,
        environ: Mapping[str, str],
        files: Mapping[str, Content] | None = None,
        *,
        bare: bool = False,
        adopted: bool = True,
    ) -> TestRepo:
        """Make a repository with one commit of `files` on branch main, adopted unless told."""
        path.mkdir(parents=True, exist_ok=True)
        repo = cls(path, environ)
        repo.git("init", "--quiet", "--initial-branch=main")
        repo.write(files if files is not None else START)
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--allow-empty", "--message=first")
        if bare:
            twin = path.with_name(path.name + ".git")
            repo.git("clone", "--quiet", "--bare", str(path), str(twin))
            repo = cls(twin, environ)
        if adopted:
            repo.lanes.init()
        return repo

    def git(self, *args: str, cwd: Path | None = None, check: bool = True) -> str:
        """Run git and return what it printed, without the last newline."""
        done = subprocess.run(
            ["git", *args],
            cwd=cwd or self.path,
            env=self.environ,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {os.fsdecode(done.stderr)}")
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, files: Mapping[str, Content | None], where: Path | None = None) -> None:
        """Write files below `where` (the top by default); None deletes one."""
        for name, content in files.items():
            path = (where or self.path) / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def save(self, files: Mapping[str, Content | None], message: str = "by people") -> str:
        """Commit files on the checked-out branch with plain git; return the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.rev("HEAD")

    def rev(self, name: str) -> str:
        """Return the object id that a revision names."""
        return self.git("rev-parse", "--verify", name)

    def files(self, revision: str) -> dict[str, str]:
        """Return {path: content} of a commit or tree."""
        rows = [
            x.split("\t", 1) for x in self.git("ls-tree", "-r", "-z", revision).split("\0") if x
        ]
        wanted = "".join(f"{about.split()[2]}\n" for about, _ in rows)
        batch = ["git", "cat-file", "--batch=%(objectsize)"]
        said = subprocess.run(
            batch, cwd=self.path, env=self.environ, input=wanted.encode(), stdout=PIPE, check=True
        ).stdout
        found: dict[str, str] = {}
        for _, name in rows:
            size, _, said = said.partition(b"\n")
            found[name] = os.fsdecode(said[: int(size)]).rstrip("\n")
            said = said[int(size) + 1 :]
        return found

    @property
    def lanes(self) -> Repo:
        """Gitlanes' own face, opened at the top of the repository, once."""
        if not self._opened:
            self._opened.append(Repo.open(self.path, environ=self.environ))
        return self._opened[0]

    def open(self, where: Path | None = None) -> Repo:
        """Open gitlanes' own face anew, somewhere else if told."""
        opened = Repo.open(where or self.path, environ=self.environ)
        self._opened.append(opened)
        return opened

    def inner(self) -> LaneRepo:
        """Return what verbs take, for tests of the rooms themselves."""
        return LaneRepo.open(self.path, self.environ)

    def workspace(self, lane: str) -> Path:
        """Return a lane's workspace."""
        return Path(self.lanes.workspace(lane).path)

    def lane(self, name: str, files: Mapping[str, Content | None] | None = None) -> Path:
        """Make a lane, commit `files` in it if any are given, and return its workspace."""
        self.lanes.new(name)
        if files:
            self.commit(name, files)
        return self.workspace(name)

    def work(self, name: str, files: Mapping[str, Content | None] | None = None) -> None:
        """Make a lane without a workspace, and put `files` into it as its agent's attempt.

        For tests that look at refs and trees alone: git makes no directory and stages nothing.
        """
        self.lanes.new(name, workspace=False)
        self._without_workspace.add(name)
        if files:
            self.commit(name, files)

    def commit(
        self, lane: str, files: Mapping[str, Content | None], message: str | None = None
    ) -> str:
        """Write files in a lane, commit them as its agent; return the attempt's id."""
        from gitlanes import Intent

        if lane in self._without_workspace:
            return self._put(lane, files, message)
        self.write(files, self.workspace(lane))
        made = self.lanes.commit(
            lane, message=message or f"work of {lane}", intent=Intent(agent=f"agent-{lane}")
        )
        return made.attempt.id

    def _put(self, lane: str, files: Mapping[str, Content | None], message: str | None) -> str:
        from gitlanes import Intent
        from gitlanes.review import putting
        from gitlanes.review.propose import Offer

        data = {os.fsencode(x): y.encode() if isinstance(y, str) else y for x, y in files.items()}
        offer = Offer(message=message or f"work of {lane}", intent=Intent(agent=f"agent-{lane}"))
        return putting.put(self.lanes._repo, lane, data, offer).attempt.id

    def propose(self, lane: str, files: Mapping[str, Content | None], **options: object) -> str:
        """Write files in a lane's workspace and propose it; return the attempt's id."""
        self.write(files, self.workspace(lane))
        options.setdefault("message", f"offer of {lane}")
        made = self.lanes.propose(lane, **options)  # type: ignore[arg-type]
        return made.attempt.id

    def refs(self) -> dict[str, str]:
        """Return all refs with the ids that they point to."""
        rows = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(row.split(" ") for row in rows)

    def fsck(self) -> None:
        """Assert that git finds nothing wrong in the repository."""
        # Graphs of commits and indexes of packs would be looked for by processes of their own.
        plain = ("-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false")
        done = subprocess.run(
            ["git", *plain, "fsck", "--strict", "--no-dangling"],
            cwd=self.path,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        said = [x for x in (done.stdout + done.stderr).splitlines() if x]
        assert (done.returncode, said) == (0, [])

    def close(self) -> None:
        """End the helper processes of all that was opened."""
        for opened in self._opened:
            opened.close()
        self._opened.clear()
