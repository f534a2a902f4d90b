"""The live notes behind what everybody hears."""

from __future__ import annotations

import numpy as np

from bollylive.engine.band_notes import Ensemble
from bollylive.engine.history import Entry
from bollylive.model.codec import PERCUSSION

SOUNDING = slice(0, 12)
ONSET_NOW, VOICES = 52, 56


def voices_at(ensemble: Ensemble, tick: int, channel: int = 15) -> int:
    """How many notes sound for a channel that plays none of them."""
    return round(16 * float(ensemble.hear([channel], [tick])[0, VOICES]))


def test_a_note_sounds_from_its_onset_to_its_end() -> None:
    ensemble = Ensemble()
    ensemble.add(1, 0, Entry(10, 60, 5, 100, by_model=False))
    assert [voices_at(ensemble, tick) for tick in (9, 10, 14, 15)] == [0, 1, 1, 0]


def test_a_held_note_sounds_until_it_is_closed() -> None:
    ensemble = Ensemble()
    ensemble.add(1, 0, Entry(10, 60, 0, 100, by_model=False))
    ensemble.add(1, 0, Entry(10, 64, 0, 100, by_model=False))
    assert voices_at(ensemble, 500) == 2
    ensemble.close(1, 10, 60, 20)
    assert [voices_at(ensemble, tick) for tick in (29, 30)] == [2, 1]


def test_the_order_of_adding_does_not_matter() -> None:
    notes = [(1, 30, 60), (2, 10, 62), (3, 20, 64), (4, 10, 65)]
    contexts = []
    for order in (notes, notes[::-1]):
        ensemble = Ensemble()
        for channel, tick, pitch in order:
            ensemble.add(channel, 0, Entry(tick, pitch, 40, 100, by_model=True))
        contexts.append(ensemble.hear([0, 9, 2], [25, 35, 10]))
    assert np.allclose(contexts[0], contexts[1], atol=1e-6)


def test_at_one_tick_the_band_hears_the_musician_and_those_of_lower_channel() -> None:
    ensemble = Ensemble()
    ensemble.add(5, 0, Entry(10, 60, 5, 100, by_model=True))
    assert ensemble.hear([4, 6], [10, 10])[:, ONSET_NOW].tolist() == [0, 1]
    ensemble.add(7, 0, Entry(10, 60, 5, 100, by_model=False))
    assert ensemble.hear([4, 6], [10, 10])[:, ONSET_NOW].tolist() == [1, 1]


def test_only_the_models_own_notes_after_the_tick_are_taken_back() -> None:
    ensemble = Ensemble()
    for channel, tick, by_model in ((1, 10, True), (1, 11, True), (1, 12, False), (2, 12, True)):
        ensemble.add(channel, 0, Entry(tick, 60, 100, 100, by_model=by_model))
    ensemble.withdraw(1, 10)
    assert voices_at(ensemble, 20) == 3
    assert voices_at(ensemble, 11) == 1


def test_everything_moves_with_the_beat_also_what_is_held() -> None:
    ensemble = Ensemble()
    ensemble.add(1, 0, Entry(10, 60, 5, 100, by_model=False))
    ensemble.add(2, 0, Entry(10, 67, 0, 100, by_model=False))
    ensemble.shift(-100)
    assert [voices_at(ensemble, tick) for tick in (-91, -90, -85)] == [0, 2, 1]
    ensemble.close(2, -90, 67, 3)
    assert voices_at(ensemble, -87) == 1


def test_percussion_is_not_heard_as_pitch() -> None:
    ensemble = Ensemble()
    ensemble.add(9, PERCUSSION, Entry(10, 36, 5, 100, by_model=False))
    context = ensemble.hear([0], [10])[0]
    assert not context[SOUNDING].any()
    assert context[48] == 1


def test_it_keeps_the_newest_notes_only() -> None:
    ensemble = Ensemble()
    for tick in range(5000):
        ensemble.add(1, 0, Entry(tick, 60, 0, 100, by_model=False))
    assert voices_at(ensemble, 200) == 0  # the oldest are gone
    assert voices_at(ensemble, 1000) > 0
