"""A synthesiser that remembers to which values its parameters, sounds and controllers have ever been set."""

from __future__ import annotations

from collections import defaultdict

from bollylive.midi.messages import Control, Event, Program

Subject = tuple[int | str, ...]
_REGISTERED, _NON_REGISTERED = (101, 100), (99, 98)


class Receiver:
    """Follows MIDI 1.0: data entry goes to the selected parameter, and a coarse part sets the fine part to zero.

    `settings` has the latest value of each subject, `seen` all the values that each has had.
    """

    def __init__(self) -> None:
        self.settings: dict[Subject, int | tuple[int, ...]] = {}
        self.seen: defaultdict[Subject, set[int | tuple[int, ...]]] = defaultdict(set)
        self._controls: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._pair: dict[int, tuple[int, int]] = {}

    def receive(self, event: Event) -> None:
        match event:
            case Program(channel, program):
                bank = self._controls[channel, 0], self._controls[channel, 32]
                self._set(("sound", channel), (*bank, program))
            case Control(channel, 6 | 38 | 96 | 97) if channel in self._pair:
                coarse, fine = self._pair[channel]
                parameter = "parameter", channel, coarse, self._controls[channel, coarse], self._controls[channel, fine]
                self._enter(parameter, event)
            case Control(channel, number, value):
                self._controls[channel, number] = value
                if number in (*_REGISTERED, *_NON_REGISTERED):
                    self._pair[channel] = _REGISTERED if number in _REGISTERED else _NON_REGISTERED
                elif 0 < number < 64 and number % 32:
                    coarse = number % 32
                    if number == coarse:
                        self._controls[channel, coarse + 32] = 0
                    together = self._controls[channel, coarse], self._controls[channel, coarse + 32]
                    self._set(("controller", channel, coarse), together)
                elif number >= 64:
                    self._set(("controller", channel, number), value)

    def _enter(self, parameter: Subject, event: Control) -> None:
        before = self.settings.get(parameter, 0)
        assert isinstance(before, int)
        by_number = {6: event.value * 128, 38: before // 128 * 128 + event.value, 96: before + 1, 97: before - 1}
        self._set(parameter, min(max(by_number[event.number], 0), 16383))

    def _set(self, subject: Subject, value: int | tuple[int, ...]) -> None:
        self.settings[subject] = value
        self.seen[subject].add(value)
