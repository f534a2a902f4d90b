"""Everything that a MIDI stream can carry, from the musician to the band and back, on virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from fakes import WILD, FakePredictor, ons, onsets, sounding
from hypothesis import given, settings
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor
from bollylive.io.rate_limit import NOTES_AT_ONCE, NOTES_PER_S, OTHERS_AT_ONCE, OTHERS_PER_S
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Position, Program, Raw, Start, Stop, Tempo
from bollylive.midi.percussion import read_keys
from bollylive.model import codec
from bollylive.model.codec import CHOOSE, PERCUSSION, TICKS_PER_BEAT
from bollylive.offline import OfflineBand
from bollylive.protocol import Heard
from bollylive.sets.controls import Command
from bollylive.sets.settings import ChannelSet, Set

BURST = [Control(channel, number, 0) for number in (64, 123, 121) for channel in range(16)]
MELODY, BASS = ChannelSet(0, role="player"), ChannelSet(1, role="accompany")


def band_of(*channels: ChannelSet, model: FakePredictor | None = None, **settings: Any) -> OfflineBand:
    band = Set(tempo_bpm=120, rest_after_beats=0, channels=channels, **settings)
    return OfflineBand(band, model or FakePredictor(), seed=1)


def reports(offline: OfflineBand) -> list[Heard | Anchor]:
    """Everything that the engine receives from now on, in a list that fills."""
    heard: list[Heard | Anchor] = []
    handle = offline.engine.handle

    def watched(message: Heard | Anchor) -> Any:
        heard.append(message)
        return handle(message)

    offline.engine.handle = cast(Any, watched)  # type: ignore[method-assign]
    return heard


def tap(offline: OfflineBand, at_s: float, channel: int = 0, pitch: int = 60, duration_s: float = 0.1) -> None:
    offline.play(NoteOn(channel, pitch, 100), at_s)
    offline.play(NoteOff(channel, pitch), at_s + duration_s)


def play(offline: OfflineBand, events: Iterable[Event], at_s: float) -> None:
    for event in events:
        offline.play(event, at_s)


def events(offline: OfflineBand) -> list[tuple[float, Event]]:
    return [(round(message.at_s, 6), message.event) for message in offline.sent]


@pytest.mark.parametrize("clocked", [False, True])
def test_the_resets_of_a_daw_end_every_note_once_and_are_not_echoed(clocked: bool) -> None:
    model = FakePredictor()
    offline = band_of(MELODY, BASS, ChannelSet(2), model=model)
    offline.play(Control(0, 64, 127), 0.9)
    offline.play(NoteOn(0, 60, 100), 1.0)
    tap(offline, 1.0, channel=2)
    offline.advance(4.1)
    assert sounding(offline.sent)
    heard, before = reports(offline), len(offline.sent)
    play(offline, [Stop(), *BURST] if clocked else BURST, 4.1)
    assert sounding(offline.sent) == set()
    after = [message.event for message in offline.sent[before:]]
    assert {event for event in after if not isinstance(event, NoteOff)} == {Control(0, 64, 0)}
    resets = [message for message in heard if isinstance(message, Heard) and message.event != Control(0, 64, 0)]
    *ends, last = resets
    assert len(ends) == 2  # of the channels that were played
    assert isinstance(last, Heard)
    assert last.event == Command("panic")  # the whole burst is one
    offline.advance(4.2)
    received, sent, asked = len(heard), len(offline.sent), len(model.questions)
    play(offline, BURST * 2, 4.2)
    offline.advance(20.0)
    assert (len(heard), len(offline.sent), len(model.questions)) == (received, sent, asked)


@pytest.mark.parametrize("role", ["player", "continue", "accompany"])
def test_resets_before_the_musician_begins_are_no_music(role: Any) -> None:
    runs = []
    for resets in (BURST * 3, []):
        offline = band_of(ChannelSet(0, role=role), BASS, model=FakePredictor(WILD))
        play(offline, resets, 0.5)
        offline.advance(0.9)
        assert onsets(offline.sent) == []
        tap(offline, 1.0)
        offline.advance(8.0)
        runs.append(events(offline))
    assert runs[0] == runs[1]
    assert len(runs[0]) > 4


def test_after_the_resets_the_musicians_next_note_brings_the_band_back() -> None:
    offline = band_of(MELODY, BASS)
    tap(offline, 1.0)
    play(offline, BURST * 3, 2.1)
    tap(offline, 6.0)
    offline.advance(8.0)
    played = onsets(offline.sent)
    assert [at for at in played if 2.1 < at < 6.0] == []
    assert played[-1] > 7.5


def durations(model: FakePredictor, pitch: int) -> set[int]:
    """The durations, in ticks, with which the model heard a pitch end."""
    rows = [row for question in model.questions for row in question.rows.reshape(-1, len(codec.FIELDS))]
    return {
        int(codec.DURATION_TICKS[row[codec.DURATION]])
        for row in rows
        if row[codec.PITCH] == pitch and 0 <= row[codec.DURATION] < codec.DURATIONS
    }


@pytest.mark.parametrize(
    ("pedal", "ticks"), [([], 6), ([(0.9, 127), (2.0, 0)], 48), ([(1.1, 127), (1.75, 0)], 36), ([(0.9, 40)], 6)]
)
def test_what_is_played_under_the_pedal_is_as_long_as_it_sounds(pedal: list[tuple[float, int]], ticks: int) -> None:
    model = FakePredictor()
    offline = band_of(ChannelSet(0), model=model, default_role="player")
    strokes: list[tuple[float, Event]] = [(1.0, NoteOn(0, 47, 100)), (1.125, NoteOff(0, 47)), (2.5, NoteOn(0, 48, 1))]
    strokes += [(2.6, NoteOff(0, 48)), *((at_s, Control(0, 64, value)) for at_s, value in pedal)]
    for at_s, event in sorted(strokes, key=lambda timed: timed[0]):
        offline.play(event, at_s)
    offline.advance(6.0)
    assert durations(model, 47) == {ticks}


@pytest.mark.parametrize(
    "event",
    [
        Raw(b"\xe0\x01\x42"),
        Raw(b"\xd0\x33"),
        Raw(b"\xa0\x3c\x22"),
        Control(0, 1, 80),
        Control(0, 64, 70),
        Program(0, 7),
    ],
)
def test_bend_modulation_aftertouch_and_program_pass_where_the_musicians_notes_do(event: Event) -> None:
    for thru in (True, False):
        offline = band_of(replace(MELODY, thru=thru))
        offline.play(event, 1.0)
        assert [message.event for message in offline.sent] == [event] * thru


def test_a_program_change_chooses_the_instrument_that_the_model_plays() -> None:
    model = FakePredictor()
    offline = band_of(MELODY, BASS, model=model)
    offline.play(Program(1, 104), 0.5)
    tap(offline, 1.0)
    offline.advance(2.0)
    assert set(model.rows[:, codec.FIELDS.index("instrument")]) == {104}


@pytest.mark.parametrize("channel", [9, 3])
def test_percussion_strikes_the_keys_of_the_musicians_samples(channel: int) -> None:
    model = FakePredictor(WILD)
    drums = ChannelSet(channel, role="accompany", percussion=((60, 36), (61, 38), (64, 40)))
    offline = band_of(MELODY, drums, model=model)
    tap(offline, 1.0)
    tap(offline, 2.0, channel, pitch=38)
    offline.play(Program(channel, 5), 2.5)
    offline.advance(20.0)
    assert {note.pitch for _, note in ons(offline.sent, channel)} == {36, 38, 40}
    assert {note.pitch for _, note in ons(offline.sent, channel, "musician")} == {38}
    assert sounding(offline.sent) == set() or {pitch for c, pitch in sounding(offline.sent)} <= {36, 38, 40}
    asked = model.rows[model.rows[:, codec.PITCH] == CHOOSE]
    assert set(asked[:, codec.FIELDS.index("instrument")]) == {PERCUSSION}
    known = {int(pitch) for question in model.questions for pitch in question.rows[:, :, codec.PITCH].flat}
    assert known <= {60, 61, 64, CHOOSE, codec.REST}


def test_a_tabla_strikes_the_keys_on_which_the_model_learned_it() -> None:
    tabla = ChannelSet(9, role="accompany", percussion=read_keys("tabla"))
    offline = band_of(MELODY, tabla, model=FakePredictor(WILD))
    tap(offline, 1.0)
    offline.advance(20.0)
    assert {note.pitch for _, note in ons(offline.sent)} == {60, 61, 62, 64}


def notes(offline: OfflineBand) -> np.ndarray[Any, Any]:
    """Beginning and end of the model's notes, in seconds [N, 2]."""
    began: dict[tuple[int, int], float] = {}
    played = []
    for message in offline.sent:
        if isinstance(message.event, NoteOn) and message.by == "model":
            began[message.event.channel, message.event.pitch] = message.at_s
        elif isinstance(message.event, NoteOff) and message.by == "model":
            played.append((began.pop((message.event.channel, message.event.pitch)), message.at_s))
    return np.array(sorted(played))


