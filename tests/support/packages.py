"""Installed packages with entry points, made in a directory that goes onto the path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(place: Path, name: str, source: str, points: Mapping[str, Mapping[str, str]]) -> None:
    """Install module `name`, with ``points`` {group: {entry point: object in the module}}."""
    place.mkdir(exist_ok=True)
    (place / f"{name}.py").write_text(source)
    about = place / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    rows = [
        row
        for group, found in points.items()
        for row in (f"[{group}]", *(f"{point} = {name}{of}" for point, of in found.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join([*rows, ""]))
