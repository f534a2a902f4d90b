"""Songs as steps with chords: written, found by template, or made by rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from charts import write_lead_sheet, write_recording
from leads import FOUR, broken_chords
from music import write_melody, write_song

from bollylive.model.chord_predictor import SILENCE
from bollylive.model.chord_words import NO_CHORD, TONES, chord_name, word_of
from training.conducting.gather import LABELLED, gather
from training.conducting.labels import by_rule, by_template
from training.conducting.pieces import MOST_STEPS, cut, make_piece, side_of, words_of_steps
from training.conducting.recipe import SOURCES, Sources
from training.data.charts import Chart, load_charts, save_charts
from training.data.corpus import DURATION, ONSET, PITCH
from training.data.prepare import prepare, read_song
from training.errors import TrainingError
from training.judging.take import Take, Voice


def notes_of(*notes: tuple[int, int, int]) -> np.ndarray:
    return np.array(notes, dtype=np.int32)


def test_the_chord_of_a_step_is_the_one_that_lasts_longest_in_it() -> None:
    spans = notes_of((0, 20, 5), (20, 48, 10), (60, 96, 15), (96, 100, NO_CHORD))
    assert words_of_steps(spans, 48).tolist() == [10, 15, NO_CHORD]
    assert words_of_steps(notes_of((0, 30, NO_CHORD), (30, 48, 7)), 48).tolist() == [7]
    assert words_of_steps(notes_of((96, 144, 3)), 48).tolist() == [NO_CHORD, NO_CHORD, 3]


def test_a_piece_knows_its_lead_by_quarters_of_a_step() -> None:
    notes = [(24 * i, 24 * i + 12, 60 + i % 3) for i in range(60)]
    piece = make_piece("p", "c", "train", 1.0, notes_of(*notes), 96, [0] * 30)
    assert piece is not None
    assert piece.lead_words[0].tolist() == [0, SILENCE, 1, SILENCE]
    assert piece.so_far[0, :, 0].tolist() == [0.25, 0.25, 0.25, 0.25]
    assert piece.so_far[0, :, 1].tolist() == [0, 0, 0.25, 0.25]
    assert np.allclose(piece.so_far[:, -1], piece.lead.chroma)


@pytest.mark.parametrize(("steps", "notes", "bar"), [(23, 60, 96), (30, 23, 96), (30, 60, 62)])
def test_what_is_too_short_or_has_no_quarters_is_no_piece(steps: int, notes: int, bar: int) -> None:
    rows = notes_of(*((24 * i, 24 * i + 12, 60) for i in range(notes)))
    assert make_piece("p", "c", "train", 1.0, rows, bar, [0] * steps) is None


def test_a_long_piece_is_cut() -> None:
    rows = notes_of(*((24 * i, 24 * i + 12, 60) for i in range(600)))
    piece = make_piece("p", "c", "train", 1.0, rows, 96, [0] * 300)
    assert piece is not None
    assert len(piece) == len(piece.lead) == MOST_STEPS
    part = cut(piece, 10, 50)
    assert len(part) == len(part.so_far) == len(part.lead_words) == 40


def test_works_that_are_held_out_are_for_tests_and_some_others_choose() -> None:
    assert side_of("any", True) == "test"
    sides = [side_of(f"work {i}", False) for i in range(1000)]
    assert set(sides) == {"train", "choose"}
    assert 50 < sides.count("choose") < 110


def test_an_ensembles_chords_are_found_by_template() -> None:
    roots = (0, 9, 5, 7)
    chords = [(8.0 * i + 2 * half, 2.0, 60 + root + tone, 80.0) for i, root in enumerate(roots) for half in range(4)
              for tone in (0, 4 if root != 9 else 3, 7)]  # fmt: skip
    bass = [(8.0 * i, 8.0, 36 + root, 80.0) for i, root in enumerate(roots)]
    take = Take(
        "t",
        (Voice("keys", "keys", "other", np.array(chords)), Voice("bass", "bass", "bass", np.array(bass))),
        4.0, 8, 96.0,
    )  # fmt: skip
    assert [chord_name(int(word)) for word in by_template(take)[::4]] == ["C", "Am", "F", "G"]


def test_a_melody_gets_chords_by_rule_a_bar_or_half_a_bar_each(tmp_path: Path) -> None:
    tones = (0, 4, 5, 9, 7, 11, 0, 4, 9, 0, 5, 9, 7, 2, 0, 7)
    path = write_melody(tmp_path / "m.mid", [(float(i), 60 + tones[i % 16]) for i in range(64)])
    notes, _, _ = read_song(path)
    bars, halves = by_rule(notes, 96, 0), by_rule(notes, 96, 1)
    assert len(bars) == len(halves) == 32
    assert (bars[::2] == bars[1::2]).all()
    assert (halves[::2] != halves[1::2]).any()
    inside = [TONES[word, pitch % 12] for word, pitch in zip(np.repeat(halves, 2), notes[:, PITCH], strict=True)]
    assert np.mean(inside) > 0.8
    waltz = by_rule(notes, 72, 0)
    assert len(waltz) == -(-int((notes[:, ONSET] + notes[:, DURATION]).max()) // 72)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """Three lead sheets, three recordings, three ensembles, three melodies."""
    for i in range(3):
        write_lead_sheet(tmp_path / "openewld", f"sheet{i}", bars=16)
        write_recording(tmp_path / "pop909", tmp_path / "pop909-chords", f"song{i}")
        write_song(tmp_path / "gm-ensembles" / f"band{i}.mid", seed=i, bars=16)
        tune = [(float(beat), (60, 62, 64, 67)[(beat * (i + 3)) % 4]) for beat in range(40)]
        write_melody(tmp_path / "hindi-film-melodies" / f"tune{i}.mid", tune)
    names = ("openewld", "pop909", "pop909-chords", "gm-ensembles", "hindi-film-melodies")
    prepare([tmp_path / name for name in names], tmp_path / "prepared", 1)
    return tmp_path / "prepared"


def test_the_pieces_of_every_kind_of_corpus_are_gathered(prepared: Path) -> None:
    pieces = gather(prepared, SOURCES["all"])
    counts = {name: sum(piece.corpus == name for piece in pieces) for name in {piece.corpus for piece in pieces}}
    assert counts == {"openewld": 3, "pop909": 3, "gm-ensembles": 3, "hindi-film-melodies": 6}
    for piece in pieces:
        assert piece.weight == (1.0 if piece.corpus in ("openewld", "pop909") else LABELLED)
        assert piece.steps_per_bar == 2
    sheet = next(piece for piece in pieces if piece.corpus == "openewld")
    assert sheet.chords[:4].tolist() == [word_of(0, 0), word_of(0, 0), word_of(7, 4), word_of(7, 4)]
    tune = next(piece for piece in pieces if piece.corpus == "hindi-film-melodies")
    assert len(tune) >= 48, "a short melody comes again until it has 24 bars"


def test_only_charts_of_some_rights_are_taken_where_that_is_asked(prepared: Path) -> None:
    path = prepared / "charts" / "openewld.npz"
    rights = ("clear", "doubtful", "us")
    charts = [Chart(c.name, c.lead, c.chords, c.bar_ticks, r) for c, r in zip(load_charts(path), rights, strict=True)]
    save_charts(charts, path)
    pieces = gather(prepared, SOURCES["clear"])
    assert {(piece.corpus, piece.name) for piece in pieces if piece.corpus != "pop909"} == {("openewld", "sheet0.mid")}
    assert sum(piece.corpus == "pop909" for piece in pieces) == 3


def test_nothing_to_learn_from_is_said_in_a_sentence(prepared: Path) -> None:
    with pytest.raises(TrainingError, match="nothing here has chords to learn from; prepare groove with their tables"):
        gather(prepared, Sources(charts=("groove",)))


def test_the_little_pieces_are_what_they_say() -> None:
    piece = broken_chords(bars=16)
    assert len(piece) == 32
    assert piece.chords[:4].tolist() == list(FOUR)
    assert broken_chords(bar_ticks=72, bars=32).steps_per_bar == 1
