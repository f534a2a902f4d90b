"""What the musician's commands do to the band, one line of the table for each.

A command that changes the set, as a knob does (or a mute would), is in `sets.controls`: every process must know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bollylive.engine.band_state import BandState
from bollylive.engine.rest_and_wake import RestAndWake
from bollylive.engine.turn_taking import FADE_BEATS, TurnTaking
from bollylive.engine.variation_requests import VariationRequests
from bollylive.protocol import Instruction, Release
from bollylive.sets.controls import PANIC, Command


class CommandTable:
    """Carries out the commands that change what the band plays: those of `sets.settings.Action`, and a panic.

    Owned by the engine.
    """

    def __init__(
        self, state: BandState, turns: TurnTaking, requests: VariationRequests, rest_and_wake: RestAndWake
    ) -> None:
        self._state, self._turns, self._requests, self._rest_and_wake = state, turns, requests, rest_and_wake
        self._table: Mapping[str, Callable[[Command, float], list[Instruction]]] = {
            "sam": self._move_sam,
            "sleep": self._sleep,
            PANIC: self._panic,
            "hand over": self._hand_over,
            "again": self._vary,
            "back": self._vary,
            "keep": self._vary,
            "vary": self._vary,
        }

    def obey(self, command: Command, beat: float) -> list[Instruction]:
        """Carry out a command at a beat, and return what must happen at once. An unknown command does nothing."""
        self._state.notice(beat)
        act = self._table.get(command.does)
        return [] if act is None else act(command, beat)

    def _move_sam(self, _: Command, beat: float) -> list[Instruction]:
        self._state.move_sam(beat)
        return []

    def _sleep(self, _: Command, beat: float) -> list[Instruction]:
        return self._rest_and_wake.sleep(beat)

    def _panic(self, _: Command, beat: float) -> list[Instruction]:
        return self._rest_and_wake.panic(beat)

    def _hand_over(self, command: Command, beat: float) -> list[Instruction]:
        state = self._state
        if not state.awake:
            self._rest_and_wake.wake(beat)
        tick = state.grid.next_tick(beat)
        ended = [part for part in state.parts.shared(command.channel) if self._turns.hand_over(part, tick)]
        return [Release(part.channel, FADE_BEATS) for part in ended]

    def _vary(self, command: Command, beat: float) -> list[Instruction]:
        state = self._state
        if state.awake:
            for part in state.parts.shared(command.channel):
                self._requests.request(command.does, part, state.grid.next_tick(beat))
        return []
