"""Language models as the agents see them, and one that answers from a script."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class ModelFailedError(Exception):
    """The model's provider gave up in the middle of an answer."""


@dataclass
class Answer:
    """What a model said, the usage that its provider reported, and where it broke off."""

    text: str
    usage: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class Model(Protocol):
    """A model: asked as an agent, about a task, with a prompt."""

    name: str

    def ask(self, role: str, task: str, prompt: str) -> Answer:
        """Return the answer."""
        ...


class Scripted:
    """A model whose answers are in a file, by ``role`` or ``role:task``, used up in turn.

    ``asked`` keeps the prompts.
    """

    name = "scripted-1"

    def __init__(self, script: Path):
        said = json.loads(script.read_text())
        self._answers = {key: deque(answers) for key, answers in said.items()}
        self.asked: list[tuple[str, str, str]] = []

    def ask(self, role: str, task: str, prompt: str) -> Answer:
        """Return the next answer for that role and task."""
        self.asked.append((role, task, prompt))
        key = f"{role}:{task}" if f"{role}:{task}" in self._answers else role
        said = self._answers[key].popleft()
        text = said.get("text", "")
        return Answer(
            text if isinstance(text, str) else json.dumps(text),
            said.get("usage", {}),
            said.get("error"),
        )
