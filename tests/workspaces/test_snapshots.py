"""Snapshots: the world state of a workspace, as git itself would store its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]


def modes(repo: TestRepo, tree: str) -> dict[str, str]:
    """Return {path: mode} of a tree."""
    rows = (row.partition("\t") for row in repo.git("ls-tree", "-r", tree).splitlines())
    return {path: head.split(" ")[0] for head, _, path in rows}


def raw(repo: TestRepo, name: str) -> bytes:
    """Return a blob's bytes as they are stored."""
    size = int(repo.git("cat-file", "-s", name))
    text = repo.git("cat-file", "blob", name)
    return os.fsencode(text + "\n" * (size - len(os.fsencode(text))))


def add_submodule(repo: TestRepo, make_repo: Maker, name: str = "sub") -> TestRepo:
    """Give the repository a committed submodule, and return the repository it came from."""
    library = make_repo({"lib.py": "1\n"}, name="library", adopted=False)
    repo.git("submodule", "--quiet", "add", str(library.path), name)
    repo.git("commit", "--quiet", "--message=add a submodule")
    return library


def test_untracked_files_count_and_ignored_ones_do_not(repo: TestRepo) -> None:
    """A snapshot has edits, deletions and new files, but nothing that git ignores."""
    place = repo.lane("auth")
    edits = {"auth.py": "x\n", "new/a b.txt": "new\n", ".gitignore": "*.o\n", "a.o": "object\n"}
    repo.write({**edits, "src/app.py": None}, place)
    tree = repo.lanes.snapshot("auth").tree
    assert repo.files(tree) == {"auth.py": "x", "new/a b.txt": "new", ".gitignore": "*.o"}


def test_tracked_files_stay_though_they_are_ignored(repo: TestRepo) -> None:
    """An ignore rule that matches tracked files drops none of them, and their edits count."""
    place = repo.lane("auth")
    repo.write({".gitignore": "*\n!.gitignore\n", "auth.py": "edited\n", "other": "x\n"}, place)
    tree = repo.lanes.snapshot("auth").tree
    assert repo.files(tree).keys() == {".gitignore", "auth.py", "src/app.py"}
    assert repo.files(tree)["auth.py"] == "edited"


def test_a_file_added_by_force_stays(repo: TestRepo) -> None:
    """An ignored file that the agent added by force is in this snapshot and in later attempts."""
    place = repo.lane("auth")
    repo.write({".gitignore": "*.log\n", "kept.log": "1\n"}, place)
    repo.git("add", "--force", "kept.log", cwd=place)
    assert "kept.log" in repo.files(repo.lanes.snapshot("auth").tree)
    repo.commit("auth", {"auth.py": "x\n"})
    repo.commit("auth", {"kept.log": "2\n"})
    assert repo.files("refs/lanes/head/auth")["kept.log"] == "2"


def test_the_same_content_has_the_same_id(repo: TestRepo) -> None:
    """Equal files in two lanes give one world state; a repeated snapshot makes no second ref."""
    edits = {"auth.py": "same\n", "new.txt": "same\n"}
    for lane in ("one", "two"):
        repo.write(edits, repo.lane(lane))
    first, again, other = (repo.lanes.snapshot(x) for x in ("one", "one", "two"))
    assert (first.tree, first.ref) == (again.tree, again.ref)
    assert first.tree == other.tree
    repo.write({"auth.py": "more\n"}, repo.workspace("one"))
    more = repo.lanes.snapshot("one")
    assert (more.id, more.tree == first.tree) == ("one/s2", False)


def test_a_snapshot_is_held_by_a_ref_and_survives_gc(repo: TestRepo) -> None:
    """The ref exists when the id is told, and keeps the content when everything else is gone."""
    repo.write({"new.txt": "precious\n"}, repo.lane("auth"))
    snapshot = repo.lanes.snapshot("auth")
    assert repo.refs()[snapshot.ref] == snapshot.commit
    assert repo.rev(f"{snapshot.ref}^{{tree}}") == snapshot.tree
    (repo.workspace("auth") / "new.txt").unlink()
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.files(snapshot.tree)["new.txt"] == "precious"
    repo.fsck()


