"""What is taken in of a work tree: the same as `git add --all`, less what rules keep out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitlanes import Refused
from gitlanes.git import deep, index, staging
from gitlanes.git.exclusions import NO_RULES, Rules
from gitlanes.git.process import Git
from tests.support.repos import TestRepo

NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e/f", "a/x", "e", "e/a", "ig", "d/ig"])
KINDS = st.sampled_from(["text", "other", "exec", "link", "link to a directory", "gone"])
CHANGES = st.lists(st.tuples(NAMES, KINDS), max_size=6)


@pytest.fixture
def plain(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository with files tracked.pyc and src/app.py, without lanes."""
    return make_repo({"tracked.pyc": "t\n", "src/app.py": "app\n"}, adopted=False)


def stage(repo: TestRepo, rules: Rules = NO_RULES, *paths: bytes) -> staging.Staged:
    """Stage the repository's own directory into a private index."""
    git_dir = str(repo.path / ".git")
    git = Git(git_dir, repo.environ, str(repo.path))
    copy = index.private_copy(git_dir)
    try:
        return staging.stage(git, copy, paths, rules, ())
    finally:
        index.discard(copy)


def by_git(repo: TestRepo, *paths: str) -> str:
    """Return the tree that git's own add makes, of these paths if any are named."""
    private = repo.path / ".git/theirs"
    private.write_bytes((repo.path / ".git/index").read_bytes())
    other = TestRepo(repo.path, {**repo.environ, "GIT_INDEX_FILE": str(private)})
    other.git("add", "--all", *paths)
    return other.git("write-tree")


def names(repo: TestRepo, staged: staging.Staged) -> set[str]:
    """Return the paths in a staged tree."""
    return set(repo.git("ls-tree", "-r", "-z", "--name-only", staged.tree).split("\0")) - {""}


def put(top: Path, name: str, kind: str) -> None:
    """Make something of that kind at a path, in the place of whatever is in the way."""
    path = top / name
    for place in (*reversed(path.relative_to(top).parents), Path(name)):
        at = top / place
        if at.is_symlink() or at.is_file():
            at.unlink()
    if path.is_dir():
        deep.delete(str(path))
    if kind == "gone":
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind.startswith("link"):
        path.symlink_to(top / "d" if "directory" in kind else "nowhere")
    else:
        path.write_text(kind)
        path.chmod(0o755 if kind == "exec" else 0o644)


