"""The whole stage, from MIDI files and a model to a report, pictures and music; and its figures on known music."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from music import write_corpus, write_melody
from tiny import read

from bollylive.midi.song_files import read_song
from training.__main__ import main
from training.errors import TrainingError
from training.listening.copying import Library
from training.listening.excerpt import Excerpt, choose_excerpts
from training.listening.listen import listen, table
from training.listening.rendition import Rendition
from training.listening.verdict import judge, through_time


@pytest.fixture(scope="module")
def excerpts(tmp_path_factory: pytest.TempPathFactory) -> list[Excerpt]:
    folder = write_corpus(tmp_path_factory.mktemp("music") / "tiny", songs=3, bars=12)
    return choose_excerpts("tiny", [read(path) for path in sorted(folder.glob("*.mid"))], 3, 1)


@pytest.fixture(scope="module")
def real(excerpts: list[Excerpt]) -> list[Rendition]:
    """A model that plays what the songs have themselves."""
    renditions = []
    for excerpt in excerpts:
        assert excerpt.melody is not None
        silent = excerpt.real[:0]
        every = [channel for channel in excerpt.instruments if channel != excerpt.melody]
        accompaniment = excerpt.real[excerpt.real[:, 4] != excerpt.melody]
        melody = excerpt.real[excerpt.real[:, 4] == excerpt.melody]
        renditions += [
            Rendition("continue", excerpt, excerpt.real, silent, list(excerpt.instruments)),
            Rendition("cold", excerpt, accompaniment, melody, every),
            Rendition("moved", excerpt, accompaniment, melody, every),
        ]
    return renditions


NOTHING = Library([], percussion=False), Library([], percussion=True)


def test_the_real_music_itself_is_the_best_that_can_be(real: list[Rendition]) -> None:
    report = judge(real, *NOTHING)
    assert set(report) == {"tiny", "all"}
    assert set(report["tiny"]) == {"continue", "cold", "moved"}
    for way, figures in report["tiny"].items():
        assert figures["renditions"] == 3
        assert set(figures["overlap"].values()) == {1.0}
        assert figures["generated"] == figures["real"]
        assert 0 < figures["overlap_of_real_halves"]["pitch_class"] <= 1, way
    assert report["tiny"]["cold"]["fit"]["score"] == 1
    recovery = report["all"]["moved"]["recovery"]
    assert recovery["moved"] == recovery["melody_stays"] == recovery["band_stays"]
    assert set(recovery["regained"].values()) == {None}  # nothing changed, so there is nothing to regain


def test_what_was_copied_is_found_beside_what_the_real_music_shares(
    real: list[Rendition], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = real[0].excerpt
    song = next((tmp_path_factory.getbasetemp()).glob(f"music*/tiny/{first.song}"))
    library = Library([read(song)], percussion=False)
    silent = [replace(rendition, played=rendition.played[:0]) for rendition in real]
    copying = judge(silent, library, NOTHING[1])["all"]["continue"]["copying"]["pitched"]
    assert copying["generated"]["longest"] == 0
    assert copying["real"]["longest"] > 20
    assert copying["real"]["longest_in"] == first.song


def test_bar_by_bar_the_figures_are_those_of_the_bar(real: list[Rendition]) -> None:
    rendition = next(r for r in real if r.way == "cold")
    late = rendition.played[rendition.played[:, 0] >= 2 * rendition.excerpt.cycle]
    course = through_time([rendition], [late])
    assert course["notes"][:2] == [0, 0]
    assert course["fit"][:2] == [0, 0]
    in_bar = int((late[:, 0] // rendition.excerpt.cycle == 2).sum())
    assert course["notes"][2] == pytest.approx(in_bar / len(rendition.channels), abs=1e-3)


def test_a_backing_band_is_judged_without_a_real_one(real: list[Rendition]) -> None:
    alone = [replace(rendition, way="backing", channels=[1, 9]) for rendition in real if rendition.way == "cold"]
    figures = judge(alone, *NOTHING)["tiny"]["backing"]
    assert set(figures["channels"]) == {"2", "10"}
    assert 0 < figures["fit"]["generated"] < 1
    assert "overlap" not in figures


@pytest.mark.slow
def test_a_model_is_listened_to(tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path / "tiny", songs=3, bars=9)
    melodies = tmp_path / "melodies"
    write_melody(melodies / "alone.mid", [(i / 2, 60 + 5 * i % 12) for i in range(64)])
    (melodies / "SOURCES.tsv").write_text("file\tsplit\nalone.mid\tvalid\n", encoding="utf-8")
    out = tmp_path / "heard"
    bass = 'channel = 2\nrole = "accompany"\nprogram = 33\npolyphony = 1\ndensity = -1\n'
    (tmp_path / "bass.toml").write_text(
        f'name = "Bass alone"\ntemperature = 1.1\nnucleus = 0.5\n[[channel]]\n{bass}', encoding="utf-8"
    )
    chosen = ["--set", str(tmp_path / "bass.toml"), "--workers", "1"]
    sources = ["--data", str(tmp_path / "tiny"), str(melodies)]
    assert main(["listen", "--model", str(tiny_model), *sources, "--out", str(out), *chosen]) == 0
    assert "melodies backing" in capsys.readouterr().out

    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["model"] == "tiny-v1"
    settings = {"temperature": 1.1, "nucleus": 0.5, "memory": 1.0, "follow": 1.0, "quantise": True}
    assert report["set"] == {"name": "Bass alone", **settings}
    assert list(report["corpora"]["melodies"]["backing"]["channels"]) == ["2"]
    assert set(report["corpora"]) == {"tiny", "melodies", "all"}
    assert set(report["corpora"]["melodies"]) == {"continue", "backing"}
    assert all(0 <= area <= 1 for area in report["corpora"]["tiny"]["continue"]["overlap"].values())
    assert {path.name for path in out.iterdir()} >= {"continue.png", "through_time.png", "excerpts"}
    made = read_song(out / "excerpts" / "backing-alone.mid")
    assert {note.channel for note in made.notes} == {0, 1}
    own = [note for note in made.notes if note.channel == 0]
    assert len(own) == 64 * 4
    real = read_song(out / "excerpts" / "continue-alone-real.mid")
    assert len(real.notes) == 64
    assert (out / "excerpts" / "continue-alone.png").exists()


@pytest.mark.slow
def test_corpora_without_a_song_to_play_are_one_sentence(tmp_path: Path, tiny_model: Path) -> None:
    write_corpus(tmp_path / "tiny", songs=1, bars=3)
    with pytest.raises(TrainingError, match="six bars or more"):
        listen(str(tiny_model), [tmp_path / "tiny"], tmp_path / "out", 1, 1, 1, None)


def test_the_table_has_a_line_for_each_corpus_and_way(real: list[Rendition]) -> None:
    lines = table({"corpora": judge(real, *NOTHING)}).splitlines()
    assert len(lines) == 1 + 2 * 3
    assert lines[1].split()[:3] == ["tiny", "continue", "1.000"]
    assert np.isfinite(float(lines[2].split()[10]))
