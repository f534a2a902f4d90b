from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from melodies import tune
from music import write_corpus, write_events, write_melody, write_song

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, PITCH, VOICE, load_corpora, load_corpus
from training.data.prepare import corpora_of, prepare, read_corpus, read_song
from training.data.sources import by_name, read_sources
from training.errors import TrainingError


@pytest.mark.parametrize("file_format", [0, 1])
def test_a_song_has_a_voice_for_each_instrument_whatever_the_format(tmp_path: Path, file_format: int) -> None:
    notes, instruments, bars = read_song(write_song(tmp_path / "song.mid", file_format=file_format))
    assert sorted(instruments.tolist()) == [20, 33, 73, PERCUSSION]
    assert len(notes) == 8 * (8 + 12 + 3 + 2)
    assert bars.tolist() == [[0, 4 * TICKS_PER_BEAT]]


def test_time_is_in_ticks_so_a_change_of_tempo_moves_nothing(tmp_path: Path) -> None:
    notes, _, _ = read_song(write_melody(tmp_path / "melody.mid", [(beat * 1.5, 60) for beat in range(10)]))
    assert notes[:, ONSET].tolist() == [36 * i for i in range(10)]
    assert set(notes[:, DURATION].tolist()) == {12}


def test_notes_are_sorted_and_none_stands_twice(tmp_path: Path) -> None:
    twice = [(beat, 60 + beat) for beat in range(8)] * 2
    notes, _, _ = read_song(write_melody(tmp_path / "melody.mid", [(float(onset), pitch) for onset, pitch in twice]))
    assert notes[:, PITCH].tolist() == list(range(60, 68))


def test_a_bar_is_as_long_as_its_signature_says_if_that_can_be_meant(tmp_path: Path) -> None:
    path = write_melody(tmp_path / "melody.mid", [(float(beat), 60) for beat in range(40)])
    file = mido.MidiFile(path)
    for numerator, denominator in ((7, 8), (1, 4), (3, 4)):
        sign = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator, time=480)
        file.tracks[0].append(sign)
    file.save(path)
    lengths = read_song(path)[2][:, 1].tolist()
    assert [length / TICKS_PER_BEAT for length in lengths] == [4, 3.5, 4, 3]


def test_drums_alone_are_a_song(tmp_path: Path) -> None:
    hits = [(i * 240, mido.Message("note_on", channel=9, note=36, velocity=90)) for i in range(8)]
    ends = [(i * 240 + 60, mido.Message("note_off", channel=9, note=36)) for i in range(8)]
    _, instruments, _ = read_song(write_events(tmp_path / "drums.mid", hits + ends))
    assert instruments.tolist() == [PERCUSSION]


def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    write_song(tmp_path / "good.mid")
    (tmp_path / "broken.mid").write_bytes((tmp_path / "good.mid").read_bytes()[:90])
    (tmp_path / "empty.mid").write_bytes(b"")
    write_melody(tmp_path / "short.mid", [(0.0, 60), (1.0, 62)])
    corpus = read_corpus(tmp_path, "corpus")
    assert [song.name for song in corpus.songs] == ["good.mid"]
    assert set(corpus.skipped) == {"broken.mid", "empty.mid", "short.mid"}
    assert "fewer than 8 notes" in corpus.skipped["short.mid"]


