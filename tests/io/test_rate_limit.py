"""What a broken controller sends is bounded, and nothing that was let in hangs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bollylive.io.rate_limit import NOTES_AT_ONCE, NOTES_PER_S, OTHERS_AT_ONCE, OTHERS_PER_S, RateLimit
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Raw, Stop, Tick

WHEEL = Control(0, 1, 5)


def drown(flood: RateLimit, now_s: float = 0.0) -> None:
    """Use up everything but the clock's allowance."""
    for i in range(20_000):
        flood.admits(Control(15, i % 16, i % 128), now_s)
        flood.admits(NoteOn(15, i % 128, 100), now_s)


def test_playing_passes_however_dense() -> None:
    flood = RateLimit()
    for step in range(2000):  # 480 notes a second, with their offs, and two wheels that turn all the time
        now_s = step / 480
        for event in (NoteOn(step % 16, 60, 90), NoteOff(step % 16, 60), Control(0, 1, step % 128), Raw(b"\xe0\0\0")):
            assert flood.admits(event, now_s)
    assert flood.dropped == 0
    assert flood.take_problem() is None


def test_a_daw_that_starts_sixteen_tracks_at_once_is_let_in_whole() -> None:
    flood = RateLimit()
    burst: list[Event] = [NoteOn(channel, 60 + i, 90) for channel in range(16) for i in range(8)]
    burst += [Control(channel, number, 1) for channel in range(16) for number in range(100)]
    assert all(flood.admits(event, 0.0) for event in burst)


def test_a_flood_of_notes_is_bounded_and_told_once() -> None:
    flood = RateLimit()
    admitted = sum(flood.admits(NoteOn(0, i % 128, 1 + i % 127), i / 10_000) for i in range(50_000))
    assert admitted <= NOTES_AT_ONCE + 5 * NOTES_PER_S + 1
    assert flood.dropped == 50_000 - admitted
    assert flood.take_problem() is not None
    assert flood.take_problem() is None


def test_a_controller_gone_mad_is_bounded_and_ends_where_it_was_left() -> None:
    flood = RateLimit()
    values = [i * 37 % 128 for i in range(50_000)]
    came: list[Event] = []
    for i, value in enumerate(values):
        event = Control(0, 1, value)
        came += [event] if flood.admits(event, i / 10_000) else []
        came += flood.take_waiting(i / 10_000)
    came += flood.take_waiting(5.1)
    assert len(came) <= OTHERS_AT_ONCE + 5.1 * OTHERS_PER_S + 1
    assert came[-1] == Control(0, 1, values[-1])


def test_a_wheel_of_another_channel_has_its_turn_in_the_flood() -> None:
    flood = RateLimit()
    drown(flood)
    flood.take_waiting(0.0)
    assert not flood.admits(Control(3, 64, 0), 0.0)
    came: list[Event] = []
    for i in range(2000):
        now_s = i / 20_000
        flood.admits(Control(15, i % 16, i % 128), now_s)
        came += flood.take_waiting(now_s)
    assert Control(3, 64, 0) in came[:32]


def test_offs_and_a_panic_pass_in_the_flood() -> None:
    flood = RateLimit()
    assert flood.admits(NoteOn(0, 60, 90), 0.0)
    drown(flood)
    assert flood.admits(NoteOff(0, 60), 0.0)
    assert all(flood.admits(Control(channel, number, 0), 0.0) for channel in range(16) for number in (120, 123))
    assert flood.admits(Stop(), 0.0)


def test_a_flood_of_resets_is_bounded_but_what_was_played_in_it_is_ended() -> None:
    flood = RateLimit()
    assert sum(flood.admits(Control(0, 123, 0), 0.0) for _ in range(10_000)) < 1000
    assert flood.admits(NoteOn(0, 60, 90), 0.0)
    assert flood.admits(Control(0, 123, 0), 0.0)


def test_a_clock_gone_mad_is_bounded() -> None:
    flood = RateLimit()
    assert sum(flood.admits(Tick(), i / 100_000) for i in range(100_000)) < 6000


def test_sysex_never_waits() -> None:
    flood = RateLimit()
    drown(flood)
    waiting = flood.take_waiting(0.0)
    assert not flood.admits(Raw(b"\xf0\x01\x02\xf7"), 0.0)
    assert not [event for event in [*waiting, *flood.take_waiting(9.0)] if isinstance(event, Raw)]


STEPS = st.tuples(
    st.sampled_from([0.0, 0.0001, 0.01]),
    st.integers(1, 300),  # times
    st.one_of(
        st.builds(NoteOn, st.just(0), st.integers(60, 63), st.just(90)),
        st.builds(NoteOff, st.just(0), st.integers(60, 63)),
        st.builds(Control, st.just(0), st.sampled_from([1, 64, 123]), st.integers(0, 127)),
    ),
)


@given(st.lists(STEPS, max_size=30))
def test_whatever_is_let_in_can_be_ended_and_every_controller_arrives(
    steps: list[tuple[float, int, NoteOn | NoteOff | Control]],
) -> None:
    flood, now_s = RateLimit(), 0.0
    down: set[int] = set()
    moved: dict[int, int] = {}
    arrived: dict[int, int] = {}

    def arrive(event: Event) -> None:
        match event:
            case NoteOn(_, pitch):
                down.add(pitch)
            case NoteOff(_, pitch):
                down.discard(pitch)
            case Control(_, number, value):
                arrived[number] = value

    for step_s, times, event in steps:
        for _ in range(times):
            now_s += step_s
            if flood.admits(event, now_s):
                arrive(event)
            for late in flood.take_waiting(now_s):
                arrive(late)
        if isinstance(event, Control) and event.number < 120:
            moved[event.number] = event.value
    for pitch in range(60, 64):
        if flood.admits(NoteOff(0, pitch), now_s):
            arrive(NoteOff(0, pitch))
    for late in flood.take_waiting(now_s + 10):
        arrive(late)
    assert not down
    assert {number: arrived[number] for number in moved} == moved
