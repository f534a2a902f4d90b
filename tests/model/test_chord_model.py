"""A real, tiny conductor in onnxruntime: verified, and asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from write_tiny import TINY
from write_tiny_conductor import TINY_CONDUCTOR

from bollylive.errors import ModelError
from bollylive.model.chord_model import ChordModel
from bollylive.model.chord_predictor import REPLAYED_STEPS, Forecast, LeadSteps, no_lead
from bollylive.model.chord_words import CHORDS, NO_CHORD, transpose, word_of
from bollylive.model.lead_steps import lead_steps
from bollylive.model.onnx_model import Model


@pytest.fixture(scope="session")
def model() -> ChordModel:
    return ChordModel(TINY_CONDUCTOR)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the conductor, to be spoilt."""
    for ending in (".onnx", ".json"):
        shutil.copyfile(TINY_CONDUCTOR.with_suffix(ending), tmp_path / f"tiny-conductor-v1{ending}")
    return tmp_path / "tiny-conductor-v1.onnx"


def tune(steps: int, semitones: int = 0, seed: int = 0) -> LeadSteps:
    """A lead of white notes, two to a beat."""
    pitches = np.random.default_rng(seed).choice([60, 62, 64, 65, 67, 69, 71], 4 * steps) + semitones
    onsets = np.arange(4 * steps) * 12
    return lead_steps(onsets, onsets + 12, pitches, 0, steps, 48)


def chords(steps: int, seed: int = 0) -> list[int]:
    return [int(word) for word in np.random.default_rng(seed).integers(0, NO_CHORD, steps)]


def same(one: Forecast, other: Forecast) -> bool:
    return all(
        np.allclose(getattr(one, name), getattr(other, name), atol=1e-5) for name in ("log_p", "unguided", "lead")
    )


@pytest.mark.parametrize("steps", [0, 1, 5, 64, 65, 200])
def test_a_forecast_has_probabilities_of_chords_and_of_the_leads_quarters(model: ChordModel, steps: int) -> None:
    forecast = model.forecast(tune(steps), chords(steps), 0, 2)
    assert np.exp(forecast.log_p).sum() == pytest.approx(1, abs=1e-4)
    assert np.exp(forecast.unguided).sum() == pytest.approx(1, abs=1e-4)
    assert forecast.log_p.shape == (CHORDS,)
    assert forecast.lead.shape == (4, 13)
    assert np.allclose(forecast.lead.sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("semitones", [1, 7, 11])
def test_music_in_another_key_has_the_same_forecast_there(model: ChordModel, semitones: int) -> None:
    words = np.array(chords(20))
    here = model.forecast(tune(20), words.tolist(), 0, 2)
    there = model.forecast(tune(20, semitones), transpose(words, semitones).tolist(), 0, 2)
    moved = transpose(np.arange(CHORDS), semitones)
    assert np.allclose(there.log_p[moved], here.log_p, atol=1e-5)
    assert np.allclose(there.lead[:, :12], np.roll(here.lead[:, :12], semitones, axis=1), atol=1e-5)
    assert np.allclose(there.lead[:, 12], here.lead[:, 12], atol=1e-5)


def test_no_state_is_kept_between_calls(model: ChordModel) -> None:
    first = model.forecast(tune(30), chords(30), 0, 2)
    model.forecast(tune(40, seed=1), chords(40, seed=1), 7, 1)
    assert same(model.forecast(tune(30), chords(30), 0, 2), first)


def test_what_is_longer_ago_than_twice_the_replay_does_not_count(model: ChordModel) -> None:
    long, history = tune(150), chords(150)
    heard = 2 * REPLAYED_STEPS
    cut = model.forecast(long[150 - heard :], history[150 - heard :], 150 - heard, 2)
    assert same(model.forecast(long, history, 0, 2), cut)


def test_the_chords_before_and_the_lead_are_heard(model: ChordModel) -> None:
    plain, history = model.forecast(tune(20), chords(20), 0, 2), chords(20)
    history[-1] = word_of(6, 2)
    other = model.forecast(tune(20), history, 0, 2)
    assert not np.allclose(other.log_p, plain.log_p, atol=1e-5)
    assert np.allclose(other.unguided, plain.unguided, atol=1e-6)
    silent = model.forecast(no_lead(20), chords(20), 0, 2)
    assert not np.allclose(silent.unguided, plain.unguided, atol=1e-5)


def test_the_place_in_the_phrase_counts(model: ChordModel) -> None:
    forecasts = [model.forecast(tune(20), chords(20), first, 2).log_p for first in (0, 3)]
    assert not np.allclose(*forecasts, atol=1e-5)


def test_what_was_heard_of_the_step_itself_counts_only_if_it_is_known(model: ChordModel) -> None:
    history = chords(20)
    plain = model.forecast(tune(20), history, 0, 2)
    one = model.forecast(tune(21), history, 0, 2, known=True)
    other = LeadSteps(*(np.roll(getattr(tune(21), name), 1, axis=1) for name in LeadSteps.__slots__))
    mixed = LeadSteps(*(np.concatenate((getattr(tune(20), n), getattr(other, n)[20:])) for n in LeadSteps.__slots__))
    two = model.forecast(mixed, history, 0, 2, known=True)
    assert not np.allclose(one.log_p, plain.log_p, atol=1e-5)
    assert not np.allclose(one.log_p, two.log_p, atol=1e-5)
    assert model.forecast(tune(1), [], 0, 2, known=True).log_p.shape == (CHORDS,)


@pytest.mark.parametrize(("steps", "known"), [(19, False), (21, False), (20, True)])
def test_lengths_that_do_not_fit_are_refused(model: ChordModel, steps: int, known: bool) -> None:
    with pytest.raises(ValueError, match=rf"20 chords need {20 + known} steps of the lead, not {steps}"):
        model.forecast(tune(steps), chords(20), 0, 2, known)


def spoil(onnx: Path, **changes: object) -> None:
    path = onnx.with_suffix(".json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_every_mismatch_is_said_at_once(copy: Path) -> None:
    spoil(copy, sha256="0" * 64, references=["now"], outputs=["log_p"])
    with pytest.raises(ModelError) as caught:
        ChordModel(copy)
    for clause in ("sha256 is 000", "references is ('now',)", "outputs is ('log_p',)", "files of one release"):
        assert clause in str(caught.value)


def test_constants_that_changed_since_the_training_are_named(copy: Path) -> None:
    constants = json.loads(copy.with_suffix(".json").read_text())["constants"]
    spoil(copy, constants={**constants, "early_ticks": 5})
    with pytest.raises(ModelError, match=r"the constants in its \.json were changed after the export"):
        ChordModel(copy)


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', "{" * 2000])
def test_what_is_no_description_is_said_in_a_sentence(copy: Path, text: str) -> None:
    copy.with_suffix(".json").write_text(text)
    with pytest.raises(ModelError, match="this is no description of a conductor"):
        ChordModel(copy)


def test_a_band_model_is_no_conductor_and_a_conductor_no_band_model() -> None:
    with pytest.raises(ModelError, match="this is no description of a conductor"):
        ChordModel(TINY)
    with pytest.raises(ModelError, match="this is no description of a model"):
        Model(TINY_CONDUCTOR)


def test_a_graph_of_other_shapes_is_refused(copy: Path) -> None:
    from bollylive.model.metadata import sha256_of

    shutil.copyfile(TINY, copy)
    spoil(copy, sha256=sha256_of(copy))
    with pytest.raises(ModelError, match="does not fit this version of BollyLive: its graph has"):
        ChordModel(copy)
