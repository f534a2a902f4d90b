"""Checks the invariants of a performance on virtual time, at the port and between router and engine, at every step."""

from __future__ import annotations

from collections import Counter

from apart import Apart
from synth import Synth

from bollylive.clock.anchor import Anchor
from bollylive.io.note_scheduler import LATE_BOUND_S
from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, Control, Event, Note, NoteOff, NoteOn, Player, Stop
from bollylive.midi.parser import to_bytes
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.protocol import FromEngine, Instruction, Move, Play, Release
from bollylive.sets.settings import MODEL_ROLES, Set

ROUNDING = 1e-6
HALF_A_TICK = 0.5 / TICKS_PER_BEAT
TURNS_A_STEP, TURNS_A_SECOND = 500, 5000  # nothing that a band does needs the engine more often

Key = tuple[int, int]  # channel, pitch


class Witness:
    """Hands what the musician does to a performance, lets time pass, and checks what came of it.

    `promised` are the notes that the router has from the engine and that neither began nor were taken back: channel,
    pitch and beat. `held` are the musician's keys that must sound now, by the rules alone; `sounding` says who plays
    what in truth.
    """

    def __init__(self, show: Apart, band: Set) -> None:
        self.show, self.band, self.before = show, band, band
        self.promised: Counter[tuple[int, int, float]] = Counter()
        self.held: set[Key] = set()
        self.sounding: dict[Key, Player] = {}
        self.synth = Synth()
        self._passed: list[Event] = []  # what came in and was neither an echo nor too much
        self._turns = 0
        self._watch()

    def play(self, event: Event) -> None:
        """The musician or the DAW does something, now."""
        epoch = self.show.anchor.epoch
        self._passed.clear()
        self.show.play(event, self.show.now_s)
        if isinstance(event, Stop) or self.show.anchor.epoch != epoch:
            self.promised.clear()
        elif isinstance(event, Control) and event.number in (ALL_SOUND_OFF, 121, ALL_NOTES_OFF):
            self._withdraw(event.channel)
        self._follow_all()
        self.check()

    def use(self, band: Set) -> None:
        """Another set is loaded, now."""
        self.before, self.band = self.band, band  # what was thought out already is still by the set of before
        self.held = {key for key in self.held if band.passes_thru(key[0])}
        self.show.use(band)
        self.check()
        held = {*(channel for channel, _ in self.synth.pedals), *self.synth.bent, *self.synth.modulated}
        assert all(band.passes_thru(channel) for channel in held)

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._turns = -round(seconds * TURNS_A_SECOND)
        self._passed.clear()
        self.show.advance(self.show.now_s + seconds)
        self._follow_all()
        self.check()

    def check(self) -> None:
        """Nothing has left that should not have, and the musician's keys sound as they are held."""
        self._take_what_left()
        assert {key for key, by in self.sounding.items() if by == "musician"} == self.held

    def close(self) -> None:
        """The performance ends, in silence."""
        self.show.close()
        self.held.clear()
        self.check()
        assert not self.sounding
        assert not self.synth.held()

    def _take_what_left(self) -> None:
        for message in self.show.sent:
            self.synth.hear(to_bytes(message.event), self.show.now_s)
            match message.event:
                case NoteOn(channel, pitch):
                    assert (channel, pitch) not in self.sounding, f"a second on without an off between: {message}"
                    self.sounding[channel, pitch] = message.by
                    if message.by == "model":
                        self._check_begun(message.event, message.beat, message.late_s)
                case NoteOff(channel, pitch):
                    assert (channel, pitch) in self.sounding, f"an off without an on: {message}"
                    assert self.sounding.pop((channel, pitch)) == message.by, f"another one's off: {message}"
        self.show.sent.clear()

    def _check_begun(self, note: NoteOn, beat: float, late_s: float) -> None:
        assert -ROUNDING <= late_s <= LATE_BOUND_S + ROUNDING, f"{note} began {late_s} s late"
        assert self.promised[note.channel, note.pitch, beat] > 0, f"{note} at {beat} was taken back, or never planned"
        self.promised[note.channel, note.pitch, beat] -= 1
        assert self.band.channel(note.channel).role in MODEL_ROLES

    def _watch(self) -> None:
        router, engine = self.show._router, self.show.engine
        obey, tick = router.obey, engine.tick

        returns = router.feedback_filter.returns

        def watched_returns(event: Event, now_s: float) -> bool:
            echoes = returns(event, now_s)
            if not echoes:
                self._passed.append(event)
            return echoes

        def watched_obey(instruction: FromEngine, now_s: float) -> Note | None:
            self._take_what_left()
            anchor = self.show.anchor
            if isinstance(instruction, Release):
                self._withdraw(instruction.channel)
            elif (note := _begins(instruction, anchor)) is not None:
                ahead = note.onset_beats - anchor.beat_at(now_s)
                commit_beats = max(self.band.commit_beats, self.before.commit_beats)
                assert ahead <= commit_beats + 3 * HALF_A_TICK, f"{note} is fixed {ahead} beats ahead"
                ranges = [band.channel(note.channel) for band in (self.band, self.before)]
                assert any(setting.lowest <= note.pitch <= setting.highest for setting in ranges)
                self.promised[note.channel, note.pitch, note.onset_beats] += 1
            return obey(instruction, now_s)

        def watched_tick(now_s: float) -> list[Instruction]:
            self._turns += 1
            assert self._turns < TURNS_A_STEP, "the engine goes round in circles"
            anchor, due_s = self.show.anchor, engine.next_due(now_s)
            # Who had no time to be asked when it was due is late by so much, and no more.
            overdue = 0.0 if due_s is None else (now_s - due_s) / anchor.seconds_per_beat - self.band.commit_beats
            words = tick(now_s)
            for word in words:
                if (note := _begins(word, anchor)) is not None:
                    behind = anchor.beat_at(now_s) - note.onset_beats - max(0.0, overdue)
                    assert behind <= HALF_A_TICK + ROUNDING, f"{note} is planned {behind} beats in the past"
            return words

        router.obey, engine.tick = watched_obey, watched_tick  # type: ignore[method-assign]
        router.feedback_filter.returns = watched_returns  # type: ignore[method-assign]

    def _withdraw(self, channel: int) -> None:
        self.promised = Counter({key: count for key, count in self.promised.items() if key[0] != channel and count})

    def _follow_all(self) -> None:
        for event in self._passed:
            self._follow(event)

    def _follow(self, event: Event) -> None:
        """What the musician's own notes do, by the rules: thru, and ended by their off or by a reset of the channel."""
        if self._is_command(event):
            return
        match event:
            case Control(channel, number) if number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                self.held = {key for key in self.held if key[0] != channel}
            case NoteOn(channel, pitch) if self.band.passes_thru(channel):
                self.held.add((channel, pitch))
            case NoteOff(channel, pitch):
                self.held.discard((channel, pitch))

    def _is_command(self, event: Event) -> bool:
        match event:
            case Control(channel, number):
                is_it = ("cc", number)
            case NoteOn(channel, number) | NoteOff(channel, number):
                is_it = ("note", number)
            case _:
                return False
        return any(
            (control.kind, control.number) == is_it and control.channel in (None, channel)
            for control in self.band.controls
        )


def _begins(instruction: FromEngine, anchor: Anchor) -> Note | None:
    """The note that an instruction lets begin, if it comes in its time."""
    if not isinstance(instruction, Play | Move) or instruction.epoch != anchor.epoch or not anchor.running:
        return None
    return instruction.note
