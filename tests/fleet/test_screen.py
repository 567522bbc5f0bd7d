"""What is seen in an agent's output, and typed into its terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.fleet import screen
from gitlanes.fleet.keyboard import Keyboard
from gitlanes.fleet.metering import Meter
from gitlanes.fleet.screen import Screen


@pytest.mark.parametrize(
    ("output", "waits"),
    [
        (b"Overwrite it? [y/N] ", True),
        (b"Do you want to proceed?\r\n> 1. Yes\r\n  2. No\r\n", True),
        (b"password: ", True),
        (b"\x1b[32m> \x1b[0m", True),
        (b"Which one shall I take?\r\n", True),
        (b"running the tests:\r\n", False),
        (b"compiling... 40%", False),
        (b"done\r\n", False),
        (b"", False),
    ],
)
def test_waiting_is_recognised(output: bytes, waits: bool) -> None:
    """A question or a prompt, and silence after it; lines that only end so do not count."""
    seen = Screen(0.0)
    seen.feed(output, 1.0)
    assert seen.status(1.0) == "running"
    assert (seen.status(2.0) == "waiting") is waits
    assert seen.status(100.0) == ("waiting" if waits else "idle")


def test_what_a_message_says_is_the_last_line() -> None:
    """Of an agent that speaks JSON one sees its words; of what is none, or has none, the line."""
    for row, shown in (
        ('{"type":"assistant","message":{"content":[{"text":"Now the\\ntests"}]}}', "tests"),
        ('{"type":"item.completed","item":{"id":"1","command":"make test"}}', "make test"),
        ('{"type":"turn.started"}', '{"type":"turn.started"}'),
        ('{"type":', '{"type":'),
    ):
        seen = Screen(0.0)
        seen.feed(f"before\r\n{row}\r\n".encode(), 1.0)
        assert seen.last == shown


def test_own_patterns_count() -> None:
    """What a definition names counts beside what is known."""
    for takes, status in ((True, "waiting"), (False, "running")):
        seen = Screen(0.0, (r"^READY$",), input=takes)
        seen.feed(b"READY\r\n", 1.0)
        assert seen.status(2.0) == status


@settings(deadline=None)
@given(st.binary())
def test_a_last_line_moves_no_cursor(output: bytes) -> None:
    """Whatever is printed, what is told of it is one printable line."""
    seen = Screen(0.0)
    for piece in (output, b"\x1b]0;a title\x07\x1b[2J", output):
        seen.feed(piece, 1.0)
    assert seen.last.isprintable()
    assert all(x.isprintable() for x in screen.last_lines(output, 3))


def _typed(keyboard: Keyboard, now: float) -> bytes:
    """Take all that is due."""
    found = b""
    while piece := keyboard.due(now):
        keyboard.typed(len(piece))
        found += piece
    return found


def test_prompts_are_typed_when_the_agent_is_ready() -> None:
    """After silence, or some seconds; keys in a text press nothing; a person comes first."""
    seen = Screen(0.0)
    keyboard = Keyboard(seen, 0.0)
    keyboard.type("one\ntwo\x03\x1b[A")
    assert _typed(keyboard, 1.0) == b""
    seen.feed(b"hello", 1.0)
    keyboard.press(b"\x03")
    assert _typed(keyboard, 1.1) == b"\x03"
    assert _typed(keyboard, 1.5) == b"one\rtwo  [A\r"
    keyboard.type("late")
    seen.feed(b"busy", 7.0)
    assert _typed(keyboard, 7.0) == b"late\r"


def test_a_text_is_pasted_where_that_is_known() -> None:
    """A program that asked for it gets the text as one paste, and the key that sends it later."""
    seen = Screen(0.0)
    seen.feed(b"\x1b[?2004h>", 0.0)
    keyboard = Keyboard(seen, 0.0)
    keyboard.type("a\nb\x1b[201~")
    assert _typed(keyboard, 1.0) == b"\x1b[200~a\nb [201~\x1b[201~"
    assert _typed(keyboard, 1.1) == b""
    assert _typed(keyboard, 1.3) == b"\r"


def test_usage_is_read_from_among_all_else() -> None:
    """In lines that come in pieces, and at the end in an object over several lines."""
    meter = Meter()
    for piece in (b'hello\r\n{"type":"assistant","message":{"id":"a",', b'"usage":'):
        meter.feed(piece)
    assert not meter.cost().known
    meter.feed(b'{"input_tokens":3,"output_tokens":4}}}\r\nmore\r\n' + b"x" * (3 << 20))
    assert (meter.cost().input_tokens, meter.cost().output_tokens) == (3, 4)
    meter = Meter()
    meter.feed(b'I did it {so}\r\n{\r\n  "usage": {\r\n    "prompt_tokens": 5\r\n  }\r\n}\r\n')
    assert meter.whole().input_tokens == 5
    assert not Meter(on=False).whole().known
