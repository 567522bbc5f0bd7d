"""The plain form of a model: what JSON, and so every other program, sees of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar


def plain(value: Any) -> Any:
    """Return dicts, lists and scalars for a model, or for anything that holds models.

    Paths are bytes in models and text here; bytes that are no UTF-8 become lone surrogates,
    as Python spells file names, so that nothing is lost.
    """
    if isinstance(value, bytes):
        return os.fsdecode(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    return value


class Result:
    """A base for what verbs return: ``to_dict()`` is exactly the command's ``--json``."""

    __slots__ = ()
    schema: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form with its schema's name."""
        return {"schema": f"gitlanes.{self.schema}/1", **plain(self)}