def test_a_snapshot_leaves_index_head_and_files_alone(repo: TestRepo) -> None:
    """What is staged and what is not stays as it was, in the root and in a lane's workspace."""
    repo.lane("auth")
    for lane, place in (("main", repo.path), ("auth", repo.workspace("auth"))):
        repo.write({"auth.py": "staged\n", "src/app.py": "edited\n", "new.txt": "new\n"}, place)
        repo.git("add", "auth.py", cwd=place)
        index = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place), "index")
        before = (index.read_bytes(), repo.git("rev-parse", "HEAD", cwd=place))
        tree = repo.lanes.snapshot(lane).tree
        assert (index.read_bytes(), repo.git("rev-parse", "HEAD", cwd=place)) == before
        assert (
            repo.git("status", "--porcelain", cwd=place) == "M  auth.py\n M src/app.py\n?? new.txt"
        )
        assert repo.files(tree) == {"auth.py": "staged", "src/app.py": "edited", "new.txt": "new"}


def test_executable_bits_and_symlinks(repo: TestRepo) -> None:
    """Modes are kept: runnable files, links to files, to directories and to nowhere."""
    place = repo.lane("auth")
    (place / "auth.py").chmod(0o755)
    (place / "dangling").symlink_to("no such file")
    (place / "folder").symlink_to("src")
    tree = repo.lanes.snapshot("auth").tree
    wanted = {"auth.py": "100755", "dangling": "120000", "folder": "120000", "src/app.py": "100644"}
    assert modes(repo, tree) == wanted
    assert repo.files(tree)["dangling"] == "no such file"


def test_a_directory_that_became_a_link_or_a_file(repo: TestRepo) -> None:
    """A file in a directory's place, and a directory in a file's place, are taken as they are."""
    place = repo.lane("auth")
    repo.write({"src/app.py": None, "auth.py": None}, place)
    (place / "src").rmdir()
    (place / "src").symlink_to("auth.py")
    repo.write({"auth.py/inner.py": "inner\n"}, place)
    assert modes(repo, repo.lanes.snapshot("auth").tree) == {
        "auth.py/inner.py": "100644",
        "src": "120000",
    }


def test_strange_file_names(repo: TestRepo) -> None:
    """Whatever bytes a file's name has, it is in the snapshot and can be proposed by itself."""
    place = repo.lane("auth")
    names = ["a\nb", "tab\there", 'quote"s', "-dash", "ü", "\udcff\udcfe", ":x", "[a]*?"]
    for name in names:
        (place / name).write_text("strange\n")
    assert repo.files(repo.lanes.snapshot("auth").tree).keys() >= set(names)
    for name in names:
        made = repo.lanes.propose("auth", paths=[name], change="new")
        assert repo.files(made.attempt.tree).keys() == {"auth.py", "src/app.py", name}


def test_a_submodule_pointer(repo: TestRepo, make_repo: Maker) -> None:
    """The pointer is the submodule's HEAD where it is checked out, else what the base has."""
    library = add_submodule(repo, make_repo)
    place = repo.lane("auth")
    pinned = repo.rev("HEAD:sub")
    assert repo.rev(f"{repo.lanes.snapshot('auth').tree}:sub") == pinned
    repo.git("submodule", "--quiet", "update", "--init", cwd=place)
    moved = library.save({"lib.py": "2\n"})
    repo.git("fetch", "--quiet", cwd=place / "sub")
    repo.git("checkout", "--quiet", moved, cwd=place / "sub")
    assert repo.rev(f"{repo.lanes.snapshot('auth').tree}:sub") == moved


