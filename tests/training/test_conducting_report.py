"""What a conductor is measured beside, its report, its card and its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from charts import write_recording
from leads import FOUR, broken_chords
from write_tiny_conductor import TINY_CONDUCTOR

from bollylive.model.chord_model import ChordModel
from bollylive.model.chord_predictor import Forecast, LeadSteps
from bollylive.model.chord_words import CHORDS, NO_CHORD, TONES, chord_name, transpose, word_of
from bollylive.model.plan_rows import turn_words
from training.__main__ import main
from training.conducting.accuracy import accuracies
from training.conducting.baselines import ChordCounts, by_rule
from training.conducting.card import card, write_findings
from training.conducting.network import Sizes
from training.conducting.recipe import ConductConfig
from training.conducting.report import draw, free_runs, measure, tables, time_a_step
from training.data.prepare import prepare
from training.errors import TrainingError

PIECES = [broken_chords(f"p{i}", seed=i, side="test") for i in range(3)]


class Knowing:
    """A predictor that knows how broken chords go on, from the chord before alone."""

    def forecast(
        self, lead: LeadSteps, chords: Sequence[int], first_step: int, steps_per_bar: int, known: bool = False
    ) -> Forecast:
        assert (len(lead), first_step, steps_per_bar) == (len(chords) + known, 0, 2)
        odds = np.full(CHORDS, 1e-3)
        if chords[-1] in FOUR:
            odds[FOUR[(FOUR.index(chords[-1]) + 1) % 4]] = 1
        log_p = np.log(odds / odds.sum()).astype(np.float32)
        lead_odds = np.zeros((4, 13), dtype=np.float32)
        lead_odds[:, 12] = 1
        return Forecast(log_p, np.full(CHORDS, -np.log(CHORDS), dtype=np.float32), lead_odds)


def test_counts_learn_what_follows_in_every_key() -> None:
    counts = ChordCounts([broken_chords(seed=9)])
    for place in (0, 1):
        before = np.array([FOUR[2 + place], FOUR[(3 + place) % 4], FOUR[place]])
        odds = counts.probabilities(before, (3 + place) % 2)
        assert odds.sum() == pytest.approx(1)
        assert odds.argmax() == FOUR[(place + 1) % 4]
    unseen = counts.probabilities(np.array([6, 6, 6]), 0)
    assert unseen.sum() == pytest.approx(1)
    assert unseen[FOUR[2]] > unseen[2]


def test_the_rule_puts_a_triad_of_the_key_under_what_is_sung() -> None:
    memory = np.bincount([0, 0, 0, 0, 2, 4, 4, 5, 7, 7, 7, 9, 11], minlength=12).astype(np.float32)
    for semitones in (0, 3):
        heard = np.roll(TONES[word_of(7, 0)], semitones)
        before = int(transpose(np.array([0]), semitones)[0])
        assert by_rule(before, heard, np.roll(memory, semitones)) == word_of((7 + semitones) % 12, 0)
    assert by_rule(NO_CHORD, np.zeros(12, dtype=np.float32), np.zeros(12, dtype=np.float32)) < NO_CHORD
    assert chord_name(by_rule(word_of(6, 2), TONES[word_of(5, 0)], memory)) == "F"


def test_accuracy_is_counted_beside_the_chords_of_before() -> None:
    figures = accuracies(Knowing(), PIECES, ChordCounts([broken_chords(seed=9)]))
    assert figures["same as before"]["exact"] == 0
    assert figures["4 bars ago"]["exact"] == 1
    assert figures["8 bars ago"]["exact"] == pytest.approx(16 / 24), "there is nothing eight bars before the ninth"
    assert figures["network"]["exact"] == figures["network"]["at_change"] == 1
    assert figures["network"]["bits"] < 0.2
    assert figures["network"]["lead"] == 0
    assert figures["n-gram"]["exact"] > 0.9
    assert figures["network, no chords given"]["bits"] == pytest.approx(np.log2(CHORDS))
    assert 0 < figures["rule"]["exact"] < 1
    assert "bits" not in figures["rule"]


def test_a_free_run_draws_step_by_step_as_on_stage() -> None:
    chords = draw(Knowing(), PIECES[0], seed=1)
    assert chords[0] == NO_CHORD
    assert NO_CHORD not in chords[1:]
    assert np.array_equal(chords, draw(Knowing(), PIECES[0], seed=1))
    forms = free_runs(Knowing(), PIECES)
    assert forms["true"]["changes"] == 2
    assert forms["true"]["inside"] == 1


def test_a_step_of_a_real_conductor_is_timed() -> None:
    assert 0 < time_a_step(ChordModel(TINY_CONDUCTOR)) < 1000


def test_a_draw_is_of_the_conductors_own_frame() -> None:
    model, piece = ChordModel(TINY_CONDUCTOR), broken_chords(seed=1)
    moved = broken_chords(seed=1, semitones=2)
    here = model.forecast(piece.lead[:20], piece.chords[:20].tolist(), 0, 2).log_p
    there = model.forecast(moved.lead[:20], moved.chords[:20].tolist(), 0, 2).log_p
    assert np.allclose(there[turn_words(np.arange(CHORDS), -2)], here, atol=1e-5)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    for i in range(6):
        write_recording(tmp_path / "pop909", tmp_path / "pop909-chords", f"song{i}")
    prepare([tmp_path / "pop909", tmp_path / "pop909-chords"], tmp_path / "prepared", 1)
    return tmp_path / "prepared"


def test_a_report_has_what_the_card_shows(prepared: Path, tmp_path: Path) -> None:
    report = measure(TINY_CONDUCTOR, prepared, "all", 4)
    assert report["conductor"] == "tiny-conductor-v1"
    assert report["corpora"]["pop909"]["pieces"] == 1
    json.dumps(report)
    text = tables(report)
    for name in ("same as before", "8 bars ago", "n-gram", "rule", "network, half of the step heard", "true chords"):
        assert name in text

    path = tmp_path / "tiny-conductor-v1.md"
    music = {"pop909": {"train": 800, "choose": 30, "test": 19}}
    path.write_text(card("tiny-conductor-v1", music, Sizes(), ConductConfig(), 30, 1000, 5000))
    plain = path.read_text()
    write_findings(path, report)
    write_findings(path, report)
    assert path.read_text().count("## Findings") == 1
    assert path.read_text().replace(f"## Findings\n\n{text}\n\n", "") == plain
    assert "MIT (the annotators')" in plain
    assert max(len(line) for line in plain.splitlines() if not line.startswith(("|", "    "))) <= 120
    with pytest.raises(TrainingError, match="the report is about tiny-conductor-v1"):
        write_findings(tmp_path / "other.md", report)


def test_the_open_card_names_only_what_is_clear() -> None:
    counts = {"train": 9, "choose": 1, "test": 1}
    music = dict.fromkeys(("pop909", "openewld", "openscore-lieder"), counts)
    text = card("open-conductor-v1", music, Sizes(), ConductConfig(sources="clear"), 30, 1000, 5000)
    assert "gm-ensembles" not in text
    assert "only songs whose authors all died before 1948" in text
    assert "--sources clear" in text


@pytest.mark.slow
def test_from_charts_to_a_measured_conductor(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.conducting.pieces._CHOOSE_PERCENT", 40)
    monkeypatch.chdir(tmp_path)
    settings = "--true-epochs 1 --own-epochs 1 --batch 2 --length 24"
    assert main(f"conduct --data prepared --run run {settings}".split()) == 0
    assert "conduct-export comes next" in capsys.readouterr().out
    command = "conduct-export --run run --name tiny-conductor-v1"
    assert main(command.split()) == 0
    assert "conduct-report comes next" in capsys.readouterr().out
    assert ChordModel(Path("models/tiny-conductor-v1.onnx")).name == "tiny-conductor-v1"
    assert main(command.split()) == 2
    assert "a version is never written over" in capsys.readouterr().err
    assert main([*command.split()[:-1], "tiny-v1"]) == 2
    assert "a conductor is named like" in capsys.readouterr().err
    report = "conduct-report --data prepared --model models/tiny-conductor-v1.onnx --out report.json --card"
    assert main(report.split()) == 0
    assert "network, half of the step heard" in capsys.readouterr().out
    assert "## Findings" in Path("models/tiny-conductor-v1.md").read_text()
    assert main(["conduct", "--data", "prepared", "--run", "other", "--own-epochs", "1", "--sources", "clear"]) == 0