@pytest.mark.parametrize("delay_ms", [-200.0, -20.0, 30.0, 500.0])
@pytest.mark.parametrize("tempo_bpm", [60.0, 120.0])
def test_a_delayed_instrument_plays_the_same_notes_later_or_earlier(delay_ms: float, tempo_bpm: float) -> None:
    runs = []
    for ms in (0.0, delay_ms):
        offline = band_of(MELODY, replace(BASS, delay_ms=ms), model=FakePredictor((12,)), commit_beats=0.5)
        offline.play(Tempo(tempo_bpm), 0.1)
        tap(offline, 1.0)
        offline.advance(20.0)
        runs.append(notes(offline))
        assert max(message.late_s for message, _ in ons(offline.sent)[1:]) < 1e-6
    begun = 1 if delay_ms < 0 else 0  # what the musician's first note brings about cannot come before that
    count = min(map(len, runs)) - 8  # the last ones have not ended yet
    assert count > 20
    assert runs[1][begun:count] - runs[0][begun:count] == pytest.approx(delay_ms / 1e3, abs=1e-6)
    assert runs[1][0, 0] - runs[0][0, 0] == pytest.approx(max(0.0, delay_ms / 1e3), abs=1e-6)


def test_where_the_tempo_leaves_no_time_an_early_instrument_plays_as_early_as_it_can() -> None:
    offline = band_of(MELODY, replace(BASS, delay_ms=-100), commit_beats=0.25)
    offline.play(Tempo(240), 0.1)
    tap(offline, 1.0)
    offline.advance(5.0)
    at_s = np.array(onsets(offline.sent))
    assert len(at_s) == 32 + 1
    # Notes are decided a quarter of a beat ahead.
    assert at_s[2:] - (1.0 + 0.125 * np.arange(2, 33)) == pytest.approx(-0.0625, abs=0.5 * 0.25 / TICKS_PER_BEAT + 1e-6)


