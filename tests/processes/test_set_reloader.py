"""What the musician is told of a set when the band starts with it, and when it is saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bollylive.processes.set_file_thread import SavedSet
from bollylive.processes.set_reloader import SetReloader
from bollylive.sets.control_set import ControlSet
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

IDLE = Set(channels=(ChannelSet(3, role="accompany"),), controls=(ControlSet("cc", 67, "hand over", on=3),))
SENTENCE = (
    "[[control]] number 1: hand over has no effect on channel 4, whose role is 'accompany'; it needs 'continue' or "
    "'respond'."
)


class SavedFile:
    """A set file in which `saved` lies once."""

    path = Path("my.toml")

    def __init__(self, saved: SavedSet | None) -> None:
        self._saved = saved

    def take(self) -> SavedSet | None:
        saved, self._saved = self._saved, None
        return saved

    def trouble(self, now_s: float) -> str | None:  # noqa: ARG002
        return None


def test_a_control_without_effect_is_told_at_the_start() -> None:
    said: list[str] = []
    SetReloader(LiveSet(IDLE), None, said.append)
    assert said == [SENTENCE]


def test_a_control_without_effect_is_told_when_the_set_is_saved() -> None:
    said: list[str] = []
    shared = replace(IDLE, channels=(ChannelSet(3, role="respond"),))
    reloader = SetReloader(LiveSet(shared), SavedFile(IDLE), said.append)
    assert said == []
    assert reloader.check(1.0) == IDLE
    assert said == ["my.toml: the saved set plays now.", SENTENCE]
    assert reloader.check(2.0) is None
    assert len(said) == 2
