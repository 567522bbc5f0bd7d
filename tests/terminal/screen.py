"""A real terminal for tests: a shell in tmux, keys sent to it, its screen read."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

# How long a screen may take to show what is waited for, on a machine that is busy.
_PATIENCE = 60.0


class Screen:
    """One shell in one tmux server of its own; ``$ `` is the prompt."""

    def __init__(self, name: str, directory: Path, environ: Mapping[str, str], shell: str):
        self._name = name
        self._environ = dict(environ)
        self._tmux("new-session", "-d", "-x", "100", "-y", "24", "-c", str(directory), shell)
        self._tmux("set-option", "-g", "history-limit", "5000")

    def _tmux(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, "-f", "/dev/null", *args],
            env=self._environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names of them: Tab, Enter, C-c, q."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text, and nothing after it."""
        self._tmux("send-keys", "-l", text)

    def text(self) -> str:
        """Return what the screen shows."""
        return self._tmux("capture-pane", "-p", "-J").rstrip()

    def coloured(self) -> str:
        """Return what the screen shows, with the sequences for colours."""
        return self._tmux("capture-pane", "-p", "-e").rstrip()

    def wait(self, wanted: str, *, without: str = "\0", pressing: str = "") -> str:
        """Return the screen once it shows the one text and not the other.

        A key is pressed again and again meanwhile: a program may drop what comes too early.
        """
        started = time.monotonic()
        while time.monotonic() - started < _PATIENCE:
            shown = self.text()
            if wanted in shown and without not in shown:
                return shown
            if pressing:
                self.keys(pressing)
            time.sleep(0.05)
        raise AssertionError(f"the screen never showed {wanted!r}:\n{self.text()}")

    def begin(self, command: str) -> None:
        """Start a command on a cleared screen; at its end there will be ``END=`` and its code."""
        self.keys("C-l")
        self.wait("$", without="END")
        self.type(f"{command}; printf 'EN%s=%s\\n' D $?")
        self.keys("Enter")

    def run(self, command: str) -> str:
        """Run a command to its end on a cleared screen; return what it printed."""
        self.begin(command)
        return self.wait("END=")

    def close(self) -> None:
        """End the shell and everything in it."""
        end = ["tmux", "-L", self._name, "kill-server"]
        subprocess.run(end, env=self._environ, capture_output=True, check=False)


def bash(*settings: str) -> str:
    """Return the command of a bash that reads no files, with the prompt that is waited for."""
    variables = [
        shlex.quote(x) for x in ("PS1=$ ", "BASH_SILENCE_DEPRECATION_WARNING=1", *settings)
    ]
    return f"exec env {' '.join(variables)} bash --norc --noprofile"
