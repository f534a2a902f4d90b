"""What stands in a performance, however long ago it was played: beat, bearing, programs, pedals, and held keys.

A journal says all of it again from time to time, word for word. So its end is enough for an engine to go on with, and
whoever reads it from the beginning can leave out what is no news.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    NoteOff,
    NoteOn,
    Player,
    Program,
)
from bollylive.protocol import EngineStatus, Sent

Word: TypeAlias = Sent | Anchor | EngineStatus


class Checkpoint:
    """Follows a performance with `see`; `words` is what stands by then. Pure, one thread, never raises."""

    def __init__(self) -> None:
        self._anchor: Anchor | None = None
        self._bearing: EngineStatus | None = None
        self._programs: dict[tuple[Player, int], Sent] = {}  # by channel, and in the order in which they were chosen
        self._pedals: dict[tuple[Player, int], Sent] = {}  # those that are down
        self._keys: dict[tuple[Player, int, int], Sent] = {}  # by channel and pitch, those that are held

    def see(self, word: Word) -> bool:
        """Take in a word; False if it only says again what stands."""
        if isinstance(word, Anchor):
            before, self._anchor = self._anchor, word
            if not word.running or (before is not None and word.epoch != before.epoch):
                self._keys.clear()  # no note goes on beyond a jump or a stop
            return word != before
        if isinstance(word, EngineStatus):
            earlier, self._bearing = self._bearing, word
            return word != earlier
        match word.event:
            case NoteOn(channel, pitch):
                news = self._keys.get((word.by, channel, pitch)) != word
                if self._anchor is None or self._anchor.running:
                    self._keys[word.by, channel, pitch] = word
                return news
            case NoteOff(channel, pitch):
                self._keys.pop((word.by, channel, pitch), None)
            case Program(channel):
                key = word.by, channel
                news = self._programs.pop(key, None) != word
                self._programs[key] = word
                return news
            case Control():
                return self._control(word, word.event)
        return True

    @property
    def words(self) -> list[Word]:
        """What stands, in an order in which it can be taken in anew."""
        told: list[Word] = [word for word in (self._anchor, self._bearing) if word is not None]
        return [*told, *self._programs.values(), *self._pedals.values(), *self._keys.values()]

    def _control(self, word: Sent, event: Control) -> bool:
        key = word.by, event.channel
        if event.number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._keys = {held: on for held, on in self._keys.items() if held[:2] != key}
        elif event.number == SUSTAIN and event.value >= 64:
            news = self._pedals.get(key) != word
            self._pedals[key] = word
            return news
        elif event.number in (SUSTAIN, RESET_CONTROLLERS):
            self._pedals.pop(key, None)
        return True


def news(words: Iterable[Word]) -> Iterator[Word]:
    """The words of a journal without those that only say again what stands."""
    standing = Checkpoint()
    return (word for word in words if standing.see(word))
