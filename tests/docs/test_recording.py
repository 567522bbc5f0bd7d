"""The recorded session in docs/fleet.svg is that of the page, and shows nothing of a machine."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.support.recording import PAGE, PICTURE, drawn, recorded


def test_it_shows_the_commands_of_the_page() -> None:
    """All of them, in order; else run: python -m tests.support.recording."""
    shown = _said(PICTURE.read_text())
    played = [x.command for x in recorded(PAGE.read_text()) if x.shown is not None]
    assert len(played) > 5
    places = [shown.find("$" + "".join(x.split())) for x in played]
    assert -1 not in places
    assert places == sorted(places)


def test_it_is_a_picture_and_no_more() -> None:
    """It loads nothing, runs nothing, and has no path of the machine that it was made on."""
    picture = PICTURE.read_text()
    tags = {x.tag.rpartition("}")[2] for x in ET.fromstring(picture).iter()}
    assert tags <= {"svg", "style", "defs", "clipPath", "rect", "g", "text", "circle"}
    assert "://" not in picture.replace("http://www.w3.org/2000/svg", "")
    for odd in (str(Path.home()), os.uname().nodename, "/tmp", "/dev/shm"):
        assert odd == "/" or odd not in _said(picture)


def test_colours_and_markup() -> None:
    """What a terminal shows is in the picture in its colours, whatever is in it."""
    found = drawn("\x1b[1;32mgood\x1b[0m <b> & 'x'\n")
    assert _said(found) == "gitlanesgood<b>&'x'"
    assert re.search(r"\.session-r\d+ \{ fill: #98e024;font-weight: bold \}", found)


def _said(picture: str) -> str:
    """Return the text of a picture, without the space in it."""
    texts = (x.text or "" for x in ET.fromstring(picture).iter() if x.tag.endswith("}text"))
    return "".join("".join(texts).split())
