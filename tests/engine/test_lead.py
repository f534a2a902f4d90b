"""What the musician has played, as the conductor hears it."""

from __future__ import annotations

import numpy as np

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.history import Entry
from bollylive.engine.lead import Lead
from bollylive.model.codec import PERCUSSION


def lead(*notes: tuple[int, int | None, int]) -> Lead:
    """A lead of notes (onset tick, end tick or None while held, pitch), among those of a band."""
    band = BandNotes()
    made = Lead(band)
    for onset, end, pitch in notes:
        band.add(0, 0, Entry(onset, pitch, 0, 90))
        if end is not None:
            band.close(0, onset, pitch, end - onset)
        band.add(3, 48, Entry(onset, 30, 24, 90, by_model=True))
        band.add(9, PERCUSSION, Entry(onset, 36, 24, 90))
        made.listen(onset)
    made.listen(notes[-1][0] + 1 if notes else 0)
    return made


def test_a_held_note_sounds_until_it_is_asked_for() -> None:
    made = lead((0, None, 64))
    steps = made.steps(0, 2, 48, heard_until=60)
    assert steps.chroma[:, 4].tolist() == [1.0, 0.25]
    assert made.steps(0, 1, 48, heard_until=24).chroma[0, 4] == 0.5


def test_what_begins_later_is_not_heard_yet() -> None:
    made = lead((0, 24, 60), (30, 48, 62))
    assert made.steps(0, 1, 48, heard_until=30).chroma[0, 2] == 0
    assert made.steps(0, 1, 48, heard_until=48).chroma[0, 2] == np.float32(18 / 48)


def test_silence_begins_where_the_last_note_ends() -> None:
    made = lead((0, 24, 60), (12, 36, 64))
    assert made.silent_since(30) is None
    assert made.silent_since(50) == 36
    assert lead().silent_since(50) is None


def test_what_sounds_at_a_tick_is_told_with_its_onset() -> None:
    made = lead((0, 24, 60), (12, None, 64))
    assert made.held(20) == [(0, 60), (12, 64)]
    assert made.held(24) == [(12, 64)]
    assert made.held(5) == [(0, 60)]


def test_a_long_evening_is_forgotten_from_its_beginning() -> None:
    made = lead(*((24 * number, 24 * number + 12, 60) for number in range(6_000)))
    assert made.first_tick is not None
    assert made.first_tick > 0
    assert made.steps(24 * 5_990, 1, 48, heard_until=24 * 5_999).chroma[0, 0] == 0.5


def test_a_note_that_was_held_when_it_was_heard_first_ends_where_it_ends() -> None:
    band = BandNotes()
    made = Lead(band)
    for pitch in (60, 64):
        band.add(0, 0, Entry(0, pitch, 0, 90))
    made.listen(10)
    band.close(0, 0, 60, 12)
    band.add(0, 0, Entry(24, 67, 0, 90))
    made.listen(30)
    assert made.held(30) == [(0, 64), (24, 67)]
    made.listen(31)
    assert made.held(31) == [(0, 64), (24, 67)]
    assert made.silent_since(31) is None
