"""Melodies with the chords that somebody wrote down, from files to prepared charts."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from charts import write_lead_sheet, write_recording

from bollylive.model.chord_words import NO_CHORD, chord_name
from training.data.chart_reading import read_lead_sheets, read_recordings
from training.data.charts import Chart, load_charts, save_charts
from training.data.chord_symbols import read_chords, word_of_symbol
from training.data.prepare import prepare
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("C:maj", "C"), ("C", "C"), ("Bb:maj7/3", "Bb"), ("A:min7/b3", "Am"), ("Cb:min", "Bm"), ("E#:maj6", "F"),
        ("D:hdim7", "Ddim"), ("F#:dim", "F#dim"), ("G:sus4(b7)", "Gsus4"), ("G:9", "G7"), ("D:7(#9)", "D7"),
        ("Ab:aug", "Ab"), ("C:minmaj7", "Cm"), ("E:13", "E7"), ("N", "N.C."), ("X", "N.C."),
    ],
)  # fmt: skip
def test_a_symbol_is_a_word(symbol: str, name: str) -> None:
    assert chord_name(word_of_symbol(symbol)) == name


@pytest.mark.parametrize("symbol", ["", "H:maj", "Cx:min", "maj"])
def test_what_is_no_symbol_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="is no chord symbol"):
        word_of_symbol(symbol)


@pytest.mark.parametrize("text", ["", "0\t1\n", "0\t1\tC\tD\n", "a\tb\tC\n"])
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.chords.tsv").write_text(text)
    with pytest.raises(ValueError, match=r"three columns|could not convert"):
        read_chords(tmp_path / "t.chords.tsv")


def test_a_lead_sheet_is_a_chart_in_ticks_of_its_own_bars(tmp_path: Path) -> None:
    write_lead_sheet(tmp_path, "waltz", bars=4, meter=(3, 4))
    [chart] = read_lead_sheets(tmp_path, {})
    assert (chart.name, chart.bar_ticks) == ("waltz.mid", 72)
    assert chart.lead[:2].tolist() == [[0, 12, 60], [24, 36, 60]]
    assert [(begin, end, chord_name(word)) for begin, end, word in chart.chords.tolist()] == [
        (0, 72, "C"), (72, 144, "G7"), (144, 216, "C"), (216, 288, "G7")
    ]  # fmt: skip


def test_the_rights_of_a_sheet_are_those_of_the_table_of_sources(tmp_path: Path) -> None:
    write_lead_sheet(tmp_path, "old")
    write_lead_sheet(tmp_path, "new")
    (tmp_path / "SOURCES.tsv").write_text("file\trights_check\nold.mid\tclear\nnew.mid\tdoubtful\n")
    assert {chart.name: chart.rights for chart in read_lead_sheets(tmp_path, {})} == {
        "new.mid": "doubtful",
        "old.mid": "clear",
    }


def test_a_recording_is_put_into_bars_by_its_beats(tmp_path: Path) -> None:
    write_recording(tmp_path / "music", tmp_path / "tables", "song", bars=4)
    [chart] = read_recordings(tmp_path / "tables", tmp_path / "music", {})
    assert (chart.name, chart.bar_ticks) == ("song.mid", 96)
    assert chart.lead[:5].tolist() == [[96 + 24 * i, 120 + 24 * i, 69 if i < 4 else 65] for i in range(5)]
    assert [(begin, end, chord_name(word)) for begin, end, word in chart.chords.tolist()][:2] == [
        (96, 192, "Am"),
        (192, 288, "F"),
    ]


def test_what_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    write_lead_sheet(tmp_path, "good")
    write_lead_sheet(tmp_path, "bad").with_suffix(".chords.tsv").write_text("0\t4\tH:maj\n")
    skipped: dict[str, str] = {}
    assert [chart.name for chart in read_lead_sheets(tmp_path, skipped)] == ["good.mid"]
    assert list(skipped) == ["bad.chords.tsv"]
    assert "is no chord symbol" in skipped["bad.chords.tsv"]


def test_tables_without_any_song_are_an_error(tmp_path: Path) -> None:
    write_recording(tmp_path / "music", tmp_path / "tables", "song")
    (tmp_path / "music" / "song.mid").rename(tmp_path / "music" / "other.mid")
    with pytest.raises(TrainingError, match="no table of chords here belongs to a song"):
        read_recordings(tmp_path / "tables", tmp_path / "music", {})


def test_charts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    lead, chords = np.array([[0, 24, 60]], dtype=np.int32), np.array([[0, 96, NO_CHORD]], dtype=np.int32)
    charts = [Chart("one", lead, chords, 96, "clear"), Chart("two", np.tile(lead, (3, 1)), np.tile(chords, (2, 1)), 72)]
    save_charts(charts, tmp_path / "charts" / "x.npz")
    loaded = load_charts(tmp_path / "charts" / "x.npz")
    for one, other in zip(charts, loaded, strict=True):
        assert (one.name, one.bar_ticks, one.rights) == (other.name, other.bar_ticks, other.rights)
        assert np.array_equal(one.lead, other.lead)
        assert np.array_equal(one.chords, other.chords)


def test_what_is_no_file_of_charts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"no")
    with pytest.raises(TrainingError, match="these are no prepared charts"):
        load_charts(tmp_path / "x.npz")


def test_prepare_writes_charts_beside_their_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(3):
        write_recording(tmp_path / "songs", tmp_path / "songs-chords", f"s{i}")
        write_lead_sheet(tmp_path / "sheets", f"t{i}")
    out = tmp_path / "prepared"
    prepare([tmp_path / name for name in ("songs", "songs-chords", "sheets")], out, 1)
    assert {path.name for path in out.glob("*.npz")} == {"songs.npz", "sheets.npz"}
    assert len(load_charts(out / "charts" / "songs.npz")) == len(load_charts(out / "charts" / "sheets.npz")) == 3
    manifest = json.loads((out / "manifest.json").read_text())
    assert set(manifest) == {"songs", "sheets"}
    assert manifest["songs"]["charts"]["chords"] == 48
    assert "songs: 3 charts, 48 chords; 0 left out" in capsys.readouterr().out

    (tmp_path / "sheets" / "t0.chords.tsv").unlink()
    prepare([tmp_path / "songs", tmp_path / "sheets"], out, 1)
    assert not (out / "charts" / "songs.npz").exists()
    assert len(load_charts(out / "charts" / "sheets.npz")) == 2
    assert "charts" not in json.loads((out / "manifest.json").read_text())["songs"]


def test_tables_of_chords_need_their_music_beside_them(tmp_path: Path) -> None:
    write_recording(tmp_path / "songs", tmp_path / "songs-chords", "s")
    with pytest.raises(TrainingError, match="name the corpus 'songs' beside it"):
        prepare([tmp_path / "songs-chords"], tmp_path / "prepared", 1)


def test_charts_are_read_from_archives_too(tmp_path: Path) -> None:
    write_recording(tmp_path / "songs", tmp_path / "songs-chords", "s")
    write_lead_sheet(tmp_path / "sheets", "t")
    sources = []
    for name in ("songs", "songs-chords", "sheets"):
        with tarfile.open(tmp_path / f"{name}.tar.xz", "w:xz") as archive:
            archive.add(tmp_path / name, name)
        sources.append(tmp_path / f"{name}.tar.xz")
    prepare(sources, tmp_path / "prepared", 1)
    assert {path.name for path in (tmp_path / "prepared" / "charts").iterdir()} == {"songs.npz", "sheets.npz"}
