"""What every model is made of: an immutable record, and its plain form for JSON.

A model reads like a frozen dataclass and type checkers see one. It is none because a
dataclass compiles its methods when it is defined, 1 to 2 ms for each class, and a command
that lists lanes passes two dozen classes on its way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

# A default that is empty: models are never changed, so one serves all.
NOTHING: dict[str, Any] = {}

# What is plain already: asked first, for most values are.
_SCALARS = frozenset((str, int, float, bool, type(None)))

M = TypeVar("M", bound="Model")


@dataclass_transform(frozen_default=True)
class Model:
    """An immutable record of the fields that its class annotates, in their order."""

    fields: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own = [key for key, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]
        cls.fields = (*cls.fields, *own)
        cls.defaults = {field: getattr(cls, field) for field in cls.fields if hasattr(cls, field)}

    def __init__(self, *values: Any, **named: Any):
        given = self.__dict__
        given.update(self.defaults)
        given.update(zip(self.fields, values, strict=False))
        given.update(named)
        if len(given) != len(self.fields) or len(values) > len(self.fields):
            raise TypeError(f"{type(self).__name__} takes the fields {', '.join(self.fields)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; use replace()")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[field] for field in self.fields)))

    def __repr__(self) -> str:
        said = ", ".join(f"{field}={self.__dict__[field]!r}" for field in self.fields)
        return f"{type(self).__name__}({said})"


class Result(Model):
    """A base for what verbs return: ``to_dict()`` is exactly the command's ``--json``."""

    schema: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form with its schema's name."""
        return {"schema": f"gitlanes.{self.schema}/1", **plain(self)}


def replace(model: M, /, **changes: Any) -> M:
    """Return the model with some fields changed."""
    return type(model)(**{**model.__dict__, **changes})


def plain(value: Any, *, absent: bool = True) -> Any:
    """Return dicts, lists and scalars for a model, or for anything that holds models.

    Paths are bytes in models and text here; bytes that are no UTF-8 become lone surrogates,
    as Python spells file names, so that nothing is lost. Without `absent`, fields and keys
    whose value is None are left out.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, bytes):
        return os.fsdecode(value)
    if type(value) is dict or isinstance(value, Model | Mapping):
        items = value.__dict__ if isinstance(value, Model) else value
        return {
            (key if type(key) is str else plain(key)): (
                item if type(item) in _SCALARS else plain(item, absent=absent)
            )
            for key, item in items.items()
            if absent or item is not None
        }
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item, absent=absent) for item in value]
    return value