@given(CHANGES, CHANGES)
@example([("d/a", "text")], [("d/a", "gone"), ("d", "link to a directory")])
@example([("d/a", "text"), ("e/a", "text")], [("e", "link to a directory")])
@example([("a", "text")], [("a/x", "exec")])
@example([("a/x", "text")], [("a", "exec")])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_is_what_git_would_add(
    plain: TestRepo, before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    """Files, links, modes, directories in place of files and back: git's add is the oracle."""
    for entry in os.scandir(plain.path):
        if entry.name != ".git":
            put(plain.path, entry.name, "gone")
    plain.write({".gitignore": "ig\n"})
    for changes in (before, after):
        for name, kind in changes:
            put(plain.path, name, kind)
        assert stage(plain).tree == by_git(plain)
        plain.git("add", "--all")
        plain.git("commit", "--quiet", "--allow-empty", "--message=x")


def test_of_an_index_that_people_use(plain: TestRepo) -> None:
    """Staged, half staged, intended and unmerged files are taken as the files are."""
    plain.write({"staged": "1\n", "half": "1\n", "gone": "1\n", "intended": "1\n"})
    plain.git("add", "staged", "half", "gone")
    plain.git("add", "--intent-to-add", "intended")
    plain.write({"half": "2\n", "gone": None})
    plain.git("update-index", "--chmod=+x", "staged")
    assert stage(plain).tree == by_git(plain)
    plain.git("checkout", "--quiet", "-b", "side")
    plain.save({"src/app.py": "side\n", "both": "side\n"})
    plain.git("checkout", "--quiet", "main")
    plain.git("rm", "--quiet", "tracked.pyc")
    plain.save({"src/app.py": "main\n", "both": "main\n"})
    plain.git("merge", "side", check=False)
    plain.write({"both": None})
    assert "UU" in plain.git("status", "--porcelain")
    assert stage(plain).tree == by_git(plain)


def test_submodules_and_nested_repositories(plain: TestRepo) -> None:
    """A repository inside is taken as the commit that it is at, its own edits are not."""
    for name in ("one", "two"):
        TestRepo.make(plain.path / name, plain.environ, {"f": "1\n"}, adopted=False)
    plain.git("add", "one")
    plain.git("commit", "--quiet", "--message=with one")
    TestRepo(plain.path / "one", plain.environ).save({"f": "2\n"})
    plain.write({"one/f": "edited\n", "one/new": "n\n"})
    assert stage(plain).tree == by_git(plain)
    plain.git("init", "--quiet", str(plain.path / "empty"))
    staged = stage(plain)
    assert (staged.tree, staged.empty) == (by_git(plain, "one", "two"), (b"empty/",))
    assert staged.embedded == (b"two/",)


EXCLUDE = Rules(exclude=("node_modules", "*.pyc", "/top", "#no comment", "\\#hash"))


def test_excluded_files_stay_out_and_are_counted(plain: TestRepo) -> None:
    """Untracked paths that match are left out, a directory counting once; tracked ones stay."""
    plain.write({"node_modules/a/1": "", "node_modules/2": "", "src/x.pyc": "", "src/new": "n\n"})
    plain.write({"top": "", "src/top": "", "#hash": "", ":(glob)*.pyc": "", "-v.pyc": ""})
    plain.write({"tracked.pyc": "changed\n", "new\nline.pyc": ""})
    staged = stage(plain, EXCLUDE)
    assert names(plain, staged) == {"tracked.pyc", "src/app.py", "src/new", "src/top"}
    assert staged.skipped == 7
    assert plain.git("show", f"{staged.tree}:tracked.pyc") == "changed"


def test_other_ignores_go_before(plain: TestRepo) -> None:
    """What the project or the user ignores, or takes back, is as they say, and is not counted."""
    own = Path(plain.environ["HOME"], "ignore")
    own.write_bytes(b"\xef\xbb\xbf*.own\n!mine.pyc\n")
    plain.write({".gitignore": "node_modules/\n!src/*.pyc\n", ".git/info/exclude": "*.local\n"})
    plain.write({"node_modules/1": "", "src/x.pyc": "", "x.pyc": "", "mine.pyc": ""})
    plain.write({"x.own": "", "x.local": ""})
    staged = stage(plain, EXCLUDE._replace(excludes_file=str(own)))
    assert names(plain, staged) - {"tracked.pyc", "src/app.py"} == {
        *(".gitignore", "src/x.pyc", "mine.pyc")
    }
    assert staged.skipped == 1


def test_named_paths_obey_the_same_rules(plain: TestRepo) -> None:
    """Of the paths that are named, the excluded files in them stay out, and count."""
    plain.write({"src/x.pyc": "", "src/new": "", "other": "", "y.pyc": ""})
    staged = stage(plain, EXCLUDE, b"src")
    assert names(plain, staged) == {"tracked.pyc", "src/app.py", "src/new"}
    assert staged.skipped == 1
    many = {f"many/{number}": "" for number in range(250)}
    plain.write(many)
    staged = stage(plain, EXCLUDE, *map(os.fsencode, many))
    assert len(names(plain, staged)) == 252


LARGE = Rules(largest=1000)


def sparse_file(path: Path, size: int) -> None:
    """Make a file of that size which takes no space."""
    path.touch()
    os.truncate(path, size)


def test_large_files_are_refused_before_they_are_read(plain: TestRepo) -> None:
    """2 GiB are refused by name, with sizes and the way out; nothing at all is written."""
    sparse_file(plain.path / "big.bin", 2 << 30)
    sparse_file(plain.path / "src/app.py", 1001)
    plain.write({"small": "s\n"})
    objects = plain.git("count-objects")
    with pytest.raises(Refused) as refused:
        stage(plain, LARGE)
    assert refused.value.message == (
        "2 files are larger than lanes.maxBlobSize (1000 bytes): "
        "'big.bin' (2 GiB), 'src/app.py' (1001 bytes)"
    )
    assert refused.value.hint == (
        "ignore what is not source (.gitignore, lanes.exclude), "
        "or raise the limit: git config lanes.maxBlobSize SIZE"
    )
    assert refused.value.data["too_large"][0] == {"path": "big.bin", "size": 2 << 30}
    assert plain.git("count-objects") == objects
    assert stage(plain, LARGE, b"small").tree
    with pytest.raises(Refused, match=r"a file is larger .*: 'big.bin' \(2 GiB\)$"):
        stage(plain, LARGE, b"small", b"big.bin")
    for name in ("a", "b", "c", "d"):
        sparse_file(plain.path / name, 2000)
    with pytest.raises(Refused, match=r"6 files .* and 1 more$"):
        stage(plain, LARGE)


def test_what_is_tracked_ignored_or_small_may_be_large(plain: TestRepo) -> None:
    """A tracked file that did not change, ignored files and the exact limit are no obstacle."""
    sparse_file(plain.path / "old.bin", 5000)
    plain.save({".gitignore": "*.log\n"})
    sparse_file(plain.path / "x.log", 5000)
    sparse_file(plain.path / "x.pyc", 5000)
    sparse_file(plain.path / "exact", 1000)
    rules = LARGE._replace(exclude=EXCLUDE.exclude)
    assert {"old.bin", "exact"} < names(plain, stage(plain, rules))
    os.utime(plain.path / "old.bin", (0, 0))
    plain.git("mv", "src/app.py", "src/moved.py")
    assert stage(plain, rules).skipped == 1


def test_a_filter_may_make_a_large_file_small(plain: TestRepo) -> None:
    """A file of which git stores what a filter makes of it is not judged by its size."""
    plain.write({".gitattributes": "*.bin filter=short\n*.raw filter=unknown\n"})
    sparse_file(plain.path / "x.bin", 5000)
    with pytest.raises(Refused, match=r"'x\.bin'"):
        stage(plain, LARGE)
    plain.git("config", "filter.short.clean", "head -c 3")
    assert plain.git("cat-file", "-s", f"{stage(plain, LARGE).tree}:x.bin") == "3"
    sparse_file(plain.path / "x.raw", 5000)
    with pytest.raises(Refused, match=r"'x\.raw'"):
        stage(plain, LARGE)


def test_behind_a_link_that_goes_in_circles(plain: TestRepo) -> None:
    """Where a link to itself took the place of a staged file's directory, the link is taken."""
    plain.write({"d/e/z": "staged\n"})
    plain.git("add", "d/e/z")
    put(plain.path, "d", "link to a directory")
    assert (plain.path / "d").readlink() == plain.path / "d"
    assert stage(plain).tree == by_git(plain)
