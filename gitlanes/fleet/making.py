"""Lanes with their workspaces made side by side, each thread with a repository of its own."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import LanesError, as_lanes_error
from gitlanes.fleet import running
from gitlanes.store.lane_repo import LaneRepo

if TYPE_CHECKING:
    from gitlanes.models.fleet import RunOrder

# So many at a time: git writes their files, and disks are few.
_AT_A_TIME = 4
# How often a waiting main thread looks up, in seconds: so Ctrl-C is heard.
_BEAT = 0.1


class Member(NamedTuple):
    """A lane, and what is to run in it."""

    lane: str
    order: RunOrder


class Makers:
    """Makes lanes; ``made`` are those that are there by now, ``failed`` says why others are not."""

    def __init__(self, repo: LaneRepo, members: Sequence[Member]):
        self._repo, self._number = repo, len(members)
        self._waiting: SimpleQueue[Member] = SimpleQueue()
        for member in members:
            self._waiting.put(member)
        self._stop = Event()
        self._warnings: list[str] = []
        self._threads = [
            Thread(target=self._work, daemon=True) for _ in range(min(_AT_A_TIME, len(members)))
        ]
        self.made: list[str] = []
        self.failed: dict[str, LanesError] = {}

    def run(self) -> None:
        """Make all of them."""
        for thread in self._threads:
            thread.start()
        while any(x.is_alive() for x in self._threads):
            self._told()
            for thread in self._threads:
                thread.join(_BEAT)
        self._told()

    def stop(self) -> None:
        """Begin with no further one, and wait for those that are under way."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for text in self._warnings:
            self._repo.warn(text)

    def _told(self) -> None:
        done = len(self.made) + len(self.failed)
        self._repo.progress("making workspaces", done, self._number)

    def _work(self) -> None:
        with LaneRepo(self._repo.place, self._repo.environ) as repo:
            while not self._stop.is_set():
                try:
                    name, order = self._waiting.get_nowait()
                except Empty:
                    break
                try:
                    running.make_lane(repo, name, order)
                    self.made.append(name)
                except Exception as error:  # noqa: BLE001 - told of the lane that it is about
                    self.failed[name] = as_lanes_error(error)
            self._warnings += repo.warnings
