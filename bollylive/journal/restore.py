"""What was played lately, as a new engine needs it to go on: the end of a journal, told from its last beat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bollylive.clock.anchor import Anchor
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Player, Program
from bollylive.protocol import EngineStatus, Sent


@dataclass(frozen=True, slots=True)
class RestoredState:
    """A performance as it stood; all beats are those of `anchor`.

    `notes` are in order of onset; one without a duration is a key that the musician still holds.
    """

    anchor: Anchor | None = None
    bearing: EngineStatus = field(default_factory=EngineStatus)
    programs: dict[int, int] = field(default_factory=dict)  # by channel 0-15, where the musician chose after the set
    notes: tuple[tuple[Note, Player], ...] = ()


def restore(
    words: Iterable[Sent | Anchor | EngineStatus], until_s: float, most_notes: int, *, keys_held: bool = True
) -> RestoredState:
    """Take the words of a journal, in order, and give the last `most_notes` of every channel and what stood then.

    What was written at `until_s` or later is left out: the one who asks has heard it already. Notes are those that the
    band would have heard, so what the musician played while the song stood still is none of them. Where the beginning
    is cut off, nothing counts that comes before the first anchor, since nobody knows whose beats it is in. Without
    `keys_held`, what still sounded then has ended.
    """
    memory = _Memory()
    for word in words:
        if isinstance(word, Anchor):
            if word.at_s < until_s:
                memory.follow(word)
        elif memory.begun and isinstance(word, EngineStatus):
            memory.bearing = word
        elif memory.begun and isinstance(word, Sent) and word.at_s < until_s:
            memory.hear(word)
    return memory.past(until_s, most_notes, ("model",) if keys_held else ("model", "musician"))


class _Memory:
    def __init__(self) -> None:
        self.bearing = EngineStatus()
        self._anchor: Anchor | None = None
        self._programs: dict[int, int] = {}
        self._assemblers: dict[Player, Assembler] = {"musician": Assembler(), "model": Assembler()}
        self._open: dict[tuple[Player, int, int], Note] = {}
        self._notes: list[tuple[Note, Player]] = []

    @property
    def begun(self) -> bool:
        """Whether it is known which beats are meant."""
        return self._anchor is not None

    def follow(self, anchor: Anchor) -> None:
        """As the engine does: a jump ends the notes, and moves all that is known to where the song goes on."""
        old, self._anchor = self._anchor, anchor
        if old is None:
            return
        jumped = anchor.epoch != old.epoch
        if jumped or not anchor.running:
            self._close_all(old.beat_at(anchor.at_s), ("musician", "model"))
        if jumped or not old.running:
            moved = anchor.beat - old.beat_at(anchor.at_s)
            self._notes = [(replace(note, onset_beats=note.onset_beats + moved), by) for note, by in self._notes]

    def hear(self, sent: Sent) -> None:
        """Take in what was sent."""
        event, by = sent.event, sent.by
        if isinstance(event, Program) and by == "musician":
            self._programs[event.channel] = event.program
        elif isinstance(event, Program):  # only a sound of the set's; what the model plays, its engine reads in the set
            self._programs.pop(event.channel, None)
        stands = self._anchor is not None and not self._anchor.running
        if not isinstance(event, NoteOn | NoteOff | Control) or (stands and not isinstance(event, Control)):
            return
        for note in self._assemblers[by].handle(event, sent.beat):
            self._take(note, by)

    def past(self, until_s: float, most_notes: int, ended: tuple[Player, ...]) -> RestoredState:
        """What is known; what these players still sound ends here."""
        if self._anchor is not None:
            self._close_all(self._anchor.beat_at(until_s), ended)
        notes = [*self._notes, *((note, key[0]) for key, note in self._open.items())]
        notes.sort(key=lambda told: (told[0].onset_beats, told[0].channel, told[0].pitch))
        left = dict.fromkeys(range(16), most_notes)
        kept = []
        for note, by in reversed(notes):
            if left[note.channel] > 0:
                left[note.channel] -= 1
                kept.append((note, by))
        return RestoredState(self._anchor, self.bearing, self._programs, tuple(reversed(kept)))

    def _take(self, note: Note, by: Player) -> None:
        key = (by, note.channel, note.pitch)
        if note.duration_beats is None:
            self._open[key] = note
        else:
            del self._open[key]
            self._notes.append((note, by))

    def _close_all(self, beat: float, players: tuple[Player, ...]) -> None:
        for by in players:
            for note in self._assemblers[by].close_all(beat):
                self._take(note, by)
