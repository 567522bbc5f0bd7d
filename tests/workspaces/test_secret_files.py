"""Files that may hold secrets: never taken in unasked, always told of, and never lost unsaid."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

SECRET = {
    ".env": "A=quite-secret-1\n",
    "api/.env.local": "A=quite-secret-2\n",
    ".env_test/x": "quite-secret-3\n",
    "deploy/id_ed25519": "quite-secret-4\n",
    "server.pem": "quite-secret-5\n",
    "tls/server.key": "quite-secret-6\n",
    ".aws/credentials": "quite-secret-7\n",
    "home/me/.aws/credentials": "quite-secret-10\n",
    "home/me/.docker/config.json": "quite-secret-11\n",
    ".netrc": "quite-secret-8\n",
    "credentials.json": "quite-secret-9\n",
}
FINE = {
    ".env.example": "A=\n",
    "api/.env.local.sample": "A=\n",
    ".env.template": "A=\n",
    "deploy/id_ed25519.pub": "ssh-ed25519 x\n",
    "environment.py": "x\n",
    "keys.py": "x\n",
}


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with an edit and files that hold secrets."""
    place = repo.lane("auth")
    repo.write({"auth.py": "edited\n", **SECRET}, place)
    return place


def objects(repo: TestRepo) -> str:
    """Return the content of all objects of a repository."""
    return repo.git("cat-file", "--batch-all-objects", "--batch")


def there(place: Path) -> bool:
    """Say whether all files with secrets lie there as they were written."""
    return all((place / name).read_text() == content for name, content in SECRET.items())