def test_clean_filters_and_line_ends(make_repo: Maker) -> None:
    """Files are stored as git's filters, eol, ident and encoding rules want them."""
    attributes = (
        "*.up filter=upper\n*.txt text eol=crlf\n*.id ident\n"
        "*.wide text working-tree-encoding=UTF-16LE-BOM eol=lf\n"
    )
    repo = make_repo({".gitattributes": attributes}, adopted=False)
    repo.git("config", "filter.upper.clean", "tr a-z A-Z")
    repo.git("config", "filter.upper.smudge", "tr A-Z a-z")
    repo.git("config", "filter.upper.required", "true")
    repo.lanes.init()
    place = repo.lane("auth")
    wide = "\ufeffwide\n".encode("utf-16-le")
    files: dict[str, str | bytes | None] = {
        "a.up": "loud\n",
        "a.txt": "one\r\ntwo\r\n",
        "a.id": "$Id: 12 $\n",
        "a.wide": wide,
    }
    repo.write(files, place)
    tree = repo.lanes.snapshot("auth").tree
    stored = {name: raw(repo, f"{tree}:{name}") for name in files}
    assert stored == {
        "a.up": b"LOUD\n",
        "a.txt": b"one\ntwo\n",
        "a.id": b"$Id$\n",
        "a.wide": b"wide\n",
    }
    assert repo.lanes.commit("auth").attempt.tree == tree
    assert repo.git("status", "--porcelain", cwd=place) == ""
    landed = repo.lanes.promote("auth")
    assert landed.followed
    assert (repo.path / "a.up").read_text() == "loud\n"
    assert (repo.path / "a.wide").read_bytes() == wide
    assert (repo.path / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert repo.git("status", "--porcelain") == ""


def test_a_filter_that_keeps_contents_elsewhere(make_repo: Maker, tmp_path: Path) -> None:
    """With a driver like git-lfs the tree has pointers, and workspaces and root the contents."""
    store = tmp_path / "big"
    store.mkdir()
    clean = tmp_path / "clean.sh"
    clean.write_text(
        f"#!/bin/sh\ncat > {store}/new\nid=$(git hash-object --stdin < {store}/new)\n"
        f'mv {store}/new {store}/$id\necho "pointer $id"\n'
    )
    smudge = tmp_path / "smudge.sh"
    smudge.write_text(f"#!/bin/sh\nread -r word id\ncat {store}/$id\n")
    repo = make_repo({".gitattributes": "*.bin filter=big -text\n"}, adopted=False)
    repo.git("config", "filter.big.clean", f"sh {clean}")
    repo.git("config", "filter.big.smudge", f"sh {smudge}")
    repo.git("config", "filter.big.required", "true")
    repo.lanes.init()
    place = repo.lane("auth", {"model.bin": b"\0weights\n"})
    assert repo.files("refs/lanes/head/auth")["model.bin"].startswith("pointer ")
    assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.lanes.promote("auth")
    assert (repo.path / "model.bin").read_bytes() == b"\0weights\n"
    other = repo.lane("other")
    assert (other / "model.bin").read_bytes() == b"\0weights\n"
    assert repo.lanes.snapshot("other").tree == repo.rev("main^{tree}")


@pytest.mark.parametrize("sparse_index", [False, True])
def test_a_sparse_workspace_keeps_what_it_does_not_show(repo: TestRepo, sparse_index: bool) -> None:
    """Files outside the sparse cone are in the snapshot, and in what is committed from there."""
    repo.save({"src/deep/a.py": "a\n", "docs/x.md": "x\n", "docs/y/z.md": "z\n"})
    place = repo.lane("auth")
    option = "--sparse-index" if sparse_index else "--no-sparse-index"
    repo.git("sparse-checkout", "set", "--cone", option, "src", cwd=place)
    assert not (place / "docs").exists()
    before = repo.files("main")
    assert repo.files(repo.lanes.snapshot("auth").tree) == before
    repo.commit("auth", {"src/new.py": "new\n"})
    assert repo.files("refs/lanes/head/auth") == {**before, "src/new.py": "new"}
    assert not (place / "docs").exists()
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_an_untracked_file_outside_the_sparse_cone_counts(repo: TestRepo) -> None:
    """A file that the agent wrote outside the cone is new work like any other."""
    repo.save({"docs/x.md": "x\n"})
    place = repo.lane("auth")
    repo.git("sparse-checkout", "set", "--cone", "src", cwd=place)
    repo.write({"docs/new.md": "new\n"}, place)
    files = repo.files(repo.lanes.snapshot("auth").tree)
    assert (files["docs/x.md"], files["docs/new.md"]) == ("x", "new")


def test_an_edit_of_the_same_size_and_time_is_seen(repo: TestRepo) -> None:
    """An edit in the instant in which the index was written counts though nothing shows it."""
    place = repo.lane("auth")
    moment = (1_700_000_000, 1_700_000_000)
    path = place / "auth.py"
    repo.git("config", "core.trustctime", "false")
    os.utime(path, moment)
    repo.git("update-index", "--refresh", cwd=place)
    os.utime(repo.git("rev-parse", "--absolute-git-dir", cwd=place) + "/index", moment)
    path.write_text("LOGIN\n")
    os.utime(path, moment)
    assert repo.files(repo.lanes.snapshot("auth").tree)["auth.py"] == "LOGIN"


def test_an_edit_with_its_old_time_restored_is_seen(repo: TestRepo) -> None:
    """An edit of the same size whose modification time was put back counts."""
    place = repo.lane("auth")
    path = place / "auth.py"
    before = path.stat()
    path.write_text("LOGIN\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert repo.files(repo.lanes.snapshot("auth").tree)["auth.py"] == "LOGIN"


def test_a_file_only_intended_to_be_added_is_whole(repo: TestRepo) -> None:
    """After `git add --intent-to-add` the snapshot has the file's content."""
    place = repo.lane("auth")
    repo.write({"new.txt": "content\n"}, place)
    repo.git("add", "--intent-to-add", "new.txt", cwd=place)
    assert repo.files(repo.lanes.snapshot("auth").tree)["new.txt"] == "content"


def test_a_file_removed_from_the_index_alone_stays(repo: TestRepo) -> None:
    """A snapshot is of the files: what `git rm --cached` left in the directory is in it."""
    place = repo.lane("auth")
    repo.git("rm", "--quiet", "--cached", "auth.py", cwd=place)
    assert "auth.py" in repo.files(repo.lanes.snapshot("auth").tree)


def test_a_split_index(repo: TestRepo) -> None:
    """A workspace whose index is split can be snapshotted, committed and committed again."""
    place = repo.lane("auth")
    repo.git("update-index", "--split-index", cwd=place)
    repo.write({"one.txt": "1\n"}, place)
    assert repo.files(repo.lanes.snapshot("auth").tree)["one.txt"] == "1"
    for name in ("two.txt", "three.txt"):
        repo.commit("auth", {name: "x\n"})
        assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.txt", "two.txt", "three.txt"}


def test_a_workspace_without_an_index(repo: TestRepo) -> None:
    """A lost index file is no loss: the snapshot is made from the files."""
    place = repo.lane("auth")
    Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place), "index").unlink()
    repo.write({"one.txt": "1\n"}, place)
    assert repo.files(repo.lanes.snapshot("auth").tree) == {
        "auth.py": "login",
        "src/app.py": "app",
        "one.txt": "1",
    }


