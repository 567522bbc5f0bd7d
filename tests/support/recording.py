"""A page's session played in a real terminal, and drawn: `python -m tests.support.recording`.

It plays a part of docs/fleet.md in tmux, and draws what the terminal shows then, in its colours, as
docs/fleet.svg. Nothing in the picture is loaded from elsewhere.
"""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.support.transcript import HOME, Step, hermetic, steps

PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
PICTURE = PAGE.with_suffix(".svg")
_FROM, _TO = "\n## Five agents, one winner\n", "\n### Different tasks at once\n"
_WIDTH, _HEIGHT = 150, 80
_TITLE = "git lanes"
_PATIENCE = 120
_FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def recorded(page: str) -> list[Step]:
    """Return the steps of a page that are played: those of its part about several agents."""
    start = page.index(_FROM)
    return steps(page[start : page.index(_TO, start)])


def play(played: list[Step], home: Path, environ: Mapping[str, str]) -> str:
    """Play steps in a terminal; return what it shows, with the sequences for colours."""
    script = home / "session"
    script.write_text("\n".join(_rows(played, home / "done")))
    server = ("tmux", "-L", f"lanes-recording-{home.name}", "-f", "/dev/null")
    path = f"{Path(sys.executable).parent}:{environ['PATH']}"
    known = {**environ, "HOME": str(home), "PATH": path, "TERM": "xterm-256color"}
    shell = f"cd {shlex.quote(str(home))} && bash {shlex.quote(str(script))}; sleep {_PATIENCE}"
    size = ("-x", str(_WIDTH), "-y", str(_HEIGHT))
    subprocess.run([*server, "new-session", "-d", *size, shell], env=known, check=True)
    try:
        for _ in range(_PATIENCE * 10):
            if (home / "done").exists():
                break
            time.sleep(0.1)
        shown = subprocess.run(
            [*server, "capture-pane", "-p", "-e"], env=known, capture_output=True, check=True
        )
    finally:
        subprocess.run([*server, "kill-server"], env=known, check=False)
    return shown.stdout.decode().rstrip().replace(str(home), HOME)


def _rows(played: list[Step], done: Path) -> Iterator[str]:
    """Yield a script that shows each command as it would be typed, and runs it."""
    for step in played:
        if step.shown is None:
            yield f"{{ {step.command}\n}} > /dev/null 2>&1; clear"
            continue
        yield f"printf '\\033[1;32m$\\033[0m %s\\n' {shlex.quote(step.command)}"
        yield f"(exit ${{code:-0}}); {step.command}\ncode=$?"
    yield f"touch {shlex.quote(str(done))}"


def drawn(text: str) -> str:
    """Return a picture of what a terminal shows."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text), soft_wrap=True)
    found = console.export_svg(
        title=_TITLE, theme=MONOKAI, code_format=_FORMAT, unique_id="session"
    )
    return "\n".join(x.rstrip() for x in found.splitlines()) + "\n"


def main() -> None:
    """Draw the page's session anew."""
    with tempfile.TemporaryDirectory() as home:
        place = Path(home).resolve()
        PICTURE.write_text(drawn(play(recorded(PAGE.read_text()), place, hermetic(place))))


if __name__ == "__main__":
    main()
