"""Laying commits one after the other, beside each of them planned by itself."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlanes.combine.assembly import plan_landing
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.trees import overlay
from gitlanes.graph.laying import Case, Settled, lay
from gitlanes.store.lane_repo import LaneRepo
from tests.support.repos import TestRepo

WHO = b"Test Person <person@example.com> 1700000000 +0000"
# Few paths and contents, so that sides meet, agree and come back to what was there.
PATHS = (b"a", b"a/b", b"c/d", b"c/D", b"e")
TREE = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(b"xyz"), max_size=4).filter(
    lambda files: not {b"a", b"a/b"} <= files.keys()
)


def stored(repo: LaneRepo, files: dict[bytes, int]) -> str:
    """Return a tree of these files."""
    edits = {
        path: ("100644", repo.objects.write("blob", bytes([content])))
        for path, content in files.items()
    }
    return overlay(repo.objects, EMPTY_TREE, edits)


def chain(repo: LaneRepo, trees: list[str]) -> list[str]:
    """Return commits of these trees, each on the one before."""
    commits: list[str] = []
    for number, tree in enumerate(trees):
        message = f"commit {number}\n"
        commits.append(
            repo.objects.write_commit(tree, commits[-1:], message, author=WHO, committer=WHO)
        )
    return commits


def by_the_lane(case: Case) -> Settled:
    """Take the lane's contents where nothing else collides, and leave all otherwise."""
    found = case.plan.collisions
    if any(x.kind != "content" for x in found):
        return Settled({}, found, {})
    return Settled({x.path: x.source[1] for x in found if x.source}, (), {})


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=st.lists(TREE, min_size=2, max_size=5), below=TREE)
def test_each_is_laid_as_if_alone(
    repo: TestRepo, trees: list[dict[bytes, int]], below: dict[bytes, int]
) -> None:
    """What is known from the commit before leads to what looking anew finds."""
    inner = repo.inner()
    made = [stored(inner, x) for x in trees]
    tree = stored(inner, below)
    course = lay(inner, chain(inner, made)[1:], tree, by_the_lane)
    for before, after, laid in zip(made, made[1:], course.laid, strict=False):
        plan = plan_landing(inner.objects, inner.git, bases=[before], source=after, target=tree)
        if plan.tree is not None:
            assert laid.tree == plan.tree
        tree = laid.tree
    if course.stop is not None:
        number = len(course.laid)
        plan = plan_landing(
            inner.objects, inner.git, bases=[made[number]], source=made[number + 1], target=tree
        )
        assert course.stop.case.plan == plan
