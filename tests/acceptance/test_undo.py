"""Taking operations back, as users see it."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_a_rollback_and_back_again(repo: TestRepo, cli: Cli) -> None:
    """Head and files go two steps back and return; unsaved edits survive both."""
    repo.lanes.new("auth")
    place = repo.workspace("auth")
    heads = []
    for number in (1, 2, 3):
        repo.commit("auth", {"auth.py": f"{number}\n", f"new{number}.py": "x\n"})
        heads.append(repo.lanes.lane("auth").head)
    repo.write({"notes.txt": "mine\n", "src/app.py": "edited\n"}, place)
    ran = cli("rollback", "auth", "-n", "2")
    assert ran.code == 0, ran.err
    assert repo.lanes.lane("auth").head == heads[0]
    assert (place / "auth.py").read_text() == "1\n"
    assert not (place / "new3.py").exists()
    assert (place / "src/app.py").read_text() == "edited\n"
    assert repo.inner().view.attempt("auth/3").status == "undone"
    assert repo.git("rev-parse", "HEAD", cwd=place) == heads[0]
    ran = cli("redo")
    assert ran.code == 0, ran.err
    assert repo.lanes.lane("auth").head == heads[2]
    assert (place / "auth.py").read_text() == "3\n"
    assert (place / "new3.py").read_text() == "x\n"
    assert (place / "notes.txt").read_text() == "mine\n"
    assert repo.inner().view.attempt("auth/3").status == "accepted"
    assert repo.git("status", "--porcelain", cwd=place).splitlines() == [
        " M src/app.py",
        "?? notes.txt",
    ]
    assert cli("rollback", "auth", "-n", "4").code == 128
    repo.lane("other", {"other.txt": "1\n"})
    strange = repo.lanes.operations("other").operations[0].id
    ran = cli("rollback", "auth", "--to", strange)
    assert ran.code == 128
    assert "is not one that lane 'auth' stands on" in ran.err
    assert repo.lanes.lane("auth").head == heads[2]
    repo.write({"auth.py": "unsaved\n"}, place)
    before = repo.refs()
    ran = cli("rollback", "auth", "-n", "1")
    assert ran.code == 128
    assert "would be overwritten" in ran.err
    assert repo.refs() == before
