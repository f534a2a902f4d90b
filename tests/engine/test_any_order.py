"""Whatever comes, in any order: clock messages, notes, pedals, resets, taps, stalls, a model that fails or is slow.

What happens is a rule below; what must hold after each one is in `SoundingNotes`. A new message, gesture or knob is one
more rule.
"""

from __future__ import annotations

from dataclasses import replace

from any_set import bands
from apart import Apart, SlowPredictor
from chords import cycle
from fakes import WILD
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from witness import Witness

from bollylive.midi.messages import (
    Continue,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Position,
    Program,
    Raw,
    Start,
    Stop,
    Tempo,
    Tick,
)
from bollylive.sets.control_set import ACTIONS
from bollylive.sets.settings import KNOBS, Set

CHANNELS = st.integers(0, 4)  # the set names 0-3
PITCHES = st.sampled_from([0, 60, 60, 60, 64, 67, 127])
VELOCITIES = st.integers(1, 127)
TEMPOS = st.sampled_from([1.0, 20.0, 40.0, 60.0, 100.0, 133.3, 180.0, 240.0, 400.0, 999.0])
SCRIPTS = st.sampled_from([(12,), (0, 0, 24), (49, 0), (48,), (1, 30), (0,), WILD])
TURNING = ("hand over", "again", "back", "keep", "vary")
CALLS_S = st.sampled_from([0.0, 0.0, 0.003, 0.07, 0.6])


