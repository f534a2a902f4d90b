"""The pedals of a file that go down and are never lifted again, which would hold their notes to the file's end.

Other readers (symusic, pretty_midi) give a note as long as its key was down, and leave the pedals to whoever plays it.
Here notes last as they sound, so such a pedal holds a note for as long as a string rings that is only left to ring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from bollylive.midi.messages import PEDAL_DOWN, RESET_CONTROLLERS, SOSTENUTO, SUSTAIN, Control, Note

LONGEST_RINGING_BEATS: Final = 6.0  # after its key came up: under a band, a string has faded by then

_PEDALS: Final = (SUSTAIN, SOSTENUTO)


def find_unlifted(controls: Iterable[tuple[float, Control]]) -> dict[int, float]:
    """Return, by channel, the beat from which on a pedal stays down, of the sustain and the sostenuto pedal the first.

    `controls` are those of a whole file in order, each with its beat.
    """
    down: dict[tuple[int, int], float] = {}
    for beat, control in controls:
        channel, number = control.channel, control.number
        if number in _PEDALS and control.value >= PEDAL_DOWN:
            down.setdefault((channel, number), beat)
        elif number in (*_PEDALS, RESET_CONTROLLERS):
            for pedal in _PEDALS if number == RESET_CONTROLLERS else (number,):
                down.pop((channel, pedal), None)
    unlifted: dict[int, float] = {}
    for (channel, _), beat in down.items():
        unlifted[channel] = min(beat, unlifted.get(channel, beat))
    return unlifted


def end_ringing(
    notes: Iterable[Note], unlifted: Mapping[int, float], lifted: Mapping[tuple[int, int, float], float]
) -> Iterator[Note]:
    """Yield the notes, those that a pedal holds which is never lifted as long as they ring.

    `unlifted` is as from `find_unlifted`; `lifted` has the beat at which the key of each note came up, by channel,
    pitch and onset.
    """
    for note in notes:
        from_beat = unlifted.get(note.channel)
        if from_beat is None or note.duration_beats is None or note.onset_beats + note.duration_beats <= from_beat:
            yield note
            continue
        key_up = max(lifted[note.channel, note.pitch, note.onset_beats], from_beat)
        yield replace(note, duration_beats=min(note.duration_beats, key_up + LONGEST_RINGING_BEATS - note.onset_beats))
