"""The notes that the band keeps to: named ones, or those that the musician has used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from fakes import WILD, FakePredictor, ons
from hypothesis import given
from hypothesis import strategies as st

from bollylive.engine.engine import Engine
from bollylive.engine.scale import Scale
from bollylive.journal.restore import restore
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from bollylive.offline import OfflineBand
from bollylive.protocol import Play
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

WHITE = (60, 62, 64, 65, 67, 69, 71)  # C major, or A minor
FORBIDDEN = -1e8


def scale_of(**settings: object) -> Scale:
    return Scale(LiveSet(replace(Set(scale="own"), **settings)))  # type: ignore[arg-type]


def hear(scale: Scale, pitches: Iterable[int], tick: int = 0) -> int:
    """Play pitches one after another, a beat each; gives the tick after the last."""
    for pitch in pitches:
        scale.hear(tick, tick + TICKS_PER_BEAT, pitch)
        tick += TICKS_PER_BEAT
    return tick


def moved(semitones: int) -> list[int]:
    return [pitch + semitones for pitch in (0, 4, 2, 5, 7, 9, 11, 0, 7, 4, 2, 0)]


def classes(*pitches: int) -> frozenset[int]:
    return frozenset(pitch % 12 for pitch in pitches)


def test_before_the_musician_has_played_any_note_may_be_played() -> None:
    scale = scale_of()
    assert scale.classes is None
    assert not scale.bias(0).any()


def test_own_notes_are_those_of_the_signature() -> None:
    scale = scale_of()
    hear(scale, moved(60))
    assert scale.classes == classes(*WHITE)


def test_a_raised_seventh_belongs_to_them_once_it_has_two_per_cent() -> None:
    scale = scale_of()
    end = hear(scale, [69, 71, 72, 74, 76, 77, 76, 74, 72, 71] * 6)
    assert scale.classes == classes(*WHITE)
    hear(scale, [68, 69, 68, 69], end)
    assert scale.classes == classes(*WHITE, 68)


def test_a_pause_forgets_nothing() -> None:
    with_pause, without = scale_of(), scale_of()
    for scale, pause in ((with_pause, 10_000), (without, 4)):
        end = hear(scale, moved(60))
        hear(scale, [61], end + pause * TICKS_PER_BEAT)
    assert with_pause.classes == without.classes == classes(*WHITE, 61)


@pytest.mark.parametrize("step", range(1, 12))
def test_a_change_of_key_is_followed_within_three_bars(step: int) -> None:
    scale = scale_of()
    end = hear(scale, moved(60) * 8)
    hear(scale, moved(60 + step), end)
    assert scale.classes == classes(*(pitch + step for pitch in WHITE))


def test_a_passing_note_changes_no_key() -> None:
    scale = scale_of()
    end = hear(scale, moved(60) * 4)
    for _ in range(8):
        end = hear(scale, [60, 62, 64, 65, 66, 67, 69, 67, 65, 64, 62, 60], end)
        assert scale.classes is not None
        assert scale.classes >= classes(*WHITE)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"scale": "free"}, None),
        ({"scale": "D pentatonic"}, classes(2, 4, 6, 9, 11)),
        ({"raga": "bhupali", "sa": 2}, classes(2, 4, 6, 9, 11)),
        ({"scale": "free", "raga": "bhupali"}, classes(0, 2, 4, 7, 9)),
    ],
)
def test_a_scale_or_a_raga_by_name_is_what_it_is_whatever_was_played(
    settings: dict[str, object], wanted: frozenset[int] | None
) -> None:
    scale = scale_of(**settings)
    hear(scale, moved(61))
    assert scale.classes == wanted


def test_the_locks_say_how_strictly() -> None:
    lows = [scale_of(scale="C major", scale_lock=lock).bias(0)[61] for lock in (0.0, 0.5, 0.99, 1.0)]
    assert lows[0] == 0
    assert lows == sorted(lows, reverse=True)
    assert lows[2] > -10
    assert lows[3] < FORBIDDEN
    assert scale_of(scale="C major", scale_lock=0.0, raga="yaman").bias(0)[61] < FORBIDDEN
    assert scale_of(scale="C major", raga="yaman", raga_lock=0.0).bias(0)[61] == 0


def test_percussion_and_a_range_without_any_of_the_notes_are_left_alone() -> None:
    scale = scale_of(scale="C major", scale_lock=1.0)
    assert not scale.bias(PERCUSSION).any()
    assert not scale.bias(0, 61, 61).any()
    assert np.flatnonzero(scale.bias(0, 61, 62)[61:63] == 0).tolist() == [1]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 30), st.integers(0, 127)), max_size=60))
def test_it_is_the_same_in_every_key(played: list[tuple[int, int, int]]) -> None:
    scales = (scale_of(), scale_of())
    for semitones, scale in enumerate(scales):
        tick = 0
        for wait, ticks, pitch in played:
            tick += 6 * wait
            scale.hear(tick, tick + ticks, (pitch + semitones) % 120)
    assert all(scale.classes is None or len(scale.classes) >= 7 for scale in scales)


BASS, DRUMS = ChannelSet(1, "Bass", "accompany", 32), ChannelSet(9, role="accompany")
BAND = Set(tempo_bpm=120, scale="own", scale_lock=1.0, channels=(ChannelSet(0, role="player"), BASS, DRUMS))


def rehearsed(band: Set) -> OfflineBand:
    """A band that has heard two octaves of white notes and goes on."""
    offline = OfflineBand(band, FakePredictor(WILD), seed=1)
    for i, pitch in enumerate(WHITE * 4):
        offline.play(NoteOn(0, pitch, 90), 0.5 * i)
        offline.play(NoteOff(0, pitch), 0.5 * i + 0.4)
    offline.advance(20.0)
    return offline


def pitches(offline: OfflineBand, channel: int, since_s: float) -> list[int]:
    return [on.pitch for sent, on in ons(offline.sent, channel) if sent.at_s >= since_s]


def test_a_band_plays_the_musicians_own_notes_and_any_stroke() -> None:
    offline = rehearsed(BAND)
    played = pitches(offline, 1, 8.0)
    assert len(played) > 10
    assert classes(*played) <= classes(*WHITE)
    assert not classes(*pitches(offline, 9, 8.0)) <= classes(*WHITE)


def test_a_raga_that_a_saved_set_names_is_played_from_then_on() -> None:
    offline = rehearsed(BAND)
    offline.use(replace(BAND, raga="marwa", sa=1))
    offline.advance(40.0)
    played = pitches(offline, 1, 21.0)
    assert len(played) > 10
    assert classes(*played) <= classes(1, 2, 5, 7, 10, 0)


def test_an_engine_that_takes_over_knows_the_musicians_notes() -> None:
    offline = rehearsed(BAND)
    past = restore([offline.anchor, *offline.sent, offline.engine.status], offline.now_s, 64)
    engine = Engine(BAND, FakePredictor(WILD), seed=2)
    engine.resume(past, offline.now_s)
    notes = [instruction for i in range(800) for instruction in engine.tick(offline.now_s + i / 100)]
    played = [play.note.pitch for play in notes if isinstance(play, Play) and play.note.channel == 1]
    assert len(played) > 5
    assert classes(*played) <= classes(*WHITE)
