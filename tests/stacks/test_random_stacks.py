"""Random edits of a stack against a plain list of lists, then the landing of what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import combinations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gitlanes import Collision, Negative
from gitlanes.models.stacks import Stack
from tests.review.test_random_amends import scratch
from tests.support.amounts import many
from tests.support.repos import TestRepo

PATHS = ("a", "b", "d/c", "d/e/f", "g")
touched = st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True)
changes = st.lists(touched, min_size=2, max_size=5)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["merge", "split", "reorder", "move", "remove", "add", "approve", "commit"]
        ),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=8,
)
Blocks = list[list[int]]


class Model:
    """What a stack of numbered changes should be: the blocks, who approved, what is left out."""

    def __init__(self, paths: list[list[str]]):
        self.paths = paths
        self.blocks: Blocks = [[n] for n in range(len(paths))]
        self.approved: set[int] = set()

    @property
    def outside(self) -> list[int]:
        """Return the changes that are in no block."""
        return [n for n in range(len(self.paths)) if not any(n in x for x in self.blocks)]

    def fits(self, blocks: Blocks) -> bool:
        """Say whether changes that are out of order touch nothing in common."""
        order = [n for block in blocks for n in block]
        pairs = combinations(order, 2)
        return all(a < b or not {*self.paths[a]} & {*self.paths[b]} for a, b in pairs)

    def become(self, blocks: Blocks) -> bool:
        """Take over blocks without empty ones if they can be; return whether they can."""
        wanted = [x for x in blocks if x]
        if not self.fits(wanted):
            return False
        self.blocks = wanted
        return True


def permuted(count: int, seed: int) -> list[int]:
    """Return the numbers below `count` in one of their orders."""
    rest, order = list(range(count)), []
    while rest:
        order.append(rest.pop(seed % len(rest)))
        seed = seed // 2 + 1
    return order


class Play:
    """A stack, and the model of it."""

    def __init__(self, repo: TestRepo, paths: list[list[str]]):
        self.repo, self.model = repo, Model([])
        repo.work("lane")
        for one in paths:
            self.commit(one)
        repo.lanes.create_stack("s", lane="lane")
        self.model.blocks = [[n] for n in range(len(paths))]

    def commit(self, paths: list[str]) -> None:
        """Add a change that touches these paths."""
        number = len(self.model.paths)
        files = dict.fromkeys(paths, f"{number}\n")
        self.repo.commit("lane", files, f"{number}")
        self.model.paths.append(paths)

    def item(self, number: int) -> str:
        """Return the id of a change's attempt: no other attempt is made before the landing."""
        return f"lane/{number + 1}"

    def step(self, what: str, one: int, two: int) -> None:
        """Do one edit on both sides; they agree on whether it can be."""
        model = self.model
        if what == "commit":
            self.commit([PATHS[one % len(PATHS)]])
            model.blocks.append([len(model.paths) - 1])
            return
        if what == "add":
            if model.outside:
                self.add(model.outside[one % len(model.outside)])
            return
        if not model.blocks:
            return
        a, b = one % len(model.blocks), two % len(model.blocks)
        self.edit(what, a, b, two)

    def add(self, number: int) -> None:
        """Put a change back in its place."""
        blocks = self.model.blocks
        at = next((n for n, x in enumerate(blocks) if max(x) > number), len(blocks))
        self.agree(
            [*blocks[:at], [number], *blocks[at:]],
            lambda: self.repo.lanes.stack_add("s", self.item(number)),
        )

    def edit(self, what: str, a: int, b: int, seed: int) -> None:
        """Do an edit of blocks a and b."""
        stack, blocks = self.repo.lanes, self.model.blocks
        both = {*blocks[a], *blocks[b]}
        if what == "merge" and a != b:
            made = [x if n != a else [*x, *blocks[b]] for n, x in enumerate(blocks) if n != b]
            reset = set() if both <= self.model.approved else both
            self.agree(made, lambda: stack.merge_blocks("s", f"{a + 1}", f"{b + 1}"), reset)
        elif what == "split" and len(blocks[a]) > 1:
            at = 1 + seed % (len(blocks[a]) - 1)
            made = [*blocks[:a], blocks[a][:at], blocks[a][at:], *blocks[a + 1 :]]
            self.agree(made, lambda: stack.split_block(f"s/{a + 1}", f"{at}"))
        elif what == "reorder" and len(blocks) > 1:
            order = permuted(len(blocks), seed)
            made = [blocks[n] for n in order]
            if made != blocks:
                self.agree(made, lambda: stack.stack_reorder("s", *(f"{n + 1}" for n in order)))
        elif what == "move" and a != b:
            number = blocks[a][seed % len(blocks[a])]
            made = [[x for x in block if x != number] for block in blocks]
            made[b].append(number)
            self.agree(made, lambda: stack.stack_move("s", self.item(number), to=f"{b + 1}"), both)
        elif what == "remove":
            made = [x for n, x in enumerate(blocks) if n != a]
            self.agree(made, lambda: stack.stack_remove("s", f"{a + 1}"), set(blocks[a]))
        elif what == "approve":
            stack.review(f"s/{a + 1}", status="approved", by="ann")
            self.model.approved.update(blocks[a])

    def agree(self, made: Blocks, verb: Callable[[], Stack], reset: Collection[int] = ()) -> None:
        """Do on the stack what the model does, or find it refused as the model does.

        Blocks with changes that are `reset` are to be approved again.
        """
        if self.model.become(made):
            self.model.approved.difference_update(reset)
            verb()
            return
        event("refused")
        before = self.repo.refs()
        with pytest.raises(Collision):
            verb()
        assert self.repo.refs() == before

    def check(self) -> None:
        """Compare the stack with the model."""
        stack = self.repo.lanes.stack("s")
        found = [[int(x.title) for x in block.items] for block in stack.blocks]
        assert found == self.model.blocks
        assert [int(x.title) for x in stack.unassigned] == self.model.outside
        approved = [x.status == "approved" for x in stack.blocks]
        assert approved == [{*x} <= self.model.approved for x in self.model.blocks]


