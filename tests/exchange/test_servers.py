"""Push and pull through real servers, of every kind that people have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.clones import Clones

Server = Callable[[Path, dict[str, str]], AbstractContextManager[str]]

_NO_SSHD = pytest.mark.skipif(servers.sshd() is None, reason="no ssh server is installed")


def _file(home: Path, environ: dict[str, str]) -> AbstractContextManager[str]:
    del environ
    return nullcontext(f"file://{home}")


@pytest.mark.parametrize(
    "serve",
    [
        pytest.param(_file, id="file"),
        pytest.param(servers.daemon, id="daemon"),
        pytest.param(servers.http, id="http"),
        pytest.param(servers.ssh, id="ssh", marks=(_NO_SSHD, pytest.mark.slow)),
    ],
)
def test_three_clones_meet_at_a_server(
    serve: Server, tmp_path: Path, environ: dict[str, str]
) -> None:
    """Clones of a server work on one lane and on lanes of their own, and come to the same."""
    with serve(tmp_path, environ) as url:
        clones = Clones(tmp_path, environ, "a", lanes=["auth"])
        clones[0].git("-C", str(clones.server), "config", "http.receivepack", "true")
        clones[0].git("remote", "set-url", "origin", f"{url}/server.git")
        clones.url = f"{url}/server.git"
        for name in "bc":
            clones.clone(name)
        for repo in clones.all:
            name = repo.path.name
            repo.lanes.new(f"own-{name}", workspace=False)
            repo.lanes.put_file(f"own-{name}", "file", b"new\n")
            repo.lanes.put_file("auth", f"{name}/file", b"new\n")
        clones.settle()
        server = clones.on_server()
        assert all(clones.shared(x) == server for x in clones.all)
        assert clones[1].files("refs/lanes/head/auth").keys() >= {"a/file", "b/file", "c/file"}
        assert len(clones[0].lanes.history().attempts) == 6
        for repo in clones.all:
            repo.fsck()
        clones.close()
