"""`commit --amend`, `--amend-of` and `--on` at the command line: what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with two attempts accepted and an edit."""
    place = repo.lane("auth", {"one.py": "1\n"})
    repo.commit("auth", {"two.py": "2\n"})
    repo.write({"one.py": "11\n"}, place)
    return place


def short(repo: TestRepo, revision: str) -> str:
    """Return a commit's id as commands print it."""
    return repo.rev(revision)[:12]


def test_amend_of(repo: TestRepo, cli: Cli, place: Path) -> None:
    """It names the new attempt, the one that it replaced and those that were laid again."""
    done = cli("commit", "--amend-of", "auth/1", "-m", "one, better", cwd=place)
    assert done == Ran(
        0,
        f"accepted auth/3 {short(repo, 'refs/lanes/head/auth~1')} one, better\n",
        "superseded auth/1\nlaid auth/2 again as auth/4\n",
    )
    assert cli("history", "auth").out.splitlines()[1:] == [
        "auth/4   accepted    agent-auth  -     work of auth",
        "auth/3   accepted    agent-auth  -     one, better",
        "auth/2   superseded  agent-auth  -     work of auth",
        "auth/1   superseded  agent-auth  -     work of auth",
    ]
    assert cli("show", "auth/1").out.startswith("attempt auth/1 (superseded by auth/3)\n")


def test_amend_as_json(repo: TestRepo, cli: Cli, place: Path) -> None:
    """It is a proposal, with what was superseded and laid again."""
    done = cli("commit", "--amend-of", "auth/1", "--json", cwd=place)
    told = done.json
    assert (told["schema"], told["attempt"]["id"]) == ("gitlanes.proposal/1", "auth/3")
    assert told["superseded"] == ["auth/1", "auth/2"]
    assert told["laid_again"] == {"auth/2": "auth/4"}
    assert told["attempt"]["commit"] == repo.rev("refs/lanes/head/auth~1")
    shown = cli("show", "auth/2", "--json").json["attempts"][0]["attempt"]
    assert (shown["status"], shown["superseded_by"]) == ("superseded", "auth/4")


def test_amend_with_paths(repo: TestRepo, cli: Cli, place: Path) -> None:
    """After '--', only these files are folded in."""
    repo.write({"two.py": "22\n"}, place)
    done = cli("commit", "--amend", "-q", "--", "two.py", cwd=place)
    said = f"accepted auth/3 {short(repo, 'refs/lanes/head/auth')} work of auth\n"
    assert done == Ran(0, said, "")
    assert repo.git("status", "--porcelain", cwd=place) == " M one.py"