def check(paths: list[list[str]], edits: list[tuple[str, int, int]]) -> None:
    """Play the edits, then land the stack, then the rest."""
    with scratch() as repo:
        play = Play(repo, paths)
        tree = repo.rev("refs/lanes/head/lane^{tree}")
        for what, one, two in edits:
            play.step(what, one, two)
            play.check()
            if what == "commit":
                tree = repo.rev("refs/lanes/head/lane^{tree}")
            assert repo.rev("refs/lanes/head/lane^{tree}") == tree
        before = repo.files("main")
        order = [n for block in play.model.blocks for n in block]
        rest = play.model.outside
        can = play.model.fits([order, rest])
        if can and order:
            repo.lanes.promote_stack("s")
            wanted = {**before, **{p: f"{n}" for n in order for p in play.model.paths[n]}}
            assert repo.files("main") == wanted
            assert all(x.status == "merged" for x in repo.lanes.stack("s").blocks)
        else:
            event("does not land")
            with pytest.raises(Collision if order else Negative):
                repo.lanes.promote_stack("s")
            assert repo.files("main") == before
        assert repo.rev("refs/lanes/head/lane^{tree}") == tree
        if rest or repo.files("main") != repo.files("refs/lanes/head/lane"):
            repo.lanes.promote("lane")
        assert repo.files("main") == repo.files("refs/lanes/head/lane")
        repo.fsck()


SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


@settings(max_examples=12, **SETTINGS)  # type: ignore[arg-type]
@given(changes, steps)
def test_random_stacks(paths: list[list[str]], edits: list[tuple[str, int, int]]) -> None:
    """Edits do what they do to lists; the lane's tree never changes; all or none lands."""
    check(paths, edits)


@pytest.mark.slow
@settings(max_examples=many(50), **SETTINGS)  # type: ignore[arg-type]
@given(changes, steps)
def test_many_random_stacks(paths: list[list[str]], edits: list[tuple[str, int, int]]) -> None:
    """The same, more often."""
    check(paths, edits)