def test_velocities_and_lengths_are_those_of_the_instrument() -> None:
    offline = band_of(MELODY, replace(BASS, softest=30, loudest=50, longest_beats=0.1), model=FakePredictor(WILD))
    tap(offline, 1.0)
    offline.advance(30.0)
    velocities = {note.velocity for _, note in ons(offline.sent)}
    assert velocities <= set(range(30, 51))
    assert len(velocities) > 5
    lengths = np.diff(notes(offline))
    assert lengths.max() <= 0.05 + 1e-6


def perform(offline: OfflineBand, stream: list[tuple[float, Event]], until_s: float, latency_s: float | None) -> None:
    """Play a stream, while all that leaves comes back after `latency_s`, if there is a loop."""
    coming, returned, now_s = list(stream), 0, 0.0
    while now_s < until_s:
        now_s = round(now_s + 0.004, 6)
        if latency_s is not None:
            coming += [(message.at_s + latency_s, message.event) for message in offline.sent[returned:]]
            returned = len(offline.sent)
            coming.sort(key=lambda timed: timed[0])
        while coming and coming[0][0] <= now_s:
            offline.play(coming[0][1], coming.pop(0)[0])
        offline.advance(now_s)


_QUIET_S = 2.25  # a second after the band's first note


@pytest.mark.parametrize("latency_s", [0.003, 0.02, 0.045])
def test_a_loop_is_quiet_a_second_after_the_first_notes(latency_s: float) -> None:
    """Until it is proved, everything goes round; afterwards the musician is heard as without it, and the band plays."""
    stream: list[tuple[float, Event]] = []
    for i in range(12):
        at_s = 1.0013 + 0.31 * i + 2 * (i > 7)
        stream += [(at_s, NoteOn(0, 62 + i % 5, 80 + i)), (at_s + 0.2, NoteOff(0, 62 + i % 5))]
    stream += [(1.4, Control(0, 64, 127)), (2.2, Control(0, 64, 0)), (3.0, Raw(b"\xe0\x01\x42"))]
    stream.sort(key=lambda timed: timed[0])
    runs = []
    for cable_s in (None, latency_s):
        offline = band_of(ChannelSet(0, program=73), BASS, ChannelSet(2), model=FakePredictor(WILD))
        perform(offline, stream, 8.0, cable_s)
        runs.append([message for message in offline.sent if message.at_s >= _QUIET_S])
    alone, looped = ([(round(sent.at_s, 6), sent.event) for sent in run if sent.by == "musician"] for run in runs)
    assert len(alone) > 15
    assert looped == alone
    assert sum(sent.by == "model" and isinstance(sent.event, NoteOn) for sent in runs[1]) > 2
    assert len(events(offline)) < 400