class AnyOrder(RuleBasedStateMachine):
    """One performance, from its first message to the silence after it."""

    @initialize(band=bands(), script=SCRIPTS, call_s=CALLS_S, chord_ticks=st.sampled_from([None, 12, 48]))
    def begin(self, band: Set, script: tuple[int, ...], call_s: float, chord_ticks: int | None) -> None:
        self.band, self.model = band, SlowPredictor(script, call_s=call_s)
        harmony = None if chord_ticks is None else cycle(400, chord_ticks)
        self.witness = Witness(Apart(band, self.model, harmony=harmony), band)

    def press(self, command: str, channel: int = 0) -> None:
        self.play(Control(channel, self.number_of(command), 127), Control(channel, self.number_of(command), 0))

    def number_of(self, command: str) -> int:
        return next(control.number for control in self.band.controls if control.does == command)

    def play(self, *events: Event) -> None:
        for event in events:
            self.witness.play(event)

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.1, 0.3, 1.0, 3.0]) | st.floats(0, 2))
    def time_passes(self, seconds: float) -> None:
        self.witness.pass_time(seconds)

    @rule()
    def a_clock_stays_away_for_good(self) -> None:
        self.witness.pass_time(10.0)

    @rule(seconds=st.sampled_from([0.02, 0.06, 0.5, 5.0]))
    def the_machine_stalls(self, seconds: float) -> None:
        self.witness.show.stall(seconds)

    @rule(count=st.sampled_from([1, 3, 24, 60]), bpm=TEMPOS, to_bpm=TEMPOS)
    def the_clock_ticks(self, count: int, bpm: float, to_bpm: float) -> None:
        for i in range(count):
            self.play(Tick())
            self.witness.pass_time(2.5 / (bpm + (to_bpm - bpm) * i / count))

    @rule(count=st.integers(1, 60))
    def ticks_that_were_held_up_come_all_at_once(self, count: int) -> None:
        self.play(*[Tick()] * count)

    @rule(message=st.sampled_from([Start(), Stop(), Continue()]))
    def the_song_starts_or_stops(self, message: Start | Stop | Continue) -> None:
        self.play(message)

    @rule(sixteenths=st.sampled_from([0, 1, 6, 256, 16383]))
    def the_song_jumps(self, sixteenths: int) -> None:
        self.play(Position(sixteenths))

    @rule(bpm=TEMPOS)
    def another_free_tempo(self, bpm: float) -> None:
        self.play(Tempo(bpm))

    @rule(channel=CHANNELS, pitches=st.lists(PITCHES, min_size=1, max_size=4), velocity=VELOCITIES)
    def keys_go_down(self, channel: int, pitches: list[int], velocity: int) -> None:
        self.play(*[NoteOn(channel, pitch, velocity) for pitch in pitches])

    @rule(channel=CHANNELS, pitches=st.lists(PITCHES, min_size=1, max_size=4))
    def keys_come_up(self, channel: int, pitches: list[int]) -> None:
        self.play(*[NoteOff(channel, pitch) for pitch in pitches])

    @rule(channel=CHANNELS, pitch=PITCHES, seconds=st.sampled_from([0.0, 0.05, 0.4]))
    def a_note_is_played(self, channel: int, pitch: int, seconds: float) -> None:
        self.play(NoteOn(channel, pitch, 80))
        self.witness.pass_time(seconds)
        self.play(NoteOff(channel, pitch))

    @rule(channel=CHANNELS, number=st.sampled_from([1, 11, 64, 66]), value=st.sampled_from([0, 63, 64, 127]))
    def a_pedal_or_a_wheel_moves(self, channel: int, number: int, value: int) -> None:
        self.play(Control(channel, number, value))

    @rule(channel=CHANNELS, number=st.sampled_from([120, 121, 123]))
    def one_channel_is_reset(self, channel: int, number: int) -> None:
        self.play(Control(channel, number, 0))

    @rule()
    def the_daw_resets_all_channels(self) -> None:
        self.play(*[Control(channel, number, 0) for number in (64, 123, 121) for channel in range(16)])

    @rule()
    def panic(self) -> None:
        self.play(*[Control(channel, number, 0) for channel in range(16) for number in (123, 120)])

    @rule(channel=CHANNELS, program=st.integers(0, 127))
    def the_instrument_changes(self, channel: int, program: int) -> None:
        self.play(Program(channel, program))

    @rule(data=st.sampled_from([b"\xe0\x01\x02", b"\xd1\x40", b"\xf0\x01\xf7", b"\xfe"]))
    def something_passes_through(self, data: bytes) -> None:
        self.play(Raw(data))

    @rule(gap_s=st.floats(0.1, 3.5), count=st.integers(1, 6))
    def the_tempo_is_tapped(self, gap_s: float, count: int) -> None:
        for _ in range(count):
            self.press("tap")
            self.witness.pass_time(gap_s)

    @rule(command=st.sampled_from(ACTIONS), channel=CHANNELS)
    def the_musician_asks_for_something(self, command: str, channel: int) -> None:
        self.press(command, channel)

    @rule(commands=st.lists(st.sampled_from(TURNING), min_size=2, max_size=5), seconds=st.floats(0, 2))
    def they_ask_for_one_thing_after_another(self, commands: list[str], seconds: float) -> None:
        for command in commands:
            self.press(command)
            self.witness.pass_time(seconds)

    @rule(knob=st.sampled_from(list(KNOBS)), value=st.integers(0, 127))
    def a_knob_is_turned(self, knob: str, value: int) -> None:
        self.play(Control(0, self.number_of(knob), value))

    @rule(band=bands(), same_members=st.booleans())
    def another_set_is_loaded(self, band: Set, same_members: bool) -> None:
        if same_members:
            band = replace(band, channels=self.band.channels)
        self.band = replace(band, tempo_bpm=self.band.tempo_bpm, buffer_notes=self.band.buffer_notes)
        self.witness.use(self.band)

    @rule(calls=st.sampled_from([1, 3, 20]))
    def the_model_fails(self, calls: int) -> None:
        self.model.failures = calls

    @rule(call_s=CALLS_S)
    def the_model_takes_its_time(self, call_s: float) -> None:
        self.model.call_s = call_s

    def teardown(self) -> None:
        if hasattr(self, "witness"):
            self.witness.pass_time(2.0)
            self.witness.close()


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestAnyOrder = AnyOrder.TestCase
