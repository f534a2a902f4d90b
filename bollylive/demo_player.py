"""The musician of `--demo`: an eight-bar phrase in raga Yaman, written for BollyLive.

The phrase is in sargam notation. A symbol lasts half a beat (a matra of keherwa, eight to the bar); `-` holds the note
before, `_` is silence; a comma lowers a note by an octave and an apostrophe raises it. S is C4, m is the raised fourth.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.messages import Event, Note, NoteOff, NoteOn

BEATS_PER_BAR: Final = 4
BARS: Final = (
    "N, R G - - R G m",
    "P - - m G R G -",
    "m D N - D P m P",
    "G - R - S - _ _",
    "N, R G m D - N D",
    "S' - - N R' S' N D",
    "P m D P m G R G",
    "R - N, R S - - _",
)

ANSWER_BARS: Final = 4  # after the phrase

_LEAD_IN_S: Final = 0.5
_MATRA_BEATS: Final = 0.5
_TONIC: Final = 60
_SARGAM: Final = {"S": 0, "R": 2, "G": 4, "m": 6, "P": 7, "D": 9, "N": 11}
_ACCENTS: Final = (98, 76, 84, 78, 92, 76, 86, 80)  # keherwa: strong on sam, less so on the fifth matra
_ARTICULATION: Final = 0.92  # of a note's full length, because the notes are tongued and not slurred


def demo_notes(channel: int = 0) -> tuple[Note, ...]:
    """Return the notes of the phrase from beat 0 on, all on one channel 0-15."""
    symbols = [symbol for bar in BARS for symbol in bar.split()]
    notes = []
    for matra, symbol in enumerate(symbols):
        if symbol in "-_":
            continue
        held = next((n for n, later in enumerate(symbols[matra + 1 :], start=1) if later != "-"), len(symbols) - matra)
        notes.append(
            Note(
                channel=channel,
                pitch=_TONIC + _SARGAM[symbol[0]] + 12 * (symbol.count("'") - symbol.count(",")),
                velocity=_ACCENTS[matra % len(_ACCENTS)],
                onset_beats=matra * _MATRA_BEATS,
                duration_beats=held * _MATRA_BEATS * _ARTICULATION,
            )
        )
    return tuple(notes)


def demo_timeline(tempo_bpm: float) -> list[tuple[float, Event]]:
    """Return the phrase as (second, event) at a tempo; at one time, note-offs come before note-ons."""
    beat_s = 60 / tempo_bpm
    events: list[tuple[float, Event]] = []
    for note in demo_notes():
        onset_s = _LEAD_IN_S + note.onset_beats * beat_s
        events.append((onset_s, NoteOn(note.channel, note.pitch, note.velocity)))
        events.append((onset_s + (note.duration_beats or 0) * beat_s, NoteOff(note.channel, note.pitch)))
    return sorted(events, key=lambda timed: (timed[0], isinstance(timed[1], NoteOn)))


def demo_seconds(tempo_bpm: float) -> float:
    """Return the length of the demo in seconds: the phrase, and four bars in which the band goes on alone."""
    return _LEAD_IN_S + (len(BARS) + ANSWER_BARS) * BEATS_PER_BAR * 60 / tempo_bpm
