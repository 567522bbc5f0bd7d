"""A thousand lanes: everything that looks at all of them goes on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

COUNT = 1000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestRepo]:
    """A repository with a thousand lanes, three of them with a workspace; written at once."""
    place: Path = tmp_path_factory.mktemp("crowd")
    (place / "config").write_text(
        "[user]\nname = A\nemail = a@example.com\n[gc]\nauto = 0\n[maintenance]\nauto = false\n"
    )
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(place / "config"),
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
    }
    repo = TestRepo.make(place / "repo", environ)
    for number in range(3):
        repo.lane(f"agent{number}", {"auth.py": f"{number}\n"})
    _copies(repo)
    yield repo
    repo.close()


def _copies(repo: TestRepo) -> None:
    """Write the other lanes through `git fast-import`, as copies of a new one."""
    repo.lanes.new("model", workspace=False)
    model = repo.git("cat-file", "commit", "refs/lanes/journal/model").partition("\n\n")[2]
    root = repo.git("cat-file", "commit", "refs/lanes/journal/model^").partition("\n\n")[2]
    head = repo.rev("refs/lanes/head/model")
    uuid = json.loads(model.partition("\n\n")[2])["record"]["uuid"]
    script = []
    for number in range(COUNT - 5):
        name, own = f"lane{number:04}", f"{number:08}{uuid[8:]}"

        def renamed(text: str, name: str = name, own: str = own) -> bytes:
            return re.sub(r"\bmodel\b", name, text).replace(uuid, own).encode() + b"\n"

        script.append(_commit(f"refs/lanes/journal/{name}", renamed(root), ""))
        script.append(_commit(f"refs/lanes/journal/{name}", renamed(model), f"merge {head}\n"))
        script.append(f"reset refs/lanes/head/{name}\nfrom {head}\n\n".encode())
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        input=b"".join(script),
        cwd=repo.path,
        env=repo.environ,
        check=True,
    )


def _commit(ref: str, message: bytes, rest: str) -> bytes:
    head = f"commit {ref}\ncommitter A <a@example.com> 1700000000 +0000\ndata {len(message)}\n"
    return head.encode() + message + rest.encode() + b"\n"


@pytest.fixture
def cli(crowd: TestRepo) -> Callable[..., Ran]:
    """`git lanes` in this process, in that repository."""
    return lambda *args: run_cli(crowd.path, crowd.environ, *args)


def test_they_are_listed(cli: Callable[..., Ran]) -> None:
    """`list` and `status` tell all of them."""
    listed = cli("list", "--json")
    assert (listed.code, len(listed.json["lanes"])) == (0, COUNT)
    told = cli("status", "--json")
    assert (told.code, len(told.json["lanes"]), told.json["findings"]) == (0, COUNT, [])


def test_they_are_examined(cli: Callable[..., Ran]) -> None:
    """`doctor` finds nothing wrong with them."""
    done = cli("doctor")
    assert (done.code, done.out) == (0, "")


def test_they_are_compared(cli: Callable[..., Ran]) -> None:
    """`overlap` tells which of them touch the same paths."""
    done = cli("overlap", "--json")
    assert done.code == 1, done.err
    assert "auth.py" in done.out


def test_another_one_is_made_and_lands(crowd: TestRepo, cli: Callable[..., Ran]) -> None:
    """A lane among a thousand is made, committed to, landed, renamed and deleted."""
    place = crowd.lane("other", {"other.txt": "other\n"})
    assert (place / "other.txt").exists()
    for args in (("promote", "other"), ("rename", "other", "another")):
        done = cli(*args)
        assert done.code == 0, done.err
    assert cli("delete", "another", "--yes").code == 0
    crowd.fsck()
