"""MPE keyboards: which channels belong to one, and what its notes mean to the band, to which it is one player.

A keyboard says so by the MPE Configuration Message, which is registered parameter 6 on the master channel of a zone; or
the set does. What passes through to the outputs stays on the channels that it came on.
"""

from __future__ import annotations

from typing import Final

from bollylive.io.controller_state import Music
from bollylive.io.message_units import DATA_ENTRY, REGISTERED, Selections
from bollylive.midi.messages import ALL_NOTES_OFF, SUSTAIN, Control, Event, NoteOff, NoteOn, Raw
from bollylive.midi.mpe import LOWER_MASTER, MOST_MEMBERS, UPPER_MASTER, OnePlayer
from bollylive.sets.controls import MPE, Command
from bollylive.sets.mpe_channels import describe_silent_channels
from bollylive.sets.settings import Set

_CONFIGURATION: Final = (0, 6)  # the number of the registered parameter


class MpeInput:
    """The zones that stand. Call `use` with each new set. Not thread-safe.

    `players` has the channel of the player for each member channel (0-15); it is empty while no zone stands.
    """

    def __init__(self, band: Set) -> None:
        self.players: dict[int, int] = {}
        self._one_player = OnePlayer()
        self._selections = Selections()
        self._problem: str | None = None
        self.use(band)

    def use(self, band: Set) -> list[Music]:
        """Follow a set; return what ends, for the band, all that is held on channels that change their player."""
        before = self.players
        self.players = {c: player for c in range(16) if (player := band.player_of(c)) != c}
        if self.players == before:
            return []
        moved = {c for c in range(16) if self.players.get(c, c) != before.get(c, c)}
        moved |= {before[channel] for channel in moved if channel in before}  # who held what came on the others
        for channel in moved:
            self._one_player.forget(channel)
        self._problem = describe_silent_channels(band)
        return [Control(channel, number, 0) for channel in sorted(moved) for number in (SUSTAIN, ALL_NOTES_OFF)]

    def configuration(self, event: Control) -> Command | None:
        """Note a controller; return the command that changes a zone, if the controller completes one."""
        self._selections.note(event)
        if event.number != DATA_ENTRY or event.channel not in (LOWER_MASTER, UPPER_MASTER):
            return None
        selected = [(message.number, message.value) for message in self._selections.parameter(event.channel)]
        if selected != list(zip(REGISTERED, _CONFIGURATION, strict=True)) or event.value > MOST_MEMBERS:
            return None
        return Command(MPE, event.channel, event.value)

    def player_of(self, event: Event) -> int | None:
        """Return the channel of the player of an event on a member channel; None for any other event."""
        channel = event.channel if isinstance(event, Music | Raw) else None
        return None if channel is None else self.players.get(channel)

    def as_command(self, event: Event) -> Event | None:
        """Return an event as a control of the set may claim it; None if it only shapes a note."""
        player = self.player_of(event)
        match event:
            case NoteOn(_, pitch, velocity) if player is not None:
                return NoteOn(player, pitch, velocity)
            case NoteOff(_, pitch, velocity) if player is not None:
                return NoteOff(player, pitch, velocity)
        return event if player is None else None

    def heard(self, event: Music) -> list[Music]:
        """Return what an event means on the channels of the players."""
        return self._one_player.read(event, self.players.get(event.channel, event.channel))

    def members(self, channel: int) -> list[int]:
        """Return the member channels of the zone with this master channel."""
        return [member for member, player in self.players.items() if player == channel]

    def take_problem(self) -> str | None:
        """Return a sentence for the musician if a zone has silenced instruments of the set, once for each change."""
        problem, self._problem = self._problem, None
        return problem