def test_a_flood_leaves_the_engine_little_to_hear_and_the_band_plays_on() -> None:
    offline = band_of(MELODY, BASS)
    tap(offline, 1.0)
    heard = reports(offline)
    for i in range(12_000):  # 20,000 a second, in bundles
        event = NoteOn(4, i * 37 % 128, 1 + i % 127) if i % 2 else Control(4, i % 50, i % 128)
        offline.play(event, 1.5 + i // 240 * 0.012)
    assert len(heard) < (NOTES_AT_ONCE + 0.6 * NOTES_PER_S) + (OTHERS_AT_ONCE + 0.6 * OTHERS_PER_S) + 2
    offline.advance(5.0)
    assert max(np.diff(onsets(offline.sent, 1))) == pytest.approx(0.25, abs=1e-6)
    offline.close()
    assert sounding(offline.sent) == set()


CHANNELS, PITCHES = st.integers(0, 3), st.sampled_from([36, 60, 60, 61])
WORDS = st.one_of(
    st.builds(NoteOn, CHANNELS, PITCHES, st.sampled_from([1, 90])),
    st.builds(NoteOff, CHANNELS, PITCHES),
    st.builds(Control, CHANNELS, st.sampled_from([1, 64, 120, 121, 123]), st.sampled_from([0, 64, 127])),
    st.builds(Tempo, st.sampled_from([40.0, 100.0, 240.0])),
    st.builds(Position, st.sampled_from([0, 16])),
    st.sampled_from([Start(), Stop()]),
)


@st.composite
def instruments(draw: st.DrawFn) -> tuple[ChannelSet, ...]:
    """Four instruments, played in any way that a set can say."""
    return tuple(
        ChannelSet(
            channel,
            role=draw(st.sampled_from(["player", "continue", "accompany"])),
            thru=draw(st.booleans()),
            percussion=draw(st.sampled_from([(), ((60, 61), (61, 61)), ((36, 60), (60, 36)), read_keys("dholak")])),
            delay_ms=draw(st.sampled_from([-500.0, -100.0, 0.0, 3.0, 500.0])),
            velocity_curve=draw(st.sampled_from([0.25, 1.0, 4.0])),
            longest_beats=draw(st.sampled_from([None, 0.05, 1.0])),
        )
        for channel in range(4)
    )


@settings(max_examples=40)
@given(
    instruments(),
    st.lists(st.tuples(st.sampled_from([0.0, 0.003, 0.04, 0.3, 1.0]), WORDS), max_size=25),
    st.none() | st.sampled_from([0.0, 0.012, 0.049, 0.08]),
    st.sampled_from([0.0, 0.2, 2.0]),
)
def test_however_it_is_played_and_whatever_comes_back_every_on_gets_one_off(
    channels: tuple[ChannelSet, ...], stream: list[tuple[float, Event]], latency_s: float | None, commit_beats: float
) -> None:
    band = Set(tempo_bpm=120, commit_beats=commit_beats, horizon_beats=4.0, handover_beats=0.5, channels=channels)
    offline = OfflineBand(band, FakePredictor((6, 0, 12)), seed=1)
    now_s, returned = 0.0, 0
    for step_s, event in stream:
        now_s += step_s
        offline.play(event, now_s)
        if latency_s is not None:  # what has left since comes back in a bundle
            echoes = [message.event for message in offline.sent[returned:]]
            returned = len(offline.sent)
            play(offline, echoes, now_s + latency_s)
    offline.advance(now_s + 2.0)
    times = [message.at_s for message in offline.sent]
    assert times == sorted(times)
    sounding(offline.sent)
    offline.close()
    assert sounding(offline.sent) == set()
