"""Makes a recording of a performance: one track for each channel and player.

The recording counts its own beats, which never go back. In free tempo its beat 0 is the first note, the downbeat;
the first note after a rest is a downbeat again, and moves to the next bar line. Where the performance jumps (Start,
Song Position), the recording goes on at the next bar line, so it is never written over. Where the musician sets a new
sam, a bar begins, and the bar before it is shorter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from bollylive.clock.anchor import Anchor
from bollylive.journal.as_heard import AsHeard
from bollylive.journal.checkpoint import Entry
from bollylive.journal.recorded_bars import RecordedBars
from bollylive.journal.tempo_map import TempoMap
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Player, Program
from bollylive.midi.song import Change, Meters, Tempos, Track
from bollylive.protocol import EngineStatus, Sent

_BACKSTEP_BEATS: Final = 0.5  # a followed clock steps back by less than this; more is a jump
_LONGEST_GAP_BEATS: Final = 100_000.0  # half a day at 140 beats per minute; more is a damaged number
_RECORDED: Final = (NoteOn, NoteOff, Control, Program)


@dataclass(slots=True)
class _Part:
    assembler: Assembler = field(default_factory=Assembler)
    notes: list[Note] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    program: int | None = None


class RecordedMusic(NamedTuple):
    """What a recording holds, in its own beats."""

    tracks: tuple[Track, ...]
    tempos: Tempos
    meters: Meters


class Recording:
    """Collects a performance in memory. For one thread."""

    def __init__(
        self, names: Mapping[int, str] | None = None, beats_per_bar: float = 4, *, goes_on: bool = False
    ) -> None:
        """`names` are those of the channels 0-15, for the names of the tracks.

        With `goes_on` the first entry is one in the middle of a performance; so its bars are those of the engine.
        """
        self._names = dict(names or {})
        self._bars = RecordedBars(beats_per_bar)
        self._parts: dict[tuple[int, Player], _Part] = {}
        self._as_heard = AsHeard()
        self._anchor: Anchor | None = None
        self._offset_beats = 0.0  # added to the performance's beats; whole bars after a jump
        self._latest_s = -math.inf
        self._last_beat = 0.0  # of the recording; nothing is ever written before it
        self._tempo_map = TempoMap()
        self._goes_on, self._zero_beats = goes_on, 0.0
        self._begun = False  # there was a note
        self._status = EngineStatus()
        self._rests = False  # the band has gone to sleep, and the musician has not played since

    @property
    def beat(self) -> float:
        """The beat of the newest event in the recording."""
        return self._last_beat

    def add(self, entry: Entry) -> None:
        """Record the next entry of a performance; an anchor comes before the messages that were sent under it."""
        match entry:
            case Sent():
                for heard in self._as_heard.read(entry):
                    self._add_sent(heard)
            case Anchor():
                self._follow(entry)
            case EngineStatus():
                before, self._status = self._status, entry
                if replace(before, chord=entry.chord) != entry or before == entry:  # otherwise only the chord is new
                    self._rests, self._zero_beats = not entry.awake, entry.zero_beats
                    self._bars.begin_bar(entry.zero_beats + self._offset_beats, self._last_beat)

    def music(self) -> RecordedMusic:
        """Return everything so far, see `tracks`, `tempos` and `meters`; the recording may go on."""
        return RecordedMusic(self.tracks(), self.tempos(), self.meters())

    def tracks(self) -> tuple[Track, ...]:
        """Return the parts that have notes, by channel, the musician's first; notes that still sound end here."""
        order = sorted(self._parts, key=lambda key: (key[0], key[1] != "musician"))
        tracks = (self._track(channel, player) for channel, player in order)
        return tuple(track for track in tracks if track.notes)

    def tempos(self) -> Tempos:
        """Return (beat of the recording, beats per minute), from beat 0 on."""
        return self._tempo_map.tempos(self._last_beat)

    def meters(self) -> Meters:
        """Return (beat of the recording, quarter notes per bar), from beat 0 on."""
        return self._bars.meters(self._last_beat)

    def _follow(self, anchor: Anchor) -> None:
        """Follow a new tempo, a stop, or a jump; a repeated anchor has no effect."""
        if anchor == self._anchor:
            return
        before, self._anchor = self._anchor, anchor
        jumps = before is not None and anchor.epoch != before.epoch
        # The point of an anchor may lie in the past, by whole beats; it holds from now on.
        at_s = self._latest_s = anchor.at_s if jumps or before is None else max(anchor.at_s, self._latest_s)
        beat = anchor.beat_at(at_s)
        jumps = jumps or self._leaps(beat + self._offset_beats)
        if jumps:
            self._go_on_at_bar(beat)
        beat += self._offset_beats
        if jumps or before is None or before.running != anchor.running:
            self._tempo_map.begin(max(self._last_beat, beat), at_s, anchor.seconds_per_beat)
        else:
            self._tempo_map.add(beat, at_s, anchor.seconds_per_beat)

    def _leaps(self, beat: float) -> bool:
        """Whether a beat of the recording is too far from the last one to be the same piece of music."""
        return not -_BACKSTEP_BEATS <= beat - self._last_beat <= _LONGEST_GAP_BEATS

    def _go_on_at_bar(self, beat: float) -> None:
        """Let a beat of the performance be as far behind a bar line as before, but not before the last one."""
        self._offset_beats = self._bars.first_line(self._last_beat - beat)

    def _add_sent(self, sent: Sent) -> None:
        """Record a note, a control, or a program change; other messages are left out."""
        event = sent.event
        if not isinstance(event, _RECORDED):
            return
        if isinstance(event, NoteOn):
            if not self._begun:
                self._begin(sent)
            elif self._rests and sent.by == "musician":
                self._begin_again(sent)
        beat = self._beat_of(sent)
        if beat > self._last_beat + _LONGEST_GAP_BEATS:
            self._go_on_at_bar(sent.beat)
            beat = self._beat_of(sent)
        beat = self._last_beat = max(self._last_beat, beat)
        self._latest_s = max(self._latest_s, sent.at_s)
        key = event.channel, sent.by
        if (part := self._parts.get(key)) is None:
            part = self._parts[key] = _Part()
        if isinstance(event, Program) and part.program is None and not part.notes:
            part.program = event.program
        elif isinstance(event, Control | Program):
            part.changes.append((beat, event))
        if not isinstance(event, Program):
            for note in part.assembler.handle(event, beat):
                if note.duration_beats is not None:
                    part.notes.append(note)

    def _beat_of(self, sent: Sent) -> float:
        beat = sent.beat + self._offset_beats
        if self._anchor is not None and not self._anchor.running:
            # The song is stopped, but the musician may play on: the recording goes on at the last tempo.
            beat += (sent.at_s - self._anchor.at_s) / self._anchor.seconds_per_beat
        return beat

    def _begin(self, sent: Sent) -> None:
        """In free tempo the recording begins with the first note; in a Link session, with the bar of that note."""
        self._begun, self._rests = True, False
        if self._anchor is None or self._anchor.followed:
            return
        bar_beat = self._zero_beats if self._goes_on and self._anchor.is_free else self._anchor.bar_beat
        into_bar = 0.0 if bar_beat is None else (sent.beat - bar_beat) % self._bars.beats_per_bar
        self._tempo_map.move(into_bar - sent.beat - self._offset_beats)
        self._offset_beats, self._last_beat = into_bar - sent.beat, 0.0
        self._bars = RecordedBars(self._bars.beats_per_bar)

    def _begin_again(self, sent: Sent) -> None:
        """In free tempo the first note after a rest is a downbeat too."""
        self._rests = False
        if self._anchor is not None and self._anchor.running and self._anchor.is_free:
            line = self._bars.first_line(max(self._last_beat, self._beat_of(sent)))
            self._offset_beats = line - sent.beat
            self._tempo_map.begin(line, sent.at_s, self._anchor.seconds_per_beat)

    def _track(self, channel: int, player: Player) -> Track:
        part = self._parts[channel, player]
        still_sounding = deepcopy(part.assembler).close_all(self._last_beat)  # a copy, since the recording may go on
        notes = [*part.notes, *still_sounding]
        notes.sort(key=lambda note: (note.onset_beats, note.pitch))
        name = f"{channel + 1} {self._names.get(channel, '')}".rstrip()
        return Track(f"{name} ({player})", channel, part.program, tuple(notes), tuple(part.changes))
