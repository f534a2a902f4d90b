"""The constants that a model was trained with, and those of this version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bollylive.errors import ModelError
from bollylive.model import bar_echoes, codec, context
from bollylive.model.metadata import parse_metadata, verify
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.shared_constants import Value, compare_constants, digest, list_constants

CONSTANTS = list_constants()


def changed(value: Value) -> tuple[Value, str]:
    """Another value, and how the message names what differs in it."""
    if isinstance(value, list):
        return [*value[:-1], value[-1] + 1], f"[{len(value) - 1}]"
    if isinstance(value, dict):
        name = next(iter(value))
        return {**value, name: value[name] + 1}, f".{name}"
    return value + 1, ""


def spoil(onnx: Path, constants: dict[str, Value], sha256: str) -> None:
    path = onnx.with_suffix(".json")
    metadata = json.loads(path.read_text())
    path.write_text(json.dumps({**metadata, "constants": constants, "constants_sha256": sha256}))


@pytest.fixture
def copy(tiny_model: Path, tmp_path: Path) -> Path:
    """The model's files, to be spoilt."""
    for ending in (".onnx", ".json"):
        shutil.copyfile(tiny_model.with_suffix(ending), tmp_path / f"tiny-v1{ending}")
    return tmp_path / "tiny-v1.onnx"


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_model_that_was_trained_with_another_constant_is_refused_by_its_name(copy: Path, name: str) -> None:
    other, place = changed(CONSTANTS[name])
    constants = {**CONSTANTS, name: other}
    spoil(copy, constants, digest(constants))
    with pytest.raises(ModelError) as refused:
        Model(copy)
    assert f"does not fit this version of BollyLive: {name}{place} is " in str(refused.value)
    assert str(refused.value).count(" is ") == 1


def test_a_duration_that_differs_is_named_with_both_values(copy: Path) -> None:
    ticks = [34 if ticks == 33 else ticks for ticks in codec.DURATION_TICKS.tolist()]
    constants: dict[str, Value] = {**CONSTANTS, "duration_ticks": ticks}
    spoil(copy, constants, digest(constants))
    with pytest.raises(
        ModelError, match=r"BollyLive: duration_ticks\[26\] is 34, not 33\. Use the files of one release"
    ):
        Model(copy)


def test_a_constant_that_one_side_does_not_know_is_named() -> None:
    assert compare_constants({"rest": 128}, {"rest": 128, "kicks": [35]}) == ["kicks[0] is missing, not 35"]
    assert compare_constants({"rest": 128, "kicks": [35]}, {"rest": 128}) == ["kicks[0] is 35, not missing"]


def test_constants_that_were_edited_are_refused(copy: Path) -> None:
    spoil(copy, CONSTANTS, digest({}))
    with pytest.raises(ModelError, match=r"constants in its \.json were changed after the export"):
        Model(copy)


@pytest.mark.parametrize("missing", [("constants",), ("constants", "constants_sha256")])
def test_a_model_of_an_earlier_version_must_be_exported_again(copy: Path, missing: tuple[str, ...]) -> None:
    path = copy.with_suffix(".json")
    metadata = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in metadata.items() if key not in missing}))
    with pytest.raises(ModelError, match=r"does not list the constants .* or export the model again"):
        Model(copy)


def test_constants_that_are_no_table_are_a_damaged_description(copy: Path) -> None:
    spoil(copy, CONSTANTS, "")
    path = copy.with_suffix(".json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "constants": "all"}))
    with pytest.raises(ModelError, match="this is no description of a model"):
        Model(copy)


def test_the_digest_is_of_the_values_and_not_of_their_order() -> None:
    assert digest(dict(reversed(CONSTANTS.items()))) == digest(CONSTANTS)
    assert len({digest({**CONSTANTS, name: changed(value)[0]}) for name, value in CONSTANTS.items()}) == len(CONSTANTS)


def test_columns_in_another_order_differ() -> None:
    columns = dict(reversed(context.COLUMNS.items()))
    (difference,) = compare_constants({**CONSTANTS, "context_columns": columns}, CONSTANTS)
    assert difference.startswith("context_columns in order is ['lead_key',")


@pytest.mark.parametrize("name", ["bollywood-v3", "open-v2"])
def test_the_shipped_models_were_trained_with_the_constants_of_this_version(name: str) -> None:
    onnx = find_model(name)
    path = onnx.with_suffix(".json")
    metadata = parse_metadata(path.read_bytes(), path)
    assert metadata.constants == CONSTANTS
    verify(metadata, onnx.read_bytes(), onnx)


def test_every_column_has_the_name_and_the_place_of_its_field() -> None:
    for module, fields in ((codec, codec.ROW), (bar_echoes, bar_echoes.ECHO)):
        assert [vars(module)[field.name.upper()] for field in fields] == list(range(len(fields)))
    assert [codec.ROW[number].name for number in range(len(codec.ROW)) if codec.ROW[number].choices] == [
        field.name for field in codec.ROW[codec.CHOSEN]
    ]


def test_the_columns_of_the_context_follow_one_another() -> None:
    slices = (context.BAND_HARMONY, context.LEAD_HARMONY)
    single = range(context.KICK, context.VOICES + 1)
    covered = [number for columns in slices for number in range(columns.start, columns.stop)] + list(single)
    assert sorted(covered) == list(range(context.CONTEXT_SIZE))
