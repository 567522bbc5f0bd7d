"""What is answered about attempts: found by words, and behind lines."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.history import Told
from gitlanes.models.notes import Notes
from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.records import Attempt


class Passage(Model):
    """Where a query matches: ``source`` is 'prompt', 'title', 'reasons', 'message', 'tags', 'meta'.

    ``text`` is what stands there, ``marks`` the (start, end) of each match in it.
    """

    source: str
    text: str
    marks: tuple[tuple[int, int], ...] = ()


class Hit(Model):
    """An attempt that was found, with its records; a higher ``score`` is a better match."""

    attempt: Attempt
    notes: Notes
    score: float
    passage: Passage | None = None

    @property
    def told(self) -> Told:
        """The attempt with its records, as history tells it."""
        return Told(self.attempt, self.notes)


class Search(Result):
    """Attempts in which a query was found, the best first.

    ``more`` says that others match besides: beyond the limit, or older ones that were not ranked.
    """

    query: str
    hits: tuple[Hit, ...]
    more: bool = False

    schema: ClassVar[str] = "search"


class Similar(Result):
    """Attempts that are like a query, the most alike first; a score is a cosine.

    ``method`` is 'embeddings', and then ``model`` the endpoint's, or 'words': how many words
    and parts of words are the same, as no endpoint is configured.
    """

    query: str
    method: str
    model: str | None
    hits: tuple[Hit, ...]

    schema: ClassVar[str] = "similar"


class Origin(Model):
    """What is behind a commit: its attempt, as far as records tell, or only who committed it.

    ``others`` are the ids of further attempts of which it may be: a squash, where it cannot be
    told apart. ``cost`` is what the attempt took, ``prompt`` the first line of what was asked.
    """

    commit: str
    title: str
    author: str
    time: str
    attempt: str | None = None
    change_id: str | None = None
    agent: str | None = None
    prompt: str | None = None
    cost: dict[str, Any] = NOTHING
    others: tuple[str, ...] = ()


class BlamedLine(Model):
    """A line of a file: ``commit`` brought it into this history, None where it is not saved.

    ``made`` is the commit whose work it is: another one where that is a landed squash.
    """

    number: int
    commit: str | None
    made: str | None
    content: bytes


class Blame(Result):
    """Who made each line of a file; ``origins`` is by the lines' ``made``.

    ``state`` is None for the file as it is in the workspace.
    """

    path: bytes
    state: str | None
    lines: tuple[BlamedLine, ...]
    origins: dict[str, Origin]

    schema: ClassVar[str] = "blame"


class Why(Result):
    """Why something is as it is: the attempt behind it, and what was tried besides.

    ``line`` is set where a line was asked about. ``origin`` is what is behind its commit;
    ``attempt`` the attempt with its records, None where none made it. ``tried`` are all attempts
    of its change, newest first; ``landings`` the promotions that brought it on, each from the
    lane before. ``cost`` is what all those attempts took.
    """

    asked: str
    commit: str
    origin: Origin
    attempt: Told | None
    path: bytes | None = None
    line: BlamedLine | None = None
    change_id: str | None = None
    tried: tuple[Told, ...] = ()
    landings: tuple[Told, ...] = ()
    cost: dict[str, Any] = NOTHING

    schema: ClassVar[str] = "why"
