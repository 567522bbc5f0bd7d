"""What methods take, options that are told by a TypedDict included."""

from __future__ import annotations

import inspect
import sys
from typing import Any, get_args


def takes_expect(method: Any) -> bool:
    """Say whether a method has an argument ``expect``."""
    if not (inspect.isfunction(method) or inspect.ismethod(method)):
        return False
    parameters = inspect.signature(method).parameters
    if "expect" in parameters:
        return True
    return any(
        "expect" in _named_in(method, str(x.annotation))
        for x in parameters.values()
        if x.kind == inspect.Parameter.VAR_KEYWORD
    )


def _named_in(method: Any, annotation: str) -> set[str]:
    """Return the options of ``Unpack[Options]``."""
    known = vars(sys.modules[inspect.unwrap(method).__module__])
    options = get_args(eval(annotation, known))
    return set(options[0].__annotations__) if options else set()