@given(st.integers(0, 2**32))
def test_no_damage_to_a_file_brings_the_stage_down(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    rng = random.Random(seed)
    data = bytearray(write_song(folder / "song.mid", bars=1).read_bytes())
    for _ in range(rng.randrange(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    (folder / "song.mid").write_bytes(data[: rng.randrange(len(data))] if seed % 2 else data)
    corpus = read_corpus(folder, "damaged")
    assert len(corpus.songs) + len(corpus.skipped) == 1


def test_endings_are_known_in_any_case_and_folders_are_searched_below(tmp_path: Path) -> None:
    for name in ("a.mid", "B.MID", "below/c.Midi", "below/deeper/d.KAR", "e.txt"):
        write_song(tmp_path / name)
    names = [song.name for song in read_corpus(tmp_path, "corpus").songs]
    assert names == ["B.MID", "a.mid", "below/c.Midi", "below/deeper/d.KAR"]


def test_several_processes_read_the_same_as_one(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    one, two = (read_corpus(tmp_path, "corpus", workers) for workers in (1, 2))
    assert [song.name for song in one.songs] == [song.name for song in two.songs]
    assert all(np.array_equal(a.notes, b.notes) for a, b in zip(one.songs, two.songs, strict=True))


def test_all_songs_of_a_work_are_on_one_side_even_where_the_table_disagrees_with_itself(tmp_path: Path) -> None:
    for name in ("one.mid", "two.mid", "three.mid"):
        write_song(tmp_path / name)
    table = "file\twork\tsplit\none.mid\traga\ttrain\ntwo.mid\traga\tvalid\nthree.mid\tother\ttrain\n"
    (tmp_path / "SOURCES.tsv").write_text(table, encoding="utf-8")
    assert {s.name: s.valid for s in read_corpus(tmp_path, "c").songs} == {
        "one.mid": True,
        "two.mid": True,
        "three.mid": False,
    }


def test_the_manifest_says_what_a_corpus_holds_and_was_made_from(tmp_path: Path) -> None:
    prepare([write_corpus(tmp_path / "tiny")], tmp_path / "out", 1)
    entry = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["tiny"]
    assert (entry["songs"], entry["valid_songs"], entry["notes"], entry["voices"]) == (4, 1, 800, 16)
    assert (entry["licences"], entry["skipped"]) == ({"CC0": 4}, {})
    assert list(entry["files"]) == ["SOURCES.tsv", *(f"song{i}.mid" for i in range(4))]
    song = (tmp_path / "tiny" / "song0.mid").read_bytes()
    assert entry["files"]["song0.mid"] == hashlib.sha256(song).hexdigest()[:16]


@pytest.mark.parametrize("text", ["name\tlicence\nsong.mid\tCC0\n", "file\nM\xe9lodie.mid\n"])
def test_a_table_that_is_none_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "SOURCES.tsv").write_bytes(text.encode("latin-1"))
    with pytest.raises(TrainingError, match=r"SOURCES\.tsv: this is no table"):
        read_sources(tmp_path)


@pytest.mark.parametrize("kind", ["xztar", "gztar", "zip"])
def test_an_archive_is_as_good_as_its_folder(tmp_path: Path, kind: str) -> None:
    write_corpus(tmp_path / "music" / "tiny")
    archive = Path(shutil.make_archive(str(tmp_path / "tiny"), kind, tmp_path / "music", "tiny"))
    renamed = archive.rename(archive.with_name(archive.name.replace("tiny", "my.songs")))
    prepare([tmp_path / "music" / "tiny", renamed], tmp_path / "out", 1)
    corpora = load_corpora(tmp_path / "out")
    assert sorted(corpora) == ["my.songs", "tiny"]
    assert [(s.name, s.work, s.valid) for s in corpora["tiny"]] == [
        (s.name, s.work, s.valid) for s in corpora["my.songs"]
    ]


def test_a_note_that_no_number_can_place_is_a_line_in_the_manifest(tmp_path: Path) -> None:
    """Eight deltas of 2**28 - 1 ticks lie behind 2**31, where a reader's numbers begin again below zero."""
    (tmp_path / "music").mkdir()
    for name, ticks_per_beat in (("late.mid", 480), ("wrapped.mid", 1)):
        file = mido.MidiFile(ticks_per_beat=ticks_per_beat)
        file.add_track()
        for kind, delta in (("note_on", (1 << 28) - 1), ("note_off", 1)) * 12:
            file.tracks[0].append(mido.Message(kind, note=60, velocity=90, time=delta))
        file.save(tmp_path / "music" / name)
    write_song(tmp_path / "music" / "good.mid")
    corpus = read_corpus(tmp_path / "music", "corpus")
    assert [song.name for song in corpus.songs] == ["good.mid"]
    assert corpus.skipped == dict.fromkeys(["late.mid", "wrapped.mid"], "ValueError: longer than 100000 beats")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' file names are always text")
def test_a_file_name_that_is_no_text_is_kept_as_it_is_spelt(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    whole = write_song(tmp_path / "song.mid").read_bytes()
    for name in (b"r\xe1ga.mid", b"t\xe1la.mid"):
        Path(os.fsdecode(bytes(tmp_path / "music") + b"/" + name)).write_bytes(whole if name[:1] == b"r" else b"")
    prepare([tmp_path / "music"], tmp_path / "out", 1)
    entry = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["music"]
    assert list(entry["skipped"]) == [r"t\udce1la.mid"]
    assert [song.name for song in load_corpus(tmp_path / "out" / "music.npz")] == [r"r\udce1ga.mid"]


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "music.tar.xz").write_bytes(b"no archive")
    with pytest.raises(TrainingError, match="cannot be unpacked"):
        prepare([tmp_path / "music.tar.xz"], tmp_path / "out", 1)


def test_a_source_must_be_there_be_music_and_have_a_name_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no such folder"):
        by_name([tmp_path / "nowhere"])
    (tmp_path / "song.txt").touch()
    with pytest.raises(TrainingError, match="neither a folder nor an archive"):
        by_name([tmp_path / "song.txt"])
    for folder in ("a", "b"):
        (tmp_path / folder / "music").mkdir(parents=True)
    with pytest.raises(TrainingError, match="both become the corpus 'music'"):
        by_name([tmp_path / "a" / "music", tmp_path / "b" / "music"])


def test_a_corpus_without_songs_is_told_and_only_nothing_at_all_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    prepare([tmp_path / "empty", write_corpus(tmp_path / "tiny")], tmp_path / "out", 1)
    assert "empty: 0 songs" in capsys.readouterr().out
    assert list(load_corpora(tmp_path / "out")) == ["tiny"]
    with pytest.raises(TrainingError, match="no MIDI file that can be trained on"):
        prepare([tmp_path / "empty"], tmp_path / "out", 1)


def test_a_second_prepare_keeps_the_corpora_that_it_does_not_name(tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare([write_corpus(tmp_path / name, songs=2)], tmp_path / "out", 1)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest) == sorted(load_corpora(tmp_path / "out")) == ["one", "two"]


def test_songs_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    prepare([write_corpus(tmp_path / "tiny")], tmp_path / "out", 1)
    before = read_corpus(tmp_path / "tiny", "tiny").songs
    after = load_corpus(tmp_path / "out" / "tiny.npz")
    for a, b in zip(before, after, strict=True):
        assert (a.name, a.work, a.valid) == (b.name, b.work, b.valid)
        assert np.array_equal(a.notes, b.notes)
        assert np.array_equal(a.instruments, b.instruments)
        assert np.array_equal(a.bars, b.bars)
    assert set(after[0].notes[:, VOICE].tolist()) == {0, 1, 2, 3}


def test_a_folder_or_file_that_prepare_did_not_write_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no prepared corpus"):
        load_corpora(tmp_path)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="this is no prepared corpus"):
        load_corpora(tmp_path)


def _write_tune(path: Path, seed: int, higher: int = 0) -> None:
    write_melody(path, [(float(i), pitch + higher) for i, pitch in enumerate(tune(seed))])


def _table(folder: Path, sides: dict[str, str]) -> None:
    rows = "".join(f"{file}\t{side}\n" for file, side in sides.items())
    (folder / "SOURCES.tsv").write_text(f"file\tsplit\n{rows}", encoding="utf-8")


def _two_versions(tmp_path: Path) -> list[Path]:
    """Two corpora of two melodies each; the one they share is held out by the second only."""
    for name, first, second in (("film", 1, 2), ("folk", 3, 1)):
        _write_tune(tmp_path / name / "x.mid", first)
        _write_tune(tmp_path / name / "y.mid", second, higher=3)
    _table(tmp_path / "film", {"x.mid": "train", "y.mid": "train"})
    _table(tmp_path / "folk", {"x.mid": "train", "y.mid": "valid"})
    return [tmp_path / "film", tmp_path / "folk"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_melody_that_another_corpus_holds_out_is_not_trained_on_whenever_it_comes(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    corpora = _two_versions(tmp_path)
    prepare(corpora, tmp_path / "at-once", 1)
    for i in order:
        prepare([corpora[i]], tmp_path / "one-by-one", 1)
    songs = load_corpora(tmp_path / "at-once")
    assert [song.valid for song in songs["film"]] == [True, False]
    assert [song.valid for song in songs["folk"]] == [False, True]
    for file in ("manifest.json", "film.npz", "folk.npz"):
        assert (tmp_path / "at-once" / file).read_bytes() == (tmp_path / "one-by-one" / file).read_bytes()
    entry = json.loads((tmp_path / "at-once" / "manifest.json").read_text(encoding="utf-8"))["film"]
    assert (entry["valid_songs"], entry["valid_as_duplicates"]) == (1, 1)


def test_the_same_music_gives_the_same_bytes_again(tmp_path: Path) -> None:
    corpora = _two_versions(tmp_path)
    prepare(corpora, tmp_path / "out", 1)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    prepare(corpora[::-1], tmp_path / "out", 1)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_what_is_arranged_resembles_nothing_but_follows_what_it_is_from(tmp_path: Path) -> None:
    film, folk = _two_versions(tmp_path)
    out = tmp_path / "out"
    prepare([film], out, 1)
    shutil.copy(out / "film.npz", out / "arranged.npz")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["arranged"] = {"songs": 2, "valid_songs": 0, "synthetic": True, "from": "film"}
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    prepare([film], out, 1)
    assert not any(song.valid for song in load_corpora(out)["arranged"])
    prepare([folk], out, 1)
    assert [song.valid for song in load_corpora(out)["arranged"]] == [True, False]
    entry = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["arranged"]
    assert entry == {"songs": 2, "valid_songs": 1, "synthetic": True, "from": "film"}


def test_songs_are_read_from_midi_and_from_what_was_prepared_of_it(tmp_path: Path) -> None:
    film, folk = _two_versions(tmp_path)
    prepare([film, folk], tmp_path / "out", 1)
    prepared = corpora_of(tmp_path / "out", 1)
    assert list(prepared) == ["film", "folk"]
    assert list(corpora_of(film, 1)) == list(corpora_of(tmp_path / "out" / "film.npz", 1)) == ["film"]
    alone, beside = corpora_of(film, 1)["film"].songs, prepared["film"].songs
    assert [song.name for song in alone] == [song.name for song in beside]
    assert [(a.valid, b.valid) for a, b in zip(alone, beside, strict=True)] == [(False, True), (False, False)]
    with pytest.raises(TrainingError, match="there is no such folder"):
        corpora_of(tmp_path / "nowhere", 1)
