"""The modes of handing over: each is one line of a table, and nobody else knows them by name."""

from __future__ import annotations

from typing import get_args

import pytest
from fakes import FakePredictor, onsets

from bollylive.engine.handover_rules import MODES, HandoverMode, Pause
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Handover, Set

BEAT_S = 0.5  # at 120 beats per minute
BAR_S = 4 * BEAT_S


def test_every_mode_that_a_set_may_name_is_there() -> None:
    assert set(MODES) == set(get_args(Handover))


def test_a_new_mode_is_a_new_line_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def second_bar_line(pause: Pause) -> int:
        return pause.grid.bar_line(pause.touched_tick) + pause.grid.bar_ticks

    modes = {**MODES, "silence": HandoverMode(second_bar_line, enters_at_bar=True)}
    monkeypatch.setattr("bollylive.engine.handover_rules.MODES", modes)
    offline = OfflineBand(Set(tempo_bpm=60 / BEAT_S, channels=(ChannelSet(0),)), FakePredictor(), seed=1)
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.play(NoteOff(0, 60), 1.4)
    offline.advance(1.0 + 4 * BAR_S)
    assert onsets(offline.sent, 0)[0] == pytest.approx(1.0 + 2 * BAR_S)
