"""What a voice itself played before, as the model receives it."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.model import codec
from bollylive.model.bar_echoes import (
    BARS_AGO,
    DURATION,
    ECHOES,
    KIND,
    KINDS,
    LONGEST_PASSAGE,
    NEXT,
    NO_ECHO,
    NO_NEXT,
    PITCH,
    UNKNOWN,
    VELOCITY,
    find_echoes,
)
from bollylive.model.codec import CHOOSE, HELD, PERCUSSION, REST, WAIT, WAIT_TICKS, Rows
from bollylive.model.predictor import Ints

BAR = 96
ONE_BAR, TWO_BARS, FOUR_BARS, PASSAGE = range(ECHOES)
HERE = 1  # the kind of an echo that stands exactly at its place

Note = tuple[int, int]  # tick and pitch


def voice_of(notes: list[Note], instrument: int = 0, cycle: int = BAR) -> tuple[Rows, Ints]:
    """Notes of (tick, pitch) with the rests between them; each row lasts longer than the one before."""
    every = [(notes[0][0] - 24, REST)]
    for tick, pitch in notes:
        every += [(rest, REST) for rest in codec.rest_ticks(every[-1][0], tick)]
        every.append((tick, pitch))
    columns = [(tick, pitch, 1 + i % 24, 8 * (1 + i % 15)) for i, (tick, pitch) in enumerate(every)]
    voice = codec.Voice(*np.array(columns, dtype=np.int64).T)
    rows = codec.encode(voice, since=every[0][0], previous=REST, instrument=instrument, origin=0, cycle=cycle)
    return rows, voice.tick


def last_echoes(notes: list[Note], instrument: int = 0, cycle: int = BAR) -> Ints:
    """The echoes [E, 5] of the last row, whose own words are still to be chosen."""
    rows, tick = voice_of(notes, instrument, cycle)
    rows[-1, codec.CHOSEN] = CHOOSE
    (echoes,) = find_echoes(rows, tick, len(rows) - 1)
    return np.asarray(echoes)


def melody(bars: int, pitch: int = 60) -> list[Note]:
    """Two notes a beat, each bar's pitches twelve above those of the bar before, up to the next bar line."""
    return [(12 * i, pitch + 12 * (i // 8) + i % 8) for i in range(8 * bars + 1)]


def test_a_melody_hears_what_it_played_one_two_and_four_bars_ago() -> None:
    echoes = last_echoes(melody(4))
    assert echoes[:PASSAGE, PITCH].tolist() == [60 + 12 * (4 - bars) for bars in BARS_AGO]
    assert echoes[:PASSAGE, KIND].tolist() == [HERE] * 3
    assert echoes[:PASSAGE, NEXT].tolist() == [12] * 3
    rows, _ = voice_of(melody(4))
    sources = [1 + 8 * (4 - bars) for bars in BARS_AGO]
    assert (
        echoes[:PASSAGE, [DURATION, VELOCITY]].tolist() == rows[sources][:, [codec.DURATION, codec.VELOCITY]].tolist()
    )


def test_a_bar_is_as_long_as_the_cycle() -> None:
    assert last_echoes(melody(3)[:19], cycle=72)[:PASSAGE, PITCH].tolist() == [76, 66, REST]


def test_every_note_of_a_chord_hears_its_like_in_the_chord_of_a_bar_ago() -> None:
    first, second = (60, 64, 67), (62, 65, 69)
    notes = [(0, pitch) for pitch in first] + [(48, 72)] + [(BAR, pitch) for pitch in second]
    rows, tick = voice_of(notes)
    echoes = find_echoes(rows, tick)[-3:, ONE_BAR]
    assert echoes[:, PITCH].tolist() == list(first)
    assert echoes[:, NEXT].tolist() == [0, 0, 48]


def test_a_chord_that_has_grown_hears_where_it_went_on() -> None:
    notes = [(0, 60), (48, 72), (BAR, 60), (BAR, 64)]
    echo = last_echoes(notes)[ONE_BAR]
    assert echo[[PITCH, KIND, NEXT]].tolist() == [REST, 7, 48]  # nothing near, and the next 48 ticks after that place


def test_drums_hear_their_last_bar_too() -> None:
    beat = [(12 * i + BAR * bar, pitch) for bar in range(3) for i, pitch in enumerate((36, 42, 38, 42, 36, 36, 38, 46))]
    echoes = last_echoes([*beat, (3 * BAR, 36)], PERCUSSION)
    assert echoes[[ONE_BAR, TWO_BARS], PITCH].tolist() == [36, 36]
    rows, tick = voice_of(beat, PERCUSSION)
    assert find_echoes(rows, tick)[-8:, ONE_BAR, PITCH].tolist() == [36, 42, 38, 42, 36, 36, 38, 46]


@pytest.mark.parametrize(("late", "kind", "pitch"), [(-1, 0, 60), (0, 1, 60), (1, 2, 60), (2, 3, REST), (20, 7, REST)])
def test_what_stood_a_little_beside_the_place_is_told_with_its_distance(late: int, kind: int, pitch: int) -> None:
    notes = [(0, 50), (24, 52), (48 + late, 60), (72, 70), (96, 50), (144, 61)]
    echo = last_echoes(notes)[ONE_BAR]
    assert echo[[PITCH, KIND]].tolist() == [pitch, kind]
    assert echo[NEXT] == (24 if pitch == 60 else late)


def test_where_a_bar_ago_nothing_began_for_long_that_is_told() -> None:
    notes = [(0, 50), (60, 55), (BAR, 60), (BAR + 6, 62)]
    echo = last_echoes(notes)[ONE_BAR]
    assert echo[[PITCH, KIND, NEXT]].tolist() == [REST, 7, WAIT]


def test_where_nothing_sounded_since_a_bar_ago_nothing_is_known() -> None:
    assert last_echoes([(0, 60), (3 * BAR, 62)])[ONE_BAR].tolist() == list(NO_ECHO)


def test_at_the_beginning_nothing_is_known() -> None:
    rows, tick = voice_of([(0, 60), (12, 61), (30, 64)])
    assert (find_echoes(rows, tick) == NO_ECHO).all()
    assert NO_ECHO == (REST, UNKNOWN, HELD, 0, NO_NEXT)


def test_a_voice_of_rests_knows_no_notes() -> None:
    rows, tick = voice_of([(48 * i, REST) for i in range(1, 9)])
    echoes = find_echoes(rows, tick)
    assert (echoes[..., PITCH] == REST).all()
    assert (echoes[:, :PASSAGE] == NO_ECHO).all()


def phrase(start: int, pitch: int, steps: tuple[int, ...], gaps: tuple[int, ...]) -> list[Note]:
    """Notes from a tick and a pitch on by these intervals and these onsets."""
    ticks = accumulate(gaps, initial=start)
    return list(zip(ticks, accumulate(steps, initial=pitch), strict=True))


GAPS = (12, 6, 18)


def test_a_passage_goes_on_as_it_did_before_transposed_to_here() -> None:
    once = phrase(0, 60, (2, 2, 3), GAPS)  # 60 62 64 67
    again = phrase(500, 65, (2, 2, 1), GAPS)  # 65 67 69, and then it is asked
    echo = last_echoes([*once, *again])[PASSAGE]
    assert echo[PITCH] == 69 + 3
    rows, _ = voice_of(once)
    assert echo[[DURATION, VELOCITY]].tolist() == rows[4, [codec.DURATION, codec.VELOCITY]].tolist()
    assert echo[NEXT] == WAIT  # after it came a rest


def test_percussion_goes_on_with_the_very_same_drum_and_is_never_transposed() -> None:
    once = [(0, 36), (12, 38), (18, 42)]
    again, elsewhere = [(200, 36), (212, 38), (218, 50)], [(200, 46), (212, 48), (218, 50)]
    assert last_echoes([*once, *again], PERCUSSION)[PASSAGE, PITCH] == 42
    assert last_echoes([*once, *elsewhere], PERCUSSION)[PASSAGE].tolist() == list(NO_ECHO)
    assert last_echoes([*once, *elsewhere])[PASSAGE, PITCH] == 52


def test_the_longest_passage_wins_and_of_equals_the_newest() -> None:
    long = phrase(0, 60, (1, 2, 3, 4), (12,) * 4)  # 1, 2, 3 and then 4
    short = phrase(60, 50, (5, 3, 7), (12,) * 3)  # 3 and then 7
    here = phrase(108, 40, (1, 2, 3, 9), (12,) * 4)
    echo = last_echoes([*long, *short, *here])[PASSAGE]
    assert echo[PITCH] == 46 + 4
    newer = phrase(108, 70, (1, 2, 3, -6), (12,) * 4)
    later = phrase(168, 40, (1, 2, 3, 9), (12,) * 4)
    echo = last_echoes([*long, *short, *newer, *later])[PASSAGE]
    assert echo[PITCH] == 46 - 6


def test_how_long_the_passage_is_is_told_up_to_a_limit() -> None:
    notes = phrase(0, 30, (1, 2) * 20, (12,) * 40)
    rows, tick = voice_of(notes)
    kinds = find_echoes(rows, tick)[:, PASSAGE, KIND].tolist()
    assert kinds[-1] == KINDS - 1 == UNKNOWN + 1 + LONGEST_PASSAGE
    grown = [kind for kind in kinds if kind != UNKNOWN]
    assert grown == sorted(grown)
    assert grown[0] < grown[-1]


def test_a_passage_whose_answer_lies_beyond_the_keyboard_tells_its_time_only() -> None:
    once, again = phrase(0, 60, (2, 30, 1), (12, 12, 6)), phrase(100, 100, (2, 3), (12, 12))
    between = [(48, 10), (60, 10), (84, 10)]
    echo = last_echoes([*once, *between, *again])[PASSAGE]
    assert echo.tolist()[PITCH] == REST
    assert echo.tolist()[DURATION:] == [HELD, 0, 6]


# A row of a voice: ticks since the row before, and a pitch or a rest; few of each, so that much comes again.
steps = st.tuples(st.sampled_from([0, 0, 6, 12, 12, 24, WAIT_TICKS]), st.sampled_from([36, 38, 60, 62, 64, 127, REST]))
voices = st.lists(steps, min_size=1, max_size=60)
instruments = st.sampled_from([0, PERCUSSION])
cycles = st.sampled_from([24, 72, 96])


def voice_of_steps(moves: list[tuple[int, int]], instrument: int, cycle: int) -> tuple[Rows, Ints]:
    ticks = accumulate(ahead for ahead, _ in moves)
    notes = sorted(zip(ticks, (pitch for _, pitch in moves), strict=True))
    return voice_of(notes, instrument, cycle)


@given(voices, instruments, cycles)
def test_row_by_row_the_echoes_are_those_of_all_rows_at_once(
    moves: list[tuple[int, int]], instrument: int, cycle: int
) -> None:
    rows, tick = voice_of_steps(moves, instrument, cycle)
    at_once = find_echoes(rows, tick)
    for i in range(len(rows)):
        assert np.array_equal(find_echoes(rows, tick, i), at_once[i:])
        until, words = rows[: i + 1].copy(), slice(1, 5)
        until[-1, words] = CHOOSE if rows[i, codec.PITCH] != REST else (REST, HELD, 0, CHOOSE)
        assert np.array_equal(find_echoes(until, tick[: i + 1], i)[0], at_once[i])


@given(voices, voices, st.data(), instruments, cycles)
def test_neither_its_own_words_nor_what_comes_later_is_told(
    moves: list[tuple[int, int]], others: list[tuple[int, int]], data: st.DataObject, instrument: int, cycle: int
) -> None:
    rows, tick = voice_of_steps([*moves, (WAIT_TICKS, 60)], instrument, cycle)
    asked = len(rows) - 1
    echoes = find_echoes(rows, tick, asked)[0]
    later, later_tick = voice_of_steps([*moves, (WAIT_TICKS, 62), *others], instrument, cycle)
    later[asked, 2:5] = [data.draw(st.integers(0, size - 1)) for size in (HELD, codec.VELOCITIES, codec.ONSETS)]
    assert np.array_equal(find_echoes(later, later_tick)[asked], echoes)


@given(voices, instruments, cycles)
def test_every_echo_is_made_of_known_words(moves: list[tuple[int, int]], instrument: int, cycle: int) -> None:
    rows, tick = voice_of_steps(moves, instrument, cycle)
    echoes = find_echoes(rows, tick)
    assert (echoes >= 0).all()
    assert (echoes < (REST + 1, KINDS, HELD + 1, codec.VELOCITIES, NO_NEXT + 1)).all()
