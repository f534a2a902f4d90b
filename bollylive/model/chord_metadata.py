"""The `.json` beside a conductor's `.onnx`, which describes it, and the check that this version can play by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from bollylive.errors import ModelError
from bollylive.files.whole_file import write_file
from bollylive.model import chord_words, lead_memory, lead_steps, plan_rows
from bollylive.model.chord_predictor import QUARTERS, REPLAYED_STEPS
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.model.shared_constants import Value, compare_constants, digest

KIND: Final = "conductor"
INPUTS: Final = ("lead", "words")
OUTPUTS: Final = ("log_p", "quarters")


@dataclass(frozen=True, slots=True)
class ChordMetadata:
    """A conductor's contract; written by `training.conducting.publish`, never by hand.

    `shapes` are those of the graph's inputs and outputs, -1 where any length may be. `constants` are those that it was
    trained with, and `constants_sha256` is their digest.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: dict[str, list[int]]
    references: tuple[str, ...]
    opset: int
    sha256: str
    constants: dict[str, Value]
    constants_sha256: str


def list_constants() -> dict[str, Value]:
    """Every constant of this version that a conductor depends on, by name."""
    return {
        "ticks_per_beat": TICKS_PER_BEAT,
        "kind_tones": {kind: sum(1 << tone for tone in tones) for kind, tones in _kinds()},
        "replayed_steps": REPLAYED_STEPS,
        "early_ticks": lead_steps.EARLY_TICKS,
        "late_ticks": lead_steps.LATE_TICKS,
        "bars_ago": list(plan_rows.BARS_AGO),
        "columns": plan_rows.column_places(),
        "half_life_beats": round(lead_memory.HALF_LIFE_BEATS),
        "hysteresis_thousandths": round(1000 * lead_memory.HYSTERESIS),
    }


def _kinds() -> list[tuple[str, tuple[int, ...]]]:
    return list(zip(chord_words.KINDS, chord_words.KIND_TONES, strict=True))


def shapes() -> dict[str, list[int]]:
    """The shapes of the graph's inputs and outputs; -1 is any number of pieces or steps."""
    return {
        "lead": [-1, -1, plan_rows.COLUMNS],
        "words": [-1, -1, len(plan_rows.REFERENCES)],
        "log_p": [-1, chord_words.CHORDS],
        "quarters": [-1, QUARTERS, 13],
    }


def describe(name: str, onnx: Path, opset: int) -> ChordMetadata:
    """The metadata of a conductor made with this version's constants."""
    constants = list_constants()
    sha256 = hashlib.sha256(onnx.read_bytes()).hexdigest()
    return ChordMetadata(
        name, KIND, INPUTS, OUTPUTS, shapes(), plan_rows.REFERENCES, opset, sha256, constants, digest(constants)
    )


def write_metadata(metadata: ChordMetadata, path: Path) -> None:
    """Write the `.json`; raises FileError."""
    write_file(path, json.dumps(asdict(metadata), indent=1).encode() + b"\n")


def parse_metadata(data: bytes, path: Path) -> ChordMetadata:
    """Parse the contents of the `.json` at `path`; raises ModelError if it does not describe a conductor."""
    try:
        values = json.loads(data)
        known = {field.name: values[field.name] for field in fields(ChordMetadata)}
        for name in ("constants", "shapes"):
            if not isinstance(known[name], dict):
                raise TypeError(f"{name} must be a table")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(
            f"{path}: this is no description of a conductor ({error}); restore it with its .onnx."
        ) from error
    lists = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
    return ChordMetadata(**{**known, **lists})


def verify(metadata: ChordMetadata, onnx: bytes, path: Path) -> None:
    """Raise ModelError, with every mismatch, if this program cannot play by the conductor at `path`."""
    expected = {
        "kind": KIND,
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "shapes": shapes(),
        "references": plan_rows.REFERENCES,
        "sha256": hashlib.sha256(onnx).hexdigest(),
    }
    wrong = [
        f"{key} is {getattr(metadata, key)}, not {value}"
        for key, value in expected.items()
        if getattr(metadata, key) != value
    ]
    if metadata.constants_sha256 != digest(metadata.constants):
        wrong.append("the constants in its .json were changed after the export")
    else:
        wrong += compare_constants(metadata.constants, list_constants())
    if wrong:
        raise mismatch(path, wrong)


def mismatch(path: Path, wrong: list[str]) -> ModelError:
    """What to say of a conductor that does not fit, given at least one clause."""
    return ModelError(
        f"{path}: this conductor does not fit this version of BollyLive: {'; '.join(wrong)}. "
        "Use the files of one release, or export it again."
    )