def test_a_nested_repository_is_a_pointer(repo: TestRepo) -> None:
    """A repository inside a workspace is recorded as git records it: by its HEAD."""
    place = repo.lane("auth")
    nested = TestRepo.make(place / "nested", repo.environ, {"inner": "x\n"}, adopted=False)
    tree = repo.lanes.snapshot("auth").tree
    assert modes(repo, tree)["nested"] == "160000"
    assert repo.rev(f"{tree}:nested") == nested.rev("HEAD")


def test_a_nested_repository_without_commits_is_named(
    repo: TestRepo, cli: Callable[..., Ran]
) -> None:
    """What git cannot record is left out with a word, and counts once it has a commit."""
    place = repo.lane("auth")
    nested = TestRepo(place / "empty", repo.environ)
    repo.git("init", "--quiet", str(nested.path))
    said = cli("snapshot", "auth")
    assert "'empty' is a git repository without a commit, and is left out" in said.err
    assert "empty" not in modes(repo, said.out.strip())
    nested.save({"inner.txt": "inner\n"})
    assert modes(repo, repo.lanes.snapshot("auth").tree)["empty"] == "160000"


@pytest.mark.parametrize(
    "stray",
    [
        *(
            "stray",
            "none/1",
            "auth/x",
            "auth/0x1",
            "auth/-1",
            "auth/1.5",
            "auth/\u0663",
            "auth/\u00b2",
        ),
        *("auth/sub/7", "auth/007", "auth/0", "auth/99999999999", "auth/1000000000"),
        *("auth/\udcff", "auth/\udcff/7", "auth/7\udcff"),
    ],
)
def test_a_stray_ref_among_the_snapshots(
    repo: TestRepo, cli: Callable[..., Ran], stray: str
) -> None:
    """A ref whose name is no snapshot's is read past; commands go on, numbers too."""
    place = repo.lane("auth")
    repo.write({"one.txt": "1\n"}, place)
    assert repo.lanes.snapshot("auth").id == "auth/s1"
    readers = (["list"], ["status"], ["workspace", "list"], ["show", "auth"], ["show", "auth/s1"])
    before = [cli(*x) for x in readers]
    assert [x.code for x in before] == [0] * len(readers)
    repo.git("update-ref", f"refs/lanes/snapshots/{stray}", "main")
    assert [cli(*x) for x in readers] == before
    assert repo.lanes.snapshot("auth").id == "auth/s1"
    repo.write({"one.txt": "2\n"}, place)
    assert repo.lanes.snapshot("auth").id == "auth/s2"
    assert repo.rev(f"refs/lanes/snapshots/{stray}") == repo.rev("main")