def test_none_is_taken_in_and_each_is_told_of(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Snapshots, proposals and commits leave them out; their content is in no object."""
    repo.write(FINE, place)
    repo.write({".gitignore": "!.env\n!*.pem\n"}, place)
    told = [f"warning: '{name}' may hold secrets" for name in sorted(SECRET)]
    for command in ("snapshot", "propose", "commit"):
        done = cli(command, "auth", "--json") if command == "snapshot" else cli(command, "auth")
        assert done.code == 0
        warnings = [x for x in done.err.splitlines() if x.startswith("warning")]
        assert [x.partition(":")[0] + ":" + x.split(":")[1] for x in warnings[:5]] == told[:5]
        assert warnings[5] == "warning: 6 more files may hold secrets: not taken in"
        if command == "snapshot":
            assert sorted(done.json["secret"]) == sorted(SECRET)
        repo.write({"auth.py": f"after {command}\n"}, place)
    head = set(repo.files("refs/lanes/head/auth"))
    assert head == {"auth.py", "src/app.py", ".gitignore", *FINE}
    assert "quite-secret" not in objects(repo)
    assert there(place)
    assert "unsaved" in cli("status", cwd=place).out
    assert ".env" not in cli("status", cwd=place).out


def test_git_add_brings_none_in(repo: TestRepo, place: Path) -> None:
    """What an agent staged or announced is left out; what HEAD or a merge has is not."""
    for how in ("--intent-to-add", "--all"):
        repo.git("add", how, ".", cwd=place)
        repo.write({"auth.py": f"{how}\n"}, place)
        made = repo.lanes.commit("auth", message="x")
        assert set(repo.files("refs/lanes/head/auth")) == {"auth.py", "src/app.py"}
        assert sorted(map(os.fsdecode, made.secret)) == sorted(SECRET)
    assert there(place)
    repo.git("add", ".netrc", cwd=place)
    repo.git("commit", "--quiet", "-m", "by hand", cwd=place)
    repo.write({".netrc": "another\n"}, place)
    repo.lanes.commit("auth", message="tracked already")
    assert repo.files("refs/lanes/head/auth")[".netrc"] == "another"


def test_a_merge_may_bring_one(repo: TestRepo) -> None:
    """A file that another lane tracks comes with a merge of that lane."""
    other = repo.lane("other")
    repo.write({"server.pem": "public\n"}, other)
    repo.git("add", "--all", cwd=other)
    repo.git("commit", "--quiet", "-m", "by hand", cwd=other)
    repo.lanes.commit("other")
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.git("merge", "--no-commit", "--no-ff", "refs/lanes/head/other", cwd=place)
    assert repo.lanes.commit("auth", message="merge").secret == ()
    assert repo.files("refs/lanes/head/auth")["server.pem"] == "public"


def test_one_that_is_named_is_refused(repo: TestRepo, cli: Cli, place: Path) -> None:
    """By name it needs the user's word first; of a directory the rest is taken."""
    refused = cli("commit", "auth", "--", ".env", cwd=place)
    assert refused.code == 128
    assert refused.err == (
        "error: '.env' may hold secrets, so it is not taken in\n"
        "hint: if it belongs to the project: git config --add lanes.secretFiles '!/.env'\n"
    )
    repo.write({"tls/readme.md": "r\n"}, place)
    done = cli("commit", "auth", "-m", "x", "--", "tls", cwd=place)
    assert (done.code, done.err) == (
        0,
        "warning: 'tls/server.key' may hold secrets: not taken in (lanes.secretFiles)\n",
    )
    assert set(repo.files("refs/lanes/head/auth")) == {"auth.py", "src/app.py", "tls/readme.md"}
    assert cli("commit", "auth", "--", "tls/none", cwd=place).err.startswith("error: path 'tls/no")
    assert "quite-secret" not in objects(repo)
    repo.git("config", "--add", "lanes.secretFiles", "!/.env")
    assert cli("commit", "auth", "-m", "x", "--", ".env", cwd=place).code == 0
    assert repo.files("refs/lanes/head/auth")[".env"] == "A=quite-secret-1"


def test_who_may_let_them_in(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The team's file adds patterns, and lets none in; one's own configuration can."""
    repo.write({"private.txt": "quite-secret-12\n"}, place)
    repo.write({".gitlanes.toml": '[lanes]\nsecretFiles = ["private.*"]\n'})
    made = cli("snapshot", "auth", "--json").json
    assert sorted(made["secret"]) == sorted([*SECRET, "private.txt"])
    for pattern in ("!.env", ""):
        repo.write({".gitlanes.toml": f'[lanes]\nsecretFiles = ["{pattern}"]\n'})
        refused = cli("commit", "auth")
        assert refused.code == 128
        assert "everybody's own decision" in refused.err
    repo.write({".gitlanes.toml": None})
    repo.git("config", "--add", "lanes.secretFiles", "")
    assert cli("snapshot", "auth", "--json").json["secret"] == []


def test_removing_names_them(repo: TestRepo, cli: Cli) -> None:
    """A workspace with them is not removed unasked, even with nothing else in it; by force it is.

    Which went is told.
    """
    place = repo.lane("auth")
    repo.write({".env": SECRET[".env"], ".gitignore": "\n"}, place)
    repo.lanes.commit("auth", message="x")
    nothing = cli("commit", "auth")
    assert (nothing.code, nothing.err.splitlines()[1]) == (
        1,
        "hint: '.env' may hold secrets: not taken in (lanes.secretFiles)",
    )
    said = "workspace 'auth' has files that may hold secrets: '.env'"
    refused = cli("workspace", "remove", "auth")
    assert (refused.code, refused.err.splitlines()[0]) == (128, f"error: {said}")
    with pytest.raises(Refused, match=said):
        repo.lanes.delete("auth")
    assert (place / ".env").exists()
    done = cli("workspace", "remove", "auth", "--force")
    assert done.code == 0
    assert "removed for good, as no snapshot has files with secrets: '.env'" in done.err
    assert not place.exists()
    assert "quite-secret" not in objects(repo)


def test_nothing_writes_over_them(repo: TestRepo, place: Path) -> None:
    """Restore, update and switch leave them; where a state has such a file, they are refused."""
    before = repo.lanes.snapshot("auth").tree
    repo.lanes.restore("main", "auth", force=True)
    assert there(place)
    repo.lanes.restore(before, "auth")
    repo.lanes.commit("auth", message="x")
    with_one = repo.lane("other")
    repo.write({".env": "tracked\n"}, with_one)
    repo.git("add", "--all", cwd=with_one)
    repo.git("commit", "--quiet", "-m", "by hand", cwd=with_one)
    repo.lanes.commit("other")
    for force in (False, True):
        with pytest.raises(Refused, match=r"'\.env' in workspace 'auth' would be overwritten"):
            repo.lanes.restore("other", "auth", force=force)
    with pytest.raises(Refused, match=r"'\.env' in workspace 'auth' would be overwritten"):
        repo.lanes.update_workspace("auth", to="other")
    repo.lanes.remove_workspace("other")
    with pytest.raises(Refused, match=r"'\.env' in workspace 'auth' would be overwritten"):
        repo.lanes.switch_workspace("other", workspace="auth", force=True)
    assert there(place)
    assert "quite-secret" not in objects(repo)


def test_no_snapshot_has_what_was_staged(repo: TestRepo, place: Path) -> None:
    """A snapshot that keeps what is staged by hand keeps it without them."""
    repo.write({"auth.py": "staged\n"}, place)
    repo.git("add", "--all", cwd=place)
    repo.write({"auth.py": "edited\n"}, place)
    done = repo.lanes.restore("main", "auth", force=True)
    assert done.snapshot is not None
    staged = f"{done.snapshot.commit}^2"
    assert repo.files(staged)["auth.py"] == "staged"
    for name in (staged, done.snapshot.commit):
        assert set(repo.files(name)) == {"auth.py", "src/app.py"}
    assert there(place)


def test_a_bound_branch_follows_around_them(repo: TestRepo, cli: Cli) -> None:
    """In the repository's own directory, too, none is taken in, and none written over."""
    repo.write({".env": SECRET[".env"], "auth.py": "1\n"})
    done = cli("commit", "main", "-m", "x")
    assert done.code == 0
    assert "'.env' may hold secrets" in done.err
    other = repo.lane("other")
    repo.write({".env": "tracked\n"}, other)
    repo.git("add", "--all", cwd=other)
    repo.git("commit", "--quiet", "-m", "by hand", cwd=other)
    repo.lanes.commit("other")
    done = cli("promote", "other", "--into", "main")
    assert (repo.path / ".env").read_text() == SECRET[".env"]
    assert "may hold secrets" in done.out + done.err
    assert repo.files("refs/lanes/head/main")[".env"] == "tracked"
