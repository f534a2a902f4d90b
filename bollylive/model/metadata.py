"""The `.json` beside a model's `.onnx`, which describes the model, and the check that this version can play it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from bollylive.errors import ModelError, quoted
from bollylive.files.whole_file import write_file
from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO_FIELDS, ECHOES, KINDS
from bollylive.model.context import CONTEXT_SIZE
from bollylive.model.shared_constants import Value, compare_constants, digest, list_constants

INPUTS = ("rows", "echoes", "context", "state", "knobs", "pitch_bias", "onset_bias", "noise")
OUTPUTS = ("chosen", "logp", "states")
_MOST: Final = {"buffer_notes": 512, "state_rows": 1024, "width": 65536}  # of what sizes the arrays of a model
KNOBS = (*(f"{name}_temperature" for name in codec.FIGURES), "nucleus")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A model's contract; written by `training.exporting.export`, never by hand.

    `constants` are those that the model was trained with, see `shared_constants.list_constants`, and `constants_sha256`
    is their digest. Both are empty in a description that an earlier version wrote.
    """

    name: str
    codec_version: int
    ticks_per_beat: int
    buffer_notes: int
    state_rows: int
    width: int
    context_size: int
    echoes: int
    fields: tuple[str, ...]
    echo_fields: tuple[str, ...]
    knobs: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    vocabulary: dict[str, int]
    opset: int
    sha256: str
    constants: dict[str, Value]
    constants_sha256: str


def vocabulary() -> dict[str, int]:
    """The number of words that each field has in a row or, where the model chooses them, in its choice."""
    fields_of_row = {field.name: field.choices or field.words for field in codec.ROW}
    return {**fields_of_row, "echo_kind": KINDS}


def sha256_of(path: Path) -> str:
    """The hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(name: str, onnx: Path, *, buffer_notes: int, state_rows: int, width: int, opset: int) -> Metadata:
    """The metadata of a model made with this version's codec and constants."""
    return Metadata(
        name=name,
        codec_version=codec.CODEC_VERSION,
        ticks_per_beat=codec.TICKS_PER_BEAT,
        buffer_notes=buffer_notes,
        state_rows=state_rows,
        width=width,
        context_size=CONTEXT_SIZE,
        echoes=ECHOES,
        fields=codec.FIELDS,
        echo_fields=ECHO_FIELDS,
        knobs=KNOBS,
        inputs=INPUTS,
        outputs=OUTPUTS,
        vocabulary=vocabulary(),
        opset=opset,
        sha256=sha256_of(onnx),
        constants=list_constants(),
        constants_sha256=digest(list_constants()),
    )


def write_metadata(metadata: Metadata, path: Path) -> None:
    """Write the `.json`; raises FileError."""
    write_file(path, json.dumps(asdict(metadata), indent=1).encode() + b"\n")


def parse_metadata(data: bytes, path: Path) -> Metadata:
    """Parse the contents of the `.json` at `path`; raises ModelError if it is damaged or incomplete."""
    try:
        values = {"constants": {}, "constants_sha256": "", **json.loads(data)}
        known = {field.name: values[field.name] for field in fields(Metadata)}
        for name, most in _MOST.items():
            if isinstance(known[name], bool) or not isinstance(known[name], int) or not 1 <= known[name] <= most:
                raise ValueError(f"{name} must be a whole number from 1 to {most}, not {quoted(known[name])}")
        if not isinstance(known["constants"], dict):
            raise TypeError("constants must be a table")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"{path}: this is no description of a model ({error}); restore it with its .onnx.") from error
    lists = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
    return Metadata(**{**known, **lists})


def verify(metadata: Metadata, onnx: bytes, path: Path) -> None:
    """Raise ModelError, with every mismatch, if this program cannot play the model at `path`."""
    expected = {
        "codec_version": codec.CODEC_VERSION,
        "ticks_per_beat": codec.TICKS_PER_BEAT,
        "context_size": CONTEXT_SIZE,
        "echoes": ECHOES,
        "fields": codec.FIELDS,
        "echo_fields": ECHO_FIELDS,
        "knobs": KNOBS,
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "sha256": hashlib.sha256(onnx).hexdigest(),
    }
    wrong = [
        f"{key} is {getattr(metadata, key)}, not {value}"
        for key, value in expected.items()
        if getattr(metadata, key) != value
    ]
    wrong += compare_constants({"vocabulary": metadata.vocabulary}, {"vocabulary": vocabulary()})
    if not metadata.constants:
        wrong.append("its .json does not list the constants that it was trained with")
    elif metadata.constants_sha256 != digest(metadata.constants):
        wrong.append("the constants in its .json were changed after the export")
    else:
        wrong += compare_constants(metadata.constants, list_constants())
    if wrong:
        raise ModelError(
            f"{path}: this model does not fit this version of BollyLive: {'; '.join(wrong)}. "
            "Use the files of one release, or export the model again."
        )
