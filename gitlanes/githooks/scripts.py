"""The scripts that git runs as hooks: what is shipped, and what was made of an installed one.

An installed script is the shipped one and a last line with its own digest. So a copy that is of
another version can be told from one that somebody edited, wherever it came from.
"""

from __future__ import annotations

import hashlib
import os

from gitlanes.errors import Refused

NAMES = ("commit-msg", "post-rewrite")
# What runs the hooks that a work tree would have without a directory of its own for them.
PASS_ON = "pass-on"

CURRENT, OUTDATED, EDITED = "current", "outdated", "edited"

_HERE = os.path.dirname(__file__)
# In a package, and in the sources that an editable installation leads to.
_PLACES = (os.path.join(_HERE, "shipped"), os.path.join(_HERE, "..", "..", "hooks"))
_SEAL = b"# sha256 "


def shipped(name: str) -> str:
    """Return where a script is; raises Refused where the installation lacks it."""
    found = next((x for x in _PLACES if os.path.isfile(os.path.join(x, name))), None)
    if found is None:
        raise Refused(f"this installation has no hook '{name}'", hint="install gitlanes anew")
    return os.path.normpath(os.path.join(found, name))


def sealed(name: str) -> bytes:
    """Return a script as it is installed."""
    text = _content(name)
    return text + _seal(text)


def recognised(name: str, text: bytes | None) -> str | None:
    """Return what a file's content is of that script: CURRENT, OUTDATED or EDITED; None if none."""
    if text is None or f"\n# gitlanes hook: {name}\n".encode() not in text[:200]:
        return None
    if text in (sealed(name), _content(name)):
        return CURRENT
    body, seal, _ = text.rpartition(_SEAL)
    return OUTDATED if seal and text == body + _seal(body) else EDITED


def _seal(text: bytes) -> bytes:
    return _SEAL + hashlib.sha256(text).hexdigest().encode() + b"\n"


def _content(name: str) -> bytes:
    with open(shipped(name), "rb") as file:
        return file.read()
