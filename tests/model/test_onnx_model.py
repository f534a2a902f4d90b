"""A real, tiny model in onnxruntime: found, verified, and asked."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from write_tiny import BUFFER_NOTES, STATE_SHAPE, TINY

from bollylive.errors import ModelError
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO, ECHOES, NO_ECHO
from bollylive.model.context import CONTEXT_SIZE
from bollylive.model.metadata import parse_metadata
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model, blank_question
from bollylive.model.predictor import Answer, Question
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

FORBIDDEN = -1e9


@pytest.fixture(scope="session")
def model(tiny_model: Path) -> Model:
    return Model(tiny_model)


@pytest.fixture
def copy(tiny_model: Path, tmp_path: Path) -> Path:
    """The model's files, to be spoilt."""
    for ending in (".onnx", ".json"):
        shutil.copyfile(tiny_model.with_suffix(ending), tmp_path / f"tiny-v1{ending}")
    return tmp_path / "tiny-v1.onnx"


def some_question(model: Model, voices: int, seed: int = 0, rows: int = 2) -> Question:
    """Chance in every field; every last note is to be chosen."""
    rng = np.random.default_rng(seed)
    blank = blank_question(voices, model.state_shape, rows)
    some, last = blank.rows.copy(), np.s_[:, -1]
    sizes = [field.choices or field.words for field in codec.ROW]
    sizes[codec.PLACE], sizes[codec.PREVIOUS] = 96, codec.PITCHES
    some[:] = np.stack([rng.integers(0, size, (voices, rows)) for size in sizes], axis=-1)
    some[..., codec.CYCLE] = 96
    some[last][:, codec.ONSET] = rng.integers(1, 49, voices)
    some[last][:, codec.CHOSEN] = codec.CHOOSE
    return replace(
        blank,
        rows=some,
        echoes=np.stack([rng.integers(0, field.words, (voices, ECHOES)) for field in ECHO], axis=-1),
        context=rng.random((voices, rows, CONTEXT_SIZE), dtype=np.float32),
        state=rng.random((voices, *model.state_shape), dtype=np.float32),
        noise=rng.random((voices, 4), dtype=np.float32),
    )


def with_last(question: Question, columns: slice, words: NDArray[np.int64]) -> Question:
    """The question with other words in the row that is asked for."""
    rows = question.rows.copy()
    rows[:, -1, columns] = words
    return replace(question, rows=rows)


def part_of(question: Question, i: int) -> Question:
    return Question(*(getattr(question, field.name)[i : i + 1] for field in fields(Question)))


