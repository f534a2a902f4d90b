"""Takes from MIDI files: what `bollylive perform` wrote, or any ensemble.

The lead is the track that `perform` names "(musician)". In another file it is the voice that is not the bass, has more
than 30 notes, and lies highest by its mean pitch, less 14 semitones for each note more than one at an onset. The bass
is what has a bass's program; where nobody has, the lowest other voice, if its mean pitch lies under 52.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import symusic

from bollylive.midi.file_parts import LONGEST_BEATS
from training.errors import TrainingError
from training.judging.take import ONSET, PITCH, Kind, Notes, Take, Voice, whole_bars

MUSICIAN: Final = "(musician)"
_BASS_PROGRAMS: Final = range(32, 40)
_HIGHEST_BASS: Final = 52.0
_FEWEST_LEAD_NOTES: Final = 30
_CHORD_SEMITONES: Final = 14.0  # how much lower a voice counts for each further note at an onset
_COMMON_BAR_BEATS, _MOST_BAR_BEATS = 4.0, 16
_FAMILIES: Final[tuple[tuple[int, Kind], ...]] = (  # the first program that is no more of the kind
    (24, "keys"),
    (32, "guitars"),
    (40, "bass"),
    (56, "strings"),
    (80, "winds"),
    (128, "others"),
)


def read_take(path: Path) -> Take:
    """Read a take from a MIDI file: its longest stretch of one metre; raises TrainingError where there is none."""
    try:
        score: Any = symusic.Score(str(path), fmt="midi")
    except (RuntimeError, ValueError, OSError) as error:
        raise TrainingError(f"{path}: this is no MIDI file that can be judged ({error}).") from error
    quarter = score.ticks_per_quarter
    voices = [
        Voice(
            track.name or f"track {number}",
            kind_of(track.program, track.is_drum),
            "drums" if track.is_drum else "other",
            notes,
        )
        for number, track in enumerate(score.tracks)
        if len(notes := _notes(track, quarter))
    ]
    if not voices:
        raise TrainingError(f"{path}: there are no notes to judge.")
    last = max(float(voice.notes[:, ONSET].max()) for voice in voices)
    if last > LONGEST_BEATS:
        raise TrainingError(f"{path}: this is longer than any piece of music ({last:,.0f} beats).")
    signs = [(sign.time / quarter, _bar(sign.numerator, sign.denominator)) for sign in score.time_signatures]
    begin, bar_beats, end = _longest_stretch(signs, last)
    tempo = score.tempos[0].qpm if len(score.tempos) else 120.0
    whole = Take(path.stem, with_roles(voices), bar_beats, whole_bars(end, bar_beats), float(tempo))
    if begin == 0:
        return whole
    moved = tuple(replace(voice, notes=voice.notes - np.array([begin, 0, 0, 0])) for voice in whole.voices)
    return replace(whole, voices=moved, bars=whole_bars(end - begin, bar_beats))


def with_roles(voices: list[Voice]) -> tuple[Voice, ...]:
    """The voices with the lead and the bass among them; see the module."""
    pitched = [voice for voice in voices if voice.role != "drums"]
    lead = next((voice for voice in pitched if MUSICIAN in voice.name), None)
    others = [voice for voice in pitched if voice is not lead]
    bass = [voice for voice in others if voice.kind == "bass"]
    if not bass and len(pitched) > 1:
        lowest = min(others, key=_mean_pitch)
        bass = [lowest] if _mean_pitch(lowest) < _HIGHEST_BASS else []
    if lead is None:
        able = [voice for voice in others if voice not in bass and len(voice.notes) > _FEWEST_LEAD_NOTES]
        lead = max(able, key=_height, default=None)
    found = []
    for voice in voices:
        if voice is lead:
            found.append(replace(voice, role="lead"))
        elif voice in bass:
            found.append(replace(voice, role="bass", kind="bass"))
        else:
            found.append(voice)
    return tuple(found)


def _notes(track: Any, quarter: int) -> Notes:
    columns = track.notes.numpy()
    notes = np.column_stack(
        [columns["time"] / quarter, columns["duration"] / quarter, columns["pitch"], columns["velocity"]]
    ).astype(np.float64)
    return np.asarray(notes[np.lexsort((notes[:, PITCH], notes[:, ONSET]))])


def kind_of(program: int, drums: bool) -> Kind:
    """The kind of instrument of a General MIDI program."""
    return "drums" if drums else next(kind for end, kind in _FAMILIES if program < end)


def _bar(numerator: int, denominator: int) -> float:
    """The quarter notes of a bar; one that is too short or long to be meant is of four."""
    quarters = 4 * numerator / max(denominator, 1)
    return quarters if 1 <= quarters <= _MOST_BAR_BEATS else _COMMON_BAR_BEATS


def _mean_pitch(voice: Voice) -> float:
    return float(voice.notes[:, PITCH].mean())


def _height(voice: Voice) -> float:
    chord = len(voice.notes) / len(np.unique(np.rint(voice.notes[:, ONSET] * 12)))
    return _mean_pitch(voice) - _CHORD_SEMITONES * (chord - 1)


def _longest_stretch(signs: list[tuple[float, float]], last: float) -> tuple[float, float, float]:
    """The beats between which one metre holds for longest, with its bar: (first beat, bar, last beat)."""
    metres = signs if signs and signs[0][0] == 0 else [(0.0, _COMMON_BAR_BEATS), *signs]
    metres = [metre for metre in metres if metre[0] <= last]
    ends = [*(begin for begin, _ in metres[1:]), last]
    joined: list[tuple[float, float, float]] = []
    for (begin, bar), end in zip(metres, ends, strict=True):
        if joined and joined[-1][1] == bar:
            joined[-1] = (joined[-1][0], bar, end)
        else:
            joined.append((begin, bar, end))
    return max(joined, key=lambda stretch: stretch[2] - stretch[0])
