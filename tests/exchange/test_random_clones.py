"""Random work in three clones that push and pull: all come to the same, and nothing is lost."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitlanes import Cost, Intent, Negative, NotFound, Refused
from tests.support.amounts import many
from tests.support.clones import Clones
from tests.support.repos import TestRepo

NAMES = ("one", "two", "main")

Action = tuple[str, int, str, int]

# Some occur more often than others.
_KINDS = (
    *("put",) * 4,
    *("offer", "offer", "accept", "reject", "new", "new", "promote", "edit", "cost"),
    *("push", "push", "pull", "rename", "delete", "archive"),
)
actions = st.lists(
    st.tuples(
        st.sampled_from(_KINDS), st.integers(0, 2), st.sampled_from(NAMES), st.integers(0, 3)
    ),
    min_size=4,
    max_size=24,
)


class At(NamedTuple):
    """Where an action is done, and what its number is."""

    repo: TestRepo
    where: int
    lane: str
    number: int


class World:
    """Three clones, what each of them recorded, and how each action is done."""

    def __init__(self, home: Path, *, shared: bool):
        config = home / "gitconfig"
        config.write_text("[user]\nname = T\nemail = t@example.com\n[gc]\nauto = 0\n")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ = {**kept, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(config)}
        self.clones = Clones(home, {**environ, "HOME": str(home)}, "abc", lanes=NAMES[:2])
        self.shared = shared
        self.count = self.spent = 0
        self.made: dict[str, str] = {}
        self.named: dict[tuple[int, str], str] = {}
        self.last: dict[tuple[str, str], str] = {}

    def do(self, action: Action) -> None:
        """Do one thing; what cannot be done now is none."""
        kind, where, lane, number = action
        self.count += 1
        with suppress(Negative, Refused, NotFound):
            getattr(self, kind)(At(self.clones[where], where, lane, number))

    def put(self, at: At, *, accept: bool = True) -> None:
        """Put a file into a lane: one that each clone has for itself, or that all have."""
        path = f"{'all' if self.shared else at.where}/{at.lane}/{accept}-{at.number}"
        text = f"{self.count}\n".encode()
        said = Intent(prompt=f"prompt {self.count}", agent=f"agent-{at.where}")
        cost = Cost(input_tokens=self.count)
        made = at.repo.lanes.put_file(
            at.lane, path, text, accept=accept, intent=said, cost=cost, message=f"work {self.count}"
        ).attempt
        self.made[made.uuid] = f"prompt {self.count}"
        self.spent += self.count
        self.named[at.where, made.id] = made.uuid
        if accept:
            self.last[at.repo.lanes.lane(at.lane).uuid, path] = str(self.count)

    def offer(self, at: At) -> None:
        """Leave an attempt open."""
        self.put(at, accept=False)

    def accept(self, at: At) -> None:
        """Accept an open attempt."""
        waiting = at.repo.lanes.lane(at.lane).open
        if waiting:
            at.repo.lanes.accept(waiting[at.number % len(waiting)].id)

    def reject(self, at: At) -> None:
        """Reject an open attempt."""
        waiting = at.repo.lanes.lane(at.lane).open
        if waiting:
            at.repo.lanes.reject(waiting[at.number % len(waiting)].id)

    def new(self, at: At) -> None:
        """Make a lane, whose name is this clone's own unless all share it."""
        name = f"{at.lane}-{at.where}" if at.number % 2 or not self.shared else at.lane
        at.repo.lanes.new(name, workspace=False)
        self.put(at._replace(lane=name))

    def promote(self, at: At) -> None:
        """Land a lane."""
        at.repo.lanes.promote(at.lane, mode=("merge", "squash", "replay", "merge")[at.number])

    def edit(self, at: At) -> None:
        """Say something of a lane."""
        at.repo.lanes.edit(
            at.lane, description=f"{at.number}", meta={f"{at.where}": f"{self.count}"}
        )

    def cost(self, at: At) -> None:
        """Add to what an attempt took."""
        told = at.repo.lanes.history(at.lane, limit=1).attempts
        if told:
            at.repo.lanes.add_cost(told[0].attempt.id, Cost(output_tokens=self.count))

    def push(self, at: At) -> None:
        """Push."""
        at.repo.lanes.push()

    def pull(self, at: At) -> None:
        """Pull, and find nothing new at once after that."""
        at.repo.lanes.pull()
        before = at.repo.refs()
        again = at.repo.lanes.pull()
        assert (again.lanes, again.notes, at.repo.refs()) == ((), (), before)

    def rename(self, at: At) -> None:
        """Rename a lane that is this clone's own."""
        if not self.shared:
            at.repo.lanes.rename(f"{at.lane}-{at.where}", f"{at.lane}-{at.where}-{at.number}")

    def delete(self, at: At) -> None:
        """Delete a lane."""
        at.repo.lanes.delete(f"{at.lane}-{at.where}" if at.number % 2 else at.lane, force=True)

    def archive(self, at: At) -> None:
        """Put a lane away, or bring it back."""
        (at.repo.lanes.archive if at.number % 2 else at.repo.lanes.unarchive)(at.lane)


