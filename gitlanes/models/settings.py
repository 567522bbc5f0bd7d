"""Settings as they stand, and what is wrong with them."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class Setting(Result):
    """A setting with its values in force: one, or several where it may be given several times.

    ``origins`` says of each where it comes from: 'default', 'file:PATH', 'environment:NAME' or
    'command line'.
    """

    key: str
    kind: str
    values: tuple[str, ...]
    origins: tuple[str, ...]
    default: tuple[str, ...]
    about: str

    schema: ClassVar[str] = "setting"


class Configuration(Result):
    """All settings that gitlanes knows."""

    settings: tuple[Setting, ...]

    schema: ClassVar[str] = "config"


class Fault(Model):
    """Something wrong with a setting.

    ``source`` is the file or the environment variable; ``line`` is None where it has none.
    """

    source: str
    line: int | None
    key: str
    problem: str
    nearest: str | None = None


class Validation(Result):
    """What is wrong with the settings, empty if they are all right."""

    faults: tuple[Fault, ...]

    schema: ClassVar[str] = "config-check"
