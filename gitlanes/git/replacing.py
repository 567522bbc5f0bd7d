"""Small files of ours, replaced in one step."""

from __future__ import annotations

import os
from contextlib import suppress


def replace_file(
    path: str | os.PathLike[str], content: str | bytes, *, durable: bool = False
) -> None:
    """Give a file another content: readers see all of the old or all of the new.

    Where it is ``durable``, they do after a power failure, too. Raises OSError with the file's
    name; then the file is as it was.
    """
    fresh = f"{os.fspath(path)}.new"
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(fresh, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(fresh)
        error.filename = error.filename or fresh  # a full disk names none
        raise
