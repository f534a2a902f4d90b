"""The state from which a new engine goes on: the latest notes of a journal, in the beats of its last anchor."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.journal.as_heard import AsHeard
from bollylive.journal.checkpoint import Entry
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Player, Program
from bollylive.protocol import EngineStatus, Sent

_MOST_CHORDS: Final = 256  # half bars: as far back as the conductor looks


@dataclass(frozen=True, slots=True)
class RestoredState:
    """The state of a performance at one moment; all beats count as those of `anchor`.

    `notes` and `chords` are in order of time; a note without a duration is a key that the musician still holds.
    """

    anchor: Anchor | None = None
    status: EngineStatus = field(default_factory=EngineStatus)
    programs: dict[int, int] = field(default_factory=dict)  # by channel 0-15, where the musician chose after the set
    notes: tuple[tuple[Note, Player], ...] = ()
    chords: tuple[tuple[float, int], ...] = ()  # each chord's first beat, and its word


def restore(entries: Iterable[Entry], until_s: float, most_notes: int, *, keys_held: bool = True) -> RestoredState:
    """Return the state before `until_s` from the entries of a journal: the last `most_notes` of each channel, and more.

    Entries at `until_s` or later are left out: the new engine has heard them itself. The notes are those that the band
    would have heard, so what the musician played while the song was stopped is not among them. Entries before the first
    anchor are left out, since their beats have no known origin. Unless `keys_held` is true, notes that still sound at
    `until_s` end there.
    """
    performance, as_heard = _Performance(), AsHeard()
    for entry in entries:
        if isinstance(entry, Anchor):
            if entry.at_s < until_s:
                performance.add_anchor(entry)
        elif performance.has_anchor and isinstance(entry, EngineStatus):
            performance.add_status(entry)
        elif performance.has_anchor and isinstance(entry, Sent) and entry.at_s < until_s:
            for heard in as_heard.read(entry):
                performance.add_sent(heard)
    return performance.state(until_s, most_notes, ("model",) if keys_held else ("model", "musician"))


class _Performance:
    def __init__(self) -> None:
        self.status = EngineStatus()
        self._anchor: Anchor | None = None
        self._programs: dict[int, int] = {}
        self._assemblers: dict[Player, Assembler] = {"musician": Assembler(), "model": Assembler()}
        self._open: dict[tuple[Player, int, int], Note] = {}
        self._notes: list[tuple[Note, Player]] = []
        self._chords: deque[tuple[float, int]] = deque(maxlen=_MOST_CHORDS)

    @property
    def has_anchor(self) -> bool:
        """Whether the beats have a known origin."""
        return self._anchor is not None

    def add_anchor(self, anchor: Anchor) -> None:
        """Follow the beat as the engine does: a jump ends all notes and moves them along to the new position."""
        old, self._anchor = self._anchor, anchor
        if old is None:
            return
        jumped = anchor.epoch != old.epoch
        if jumped or not anchor.running:
            self._close_all(old.beat_at(anchor.at_s), ("musician", "model"))
        if jumped or not old.running:
            moved = anchor.beat - old.beat_at(anchor.at_s)
            self._notes = [(replace(note, onset_beats=note.onset_beats + moved), by) for note, by in self._notes]
            self._chords = deque([(beat + moved, chord) for beat, chord in self._chords], _MOST_CHORDS)

    def add_status(self, status: EngineStatus) -> None:
        """Note what the engine said of itself; a chord that was planned anew takes the place of the first plan."""
        self.status = status
        if status.chord is not None:
            while self._chords and self._chords[-1][0] >= status.chord[0]:
                self._chords.pop()
            self._chords.append(status.chord)

    def add_sent(self, sent: Sent) -> None:
        """Add a message that was played."""
        event, by = sent.event, sent.by
        if isinstance(event, Program) and by == "musician":
            self._programs[event.channel] = event.program
        elif isinstance(event, Program):  # a sound of the set; the new engine reads the model's programs in the set
            self._programs.pop(event.channel, None)
        is_stopped = self._anchor is not None and not self._anchor.running
        if not isinstance(event, NoteOn | NoteOff | Control) or (is_stopped and not isinstance(event, Control)):
            return
        for note in self._assemblers[by].handle(event, sent.beat):
            self._add_note(note, by)

    def state(self, until_s: float, most_notes: int, ended: tuple[Player, ...]) -> RestoredState:
        """Return the state at `until_s`; the notes that the `ended` players still sound end there."""
        if self._anchor is not None:
            now_beat = self._anchor.beat_at(until_s)
            self._close_all(now_beat, ended)
            for note in self._assemblers["musician"].close_lifted(now_beat):  # its key came up, so no release will come
                self._add_note(note, "musician")
        notes = [*self._notes, *((note, key[0]) for key, note in self._open.items())]
        notes.sort(key=lambda played: (played[0].onset_beats, played[0].channel, played[0].pitch))
        left = dict.fromkeys(range(16), most_notes)
        kept = []
        for note, by in reversed(notes):
            if left[note.channel] > 0:
                left[note.channel] -= 1
                kept.append((note, by))
        return RestoredState(self._anchor, self.status, self._programs, tuple(reversed(kept)), tuple(self._chords))

    def _add_note(self, note: Note, by: Player) -> None:
        key = (by, note.channel, note.pitch)
        if note.duration_beats is None:
            self._open[key] = note
        else:
            del self._open[key]
            self._notes.append((note, by))

    def _close_all(self, beat: float, players: tuple[Player, ...]) -> None:
        for by in players:
            for note in self._assemblers[by].close_all(beat):
                self._add_note(note, by)
