"""Round trips, for `bench`: how soon the musician's own note and the band's come back, compared with a bare echo."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bollylive.bench.references import ECHO_NAME
from bollylive.bench.report import spread
from bollylive.io.port_set import PortSet

Answers: TypeAlias = list[tuple[float, list[int]]]  # (ms after the note was sent, message)

_ANSWER_LIMIT_S = 0.5
_PAUSE_S = 0.12
_POLL_S = 0.0001
_NOTE_ON, _NOTE_OFF = bytes((0x90, 64, 90)), bytes((0x80, 64, 0))
PANIC = tuple(bytes((0xB0 | channel, 123, 0)) for channel in range(16))  # as a DAW ends all notes


def round_trips(api: str, trials: int) -> dict[str, dict[str, float]]:
    """Measure a running jam and a running bare echo in turn, trial by trial; return the spreads in ms. Blocks."""
    to_echo = PortSet(api, f"{ECHO_NAME} Out", f"{ECHO_NAME} In", "Bench")
    to_jam = PortSet(api, "BollyLive Out", "BollyLive In", "Bench")
    try:
        time.sleep(_ANSWER_LIMIT_S)
        times: dict[str, list[float]] = {"echo_ms": [], "own_note_ms": [], "reply_ms": []}
        for pause_s in np.random.default_rng(1).uniform(_PAUSE_S, 1.2 * _PAUSE_S, trials):
            echoed = ask(to_echo, _is_own)
            times["echo_ms"] += first(echoed, _is_own)
            time.sleep(pause_s)
            answers = ask(to_jam, _is_reply)
            times["own_note_ms"] += first(answers, _is_own)
            times["reply_ms"] += first(answers, _is_reply)
            for message in (_NOTE_OFF, *PANIC):  # put the band to sleep, so that it answers the next note at once
                to_jam.send(message)
            time.sleep(pause_s)
    finally:
        to_echo.close()
        to_jam.close()
    return {name: spread(values) for name, values in times.items() if values}


def ask(ports: PortSet, done: Callable[[list[int]], bool]) -> Answers:
    """Send a note and collect the answers until one is `done`, for half a second at most. Blocks."""
    ports.receive()
    answers: Answers = []
    began_s = time.perf_counter()
    ports.send(_NOTE_ON)
    while (now_s := time.perf_counter()) - began_s < _ANSWER_LIMIT_S:
        answers += [(1e3 * (now_s - began_s), data) for data in ports.receive()]
        if answers and done(answers[-1][1]):
            break
        time.sleep(_POLL_S)
    return answers


def first(answers: Answers, wanted: Callable[[list[int]], bool]) -> list[float]:
    """The time of the first wanted answer in ms, as a list of one; empty if none came."""
    return [ms for ms, data in answers if wanted(data)][:1]


def _is_own(data: list[int]) -> bool:
    return tuple(data[:2]) == tuple(_NOTE_ON[:2])


def _is_reply(data: list[int]) -> bool:
    return data[0] & 0xF0 == 0x90 and data[0] != _NOTE_ON[0] and data[2] > 0
