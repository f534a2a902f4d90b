"""When the band rests, when it wakes, and how it goes on after a jump, with another set, or after an engine is lost.

The band rests until the musician begins, and rests again when the song stops, after a long pause of the musician's, or
at a panic.
"""

from __future__ import annotations

import math

from bollylive.clock.anchor import Anchor
from bollylive.engine.band_state import BandState
from bollylive.engine.grid import ticks_of
from bollylive.engine.part import Part
from bollylive.engine.prepared_entry import PreparedEntry
from bollylive.engine.turn_taking import FADE_BEATS, TurnTaking
from bollylive.midi.messages import ALL_SOUND_OFF, Control
from bollylive.model.codec import PERCUSSION
from bollylive.protocol import Instruction, Release
from bollylive.sets.settings import TURN_ROLES, Set

JUMP_S = 0.5  # a song that stands still for longer counts as stopped


class RestAndWake:
    """Lets all parts begin and end together. Owned by the engine.

    `prepared_entry` is the percussion's, while the band rests and the musician's first note is the downbeat.
    """

    def __init__(self, state: BandState, turns: TurnTaking) -> None:
        self._state, self._turns = state, turns
        self._stopped_s = self._panicked_s = -math.inf  # when a stop or a jump, or a panic, silenced the band
        self._stopped_parts: list[Part] = []  # the parts that the model played then
        self.prepared_entry = self._prepare_entry()

    def wake(self, beat: float, channel: int | None = None) -> None:
        """The accompaniment enters with the musician's first note; the percussion has its stroke already.

        The musician has the `channel` of that note to themselves, if it is one.
        """
        state = self._state
        if state.is_free:
            state.grid.move_zero(beat)
        state.awake = True
        tick = state.grid.next_tick(beat)
        state.pitchless_tick = tick
        for part in state.parts:
            if part.channel == channel:
                continue
            ready = self.prepared_entry.take(part.channel, tick) if self.prepared_entry and state.is_free else None
            if ready is not None:
                state.join(ready)
            elif part.setting.role == "accompany":
                part.enter(self._entry_tick(part, tick))

    def hear_pitch(self, tick: int) -> list[Instruction]:
        """The musician plays the first pitch since the band began: pitched parts that did not wait for it start again.

        They forget what they have played since then, because its key was theirs, and those that accompany enter as if
        that note had woken them.
        """
        state, since = self._state, self._state.pitchless_tick
        state.pitchless_tick = None
        ended: list[Instruction] = []
        for part in state.parts:
            went_ahead = since is not None and part.is_playing and part.instrument != PERCUSSION
            if not went_ahead or not state.withdraw(part, (since or 0) - 1):
                continue
            if part.setting.role == "accompany" and next(part.history.newest_pitches(), None) is None:
                part.history = state.parts.new_part(part.channel).history
                part.enter(self._entry_tick(part, tick))
            else:
                part.resume(tick)
            ended.append(Release(part.channel, FADE_BEATS))
        return ended

    def sleep(self, beat: float) -> list[Instruction]:
        """Plan nothing more until the musician begins again; all notes end."""
        self._stopped_s = self._panicked_s = -math.inf
        return self._end_all(beat)

    def panic(self, beat: float) -> list[Instruction]:
        """As `sleep`, after a message that ends all notes on all channels.

        A DAW sends it just before its song jumps, too: if the song goes on at once, the band goes on with it.
        """
        state = self._state
        if state.awake:
            self._remember_parts()
            self._panicked_s = state.grid.anchor.seconds_at(beat)
        for channel in range(16):
            state.end_notes(Control(channel, ALL_SOUND_OFF, 0), beat)
        return self._end_all(beat)

    def _end_all(self, beat: float) -> list[Instruction]:
        state = self._state
        state.awake = False
        for note in state.assembler.cut_all(beat):
            state.end_note(note)
        for part in state.parts:
            self._turns.end(part, state.grid.tick_of(beat))
        self.prepared_entry = self._prepare_entry()
        return [Release(part.channel) for part in state.parts]

    def rest_tick(self) -> int | None:
        """The tick at which the band rests; None if it may not.

        Under a clock it waits longer, because the musician may only listen to the song, and ends with a bar. It may not
        rest where nobody could wake it, nor while a key is held, nor while a loop plays.
        """
        state, band = self._state, self._state.live.band
        if not state.awake or band.rest_after_beats <= 0:
            return None
        is_clocked = state.grid.anchor.followed
        if is_clocked and band.clock_rest_after_beats <= 0:
            return None
        if self._turns.has_loop or any(state.holds(part) for part in state.parts):
            return None
        if is_clocked:
            return state.grid.bar_line(state.touched_tick + ticks_of(band.clock_rest_after_beats))
        return state.touched_tick + ticks_of(band.rest_after_beats)

    def rest(self, earliest: int) -> None:
        """Rest if it is time; notes that are fixed are played to their end, so that the band is not cut off."""
        tick = self.rest_tick()
        if tick is not None and earliest >= tick:
            self.sleep(self._state.grid.beat_of(earliest + self._state.commit_ticks))

    def follow(self, anchor: Anchor) -> list[Instruction]:
        """Follow the beat; a stop or a jump ends what is being played.

        A song that goes on at once, elsewhere, is a loop or a locate: the band goes on with it.
        """
        state, old = self._state, self._state.grid.anchor
        instructions: list[Instruction] = []
        if not anchor.running or anchor.epoch != old.epoch:
            if state.awake:
                self._remember_parts()
            if state.awake or anchor.at_s - self._panicked_s < JUMP_S:
                self._stopped_s = anchor.at_s
            # Planned notes that are still on their way to the ports are withdrawn too.
            instructions = self._end_all(old.beat_at(anchor.at_s))
        state.grid.follow(anchor)
        if anchor.bar_beat not in (None, old.bar_beat):
            state.keep_to_bars()
        if anchor.running and not state.awake and anchor.at_s - self._stopped_s < JUMP_S:
            self._go_on(anchor)
        return instructions

    def change_roles(self, before: Set, beat: float) -> list[Instruction]:
        """Follow another set: parts that may no longer play end, and parts that may play now enter at a bar line."""
        state = self._state
        changed = [part for part in state.parts if part.setting.role != before.channel(part.channel).role]
        for part in changed:
            if part.setting.role == "off":  # the release of a key that is held there is never heard
                for note in state.assembler.handle(Control(part.channel, ALL_SOUND_OFF, 0), beat):
                    state.close_note(part, note, 1)
            self._turns.end(part, state.grid.tick_of(beat))
            if state.awake and part.setting.role == "accompany":
                part.enter(state.grid.bar_line(state.grid.next_tick(beat)))
        if not state.awake:
            self.prepared_entry = self._prepare_entry()
        return [Release(part.channel, 0.0 if part.setting.role == "off" else FADE_BEATS) for part in changed]

    def resume(self, tick: int) -> None:
        """Wake from `tick` on as if the band had never rested, for an engine that is gone.

        Parts that have already played go on when the model says; the others enter at a bar line.
        """
        state = self._state
        state.awake = True
        for part in state.parts:
            last, role = part.history.last, part.setting.role
            if not part.is_playing and (role == "accompany" or (role == "continue" and last and last.by_model)):
                part.enter(max(state.grid.bar_line(tick), self._entry_tick(part, state.grid.zero_tick)))
                part.resume(tick)

    def _go_on(self, anchor: Anchor) -> None:
        """Go on after a jump of the song: every part that played comes in at once."""
        state = self._state
        state.pitchless_tick = None
        state.awake, self._stopped_s, self._panicked_s = True, -math.inf, -math.inf
        tick = state.grid.next_tick(anchor.beat)
        for part in state.parts:
            played = part in self._stopped_parts
            if part.setting.role == "accompany" and (played or part.touched_tick is None):
                part.enter(tick)
            elif played and part.setting.role in TURN_ROLES:
                self._turns.hand_over(part, tick)

    def _remember_parts(self) -> None:
        self._stopped_parts = [part for part in self._state.parts if part.is_playing]

    def _entry_tick(self, part: Part, tick: int) -> int:
        """When a part enters, if the band begins at a tick."""
        bars, grid = part.setting.entry_bars, self._state.grid
        return grid.bar_line(tick + 1) + (bars - 1) * grid.bar_ticks if bars else tick

    def _prepare_entry(self) -> PreparedEntry | None:
        parts = self._state.parts
        return PreparedEntry([parts.new_part(part.channel) for part in parts]) if self._state.is_free else None
