"""Takes from MIDI files: who leads, who is the bass, and which bars there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from takes import Note as Row
from takes import voice

from bollylive.midi.messages import Note
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from training.errors import TrainingError
from training.judging.reading import read_take, with_roles
from training.judging.take import Voice


def tune(channel: int, pitch: int, count: int, step: float = 0.5) -> tuple[Note, ...]:
    return tuple(Note(channel, pitch + i % 3, 90, i * step, step) for i in range(count))


def roles(path: Path) -> dict[str, tuple[str, str]]:
    return {voice.name: (voice.role, voice.kind) for voice in read_take(path).voices}


def test_a_performance_has_its_musician_as_the_lead_although_it_is_low(tmp_path: Path) -> None:
    tracks = [
        Track("1 Melody (musician)", 0, 73, tune(0, 60, 8)),
        Track("1 Melody (model)", 0, 73, tune(0, 72, 40)),
        Track("2 Bass (model)", 1, 33, tune(1, 36, 8)),
        Track("3 Strings (model)", 2, 48, tune(2, 67, 8)),
        Track("4 Harmonium (model)", 3, 20, tune(3, 64, 8)),
        Track("10 Percussion (model)", 9, None, tune(9, 60, 8)),
    ]
    write_song(tmp_path / "take.mid", tracks, ((0.0, 96.0),))
    assert roles(tmp_path / "take.mid") == {
        "1 Melody (musician)": ("lead", "winds"),
        "1 Melody (model)": ("other", "winds"),
        "2 Bass (model)": ("bass", "bass"),
        "3 Strings (model)": ("other", "strings"),
        "4 Harmonium (model)": ("other", "keys"),
        "10 Percussion (model)": ("drums", "drums"),
    }
    take = read_take(tmp_path / "take.mid")
    assert (take.name, take.bar_beats, take.bars) == ("take", 4.0, 5)  # the last note begins at beat 19.5
    assert take.tempo_bpm == pytest.approx(96, abs=0.01)
    assert take.lead_end == 4.0
    assert take.voices[0].notes[:2].tolist() == [[0, 0.5, 60, 90], [0.5, 0.5, 61, 90]]


def lined(name: str, pitches: list[int], program_kind: str = "keys", count: int = 31) -> Voice:
    rows: list[Row] = [(float(i), 1.0, pitch) for i in range(count) for pitch in pitches]
    return voice("other", rows, name, program_kind)  # type: ignore[arg-type]


def leads_and_basses(*voices: Voice) -> tuple[list[str], list[str]]:
    found = with_roles(list(voices))
    return [one.name for one in found if one.role == "lead"], [one.name for one in found if one.role == "bass"]


def test_an_ensembles_lead_is_its_highest_line_and_chords_count_as_lower() -> None:
    flute, pad, solo = lined("flute", [74]), lined("pad", [70, 76, 84]), lined("solo", [90], count=30)
    assert leads_and_basses(pad, flute, solo) == (["flute"], [])  # thirty notes are too few
    assert leads_and_basses(pad, lined("low flute", [49])) == (["pad"], ["low flute"])


def test_the_bass_has_a_basss_program_or_else_is_the_lowest_if_it_is_low() -> None:
    organ, cello, tuba = lined("organ", [60]), lined("cello", [45]), lined("tuba", [38])
    assert leads_and_basses(organ, cello, tuba)[1] == ["tuba"]
    assert leads_and_basses(organ, lined("viola", [53]))[1] == []
    assert leads_and_basses(organ, tuba, lined("electric bass", [50], "bass"))[1] == ["electric bass"]
    assert leads_and_basses(lined("alone", [40])) == (["alone"], [])


def test_the_longest_stretch_of_one_metre_is_judged(tmp_path: Path) -> None:
    write_song(
        tmp_path / "a.mid", [Track("Flute", 0, 73, tune(0, 72, 100))], meters=((0.0, 4.0), (8.0, 3.0), (38.0, 4.0))
    )
    take = read_take(tmp_path / "a.mid")
    assert (take.bar_beats, take.bars) == (3.0, 10)
    assert take.voices[0].notes[:, 0].min() == -8.0  # what was before is known, and lies before its first bar
    write_song(tmp_path / "b.mid", [Track("Flute", 0, 73, tune(0, 72, 24))], meters=((0.0, 3.0), (3.0, 3.0)))
    assert (read_take(tmp_path / "b.mid").bar_beats, read_take(tmp_path / "b.mid").bars) == (3.0, 4)


@pytest.mark.parametrize("quarters", [1 / 16, 255 * 4])
def test_bars_that_nobody_means_are_of_four_beats(tmp_path: Path, quarters: float) -> None:
    write_song(tmp_path / "a.mid", [Track("Flute", 0, 73, tune(0, 72, 24))], meters=((0.0, quarters),))
    assert (read_take(tmp_path / "a.mid").bar_beats, read_take(tmp_path / "a.mid").bars) == (4.0, 3)


def test_a_piece_that_is_longer_than_any_is_said(tmp_path: Path) -> None:
    late = Note(0, 60, 90, 200_000.0, 1.0)
    write_song(tmp_path / "a.mid", [Track("Flute", 0, 73, (*tune(0, 72, 8), late))])
    with pytest.raises(TrainingError, match=r"a\.mid: this is longer than any piece of music \(200,000 beats\)"):
        read_take(tmp_path / "a.mid")


@pytest.mark.parametrize("data", [b"", b"no music", b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\x01\xe0"])
def test_what_is_no_music_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.mid").write_bytes(data)
    with pytest.raises(TrainingError, match=r"x\.mid: "):
        read_take(tmp_path / "x.mid")
