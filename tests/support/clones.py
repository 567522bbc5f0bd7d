"""Several clones of one bare repository, as on several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.support.repos import START, Content, TestRepo

JOURNALS = "refs/lanes/journal/"
SHARED = (JOURNALS, "refs/lanes/head/", "refs/notes/lanes/")


class Clones:
    """A bare repository whose first clone has pushed its lanes, and further clones of it."""

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        names: Iterable[str] = "ab",
        *,
        files: Mapping[str, Content] = START,
        lanes: Iterable[str] = (),
        url: str | None = None,
    ):
        self.home, self.environ = home, dict(environ)
        self.server = home / "server.git"
        self.url = url or str(self.server)
        self.all: list[TestRepo] = []
        first, *others = names
        one = TestRepo.make(home / first, environ, files, adopted=False)
        one.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.server))
        one.git("remote", "add", "origin", self.url)
        one.git("push", "--quiet", "--set-upstream", str(self.server), "main")
        one.git("config", "branch.main.remote", "origin")
        self.all.append(one)
        one.lanes.init()
        for lane in lanes:
            one.lanes.new(lane, workspace=False)
        one.lanes.push()
        for name in others:
            self.clone(name)

    @classmethod
    def at(cls, home: Path, environ: Mapping[str, str], names: Iterable[str]) -> Clones:
        """Return the clones that are in a directory already."""
        found = cls.__new__(cls)
        found.home, found.environ = home, dict(environ)
        found.server = home / "server.git"
        found.url = str(found.server)
        found.all = [TestRepo(home / name, environ) for name in names]
        return found

    def clone(self, name: str) -> TestRepo:
        """Make one more clone with all lanes."""
        self.all[0].git("clone", "--quiet", self.url, str(self.home / name))
        made = TestRepo(self.home / name, self.environ)
        made.lanes.init_from_remote()
        self.all.append(made)
        return made

    def __getitem__(self, number: int) -> TestRepo:
        return self.all[number]

    def settle(self) -> None:
        """Let all clones push and pull until nothing is new anywhere."""
        for _ in range(2):
            for one in self.all:
                one.lanes.push()
        for one in self.all:
            one.lanes.pull()

    def shared(self, repo: TestRepo) -> dict[str, str]:
        """Return the refs of a clone that travel."""
        return {ref: oid for ref, oid in repo.refs().items() if ref.startswith(SHARED)}

    def on_server(self) -> dict[str, str]:
        """Return the same of the server."""
        return self.shared(TestRepo(self.server, self.environ))

    def close(self) -> None:
        """End the helper processes."""
        for one in self.all:
            one.close()


# Makes clones: of which names, with which lanes.
Make = Callable[..., Clones]
