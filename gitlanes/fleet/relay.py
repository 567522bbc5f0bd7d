"""All that goes between an agent, its terminal in tmux, its log, and those who read along."""

from __future__ import annotations

import os
import select
import signal
import tty
from contextlib import suppress

from gitlanes import clock
from gitlanes.fleet import logs, metering, spawning
from gitlanes.fleet.keyboard import Keyboard
from gitlanes.fleet.screen import Screen

_BLOCK = 1 << 16
# Seconds between two looks at a terminal that nobody has open, though the agent works.
_PAUSE = 0.03


class Relay:
    """Carries what an agent prints to its pane, log, screen and meter, and keys and prompts to it.

    ``pane`` says whether this process has a terminal of its own that shows the agent's.
    ``stdin`` is what the agent is to read, where its input is a pipe.
    """

    def __init__(
        self,
        spawned: spawning.Spawned,
        screen: Screen,
        meter: metering.Meter,
        log: logs.Log,
        *,
        pane: bool,
        stdin: bytes = b"",
    ):
        self.screen = screen
        self.meter = meter
        self.keyboard = Keyboard(screen, clock.monotonic())
        self._spawned = spawned
        self._log = log
        self._pane = pane
        self._input = spawned.stdin
        self._unread = stdin
        self._wake = _wake_up()
        if pane:
            with suppress(OSError):
                tty.setraw(0)
            signal.signal(signal.SIGWINCH, lambda *_: self._resize())
            self._resize()

    def carry(self, patience: float) -> bool:
        """Pass on what there is within some seconds; say whether the agent had printed anything."""
        terminal, poll = self._spawned.terminal, select.poll()
        typing = self.keyboard.due(clock.monotonic())
        poll.register(terminal, select.POLLIN | (select.POLLOUT if typing else 0))
        poll.register(self._wake, select.POLLIN)
        if self._pane:
            poll.register(0, select.POLLIN)
        if self._input is not None:
            poll.register(self._input, select.POLLOUT)
        said = False
        for descriptor, event in poll.poll(patience * 1000):
            if descriptor == self._wake:
                os.read(self._wake, _BLOCK)
            elif descriptor == 0:
                self._press()
            elif descriptor == self._input:
                self._feed(descriptor)
            elif event & (select.POLLIN | select.POLLHUP):
                said = self._take()
            if descriptor == terminal and event & select.POLLOUT:
                with suppress(OSError):
                    self.keyboard.typed(os.write(terminal, typing))
        return said

    def close(self) -> None:
        """Carry what is there still, and let go of everything."""
        while self.carry(0.0):
            pass
        for descriptor in (self._spawned.terminal, self._input):
            if descriptor is not None:
                os.close(descriptor)
        self._log.close()

    def _take(self) -> bool:
        """Take in what the agent printed; False where there is nothing."""
        try:
            data = os.read(self._spawned.terminal, _BLOCK)
        except OSError:  # nothing more, or nobody has its other end
            data = b""
        if not data:
            if self._spawned.process.poll() is None:
                clock.sleep(_PAUSE)
            return False
        self._log.write(data)
        self.screen.feed(data, clock.monotonic())
        self.meter.feed(data)
        if self._pane:
            self._show(data)
        return True

    def _show(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(1, data) :]
        except OSError:
            self._pane = False  # nobody is there any more

    def _press(self) -> None:
        """Take in what a person types who is attached."""
        data = b""
        with suppress(OSError):
            data = os.read(0, _BLOCK)
        if data:
            self.keyboard.press(data)
        else:
            self._pane = False

    def _feed(self, descriptor: int) -> None:
        """Give the agent the next piece of its input, and end that behind the last."""
        try:
            self._unread = self._unread[os.write(descriptor, self._unread[:_BLOCK]) :]
        except BlockingIOError:
            return
        except OSError:
            self._unread = b""  # it reads no more
        if not self._unread:
            os.close(descriptor)
            self._input = None

    def _resize(self) -> None:
        spawning.resize(self._spawned.terminal, 0)


def _wake_up() -> int:
    """Return a descriptor that has something to read whenever a signal came."""
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    os.set_blocking(source, False)
    signal.set_wakeup_fd(sink, warn_on_full_buffer=False)
    return source
