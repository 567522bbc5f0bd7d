"""Objects that are held back, and written as one pack where they are many."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gitlanes.errors import GitFailed
from gitlanes.store.lane_repo import LaneRepo
from tests.support.repos import TestRepo


def packs(repo: TestRepo) -> set[str]:
    """Return the names of the files beside git's packs."""
    return {x.name for x in (repo.path / ".git/objects/pack").iterdir()}


def write(inner: LaneRepo, count: int) -> list[str]:
    """Write so many blobs, a tree of them, and a commit; return all ids, the commit's last."""
    store, who = inner.objects, inner.identity()
    blobs = [store.write("blob", b"%d\n" % n * (1 + n * 9)) for n in range(count)]
    tree = store.write_tree({b"%d" % n: (b"100644", bytes.fromhex(x)) for n, x in enumerate(blobs)})
    made = store.write_commit(tree, [], "x\n", author=who.author, committer=who.committer)
    return [*blobs, tree, made]


def test_a_pack_is_what_git_makes_of_it(repo: TestRepo) -> None:
    """Git finds every object in it, of any size, its sums right; it is kept until released."""
    with repo.inner() as inner, inner.objects.holding_back():
        oids = write(inner, 300)
        assert [inner.objects.read(x)[0] for x in oids[-3:]] == ["blob", "tree", "commit"]
        pack = inner.objects.as_pack()
        assert pack is not None
        assert packs(repo) == set()
        inner.objects.write_pack(pack)
        (index,) = (x for x in packs(repo) if x.endswith(".idx"))
        assert packs(repo) == {index, *(index.replace("idx", x) for x in ("pack", "keep"))}
        repo.git("repack", "-adq")
        assert inner.refs.kinds(oids[-3:]) == ["blob", "tree", "commit"]
        listed = repo.git("verify-pack", "-v", f".git/objects/pack/{index}")
        assert {x.split()[0] for x in listed.splitlines()[:302]} == set(oids)
        pack.release()
        assert not any(x.endswith(".keep") for x in packs(repo))
    repo.git("update-ref", "refs/heads/more", oids[-1])
    repo.fsck()


def test_git_sees_what_is_held_back_as_soon_as_it_is_asked(repo: TestRepo) -> None:
    """A command that starts, or the reader that runs, finds all; before, nothing is on disk."""
    with repo.inner() as inner:
        inner.refs.target("HEAD")
        with inner.objects.holding_back():
            *_, tree, commit = write(inner, 2)
            loose = Path(repo.path, ".git/objects", commit[:2], commit[2:])
            assert not loose.exists()
            assert inner.refs.target(f"{commit}^{{tree}}") == tree
            assert loose.exists()
            *_, other = write(inner, 3)
            assert inner.git.run("cat-file", "-t", other).text == "commit"
            *_, last = write(inner, 4)
        assert inner.refs.kind(last) == "commit"


def test_no_two_attempts_are_one_commit(repo: TestRepo) -> None:
    """The same work offered again within a second is another commit, written before or held."""
    with repo.inner() as inner:
        store, who = inner.objects, inner.identity()
        tree = store.write_tree({})

        def offer(*parents: str) -> str:
            return store.write_own_commit(
                tree, parents, "x\n", author=who.author, committer=who.committer
            )

        with store.holding_back():
            first, second = offer(), offer()
            above = {offer(first), offer(first), offer(second)}
        above |= {offer(first), offer(second)}
        with store.holding_back():
            above |= {offer(first), offer(second), offer()}
        assert len({first, second, *above}) == 10


def test_what_was_for_nothing_is_not_written(repo: TestRepo) -> None:
    """Where the work fails, what it held back goes; what comes after is written at once."""
    with repo.inner() as inner:
        with suppress(GitFailed), inner.objects.holding_back():
            *_, commit = write(inner, 2)
            raise GitFailed("no more")
        assert inner.refs.kind(commit) is None
        assert inner.refs.kind(inner.objects.write("blob", b"now\n")) == "blob"


def test_a_sync_of_much_leaves_one_pack(repo: TestRepo) -> None:
    """One of a little leaves none; no file that keeps a pack is left."""
    repo.work("dev")
    for name, many in (("auth", 70), ("other", 2)):
        repo.lanes.new(name, on="dev")
        repo.commit(name, {f"{name}/{number}/file": f"{number}\n" for number in range(many)})
    repo.commit("dev", {"new.txt": "new\n"})
    repo.lanes.sync("other")
    assert packs(repo) == set()
    repo.lanes.sync("auth")
    assert sorted(Path(x).suffix for x in packs(repo)) == [".idx", ".pack"]
    assert repo.git("status", "--porcelain", cwd=repo.workspace("auth")) == ""
    repo.fsck()
