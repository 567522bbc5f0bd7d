"""What becomes of an agent's work when the agent has ended, however that was."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gitlanes.config import table
from gitlanes.errors import (
    LanesError,
    Locked,
    Negative,
    NothingToPropose,
    Raced,
    as_lanes_error,
)
from gitlanes.fleet import recording
from gitlanes.landing import accepting, evaluating
from gitlanes.models.fleet import FINISHED
from gitlanes.models.notes import Cost, Intent, Judgement
from gitlanes.models.plain import plain
from gitlanes.models.records import Lane
from gitlanes.review import costs, propose
from gitlanes.store.codec import one_line
from gitlanes.workspaces import claims, edits, finding, snapshots

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What becomes of finished work, as `lanes.whenAgentEnds` has it.
EVALUATE, COMMIT, SNAPSHOT = "evaluate", "commit", "snapshot"
# How a reason begins that says that somebody wanted the end.
STOPPED = "stopped: "


def settle(
    repo: LaneRepo,
    run: str,
    order: Mapping[str, Any],
    how: Mapping[str, Any],
    prompt: str,
    cost: Cost,
    judging: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> dict[str, Any]:
    """Keep the work of an agent that has ended, and record that it has; return what is to note.

    Work of one that finished is proposed, and more or less than that as `lanes.whenAgentEnds`
    says; of any other it is recorded as a rejected attempt, for people to look at. The files stay
    where they are. What cannot be proposed is in a snapshot. The note says what went wrong; only
    Locked and Raced are raised: repeated, it goes on with what was begun, as after a kill.
    ``judging`` surrounds the work of gates, which Ctrl-C ends.
    """
    work = _Work(repo, order, how, prompt, cost, judging)
    work.noted["cost"] = plain(cost, absent=False)
    try:
        found = recording.lane_of(repo, order)
        paid = found is None or work.keep(found.record)
        work.noted["ended"] = recording.ended(repo, run, order, how, None if paid else cost)
    except (Locked, Raced):
        raise
    except (LanesError, OSError) as error:
        work.noted["problem"] = as_lanes_error(error).message
    return work.noted


def release(repo: LaneRepo, order: Mapping[str, Any]) -> None:
    """End the claim on the workspace that an agent had, if it has it still."""
    found = recording.lane_of(repo, order)
    with suppress(LanesError):
        if found is not None:
            claims.release(repo, found.record.name, agent=order["agent"])


class _Work:
    """What an agent left, with all that is to be told of it."""

    def __init__(
        self,
        repo: LaneRepo,
        order: Mapping[str, Any],
        how: Mapping[str, Any],
        prompt: str,
        cost: Cost,
        judging: Callable[[], AbstractContextManager[None]],
    ):
        self._repo = repo
        self._order = order
        self._how = how
        self._prompt = prompt
        self._cost = cost
        self._judging = judging
        self.noted: dict[str, Any] = {}

    @cached_property
    def _policy(self) -> str:
        known = table.BY_NAME["whenAgentEnds"]
        return self._repo.settings.word(known.key, known.default[0], known.words)

    @property
    def _why(self) -> str:
        said, reason = recording.DONE[self._how["status"]], self._how.get("reason")
        why = f": {reason.removeprefix(STOPPED)}" if reason else ""
        return f"the agent {said}{why}"

    def keep(self, lane: Lane) -> bool:
        """Keep the files; say whether an attempt carries what they took."""
        repo = self._repo
        workspace = finding.workspace_of(repo, lane)
        if workspace is None:
            return False
        try:
            self.noted["changed"] = len(edits.unsaved(repo, workspace))
            if self._policy != SNAPSHOT:
                return self._offer(lane.name)
        except NothingToPropose:
            return self._add(lane)
        except (Locked, Raced):
            raise
        except (LanesError, OSError) as error:
            self.noted["problem"] = as_lanes_error(error).message
        saved = snapshots.save_unsaved(repo, lane.name, reason=self._why)[1]
        self.noted["snapshot"] = saved.id if saved else None
        return self._add(lane)

    def _offer(self, name: str) -> bool:
        """Propose the files, and ask gates as the policy says; True once that is recorded."""
        how, order = self._how, self._order
        finished = how["status"] == FINISHED and not how.get("code")
        intent = Intent(
            prompt=self._prompt or None,
            agent=order["agent"],
            agent_type=order["program"]["name"],
            model=order["model"] or self._cost.model,
        )
        judgement = None if finished else Judgement(order["agent"], self._why)
        command = None if self._prompt else f"Run {shlex.join(order['program']['args'])}"
        message = command and one_line(command, 100)
        offer = propose.Offer(message, intent, self._cost, rejected=judgement)
        made = propose.propose(self._repo, name, offer).attempt
        self.noted["attempt"] = made.id
        if made.open and self._policy in (EVALUATE, COMMIT):
            self._judge(made.id)
        return True

    def _judge(self, attempt: str) -> None:
        try:
            with self._judging():
                if self._policy == COMMIT:
                    accepting.accept(self._repo, attempt)
                else:
                    evaluating.evaluate(self._repo, attempt)
        except Negative:
            pass  # there are no gates, or they said no, which is on record
        except KeyboardInterrupt:
            self.noted["problem"] = "the gates were stopped"
        except LanesError as error:
            self.noted["problem"] = error.message

    def _add(self, lane: Lane) -> bool:
        """Add the cost to what the agent committed itself; False where it did not."""
        if lane.next <= self._order["next"]:
            return False
        attempt = f"{lane.name}/{lane.next - 1}"
        self.noted["attempt"] = attempt
        if not costs.has(self._repo, attempt, self._cost):
            costs.add(self._repo, attempt, self._cost)
        return True
