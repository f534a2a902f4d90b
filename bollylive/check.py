"""`bollylive check`: tests the set, the ports and the model before the audience is there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bollylive.clock.link import link_library
from bollylive.errors import LinkError, ModelError, PortError, SetError
from bollylive.midi.instruments import name_of
from bollylive.midi.pitch_names import CLASS_NAMES
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model, blank_question
from bollylive.processes.apart import try_ports
from bollylive.processes.shortage import explain
from bollylive.sets.channel_handover import channel_handover
from bollylive.sets.control_checks import describe_idle_controls
from bollylive.sets.mpe_channels import describe_silent_channels
from bollylive.sets.ragas import RAGAS
from bollylive.sets.scales import OWN, scale_classes
from bollylive.sets.setfile import default_set, load_set
from bollylive.sets.settings import ROLES, ChannelSet, Handover, Set

_CALLS = 50
_TAKES_OVER: Final[Mapping[Handover, str]] = {
    "silence": "when you stop",
    "bar": "at the first bar line after you stop",
    "flow": "without a gap when you leave out a note",
    "command": "when a control hands over",
}
_ANSWERS: Final[Mapping[Handover, str]] = {**_TAKES_OVER, "bar": "from the next bar line on"}


def check(path: Path | None, api: str | None) -> tuple[list[str], list[str]]:
    """Test everything that `jam` needs. Return a sentence for each thing that is in order, and for each problem.

    In place of a set with problems, a set of default values is used, so that ports and model are tested all the same.
    A port that is not there yet is no problem, because `jam` waits for it. Opens the ports for a moment, in a process
    of its own; blocks as long as that and the model take.
    """
    fine: list[str] = []
    problems: list[str] = []
    band = Set()
    try:
        band = load_set(path) if path else default_set()
        count = len(band.channels)
        fine.append(f"set: {band.name}, {count} channel{'' if count == 1 else 's'}")
        fine += describe_notes(band)
        fine += (
            f"channel {own.channel + 1}: {describe_channel(band.channel(own.channel), band.handover)}"
            for own in band.channels
        )
        problems += describe_idle_controls(band)
        problems += filter(None, [describe_silent_channels(band)])
    except SetError as error:
        problems += error.problems
    try:
        if band.link:
            link_library()
            fine.append("Ableton Link: its library is installed")
    except LinkError as error:
        problems.append(str(error))
    try:
        fine += try_ports(api, band)
    except PortError as error:
        problems.append(str(explain(error)))
    try:
        model = Model(find_model(band.model))
        model.warm_up()
        fine.append(f"model: {model.name} chooses a note on each of 16 channels in {_call_ms(model):.2f} ms")
    except ModelError as error:
        problems.append(str(error))
    return fine, problems


def describe_notes(band: Set) -> Iterator[str]:
    """Say which notes the band keeps to: `raga: yaman on D, S R G M' P D N`. Nothing for a band that plays any note."""
    if band.raga is not None:
        yield f"raga: {band.raga} on {CLASS_NAMES[band.sa]}, {RAGAS[band.raga]}"
    elif band.scale == OWN:
        yield "scale: the notes that you have used tonight"
    elif (classes := scale_classes(band.scale)) is not None:
        yield f"scale: {band.scale}, {' '.join(CLASS_NAMES[one] for one in sorted(classes))}"


def describe_channel(own: ChannelSet, handover: Handover = "silence") -> str:
    """Say which instrument it is and who plays it: `Bass, fretless bass: the model plays along`.

    `handover` is that of the set.
    """
    names = [own.name] if own.name else []
    if own.is_percussion:
        names += ["percussion"] if own.name.lower() != "percussion" else []
    elif own.program is not None:
        names.append(name_of(own.program))
    if own.sound_program is not None:
        sound = f"program {own.sound_program}" if own.is_percussion else name_of(own.sound_program)
        names.append(f"sound {sound}")
    if own.part:
        names.append(" and ".join(own.part))
    return f"{', '.join(names) or 'any instrument'}: {_describe_role(own, handover)}"


def _describe_role(own: ChannelSet, handover: Handover) -> str:
    bars = f"{own.answer_bars} bar{'' if own.answer_bars == 1 else 's'}"
    mode = channel_handover(own, handover)
    if own.role == "continue":
        lasting = f" for {bars}" if own.answer_bars else ""
        return f"the model takes over{lasting} {_TAKES_OVER[mode]}, and yields at once when you play again"
    if own.role == "respond":
        length = bars if own.answer_bars else "one of the same length"
        return f"the model answers each of your phrases on this channel with {length}, {_ANSWERS[mode]}"
    return ROLES.words[own.role]


def _call_ms(model: Model) -> float:
    question = blank_question(16, model.state_shape)
    began_s = time.perf_counter()
    for _ in range(_CALLS):
        model.predict(question)
    return 1e3 * (time.perf_counter() - began_s) / _CALLS
