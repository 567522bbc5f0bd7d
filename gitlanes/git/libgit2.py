"""libgit2 as pygit2's C module gives it, without the rest of pygit2 where that can be had.

`import pygit2` takes 50 ms more, for parts that nothing here uses (ssl, tarfile, cffi), and
every command that writes would pay it.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any

_PARTS = ("pygit2", "pygit2._pygit2", "pygit2.enums")


class _PlainNumbers(ModuleType):
    """What the C module takes for ``pygit2.enums``, whose classes take 12 ms to make.

    It makes a member of each flag and number that it returns; we want the number alone.
    """

    def __getattr__(self, name: str) -> type[int]:
        return int


def load() -> Any:
    """Return a module that has pygit2's ``Odb`` and ``GitError``."""
    # While the package is half there, no other thread may come upon it.
    if "pygit2" not in sys.modules and threading.active_count() == 1:
        try:
            return _c_module()
        except (ImportError, AttributeError, TypeError):
            pass  # another release of pygit2 is built otherwise: take it whole
    import pygit2

    return pygit2


def _c_module() -> Any:
    """Import the C module, and leave no trace that a later `import pygit2` would trip over."""
    spec = importlib.util.find_spec("pygit2")
    if spec is None:
        raise ImportError("pygit2 is not installed")
    package = ModuleType("pygit2")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["pygit2"] = package
    sys.modules["pygit2.enums"] = _PlainNumbers("pygit2.enums")
    try:
        from pygit2 import _pygit2

        _pygit2._cache_enums()  # noqa: SLF001 - the package does it when it is imported
        return _pygit2
    finally:
        for name in _PARTS:
            sys.modules.pop(name, None)