def test_a_snapshot_that_is_no_commit(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """A file's content under a snapshot's name is read past."""
    place = repo.lane("auth")
    repo.git("update-ref", "refs/lanes/snapshots/auth/7", "main:auth.py")
    repo.write({"one.txt": "1\n"}, place)
    assert repo.lanes.snapshot("auth").id == "auth/s1"
    assert cli("show", "auth/s7").code == 128
    assert [cli(*x).code for x in (["list"], ["status"], ["workspace", "list"])] == [0, 0, 0]


def test_a_number_that_something_else_has(repo: TestRepo) -> None:
    """The next snapshot goes past a ref that is none, and takes the first number that is free."""
    place = repo.lane("auth")
    for number in (1, 2):
        repo.git("update-ref", f"refs/lanes/snapshots/auth/{number}", "main:auth.py")
    repo.write({"one.txt": "1\n"}, place)
    assert repo.lanes.snapshot("auth").id == "auth/s3"


def test_no_number_is_left(repo: TestRepo) -> None:
    """After the last number that an id can have, a snapshot is refused and the ref is named."""
    place = repo.lane("auth")
    last = "refs/lanes/snapshots/auth/999999999"
    repo.git("update-ref", last, "main")
    repo.write({"one.txt": "1\n"}, place)
    before = repo.refs()
    with pytest.raises(Refused, match="no number left") as refused:
        repo.lanes.snapshot("auth")
    assert refused.value.hint.endswith(f"git update-ref -d {last}")
    assert repo.refs() == before
