"""Whatever ends the program, or a part of it, while notes sound: the other side of the port sees every note end."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from stage import Peer, eager_set, engine_of, jam, until

from bollylive.midi.messages import NoteOn
from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO_FIELDS, ECHOES
from bollylive.model.context import CONTEXT_SIZE
from bollylive.model.metadata import INPUTS, OUTPUTS, describe, write_metadata

pytestmark = pytest.mark.ports

MUSICIAN = (0x90, 64, 90)
STATE_ROWS, WIDTH = 1, 1
FOUR_BEATS = int(codec.DURATION_TICKS.searchsorted(96))
PATIENCE = 80  # notes, four a second, until another engine must have answered


def write_failing_model(path: Path, calls: int) -> None:
    """A model that plays a long note every half beat and, after so many questions to one voice, only raises.

    Its state counts the questions; a Gather beyond the end of a table is the error.
    """
    sizes: dict[str, tuple[int, list[int | str]]] = {
        "rows": (TensorProto.INT64, ["rows_", len(codec.FIELDS)]),
        "echoes": (TensorProto.INT64, [ECHOES, len(ECHO_FIELDS)]),
        "context": (TensorProto.FLOAT, ["rows_", CONTEXT_SIZE]),
        "state": (TensorProto.FLOAT, [STATE_ROWS, WIDTH]),
        "knobs": (TensorProto.FLOAT, [5]),
        "pitch_bias": (TensorProto.FLOAT, [codec.PITCHES]),
        "onset_bias": (TensorProto.FLOAT, [codec.ONSETS]),
        "noise": (TensorProto.FLOAT, [4]),
    }
    long_note = np.array([[60, FOUR_BEATS, 10, codec.TICKS_PER_BEAT // 2]], dtype=np.int64)
    constants: dict[str, np.ndarray[Any, Any]] = {
        "one": np.array(1, dtype=np.float32),
        "table": np.zeros(calls, dtype=np.float32),
        "answer": long_note,
        "zero": np.array([0], dtype=np.int64),
        "first": np.array([1], dtype=np.int64),
        "second": np.array([2], dtype=np.int64),
        "four": np.array([4], dtype=np.int64),
    }
    nodes = [
        helper.make_node("ReduceMax", ["state"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["count"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "count"], ["nothing"]),
        helper.make_node("Add", ["state", "one"], ["more"]),
        helper.make_node("Add", ["more", "nothing"], ["new_state"]),
        helper.make_node("Shape", ["rows"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "first"], ["voices"]),
        helper.make_node("Slice", ["shape", "first", "second"], ["length"]),
        helper.make_node("Sub", ["length", "first"], ["heard"]),
        helper.make_node("Concat", ["first", "heard", "first", "first"], ["all_heard"], axis=0),
        helper.make_node("Unsqueeze", ["new_state", "first"], ["after_one"]),
        helper.make_node("Expand", ["after_one", "all_heard"], ["states"]),
        helper.make_node("Concat", ["voices", "four"], ["wide"], axis=0),
        helper.make_node("Expand", ["answer", "wide"], ["chosen"]),
        helper.make_node("Cast", ["chosen"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["as_float", "as_float"], ["logp"]),
    ]
    graph = helper.make_graph(
        nodes,
        "failing",
        [helper.make_tensor_value_info(name, sizes[name][0], ["voices_", *sizes[name][1]]) for name in INPUTS],
        [
            helper.make_tensor_value_info(OUTPUTS[0], TensorProto.INT64, ["voices_", 4]),
            helper.make_tensor_value_info(OUTPUTS[1], TensorProto.FLOAT, ["voices_", 4]),
            helper.make_tensor_value_info(OUTPUTS[2], TensorProto.FLOAT, ["voices_", "heard_", STATE_ROWS, WIDTH]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    metadata = describe("failing", path, buffer_notes=8, state_rows=STATE_ROWS, width=WIDTH, opset=17)
    write_metadata(metadata, path.with_suffix(".json"))


def band_sounds(peer: Peer) -> bool:
    return any(channel != 0 for channel, _ in peer.sounding)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_every_note_and_then_the_program(
    jack_server: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    take = tmp_path / "take.mid"
    with jam("--record", str(take), "--set", eager_set(tmp_path)) as process:
        peer = Peer()
        peer.play(MUSICIAN)
        assert peer.hears(lambda: band_sounds(peer))
        peer.see_off(process, number)
        assert process.returncode == 128 + number
        assert not peer.faults
        assert take.exists()


def test_an_engine_that_is_killed_leaves_no_note_and_another_one_plays_on(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with jam("--set", eager_set(tmp_path)) as process:
        peer = Peer()
        peer.play(MUSICIAN)
        assert peer.hears(lambda: band_sounds(peer))
        engine = engine_of(process)
        os.kill(engine, signal.SIGKILL)
        assert peer.hears(lambda: not band_sounds(peer))
        assert process.poll() is None

        # The musician's own notes still pass, and the band comes in again with the first one that a new engine hears.
        peer.play((0x80, 64, 0))
        assert peer.hears(lambda: not peer.sounding)
        assert until(lambda: _revived(process, engine), 10.0)
        heard = len(peer.ons)

        def answered() -> bool:
            return any(on.channel != 0 for on in peer.ons[heard:])

        for _ in range(PATIENCE):
            peer.play(MUSICIAN, (0x80, 64, 0))
            if peer.hears(answered, 0.25):
                break
        assert answered()
        peer.see_off(process)
        assert not peer.faults


def _revived(process: object, engine: int) -> bool:
    try:
        return engine_of(process) != engine  # type: ignore[arg-type]
    except (StopIteration, FileNotFoundError):
        return False


def test_a_model_that_raises_leaves_no_note(jack_server: dict[str, str], tmp_path: Path) -> None:
    model = tmp_path / "failing.onnx"
    write_failing_model(model, calls=4)
    with jam("--model", str(model), "--set", eager_set(tmp_path)) as process:
        peer = Peer()
        peer.play(MUSICIAN, (0x80, 64, 0))
        assert peer.hears(lambda: band_sounds(peer))
        assert peer.hears(lambda: not peer.sounding, 15.0)
        heard = len(peer.ons)
        peer.play(MUSICIAN)
        assert peer.hears(lambda: NoteOn(0, 64, 90) in peer.ons[heard:])
        assert process.poll() is None
        peer.see_off(process)
        assert not peer.faults
