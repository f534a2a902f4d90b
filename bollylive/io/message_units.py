"""Messages that mean something only together: they leave together, or not at all.

- A registered or non-registered parameter is selected by two controllers, and set by data entry (MIDI 1.0, "Registered
  and Non-Registered Parameter Numbers"). Data entry without its selection sets another parameter.
- A bank is selected by two controllers, and used by the next program change.
- A controller below 32 has its fine part 32 numbers higher. The coarse part sets the fine part to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bollylive.midi.messages import Control, Event, Program, Raw
from bollylive.midi.parser import state_key

BANK: Final = (0, 32)
REGISTERED: Final = (101, 100)
NON_REGISTERED: Final = (99, 98)
DATA_ENTRY, DATA_FINE, INCREMENT, DECREMENT = 6, 38, 96, 97
DATA: Final = (DATA_ENTRY, DATA_FINE, INCREMENT, DECREMENT)
SELECTORS: Final = (*BANK, *REGISTERED, *NON_REGISTERED)

_FINE: Final = 32  # a controller's fine part has its number and this
_VELOCITY_PREFIX: Final = 88  # the fine part of the next note's velocity (MIDI Association, CA-031)
_MOST_DATA: Final = 128  # as many increments go through every value

Selection: TypeAlias = tuple[Control, ...]  # the messages that make it, coarse part first


class Selections:
    """The bank and the parameter that each channel has selected, after all events given to `note`. Not thread-safe."""

    def __init__(self) -> None:
        self._latest: dict[tuple[int, int], Control] = {}  # by channel and number
        self._pairs: dict[int, tuple[int, int]] = {}  # by channel: the parameter is registered, or is not

    def note(self, event: Event) -> None:
        """Note one event; only the selecting ones matter."""
        if isinstance(event, Control) and selects(event):
            self._latest[event.channel, event.number] = event
            if event.number not in BANK:
                self._pairs[event.channel] = REGISTERED if event.number in REGISTERED else NON_REGISTERED

    def bank(self, channel: int) -> Selection:
        """Return what selects the bank of a channel; empty if nobody has selected one."""
        return self._made_by(channel, BANK)

    def parameter(self, channel: int) -> Selection:
        """Return what selects the parameter of a channel; empty if nobody has selected one."""
        return self._made_by(channel, self._pairs.get(channel, ()))

    def of(self, event: Control | Program) -> Selection:
        """Return the selection that an event makes or uses; empty if it has to do with none."""
        if isinstance(event, Program) or event.number in BANK:
            return self.bank(event.channel)
        return self.parameter(event.channel) if event.number in (*DATA, *SELECTORS) else ()

    def _made_by(self, channel: int, numbers: tuple[int, ...]) -> Selection:
        return tuple(self._latest[channel, number] for number in numbers if (channel, number) in self._latest)


@dataclass(slots=True)
class Unit:
    """Messages that wait together; they are to be preceded by their `selection` if that is not in force then."""

    selection: Selection = ()
    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> int:
        """Add an event that sets the same; return how many messages have become superfluous."""
        before = len(self.events)
        self.events = _merged(self.events, event)
        return before + 1 - len(self.events)


def selects(event: Event) -> bool:
    """Return whether an event selects a bank or a parameter, or a part of one."""
    return isinstance(event, Control) and event.number in SELECTORS


def is_data(event: Event) -> bool:
    """Return whether an event sets the selected parameter."""
    return isinstance(event, Control) and event.number in DATA


def sets_anew(event: Event) -> bool:
    """Return whether an event sets the selected parameter whatever it was before."""
    return isinstance(event, Control) and event.number == DATA_ENTRY


def can_wait(event: Event) -> bool:
    """Return whether an event means the same later; SysEx may be a part of a longer exchange."""
    return not (isinstance(event, Raw) and event.channel is None) and not (
        isinstance(event, Control) and event.number == _VELOCITY_PREFIX
    )


def subject(event: Event, selection: Selection) -> tuple[int, ...]:
    """Return what an event sets, as `parser.state_key` does, but the same for all messages of a unit."""
    if not isinstance(event, Control):
        return state_key(event)
    status, number = state_key(event)
    if number in DATA:
        return status, DATA_ENTRY, *(part for chosen in selection for part in (chosen.number, chosen.value))
    if number in SELECTORS:
        return status, (BANK if number in BANK else REGISTERED)[0]
    return status, number % _FINE if number < 2 * _FINE else number


def _merged(events: list[Event], event: Event) -> list[Event]:
    """Return what a receiver still needs of `events`, and `event`, so that it takes on only values that were meant."""
    number = event.number if isinstance(event, Control) else -1
    last = events[-1].number if events and isinstance(events[-1], Control) else -1
    if number in (INCREMENT, DECREMENT):
        if last == INCREMENT + DECREMENT - number:
            return events[:-1]
        return [*events, event] if len(events) < _MOST_DATA else events
    if number in SELECTORS:
        return [*(other for other in events if isinstance(other, Control) and other.number != number), event]
    if number == DATA_ENTRY or not 0 <= number < 2 * _FINE:
        return [event]
    if last == number:
        return [*events[:-1], event]
    if last == number - _FINE:  # this coarse part makes everything before it void
        return [events[-1], event]
    # A fine part before a coarse one stays: on some devices it is a controller of its own.
    return [*events, event] if len(events) < _MOST_DATA else events
