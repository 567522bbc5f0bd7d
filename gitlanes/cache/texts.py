"""What is looked for in an attempt: the words of who asked, did and judged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gitlanes.models.history import own_intents

_MOST = 200_000
_CHANGE_LINE = re.compile(r"^(Change-Id: I[0-9a-f]{40}|Follows: .*)$", re.M)
# Scripts without spaces between words: each character is a word of its own to the index.
_UNSPACED = re.compile("(?<=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])(?=\\w)")
_JOINT = "\u200b"


class Texts(NamedTuple):
    """The searched columns of one attempt, in the order of the table."""

    title: str
    prompt: str
    message: str
    reasons: str
    tags: str
    meta: str

    @property
    def digest(self) -> str:
        """Return what two attempts have in common only if nothing that is searched differs."""
        return hashlib.sha256("\0".join(self).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Subject(NamedTuple):
    """An attempt as far as the cache knows it; ``lane`` is a uuid, ``made`` a commit."""

    key: int
    name: str
    kind: str
    made: str
    title: str
    reason: str
    lane: str
    status: str
    agent: str | None

    def facets(self, tags: Iterable[str]) -> str:
        """Return what it can be searched by besides its texts."""
        found = [facet("lane", self.lane), facet("status", self.status)]
        found += [facet("agent", self.agent)] if self.agent is not None else []
        return " ".join([*found, *(facet("tag", x) for x in tags)])


def facet(kind: str, value: str) -> str:
    """Return the word for something that attempts are searched by."""
    name = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    # What ends in a digit is no word of any language: it is not stemmed.
    return f"{kind}{hashlib.sha256(name).hexdigest()[:20]}0"


def texts_of(
    subject: Subject,
    commit: bytes | None,
    intents: list[dict[str, Any]],
    evaluations: list[dict[str, Any]],
) -> Texts:
    """Return what is searched of an attempt, given its commit and the records on that."""
    own = own_intents(subject.name, subject.kind, intents)
    reasons = [subject.reason, *(str(x.get("reason") or "") for x in evaluations)]
    found = (
        subject.title,
        "\n".join(dict.fromkeys(x["prompt"] for x in own if x.get("prompt"))),
        _message(commit),
        "\n".join(dict.fromkeys(filter(None, reasons))),
        " ".join(dict.fromkeys(tag for x in own for tag in x.get("tags", ()))),
        "\n".join(dict.fromkeys(word for x in own for word in _meta(x))),
    )
    return Texts(*map(spaced, found))


def spaced(text: str) -> str:
    """Return text as it is searched, with marks between the words of scripts without spaces."""
    if text.isascii():
        return text[:_MOST]
    return _UNSPACED.sub(_JOINT, text[:_MOST].encode("utf-8", "replace").decode())


def unspaced(text: str) -> str:
    """Return a text without those marks."""
    return text.replace(_JOINT, "")


def _message(commit: bytes | None) -> str:
    """Return what a commit's message says below its subject."""
    if commit is None:
        return ""
    message = commit.partition(b"\n\n")[2]
    body = message.partition(b"\n")[2].decode("utf-8", "replace")
    return _CHANGE_LINE.sub("", body).strip()


def _meta(intent: Mapping[str, Any]) -> Iterable[str]:
    yield from (f"{key}: {value}" for key, value in (intent.get("meta") or {}).items())
    yield from intent.get("context", ())
    yield from filter(None, (intent.get("model"), *_agent(intent)))


def _agent(intent: Mapping[str, Any]) -> Iterable[str]:
    agent = intent.get("agent") or {}
    return (str(agent[x]) for x in ("id", "type", "version") if agent.get(x))
