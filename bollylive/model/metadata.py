"""What stands beside a model's `.onnx`: the `.json` that says what it is, and the check that this code can play it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bollylive.errors import ModelError
from bollylive.files.whole_file import write_file
from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO_FIELDS, ECHOES, KINDS
from bollylive.model.context import CONTEXT_SIZE

INPUTS = ("rows", "echoes", "context", "state", "knobs", "pitch_bias", "onset_bias", "noise")
OUTPUTS = ("chosen", "logp", "states")
KNOBS = ("pitch_temperature", "duration_temperature", "velocity_temperature", "onset_temperature", "nucleus")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A model's contract; written by `training.exporting.export`, never by hand."""

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


def vocabulary() -> dict[str, int]:
    """The number of words of each field, as this codec has them."""
    return {
        "onset": codec.ONSETS,
        "pitch": codec.PITCHES,
        "duration": codec.DURATIONS,
        "velocity": codec.VELOCITIES,
        "instrument": codec.INSTRUMENTS,
        "place": codec.PLACES,
        "echo_kind": KINDS,
    }


def sha256_of(path: Path) -> str:
    """The hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(name: str, onnx: Path, *, buffer_notes: int, state_rows: int, width: int, opset: int) -> Metadata:
    """The sidecar of a model made with this codec."""
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
    )


def write_metadata(metadata: Metadata, path: Path) -> None:
    """Write the `.json`; raises FileError."""
    write_file(path, json.dumps(asdict(metadata), indent=1).encode() + b"\n")


def parse_metadata(data: bytes, path: Path) -> Metadata:
    """What the `.json` at `path` holds as a sidecar; raises ModelError if it is damaged or incomplete."""
    try:
        values = json.loads(data)
        known = {field.name: values[field.name] for field in fields(Metadata)}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"{path}: this is no description of a model ({error}); restore it with its .onnx.") from error
    lists = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
    return Metadata(**{**known, **lists})


def verify(metadata: Metadata, onnx: bytes, path: Path) -> None:
    """Raise ModelError, with every mismatch, where this program cannot play the model that lies at `path`."""
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
        "vocabulary": vocabulary(),
        "sha256": hashlib.sha256(onnx).hexdigest(),
    }
    wrong = [
        f"{key} is {getattr(metadata, key)}, not {value}"
        for key, value in expected.items()
        if getattr(metadata, key) != value
    ]
    if wrong:
        raise ModelError(
            f"{path}: this model does not fit this version of BollyLive: {'; '.join(wrong)}. "
            "Use the files of one release, or export the model again."
        )
