"""`bollylive check`: whether a set, its ports and its model would play, before the audience is there."""

from __future__ import annotations

import time
from pathlib import Path

from bollylive.clock.link import link_library
from bollylive.errors import LinkError, ModelError, PortError, SetError
from bollylive.io.port_set import PortSet
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model, blank_question
from bollylive.sets.band import Set
from bollylive.sets.setfile import default_set, load_set

_CALLS = 50


def check(path: Path | None, api: str | None) -> tuple[list[str], list[str]]:
    """Try everything that `jam` needs; gives (what is well, what is not), each a sentence, all at once."""
    well: list[str] = []
    problems: list[str] = []
    band = Set()
    try:
        band = load_set(path) if path else default_set()
        well.append(f"set: {band.name}, {len(band.channels)} channels")
    except SetError as error:
        problems += error.problems
    try:
        if band.link:
            link_library()
            well.append("link: its library is there")
    except LinkError as error:
        problems.append(str(error))
    try:
        ports = PortSet(api, band.in_port, band.out_port)
        well.append(f"ports: in {ports.input_name}, out {ports.output_name} ({ports.api})")
        ports.close()
    except PortError as error:
        problems.append(str(error))
    try:
        model = Model(find_model(band.model))
        model.warm_up()
        well.append(f"model: {model.name}, {_call_ms(model):.2f} ms for 16 channels")
    except ModelError as error:
        problems.append(str(error))
    return well, problems


def _call_ms(model: Model) -> float:
    question = blank_question(16, model.state_shape)
    began_s = time.perf_counter()
    for _ in range(_CALLS):
        model.predict(question)
    return 1e3 * (time.perf_counter() - began_s) / _CALLS
