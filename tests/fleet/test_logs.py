"""An agent's output in files of bounded size."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes.fleet import logs


def test_a_log_is_two_files_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one goes when the newer is full; the end is read over both of them."""
    monkeypatch.setattr(logs, "SIZE", 1000)
    log = logs.Log(tmp_path / "log")
    for number in range(200):
        log.write(b"line %03d\r\n" % number)
    log.close()
    found = sorted(tmp_path.iterdir())
    assert [x.name for x in found] == ["log", "log.1"]
    assert all(x.stat().st_size <= 1010 for x in found)
    assert logs.last_lines(tmp_path / "log", 90)[::-1] == [
        f"line {x:03}" for x in range(199, 109, -1)
    ]
    assert logs.tail(tmp_path / "none", 10) == b""


def test_following_goes_on_over_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line comes once, in order, also when the file is another one meanwhile."""
    monkeypatch.setattr(logs, "SIZE", 50)
    log = logs.Log(tmp_path / "log")
    log.write(b"before\n")
    left = iter(range(20))

    def alive() -> bool:
        number = next(left, None)
        if number is not None:
            log.write(b"line %d\n" % number)
        return number is not None

    assert list(logs.follow(tmp_path / "log", alive)) == [f"line {x}" for x in range(20)]
