"""Makes the tracks of a recording from a journal, or from its last minutes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeGuard

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import Entry
from bollylive.journal.lines import Header
from bollylive.journal.recording import RecordedMusic, Recording
from bollylive.midi.bars import bar_at
from bollylive.midi.messages import ALL_SOUND_OFF, Control, NoteOff, NoteOn, Program
from bollylive.midi.song import Change, Meters, Tempos, Track, tempo_at
from bollylive.protocol import Sent

# From this number on, a control change is a mode message and sets no lasting value.
_FIRST_MODE_MESSAGE: Final = ALL_SOUND_OFF


def replay_entries(
    header: Header, entries: Iterable[Entry], from_s: float | None = None, *, goes_on: bool = False
) -> RecordedMusic:
    """Return the music of entries, from the bar of the first note at or after `from_s` on.

    With `goes_on` the entries begin in the middle of a journal; those before the first anchor are left out, since their
    beats have no known origin.
    """
    recording = Recording(header.names, header.beats_per_bar, goes_on=goes_on)
    from_beat: float | None = None
    knows_beat = not goes_on
    for entry in entries:
        knows_beat = knows_beat or isinstance(entry, Anchor)
        if knows_beat:
            recording.add(entry)
            if from_s is not None and from_beat is None and _is_note(entry) and entry.at_s >= from_s:
                from_beat = recording.beat
    music = recording.music()
    return music if from_beat is None else cut_before(music, bar_at(music.meters, from_beat).begin_beats)


def cut_before(music: RecordedMusic, beat: float) -> RecordedMusic:
    """Return the music from a bar line on, which becomes beat 0; notes that sound at that `beat` begin there.

    Programs and controls that were set before are set at beat 0. Tracks without a note are left out.
    """
    cut = (_cut(track, beat) for track in music.tracks)
    return RecordedMusic(
        tuple(track for track in cut if track.notes),
        ((0.0, tempo_at(music.tempos, beat)), *_later(music.tempos, beat)),
        ((0.0, bar_at(music.meters, beat).length_beats), *_later(music.meters, beat)),
    )


def _later(values: Tempos | Meters, beat: float) -> tuple[tuple[float, float], ...]:
    return tuple((begin - beat, value) for begin, value in values if begin > beat)


def _is_note(entry: Entry) -> TypeGuard[Sent]:
    return isinstance(entry, Sent) and isinstance(entry.event, NoteOn | NoteOff)


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
