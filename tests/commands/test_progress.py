"""The lines of a command that takes long."""

from __future__ import annotations

from bollylive.progress import EVERY_S, Progress


def test_a_line_comes_every_five_seconds_however_often_it_is_asked() -> None:
    said: list[str] = []
    now_s = 0.0
    progress = Progress(said.append, "song", lambda: now_s)
    for i in range(100):
        now_s = i * EVERY_S / 40
        progress(i / 100)
    assert said == ["song: 40% done", "song: 80% done"]