def _totals(repo: TestRepo) -> int:
    """Return what the running totals of agents come to, those of deleted lanes included."""
    with repo.inner() as found:
        lanes = [x.record for x in found.view.lanes(deleted=True)]
    agents = [x.spent.get("agents", {}) for x in lanes if x.status != "renamed"]
    return sum(sums.get("input_tokens", 0) for one in agents for sums in one.values())


def _check(world: World) -> None:
    """Assert that all clones are the same, but for lanes that are left, and have everything."""
    clones = world.clones
    server = clones.on_server()
    aside = {x.lane for repo in clones.all for x in repo.lanes.pull().left}
    for number, repo in enumerate(clones.all):
        mine = {x: y for x, y in clones.shared(repo).items() if x.rpartition("/")[2] not in aside}
        theirs = {x: y for x, y in server.items() if x.rpartition("/")[2] not in aside}
        assert mine == theirs
        repo.fsck()
        told = {x.attempt.uuid: x for x in repo.lanes.history().attempts}
        if not aside:
            assert world.made.keys() <= told.keys()
            assert repo.lanes.cost().total.get("input_tokens", 0) == world.spent
            assert _totals(repo) == world.spent
        for uuid, prompt in world.made.items():
            if uuid in told:
                landed = told[uuid].attempt.landed
                assert landed is None or repo.rev(f"{landed}^{{commit}}") == landed
                prompts = [x.get("prompt") for x in told[uuid].notes.intents]
                assert prompt in prompts
                assert told[uuid].notes.costs[0]["input_tokens"] > 0
        ids = [x.attempt.id for x in told.values()]
        assert len(ids) == len(set(ids))
        for (where, name), uuid in world.named.items():
            if where == number and uuid in told:
                with suppress(Refused):  # two had that name, and it names both
                    found = repo.lanes.show(name).attempts[0].attempt
                    assert found.id == name or found.uuid == uuid
                repo.lanes.show(told[uuid].attempt.id)


def _run(steps: list[Action], *, shared: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="clones-") as home:
        world = World(Path(home), shared=shared)
        try:
            for step in steps:
                world.do(step)
            world.clones.settle()
            if not shared:
                assert [repo.lanes.pull().left for repo in world.clones.all] == [()] * 3
                _complete(world)
            _check(world)
        finally:
            world.clones.close()


def _complete(world: World) -> None:
    """Assert that each lane has what was last accepted at each of its own paths."""
    repo = world.clones[0]
    files = {x.uuid: repo.files(str(x.head)) for x in repo.lanes.lanes(archived=True).lanes}
    for (lane, path), text in world.last.items():
        assert lane not in files or files[lane][path] == text


_HOW = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


@given(actions)
@_HOW
def test_disjoint_work_converges(steps: list[Action]) -> None:
    """Clones that touch files of their own come to equal journals, heads and notes."""
    _run(steps, shared=False)


@given(actions)
@_HOW
def test_colliding_work_is_left_and_all_else_converges(steps: list[Action]) -> None:
    """Where clones touch the same files, what diverged is told of, and the rest is the same."""
    _run(steps, shared=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(actions, st.booleans())
@settings(_HOW, max_examples=many(20))
def test_much_work_converges(steps: list[Action], shared: bool) -> None:
    """The same for much more of it."""
    _run(steps, shared=shared)
