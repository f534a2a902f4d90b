"""What is held and not let go of: notes, pedals, wheels, pressure; and for each the word that lets go of it.

One ledger for every place that must know it: a cable that is pulled out, a process that dies, a channel that a saved
set closes. To the audience a pedal that stays down is a hanging note. Where a controller rests is the MIDI
Association's recommended practice RP-015, with the hold pedal 2 and the legato switch, which are up at rest too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
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
RESTS: Final = {1: 0, 11: 127, SUSTAIN: 0, 65: 0, 66: 0, 67: 0, 68: 0, 69: 0}  # by controller: where it rests

_KEY_PRESSURE, _PRESSURE, _BEND = 0xA0, 0xD0, 0xE0


def at_rest(event: Event) -> Event | None:
    """The word that lets go of what an event holds; None for one that holds nothing, such as a program or a volume."""
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


def lets_go(event: Event) -> bool:
    """Whether an event brings what it is about to rest; a note-off does with any velocity."""
    return isinstance(event, NoteOff) or event == at_rest(event)


def reset(channel: int) -> list[Event]:
    """The words that bring a channel to rest of which nobody knows what it holds.

    RP-015 leaves the hold pedal 2 where it is, and older synthesizers do not follow it: so each pedal is lifted.
    """
    lifted = [Control(channel, number, 0) for number in PEDALS]
    return [*lifted, Control(channel, RESET_CONTROLLERS, 0), Control(channel, ALL_NOTES_OFF, 0)]


def in_order(words: Iterable[Event]) -> list[Event]:
    """Words that let go, as they are to be sent: pedals and wheels first, then the notes, by channel."""
    return sorted(words, key=lambda word: (isinstance(word, NoteOff), state_key(word)))


class HeldState:
    """Watches the events of one cable, in order. Not thread-safe."""

    def __init__(self) -> None:
        self._words: dict[tuple[int, ...], Event] = {}  # by what they are about
        self._programs: dict[int, int] = {}

    @property
    def words(self) -> Mapping[tuple[int, ...], Event]:
        """What is held: by its subject (see `parser.state_key`) the word that lets go of it."""
        return self._words

    def note(self, event: Event) -> list[Event]:
        """Takes in one event that has passed; gives the words of all that it let go of."""
        match event:
            case Program(channel, program):
                self._programs[channel] = program
                return []
            case Control(channel, number) if number in (ALL_NOTES_OFF, ALL_SOUND_OFF):
                return self._drop(channel, _is_note)
            case Control(channel, number) if number == RESET_CONTROLLERS:
                return self._drop(channel, _is_control)
        word = at_rest(event)
        if word is None:
            return []
        if lets_go(event):
            self._words.pop(state_key(word), None)
            return [word]
        self.hold(word)
        return []

    def hold(self, word: Event) -> None:
        """What this word lets go of is held."""
        self._words[state_key(word)] = word

    def let_go(self, channel: int, *, everything: bool) -> list[Event]:
        """The words that bring a channel's pedals, or also its wheels and switches, to rest; they are held no more."""
        return self._drop(channel, _is_control if everything else _is_pedal)

    def drop(self, is_meant: Callable[[Event], bool]) -> list[Event]:
        """The words that let go of what is meant, by such a word; it is held no more."""
        return [self._words.pop(state_key(word)) for word in in_order(filter(is_meant, list(self._words.values())))]

    def end(self, others: Iterable[HeldState] = ()) -> list[Event]:
        """What lets go of all that none of `others` holds too; from now on nothing is held."""
        kept = [other.words for other in others]
        words = [word for about, word in self._words.items() if not any(about in other for other in kept)]
        self._words.clear()
        return in_order(words)

    def programs(self) -> list[Event]:
        """The last program of each channel, as a synthesizer that was without power needs it again."""
        return [Program(channel, program) for channel, program in sorted(self._programs.items())]

    def _drop(self, channel: int, is_meant: Callable[[Event], bool]) -> list[Event]:
        return self.drop(lambda word: state_key(word)[0] & 0x0F == channel and is_meant(word))


class Ended:
    """What was let go of lately, for who may not have heard it. Not thread-safe; time must not go back."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, ...], tuple[float, Event]] = {}  # by what it is about, the newest last

    @property
    def words(self) -> dict[tuple[int, ...], Event]:
        """By its subject the word that let go of it."""
        return {about: word for about, (_, word) in self._told.items()}

    def add(self, words: Iterable[Event], at_s: float) -> None:
        """Take note of words that let go of something."""
        for word in words:
            self._told.pop(state_key(word), None)
            self._told[state_key(word)] = at_s, word

    def forget(self, before_s: float) -> None:
        """What is older than that counts no more."""
        while self._told and next(iter(self._told.values()))[0] < before_s:
            del self._told[next(iter(self._told))]

    def clear(self) -> None:
        """All of it was heard."""
        self._told.clear()


def _is_note(word: Event) -> bool:
    return isinstance(word, NoteOff)


def _is_control(word: Event) -> bool:
    return not isinstance(word, NoteOff)


def _is_pedal(word: Event) -> bool:
    return isinstance(word, Control) and word.number in PEDALS