def test_amend_an_open_one(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The last open attempt stays open, and the hint says how to decide the new one."""
    assert cli("propose", "-m", "offer", cwd=place).code == 0
    done = cli("commit", "--amend", "-m", "better offer", cwd=place)
    commit = repo.git("rev-parse", "HEAD", cwd=place)[:12]
    assert done == Ran(
        0,
        f"proposed auth/4 {commit} better offer\n",
        "superseded auth/3\n"
        "hint: decide with 'git lanes accept auth/4' or 'git lanes reject auth/4'\n",
    )


def test_a_collision_names_both(repo: TestRepo, cli: Cli, place: Path) -> None:
    """An edit of a file that a later attempt touched exits 1 with path, attempt and agent."""
    repo.write({"two.py": "22\n"}, place)
    before = repo.refs()
    assert cli("commit", "--amend-of", "auth/1", "--agent", "a2", cwd=place) == Ran(
        1,
        "",
        "collision: 'two.py': source modified it by a2; "
        "target added it in auth/2 by agent-auth\n"
        "error: the edits collide with work beside auth/1 on 1 path\n"
        "hint: amend the attempt that touched them last, or commit the edits as a new change\n",
    )
    assert repo.refs() == before


def _nothing(repo: TestRepo, place: Path) -> None:
    repo.write({"one.py": "1\n"}, place)


def _landed(repo: TestRepo, place: Path) -> None:
    del place
    repo.lanes.promote("auth")


def _exported(repo: TestRepo, place: Path) -> None:
    del place
    repo.lanes.export("auth", branch="feature")


def _rejected(repo: TestRepo, place: Path) -> None:
    repo.write({"one.py": "111\n"}, place)
    repo.lanes.reject(repo.lanes.propose("auth").attempt.id)


def _received(repo: TestRepo, place: Path) -> None:
    del place
    repo.work("other", {"other.py": "o\n"})
    repo.lanes.promote("other", into="auth")


INSTEAD = "hint: commit the edits as a new change instead\n"


@pytest.mark.parametrize(
    ("prepare", "arguments", "code", "said"),
    [
        (
            _nothing,
            ("--amend",),
            1,
            (
                "error: nothing to amend: workspace of lane 'auth' has no changes beyond its "
                "attempts\nhint: edit files there first, or reword it with -m\n"
            ),
        ),
        (
            _landed,
            ("--amend-of", "auth/1"),
            128,
            "error: auth/1 cannot be changed any more: it landed on lane 'main'\n" + INSTEAD,
        ),
        (
            _exported,
            ("--amend",),
            128,
            "error: auth/2 cannot be changed any more: branch 'feature' has it, and others may "
            "have that\n" + INSTEAD,
        ),
        (
            _received,
            ("--amend-of", "auth/1"),
            128,
            "error: auth/3 is no work of the lane's own but came by promotion, and cannot be "
            "laid anew\n" + INSTEAD,
        ),
        (
            _rejected,
            ("--amend-of", "auth/3"),
            128,
            (
                "error: auth/3 is rejected already\n"
                "hint: only proposed attempts can be decided; propose the work again\n"
            ),
        ),
        (
            _nothing,
            ("--amend-of", "auth/9"),
            128,
            (
                "error: attempt 'auth/9' not found\n"
                "hint: attempts are named LANE/NUMBER; see 'git lanes history'\n"
            ),
        ),
        (
            _nothing,
            ("--amend", "--no-accept"),
            129,
            "error: --amend and --no-accept exclude each other\n",
        ),
        (
            _nothing,
            ("--amend", "--change", "new"),
            129,
            "error: an amended attempt keeps its place and its change: no --on, no --change\n",
        ),
    ],
)
def test_refusals(
    repo: TestRepo,
    cli: Cli,
    place: Path,
    prepare: Callable[[TestRepo, Path], None],
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """What cannot be amended is refused with the reason and the way out, and nothing moves."""
    prepare(repo, place)
    before = repo.refs()
    assert cli("commit", *arguments, cwd=place) == Ran(code, "", said)
    assert repo.refs() == before


def test_on(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Offers on top of each other are decided from below, and `show` says what one stands on."""
    assert cli("propose", cwd=place).code == 0
    repo.write({"three.py": "3\n"}, place)
    done = cli("commit", "--no-accept", "--on", "auth/3", "-m", "upper", cwd=place)
    assert (done.code, done.out.split()[:2]) == (0, ["proposed", "auth/4"])
    assert "  On:        auth/3\n" in cli("show", "auth/4").out
    assert cli("accept", "auth/4") == Ran(
        128,
        "",
        "error: auth/4 stands on auth/3, which is not decided yet\n"
        "hint: accept that first: git lanes accept auth/3\n",
    )
    repo.write({"four.py": "4\n"}, place)
    assert cli("commit", "--on", "auth/4", cwd=place) == Ran(
        128,
        "",
        "error: auth/4 is not accepted yet, so nothing on top of it can be\n"
        "hint: accept it first: git lanes accept auth/4; or leave both open: --no-accept\n",
    )
    assert cli("reject", "auth/3").code == 0
    done = cli("accept", "auth/4")
    assert (done.code, done.err) == (
        0,
        (
            "warning: auth/4 was made on top of auth/3, which is rejected: "
            "only its own changes take part\n"
        ),
    )


def test_on_what_the_workspace_lacks(repo: TestRepo, cli: Cli, place: Path) -> None:
    """An offer on work that the workspace does not hold is refused with the way to get it."""
    assert cli("propose", cwd=place).code == 0
    repo.lanes.remove_workspace("auth", force=True)
    repo.lanes.create_workspace("auth")
    repo.write({"three.py": "3\n"}, place)
    assert cli("propose", "--on", "auth/3", cwd=place) == Ran(
        128,
        "",
        "error: the workspace of lane 'auth' does not hold auth/3\n"
        "hint: bring it there first: git lanes workspace update auth --to auth/3\n",
    )
