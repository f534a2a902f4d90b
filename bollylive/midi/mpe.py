"""MPE: a keyboard that plays each note on a channel of its own, so that each can be bent alone, is one player.

A zone has a master channel, which is the player's, and member channels, which carry the notes. The lower zone has
channel 1 as its master and its members from channel 2 upwards; the upper zone channel 16, and from 15 downwards.

Source: MIDI Polyphonic Expression, MIDI Association, M1-100-UM version 1.0.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, Control, NoteOff, NoteOn, Program

LOWER_MASTER, UPPER_MASTER = 0, 15
MOST_MEMBERS: Final = 15  # of one zone; two have MOST_OF_TWO together
MOST_OF_TWO: Final = 14

_ENDS: Final = (ALL_SOUND_OFF, ALL_NOTES_OFF)


def master_of(channel: int, lower: int, upper: int) -> int:
    """Return the channel 0-15 of the player who plays on a channel 0-15, in zones with so many member channels."""
    if LOWER_MASTER < channel <= LOWER_MASTER + lower:
        return LOWER_MASTER
    return UPPER_MASTER if UPPER_MASTER - upper <= channel < UPPER_MASTER else channel


def configured(zones: tuple[int, int], master: int, members: int) -> tuple[int, int]:
    """Return the sizes of both zones after one has got another size; the other zone gives up what they would share."""
    lower, upper = zones
    if master == LOWER_MASTER:
        return members, max(0, min(upper, MOST_OF_TWO - members))
    return max(0, min(lower, MOST_OF_TWO - members)), members


class OnePlayer:
    """Makes of what comes on all channels what each player plays on their own; call `read` in order. Not thread-safe.

    Bends, pressure and controllers of a member channel shape one note, and are left out. Where two member channels hold
    the same pitch, the player strikes it again, and it ends with the last of them.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[int, int], int] = {}  # the player's channel of each key that is down

    def read(
        self, event: NoteOn | NoteOff | Control | Program, player: int
    ) -> list[NoteOn | NoteOff | Control | Program]:
        """Return what an event means on the `player`'s channel 0-15, which is the event's own outside of zones."""
        match event:
            case NoteOn(channel, pitch, velocity):
                self._keys[channel, pitch] = player
                return [NoteOn(player, pitch, velocity)]
            case NoteOff(channel, pitch, velocity):
                began = self._keys.pop((channel, pitch), player)
                return [] if self._holds(began, pitch) else [NoteOff(began, pitch, velocity)]
            case Control(channel, number) if number in _ENDS and channel == player:
                self.forget(player)
                return [event]
            case Control(channel, number) if number in _ENDS:
                return self._end(channel)
        return [event] if event.channel == player else []

    def forget(self, player: int) -> None:
        """Take all keys of a player as lifted."""
        self._keys = {key: by for key, by in self._keys.items() if by != player}

    def _end(self, member: int) -> list[NoteOn | NoteOff | Control | Program]:
        ended = {key: by for key, by in self._keys.items() if key[0] == member}
        self._keys = {key: by for key, by in self._keys.items() if key[0] != member}
        return [NoteOff(by, pitch) for (_, pitch), by in ended.items() if not self._holds(by, pitch)]

    def _holds(self, player: int, pitch: int) -> bool:
        return any(by == player and key[1] == pitch for key, by in self._keys.items())