def spoil(onnx: Path, **changes: object) -> None:
    path = onnx.with_suffix(".json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_model_is_found_by_its_path(tiny_model: Path) -> None:
    assert find_model(str(tiny_model)) == tiny_model


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: there is no such model file"):
        find_model(str(tmp_path / "none.onnx"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders with models in them, in place of the real ones; gives the first."""
    first, second = tmp_path / "package", tmp_path / "checkout"
    for folder, names in ((first, ("raga-v2", "raga-v10")), (second, ("raga-v9", "raga-v2", "raga-pop-v11", "other"))):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.onnx").touch()
    monkeypatch.setattr("bollylive.model.model_files._FOLDERS", (first, second))
    return first


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("raga", "raga-v10"),
        ("raga-v9", "raga-v9"),
        ("raga-v2", "raga-v2"),
        ("other", "other"),
        ("raga-pop", "raga-pop-v11"),
    ],
)
def test_a_name_finds_exactly_that_or_its_newest_version(shelf: Path, name: str, found: str) -> None:
    assert find_model(name).stem == found


def test_what_is_in_the_package_comes_first(shelf: Path) -> None:
    assert find_model("raga-v2").parent == shelf


def test_a_model_that_is_missing_lists_those_that_are_there(shelf: Path) -> None:
    with pytest.raises(
        ModelError, match=r"no model 'tabla'; there are: other, raga-pop-v11, raga-v10, raga-v2, raga-v9"
    ):
        find_model("tabla")
    with pytest.raises(ModelError, match="no model"):
        find_model("rag")


def test_a_model_says_what_it_is(model: Model) -> None:
    assert (model.name, model.buffer_notes, model.state_shape) == ("tiny-v1", BUFFER_NOTES, STATE_SHAPE)


def test_a_file_that_was_changed_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="sha256 is"):
        Model(copy)


def test_every_mismatch_is_told_at_once(copy: Path) -> None:
    spoil(copy, codec_version=codec.CODEC_VERSION + 1, ticks_per_beat=48, fields=["onset"])
    with pytest.raises(ModelError) as refused:
        Model(copy)
    text = str(refused.value)
    assert f"codec_version is {codec.CODEC_VERSION + 1}, not {codec.CODEC_VERSION}" in text
    assert "ticks_per_beat is 48, not 24" in text
    assert "fields is ('onset',), not" in text
    assert "sha256" not in text
    assert "Use the files of one release" in text


@pytest.mark.parametrize("damage", ["", "[]", "{}", "no json", "[" * 100_000])
def test_a_damaged_description_is_refused(copy: Path, damage: str) -> None:
    copy.with_suffix(".json").write_text(damage)
    with pytest.raises(ModelError, match=r"tiny-v1\.json: this is no description of a model"):
        Model(copy)


@pytest.mark.parametrize("name", ["state_rows", "buffer_notes", "width"])
@pytest.mark.parametrize("value", [10**9, -1, 0, "many", True, None, 2.5])
def test_an_absurd_size_in_a_description_is_one_sentence(copy: Path, name: str, value: object) -> None:
    sidecar = copy.with_suffix(".json")
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), name: value}))
    with pytest.raises(ModelError, match=rf"^[^\n]+{name} must be a whole number from 1 to \d+, not [^\n]+$"):
        Model(copy)


def test_a_missing_description_is_refused(copy: Path) -> None:
    copy.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"restore the \.onnx with its \.json"):
        Model(copy)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of Unix")
def test_a_pipe_in_place_of_a_description_is_refused_without_waiting(copy: Path) -> None:
    copy.with_suffix(".json").unlink()
    os.mkfifo(copy.with_suffix(".json"))
    with pytest.raises(ModelError, match=r"a pipe or a device.*restore the \.onnx with its \.json"):
        Model(copy)


def test_what_onnxruntime_cannot_load_is_said_in_a_sentence(copy: Path) -> None:
    copy.write_bytes(b"not a graph")
    from bollylive.model.metadata import sha256_of

    spoil(copy, sha256=sha256_of(copy))
    with pytest.raises(ModelError, match="cannot load this model"):
        Model(copy)


def test_the_committed_model_fits_this_version_and_is_small() -> None:
    committed = Model(TINY)
    assert (committed.name, committed.buffer_notes, committed.state_shape) == ("tiny-v1", BUFFER_NOTES, STATE_SHAPE)
    assert TINY.stat().st_size < 300_000


def test_a_description_survives_writing_and_reading(tiny_model: Path) -> None:
    path = tiny_model.with_suffix(".json")
    metadata = parse_metadata(path.read_bytes(), path)
    assert metadata.fields == codec.FIELDS
    assert (metadata.state_rows, metadata.width) == STATE_SHAPE


def same(a: Answer, b: Answer) -> bool:
    return np.array_equal(a.chosen, b.chosen) and np.allclose(a.logp, b.logp) and np.allclose(a.states, b.states)


def test_the_same_noise_gives_the_same_notes_and_other_noise_others(model: Model) -> None:
    question = some_question(model, 16)
    assert same(model.predict(question), model.predict(question))
    other = replace(question, noise=1 - question.noise)
    assert not np.array_equal(model.predict(question).chosen, model.predict(other).chosen)


def test_sixteen_voices_at_once_are_sixteen_alone(model: Model) -> None:
    question = some_question(model, 16)
    together = model.predict(question)
    for i in range(16):
        alone = model.predict(part_of(question, i))
        assert np.array_equal(together.chosen[i : i + 1], alone.chosen)
        assert np.allclose(together.logp[i : i + 1], alone.logp, atol=1e-4)
        assert np.allclose(together.states[i : i + 1], alone.states, atol=1e-5)


def test_many_rows_at_once_are_the_same_as_bit_by_bit(model: Model) -> None:
    question = some_question(model, 3, rows=9)
    at_once = model.predict(question)
    assert at_once.states.shape == (3, 8, *model.state_shape)
    state, states = question.state, []
    for i in range(8):
        pair = np.s_[:, i : i + 2]
        rows, context = question.rows[pair], question.context[pair]
        answer = model.predict(replace(question, rows=rows, context=context, state=state))
        state = answer.states[:, -1]
        states.append(state)
    assert np.allclose(at_once.states, np.stack(states, axis=1), atol=1e-4)
    assert np.array_equal(at_once.chosen, answer.chosen)
    assert np.allclose(at_once.logp, answer.logp, atol=1e-3)


def test_the_echoes_are_heard(model: Model) -> None:
    question = some_question(model, 16)
    silent = replace(question, echoes=np.tile(np.array(NO_ECHO), (16, ECHOES, 1)))
    assert not np.allclose(model.predict(question).logp, model.predict(silent).logp)
    assert np.array_equal(model.predict(question).states, model.predict(silent).states)


def test_what_a_row_states_is_taken_as_it_is(model: Model) -> None:
    rng = np.random.default_rng(1)
    question = some_question(model, 64)
    sizes = (codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS)
    stated = np.stack([rng.integers(0, size, 64) for size in sizes], axis=1)
    for open_ in range(5):  # one word is open, and at last none
        words = np.where(np.arange(4) == open_, codec.CHOOSE, stated)
        chosen = model.predict(with_last(question, codec.CHOSEN, words)).chosen
        kept = np.arange(4) != open_
        assert np.array_equal(chosen[:, kept], stated[:, kept])


def test_a_rest_and_a_held_note_can_be_told(model: Model) -> None:
    question = some_question(model, 2)
    answer = model.predict(
        with_last(
            question, slice(codec.PITCH, codec.NEXT), np.array([(codec.REST, codec.HELD, 0), (60, codec.HELD, 8)])
        )
    )
    assert answer.chosen[:, 0].tolist() == [codec.REST, 60]
    assert np.isfinite(answer.logp).all()
    assert answer.logp[0, :3].tolist() == [0, 0, 0]


def test_only_allowed_words_are_chosen(model: Model) -> None:
    question = some_question(model, 64)
    pitch_bias = np.full_like(question.pitch_bias, FORBIDDEN)
    pitch_bias[:, 60:63] = 0
    onset_bias = np.zeros_like(question.onset_bias)
    onset_bias[:, 0] = FORBIDDEN
    for noise in (question.noise, np.full_like(question.noise, 1e-7), np.full_like(question.noise, 1 - 1e-7)):
        chosen = model.predict(
            replace(question, pitch_bias=pitch_bias, onset_bias=onset_bias, noise=noise, knobs=1 + 0 * question.knobs)
        ).chosen
        assert set(chosen[:, 0]) <= {60, 61, 62}
        assert (chosen[:, 3] > 0).all()
        assert (chosen >= 0).all()
        assert (chosen < (codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS)).all()


def test_within_a_chord_the_notes_ascend(model: Model) -> None:
    question = some_question(model, 64)
    question = with_last(
        with_last(question, np.s_[:1], np.array([[0]])), slice(codec.PREVIOUS, None), np.arange(64)[:, None]
    )
    assert (model.predict(question).chosen[:, 0] > np.arange(64)).all()


def test_the_model_remembers(model: Model) -> None:
    question = some_question(model, 4)
    answer = model.predict(question)
    assert answer.states.shape == (4, 1, *model.state_shape)
    later = model.predict(replace(question, state=answer.states[:, -1]))
    assert not np.allclose(later.logp, answer.logp)


def test_every_number_of_voices_can_be_asked(model: Model) -> None:
    model.warm_up()


def test_a_real_model_plays_in_the_band(model: Model) -> None:
    band = Set(tempo_bpm=120, channels=(ChannelSet(0), ChannelSet(1, role="accompany", lowest=40, highest=60)))
    offline = OfflineBand(band, model, seed=1)
    for i in range(8):
        offline.play(NoteOn(0, 60 + i, 90), 1.0 + i * 0.25)
        offline.play(NoteOff(0, 60 + i), 1.2 + i * 0.25)
    offline.advance(8.0)
    offline.close()
    played = [sent.event for sent in offline.sent if sent.by == "model" and isinstance(sent.event, NoteOn)]
    assert {note.channel for note in played} == {0, 1}
    assert all(40 <= note.pitch <= 60 for note in played if note.channel == 1)
    assert offline.engine.counts["failures"] == 0
