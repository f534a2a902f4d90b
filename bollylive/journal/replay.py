"""A journal as the music that a recording would have been: all of it, or its end as a piece of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.journal.lines import Journal
from bollylive.journal.recording import Recording
from bollylive.midi.messages import ALL_SOUND_OFF, Control, NoteOff, NoteOn, Program
from bollylive.midi.song import Change, Tempos, Track, tempo_at
from bollylive.protocol import EngineStatus, Sent

_FIRST_MODE_MESSAGE: Final = ALL_SOUND_OFF  # from here on a control is a deed, not a state that lasts


def replay(journal: Journal, minutes: float | None = None) -> tuple[tuple[Track, ...], Tempos]:
    """Let a take collect what the journal holds; its last minutes begin with the bar of the first note in them."""
    bar = journal.header.beats_per_bar
    take = Recording(journal.header.names, bar)
    notes_s = [
        word.at_s for word in journal.words if isinstance(word, Sent) and isinstance(word.event, NoteOn | NoteOff)
    ]
    from_s = max(notes_s, default=0.0) - 60.0 * minutes if minutes is not None else None
    from_beat: float | None = None
    for word in journal.words:
        if isinstance(word, Anchor):
            take.add_anchor(word)
            continue
        if isinstance(word, EngineStatus):
            take.add_bearing(word)
            continue
        take.add(word)
        if (
            from_s is not None
            and from_beat is None
            and word.at_s >= from_s
            and isinstance(word.event, NoteOn | NoteOff)
        ):
            from_beat = take.beat
    if from_beat is None:
        return take.tracks(), take.tempos()
    return cut_before(take.tracks(), take.tempos(), bar * math.floor(from_beat / bar))


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
