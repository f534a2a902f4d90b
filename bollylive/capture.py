"""The end of a performance as a piece of its own: what a musician keeps who never pressed record."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bollylive.midi.messages import ALL_SOUND_OFF, Control, Program
from bollylive.midi.song import Change, Tempos, Track, tempo_at

_FIRST_MODE_MESSAGE: Final = ALL_SOUND_OFF  # from here on a control is a deed, not a state that lasts


def cut_before(tracks: tuple[Track, ...], tempos: Tempos, beat: float) -> tuple[tuple[Track, ...], Tempos]:
    """What is left from `beat` on, which becomes beat 0: notes that sound there begin there.

    Programs and controls stand at the beginning as they were set last. Tracks without a note fall out.
    """
    later = tuple((begin - beat, bpm) for begin, bpm in tempos if begin > beat)
    cut = (_cut(track, beat) for track in tracks)
    return tuple(track for track in cut if track.notes), ((0.0, tempo_at(tempos, beat)), *later)


def _cut(track: Track, beat: float) -> Track:
    notes = []
    for note in track.notes:
        end = note.onset_beats + (note.duration_beats or 0.0) - beat
        if end > 0.0:
            onset = max(0.0, note.onset_beats - beat)
            notes.append(replace(note, onset_beats=onset, duration_beats=end - onset))
    program = track.program
    controls: dict[int, Change] = {}
    later: list[Change] = []
    for at, change in track.changes:
        if at >= beat:
            later.append((at - beat, change))
        elif isinstance(change, Program):
            program = change.program
        elif isinstance(change, Control) and change.number < _FIRST_MODE_MESSAGE:
            controls[change.number] = (0.0, change)
    return replace(track, program=program, notes=tuple(notes), changes=(*controls.values(), *later))
