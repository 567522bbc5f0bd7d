"""overlap: which lanes touch the same paths right now, unsaved work included."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from itertools import combinations, count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlanes.workspaces import edits
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
Work = tuple[dict[str, int], bool]
Shared = set[tuple[bytes, str, bytes | None]]


def pairs(repo: TestRepo, *lanes: str) -> dict[tuple[str, str], Shared]:
    """Return what overlaps, by the two lanes' names."""
    found = repo.open().overlap(*lanes)
    return {(x.a, x.b): {(y.path, y.kind, y.other) for y in x.paths} for x in found.pairs}


def test_as_a_matrix(repo: TestRepo, cli: Cli) -> None:
    """Rows and columns are the lanes that overlap, then come the paths; exit 1."""
    repo.write({"auth.py": "a\n", "new": "a\n"}, repo.lane("a"))
    repo.lane("b", {"auth.py": "b\n"})
    repo.write({"new/x": "c\n"}, repo.lane("c"))
    repo.lane("idle")
    before = repo.refs()
    assert cli("overlap") == Ran(
        1,
        "LANE  a  b  c\n"
        "a     -  1  1\n"
        "b     1  -  -\n"
        "c     1  -  -\n"
        "\n"
        "a and b: 1 path\n"
        "  auth.py\n"
        "\n"
        "a and c: 1 path\n"
        "  new and new/x (directory)\n",
        "",
    )
    assert repo.refs() == before


def test_none(repo: TestRepo, cli: Cli) -> None:
    """Lanes that keep apart are said to, with exit 0."""
    repo.lane("a", {"a.txt": "a\n"})
    repo.write({"b.txt": "b\n"}, repo.lane("b"))
    assert cli("overlap") == Ran(0, "no overlap among 3 lanes\n", "")


def test_in_json(repo: TestRepo, cli: Cli) -> None:
    """The JSON has the lanes, how many files each touches, and each pair with paths and kinds."""
    repo.write({"auth.py": "a\n"}, repo.lane("a"))
    repo.write({"auth.py": "b\n"}, repo.lane("b"))
    done = cli("overlap", "--json")
    assert (done.code, done.json) == (
        1,
        {
            "schema": "gitlanes.overlap/1",
            "lanes": ["a", "b", "main"],
            "files": {"a": 1, "b": 1, "main": 0},
            "pairs": [
                {
                    "a": "a",
                    "b": "b",
                    "paths": [{"path": "auth.py", "kind": "content", "other": None}],
                    "kinds": {"content": 1},
                }
            ],
        },
    )


def test_long_lists_are_cut(repo: TestRepo, cli: Cli) -> None:
    """Ten paths of a pair are shown, all with -v; odd names are escaped."""
    many = {f"f{number:02}": "x" for number in range(12)} | {"\x1b[31m": "x"}
    for name in ("a", "b"):
        repo.write(dict.fromkeys(many, name), repo.lane(name))
    short = cli("overlap").out.splitlines()
    assert short[4:7] == ["a and b: 13 paths", "  \\x1b[31m", "  f00"]
    assert short[-1] == "  and 3 more; -v tells all"
    assert len(cli("overlap", "-v").out.splitlines()) == 18


@pytest.mark.parametrize(
    "how", ["accepted", "proposed", "unsaved", "staged", "deleted", "committed", "rejected"]
)
def test_all_work_counts(repo: TestRepo, how: str) -> None:
    """Accepted, proposed, rejected, unsaved, staged, deleted, committed by the agent itself."""
    place = repo.lane("a")
    repo.write({"auth.py": "other\n"}, repo.lane("b"))
    if how == "deleted":
        (place / "auth.py").unlink()
    else:
        repo.write({"auth.py": "mine\n"}, place)
    if how == "accepted":
        repo.lanes.commit("a", message="x")
    elif how in ("proposed", "rejected"):
        repo.lanes.propose("a", message="x")
        if how == "rejected":
            repo.lanes.reject("a/1")
    elif how == "staged":
        repo.git("add", "auth.py", cwd=place)
    elif how == "committed":
        repo.git("commit", "--quiet", "-am", "own", cwd=place)
    assert pairs(repo) == {("a", "b"): {(b"auth.py", "content", None)}}


def test_people_count_too(repo: TestRepo) -> None:
    """Unsaved files in the repository's own directory are those of its lane."""
    repo.write({"auth.py": "other\n"}, repo.lane("b"))
    repo.write({"auth.py": "people\n"})
    assert pairs(repo) == {("b", "main"): {(b"auth.py", "content", None)}}


def test_what_landed_counts_no_more(repo: TestRepo) -> None:
    """After a landing the lane's base is there, so its work is no overlap any more."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.write({"auth.py": "b\n"}, repo.lane("b"))
    repo.lanes.promote("a")
    assert pairs(repo) == {}


def test_equal_accepted_work_is_no_overlap(repo: TestRepo) -> None:
    """A lane that was started from another one has its work; only what differs counts."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.lanes.new("b", start="a")
    assert pairs(repo) == {}
    repo.write({"auth.py": "b\n"}, repo.workspace("b"))
    assert pairs(repo) == {("a", "b"): {(b"auth.py", "content", None)}}


