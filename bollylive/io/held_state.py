"""What is held and not released: notes, pedals, wheels, pressure; and for each the message that releases it.

This is needed when a cable is unplugged, a process dies, or a saved set closes a channel. For the audience, a pedal
that stays down is a hanging note. The resting values of controllers are those of the MIDI Association's recommended
practice RP-015, and the hold pedal 2 and the legato switch are up at rest too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    MODE_CHANGES,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Program,
    Raw,
)
from bollylive.midi.parser import state_key

PEDALS: Final = (SUSTAIN, 66, 69)  # sustain, sostenuto, hold 2: they hold notes, so whatever ends notes lifts them
RESTS: Final = {1: 0, 11: 127, SUSTAIN: 0, 65: 0, 66: 0, 67: 0, 68: 0, 69: 0}  # by controller: its value at rest

_KEY_PRESSURE, _PRESSURE, _BEND = 0xA0, 0xD0, 0xE0


def at_rest(event: Event) -> Event | None:
    """Return the message that releases what an event holds; None if it holds nothing, as a program or a volume."""
    match event:
        case NoteOn(channel, pitch) | NoteOff(channel, pitch):
            return NoteOff(channel, pitch)
        case Control(channel, number) if number in RESTS:
            return Control(channel, number, RESTS[number])
        case Raw(data) if data[0] & 0xF0 == _KEY_PRESSURE:
            return Raw(data[:2] + b"\x00")
        case Raw(data) if data[0] & 0xF0 == _PRESSURE:
            return Raw(data[:1] + b"\x00")
        case Raw(data) if data[0] & 0xF0 == _BEND:
            return Raw(data[:1] + b"\x00\x40")
    return None


def is_release(event: Event) -> bool:
    """Return whether an event releases what it is about; a note-off does so with any velocity."""
    return isinstance(event, NoteOff) or event == at_rest(event)


def reset(channel: int) -> list[Event]:
    """Return the messages that release everything on a channel, if it is unknown what the channel holds.

    RP-015 leaves the hold pedal 2 where it is, and older synthesizers do not follow it, so each pedal is lifted.
    """
    lifted = [Control(channel, number, 0) for number in PEDALS]
    return [*lifted, Control(channel, RESET_CONTROLLERS, 0), Control(channel, ALL_NOTES_OFF, 0)]


def in_order(releases: Iterable[Event]) -> list[Event]:
    """Return releases in the order in which to send them: pedals and wheels first, then the notes, by channel."""
    return sorted(releases, key=lambda release: (isinstance(release, NoteOff), state_key(release)))


class HeldState:
    """What is held after all events that `note` was called with, in order. Not thread-safe.

    `touched` holds the subjects (see `parser.state_key`) of everything that was held at any time; its reader may clear
    it.
    """

    def __init__(self) -> None:
        self.touched: set[tuple[int, ...]] = set()
        self._releases: dict[tuple[int, ...], Event] = {}  # by subject
        self._programs: dict[int, int] = {}

    @property
    def releases(self) -> Mapping[tuple[int, ...], Event]:
        """The message that releases each thing that is held, by its subject."""
        return self._releases

    def note(self, event: Event, about: tuple[int, ...]) -> list[Event]:
        """Note one event that has passed, with its subject; return the releases of everything that it released."""
        match event:
            case NoteOn(channel, pitch):
                self.touched.add(about)
                self._releases[about] = NoteOff(channel, pitch)
                return []
            case Program(channel, program):
                self._programs[channel] = program
                return []
            case Control(channel, number) if number in (ALL_NOTES_OFF, ALL_SOUND_OFF, *MODE_CHANGES):
                return self._drop(channel, _is_note)
            case Control(channel, number) if number == RESET_CONTROLLERS:
                return self._drop(channel, _is_control)
        release = at_rest(event)
        if release is None:
            return []
        if is_release(event):
            self._releases.pop(about, None)
            return [release]
        self.touched.add(about)
        self._releases[about] = release
        return []

    def hold(self, release: Event) -> None:
        """Note that what a message releases is held."""
        self._releases[state_key(release)] = release

    def let_go(self, channel: int, *, everything: bool) -> list[Event]:
        """Return the messages that release a channel's pedals, or also its wheels and switches; none stays held."""
        return self._drop(channel, _is_control if everything else _is_pedal)

    def drop(self, is_meant: Callable[[Event], bool]) -> list[Event]:
        """Return the releases that are meant; what they release is no longer held."""
        meant = in_order(filter(is_meant, list(self._releases.values())))
        return [self._releases.pop(state_key(release)) for release in meant]

    def end(self, others: Iterable[HeldState] = ()) -> list[Event]:
        """Return what releases everything that none of `others` also holds; from now on nothing is held."""
        kept = [other.releases for other in others]
        ends = [release for about, release in self._releases.items() if not any(about in other for other in kept)]
        self._releases.clear()
        return in_order(ends)

    def programs(self) -> list[Event]:
        """Return the last program of each channel: a synthesizer that was without power needs it again."""
        return [Program(channel, program) for channel, program in sorted(self._programs.items())]

    def _drop(self, channel: int, is_meant: Callable[[Event], bool]) -> list[Event]:
        return self.drop(lambda release: state_key(release)[0] & 0x0F == channel and is_meant(release))


class RecentReleases:
    """What was released lately, for listeners that may have missed it. Not thread-safe; time must not go back."""

    def __init__(self) -> None:
        self._sent: dict[tuple[int, ...], tuple[float, Event]] = {}  # by subject, the newest last

    @property
    def by_subject(self) -> dict[tuple[int, ...], Event]:
        """The releases, by their subjects."""
        return {about: release for about, (_, release) in self._sent.items()}

    def add(self, releases: Iterable[Event], at_s: float) -> None:
        """Note messages that released something."""
        for release in releases:
            self._sent.pop(state_key(release), None)
            self._sent[state_key(release)] = at_s, release

    def forget(self, before_s: float) -> None:
        """Forget everything that was released earlier."""
        while self._sent and next(iter(self._sent.values()))[0] < before_s:
            del self._sent[next(iter(self._sent))]

    def clear(self) -> None:
        """Forget everything."""
        self._sent.clear()


def _is_note(release: Event) -> bool:
    return isinstance(release, NoteOff)


def _is_control(release: Event) -> bool:
    return not isinstance(release, NoteOff)


def _is_pedal(release: Event) -> bool:
    return isinstance(release, Control) and release.number in PEDALS
