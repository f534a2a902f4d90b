"""Little lead sheets and recordings with tables of chords, as corpora have them."""

from __future__ import annotations

from pathlib import Path

import mido
from music import write_melody

_TICKS, _TEMPO_US = 480, 500_000  # two beats a second


def write_lead_sheet(folder: Path, name: str, bars: int = 16, meter: tuple[int, int] = (4, 4)) -> Path:
    """A melody over C and G in turn, a bar each, with its table in quarter notes beside it."""
    beats = 4 * meter[0] // meter[1]
    notes = [(float(beat), (60, 67)[beat // beats % 2]) for beat in range(bars * beats)]
    path = write_melody(folder / f"{name}.mid", notes)
    file = mido.MidiFile(path)
    file.tracks[0].insert(0, mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1]))
    file.save(path)
    spans = ((bar * beats, (bar + 1) * beats, ("C:maj", "G:7")[bar % 2]) for bar in range(bars))
    path.with_suffix(".chords.tsv").write_text("".join(f"{begin}\t{end}\t{chord}\n" for begin, end, chord in spans))
    return path


def write_recording(music: Path, tables: Path, name: str, bars: int = 16, beat_s: float = 0.6) -> Path:
    """A melody in seconds that beats of `beat_s` explain, from half a beat on, with Am and F in turn, a bar each.

    The file's own tempo is another, as in transcriptions; its second beat begins a bar.
    """
    file, track = mido.MidiFile(type=1, ticks_per_beat=_TICKS), mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name="MELODY"))
    track.append(mido.MetaMessage("set_tempo", tempo=_TEMPO_US))
    now = 0
    for beat in range(1, 4 * bars + 1):
        for at, kind in ((beat + 0.5, "note_on"), (beat + 1.5, "note_off")):
            tick = round(at * beat_s * 1e6 / _TEMPO_US * _TICKS)
            track.append(mido.Message(kind, note=69 if (beat - 1) // 4 % 2 == 0 else 65, velocity=80, time=tick - now))
            now = tick
    file.tracks.append(track)
    music.mkdir(parents=True, exist_ok=True)
    file.save(music / f"{name}.mid")
    tables.mkdir(parents=True, exist_ok=True)
    marks = ((beat_s * (beat + 0.5), beat % 2, (beat - 1) % 4 == 0) for beat in range(4 * bars + 1))
    (tables / f"{name}.beats.tsv").write_text("".join(f"{at:.4f}\t{two}\t{int(one)}\n" for at, two, one in marks))
    spans = ((4 * bar + 1.5, 4 * bar + 5.5, ("A:min7/b3", "F:maj")[bar % 2]) for bar in range(bars))
    rows = (f"{begin * beat_s:.4f}\t{end * beat_s:.4f}\t{chord}\n" for begin, end, chord in spans)
    (tables / f"{name}.chords.tsv").write_text("".join(rows))
    return music / f"{name}.mid"
