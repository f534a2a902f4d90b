"""The live notes behind what everybody hears."""

from __future__ import annotations

import numpy as np

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.history import Entry
from bollylive.model.codec import PERCUSSION

SOUNDING = slice(0, 12)
ONSET_NOW, VOICES = 52, 56


def voices_at(band_notes: BandNotes, tick: int, channel: int = 15) -> int:
    """How many notes sound for a channel that plays none of them."""
    return round(16 * float(band_notes.context([channel], [tick])[0, VOICES]))


def test_a_note_sounds_from_its_onset_to_its_end() -> None:
    band_notes = BandNotes()
    band_notes.add(1, 0, Entry(10, 60, 5, 100, by_model=False))
    assert [voices_at(band_notes, tick) for tick in (9, 10, 14, 15)] == [0, 1, 1, 0]


def test_a_held_note_sounds_until_it_is_closed() -> None:
    band_notes = BandNotes()
    band_notes.add(1, 0, Entry(10, 60, 0, 100, by_model=False))
    band_notes.add(1, 0, Entry(10, 64, 0, 100, by_model=False))
    assert voices_at(band_notes, 500) == 2
    band_notes.close(1, 10, 60, 20)
    assert [voices_at(band_notes, tick) for tick in (29, 30)] == [2, 1]


def test_the_order_of_adding_does_not_matter() -> None:
    notes = [(1, 30, 60), (2, 10, 62), (3, 20, 64), (4, 10, 65)]
    contexts = []
    for order in (notes, notes[::-1]):
        band_notes = BandNotes()
        for channel, tick, pitch in order:
            band_notes.add(channel, 0, Entry(tick, pitch, 40, 100, by_model=True))
        contexts.append(band_notes.context([0, 9, 2], [25, 35, 10]))
    assert np.allclose(contexts[0], contexts[1], atol=1e-6)


def test_at_one_tick_the_band_hears_the_musician_and_those_of_lower_channel() -> None:
    band_notes = BandNotes()
    band_notes.add(5, 0, Entry(10, 60, 5, 100, by_model=True))
    assert band_notes.context([4, 6], [10, 10])[:, ONSET_NOW].tolist() == [0, 1]
    band_notes.add(7, 0, Entry(10, 60, 5, 100, by_model=False))
    assert band_notes.context([4, 6], [10, 10])[:, ONSET_NOW].tolist() == [1, 1]


def test_the_musicians_pitches_are_known_apart() -> None:
    band_notes = BandNotes()
    for channel, instrument, tick, pitch, ticks, by_model in (
        (0, 0, 10, 60, 0, False),
        (0, 0, 10, 64, 5, False),
        (1, 48, 12, 67, 40, True),
        (2, 0, 20, 72, 0, False),
        (9, PERCUSSION, 20, 38, 0, False),
    ):
        band_notes.add(channel, instrument, Entry(tick, pitch, ticks, 100, by_model=by_model))
    assert [band_notes.musician_pitches(tick) for tick in (9, 14, 15, 900)] == [set(), {60, 64}, {60}, {60, 72}]
    assert band_notes.musician_onsets(9) == [(10, 60), (10, 64), (20, 72)]
    assert band_notes.musician_onsets(10) == [(20, 72)]
    band_notes.close(2, 20, 72, 4)
    assert band_notes.musician_pitches(24) == {60}


def test_only_the_models_own_notes_after_the_tick_are_taken_back() -> None:
    band_notes = BandNotes()
    for channel, tick, by_model in ((1, 10, True), (1, 11, True), (1, 12, False), (2, 12, True)):
        band_notes.add(channel, 0, Entry(tick, 60, 100, 100, by_model=by_model))
    band_notes.withdraw(1, 10)
    assert voices_at(band_notes, 20) == 3
    assert voices_at(band_notes, 11) == 1


def test_percussion_is_not_heard_as_pitch() -> None:
    band_notes = BandNotes()
    band_notes.add(9, PERCUSSION, Entry(10, 36, 5, 100, by_model=False))
    context = band_notes.context([0], [10])[0]
    assert not context[SOUNDING].any()
    assert context[48] == 1


def test_it_keeps_the_newest_notes_only() -> None:
    band_notes = BandNotes()
    for tick in range(5000):
        band_notes.add(1, 0, Entry(tick, 60, 0, 100, by_model=False))
    assert voices_at(band_notes, 200) == 0  # the oldest are gone
    assert voices_at(band_notes, 1000) > 0