def test_what_a_deleted_origin_landed_counts_no_more(repo: TestRepo) -> None:
    """A lane's base moves along with the lane that it started from, deleted since or not."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.lanes.new("b", start="a")
    repo.commit("b", {"b.txt": "b\n"})
    repo.lanes.promote("a", mode="squash")
    repo.lanes.delete("a")
    repo.write({"auth.py": "c\n"}, repo.lane("c"))
    assert pairs(repo) == {}


def test_some_lanes(repo: TestRepo, cli: Cli) -> None:
    """One name: that lane beside all; several: those among themselves; an unknown one is 128."""
    for name in ("a", "b", "c"):
        repo.write({"auth.py": name}, repo.lane(name))
    assert set(pairs(repo, "b")) == {("a", "b"), ("b", "c")}
    assert set(pairs(repo, "c", "b")) == {("b", "c")}
    assert cli("overlap", "x") == Ran(
        128, "", "error: lane 'x' not found\nhint: see 'git lanes list'\n"
    )


def test_archived_lanes_are_left_out(repo: TestRepo, cli: Cli) -> None:
    """Only active lanes take part."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.write({"auth.py": "b\n"}, repo.lane("b"))
    assert cli("archive", "a").code == 0
    assert pairs(repo) == {}


def test_ignored_files_do_not_count(repo: TestRepo) -> None:
    """What git ignores is nobody's work."""
    repo.save({".gitignore": "*.log\n"})
    for name in ("a", "b"):
        repo.write({"x.log": name}, repo.lane(name))
    assert pairs(repo) == {}


def test_a_broken_workspace_is_named(repo: TestRepo, cli: Cli) -> None:
    """Where git cannot look at a workspace, that is a warning, and the rest is told."""
    broken = repo.lane("a")
    for name in ("b", "c"):
        repo.write({"auth.py": name}, repo.lane(name))
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=broken))
    (git_dir / "index").write_bytes(b"no index")
    done = cli("overlap")
    assert (done.code, "b and c: 1 path" in done.out) == (1, True)
    assert done.err.startswith("warning: workspace of lane 'a' is left out: git status failed: ")


def test_nothing_is_written(repo: TestRepo, cli: Cli) -> None:
    """No index is refreshed on disk, and a held workspace does not stop it."""
    place = repo.lane("a")
    index = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place)) / "index"
    os.utime(place / "auth.py", (1, 1))
    before = (index.stat().st_mtime_ns, index.read_bytes())
    (index.parent / "index.lock").touch()
    assert cli("overlap").code == 0
    assert (index.stat().st_mtime_ns, index.read_bytes()) == before


_NUMBERS = count()
NAMES = ("a", "A", "a/x", "a/X", "A/x", "b", "b/y", "B", "\u00e9", "e\u0301")
work = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), max_size=4)


def fits(files: dict[str, int]) -> bool:
    """Say whether no name is a directory of another."""
    return not any(y.startswith(x + "/") for x in files for y in files)


lanes_of_files = st.lists(st.tuples(work.filter(fits), st.booleans()), min_size=2, max_size=4)


@pytest.mark.parametrize(
    "examples", [8, pytest.param(60, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_against_brute_force(make_repo: Callable[..., TestRepo], examples: int) -> None:
    """Whatever lanes hold, each pair's paths are those that a comparison of all with all finds."""

    @given(lanes=lanes_of_files)
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def compare(lanes: list[Work]) -> None:
        compare_with_brute_force(make_repo, lanes)

    compare()


def compare_with_brute_force(make_repo: Callable[..., TestRepo], lanes: list[Work]) -> None:
    """Make lanes that hold these files and look at every pair of them."""
    repo = make_repo({"start": "s\n"}, name=f"repo-{next(_NUMBERS)}")
    for at, (files, saved) in enumerate(lanes):
        place = repo.lane(f"l{at}")
        repo.write({name: f"{value}\n" for name, value in files.items()}, place)
        if saved and files:
            repo.lanes.commit(f"l{at}", message="x")
    found = pairs(repo)
    for one, other in combinations(range(len(lanes)), 2):
        wanted = brute(lanes[one], lanes[other])
        assert found.get((f"l{one}", f"l{other}"), set()) == wanted


def brute(one: Work, other: Work) -> Shared:
    """Return the overlap of two lanes of new files: (files, whether they are accepted)."""
    ours, theirs = one[0], other[0]
    known = one[1] and other[1]
    found: Shared = set()
    for a in ours:
        for b in theirs:
            if a == b and not (known and ours[a] == theirs[b]):
                found.add((a.encode(), "content", None))
            if a.startswith(b + "/") or b.startswith(a + "/"):
                found.add((a.encode(), "directory", b.encode()))
            if a not in theirs and b not in ours and twins(a, b, ours, theirs):
                found.add((a.encode(), "case", b.encode()))
    return found


def twins(a: str, b: str, ours: dict[str, int], theirs: dict[str, int]) -> bool:
    """Say whether two paths meet at a place that is spelled in two ways, new to both sides."""
    return any(
        x != y and folded(x) == folded(y) and not (holds(ours, y) or holds(theirs, x))
        for x in prefixes(a)
        for y in prefixes(b)
    )


def holds(files: dict[str, int], place: str) -> bool:
    """Say whether a file or a directory is there."""
    return any(x == place or x.startswith(place + "/") for x in files)


def prefixes(path: str) -> list[str]:
    """Return the directories on the way and the path, the top first."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def folded(text: str) -> str:
    """Return a name as a file system that ignores case and Unicode form has it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def test_a_workspace_that_goes_meanwhile(repo: TestRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of anybody's: the others are compared, without a word."""
    for name in "abc":
        repo.write({"auth.py": name}, repo.lane(name))
    real, todo = edits.ask_unsaved, ["a"]

    def ask(inner: Any, place: Any) -> Any:
        if place.lane in todo:
            todo.clear()
            with repo.open() as other:
                other.delete("a", force=True)
        return real(inner, place)

    monkeypatch.setattr(edits, "ask_unsaved", ask)
    assert pairs(repo) == {("b", "c"): {(b"auth.py", "content", None)}}
    assert repo.lanes.take_warnings() == []
