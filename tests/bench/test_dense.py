"""The dense trial: its set, and the musician who plays to it."""

from __future__ import annotations

from itertools import takewhile

from bollylive.bench import dense
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.sets.setfile import parse_set


def test_the_set_has_sixteen_channels_that_accompany_from_the_start_without_a_rest() -> None:
    band = parse_set(dense.dense_set(), "dense.toml")
    assert [setting.channel for setting in band.channels] == list(range(16))
    assert {(setting.role, setting.entry_bars) for setting in band.channels} == {("accompany", 0)}
    assert (band.tempo_bpm, band.rest_after_beats) == (160, 0)


def test_a_smaller_set_has_the_first_channels_at_its_tempo() -> None:
    band = parse_set(dense.dense_set(channels=3, tempo_bpm=60), "dense.toml")
    assert ([setting.channel for setting in band.channels], band.tempo_bpm) == ([0, 1, 2], 60)


def test_the_musician_plays_the_demo_in_time_and_again() -> None:
    timeline = list(takewhile(lambda timed: timed[0] < 100 + 13 * 4 * 60 / 160, dense.demo_forever(100.0)))
    seconds = [at_s for at_s, _ in timeline]
    assert seconds == sorted(seconds)
    assert seconds[0] == 100.0
    ons = [event for _, event in timeline if isinstance(event, NoteOn)]
    phrase = len({at_s for at_s, event in timeline if isinstance(event, NoteOn) and at_s < 112.0})
    assert ons[phrase : 2 * phrase] == ons[: len(ons) - phrase]
    assert sum(isinstance(event, NoteOff) for _, event in timeline) in (len(ons), len(ons) - 1)
