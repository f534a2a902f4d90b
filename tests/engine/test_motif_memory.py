"""What a voice remembers of the session, and what the band makes of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from answering import part_of
from fakes import FakePredictor, onsets
from hypothesis import given
from hypothesis import strategies as st

from bollylive.engine.grid import Bars
from bollylive.engine.history import Entry
from bollylive.engine.model_query import query_next_onset, query_note
from bollylive.engine.motif_memory import CONTEXT_NOTES, DEPTH, REMEMBERED_NOTES, MotifMemory
from bollylive.engine.part import Part
from bollylive.errors import SetError
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model import codec
from bollylive.model.codec import CHOOSE, ONSETS, PITCHES, REST, WAIT
from bollylive.model.predictor import Floats
from bollylive.offline import OfflineBand
from bollylive.sets.setfile import parse_set
from bollylive.sets.settings import ChannelSet, Role, Set

Notes = list[tuple[int, int]]  # (tick, pitch)

BAR = 96
MOTIF: Notes = [(0, 60), (12, 64), (24, 67), (42, 72), (48, 71), (72, 66)]


def at(notes: Notes, tick: int, up: int = 0) -> Notes:
    """The same notes later, and in another key."""
    return [(onset + tick, pitch + up) for onset, pitch in notes]


def memory_of(notes: Notes) -> MotifMemory:
    """A memory of notes and of a last one far away, with which those before it are over."""
    memory = MotifMemory()
    for tick, pitch in [*notes, (notes[-1][0] + 2000, 127)]:
        memory.learn(tick, pitch, tick % BAR)
    return memory


def recall(memory: MotifMemory, before: Notes, tick: int, elapsed: int = 0) -> tuple[Floats, Floats]:
    return memory.recall(before[-CONTEXT_NOTES:], tick, tick % BAR, elapsed)


def test_without_anything_remembered_or_played_there_is_no_bias() -> None:
    for memory, before in ((MotifMemory(), MOTIF), (memory_of(MOTIF), [])):
        pitch, onset = recall(memory, before, 96)
        assert (pitch.shape, onset.shape) == ((PITCHES,), (ONSETS,))
        assert not pitch.any()
        assert not onset.any()


@pytest.mark.parametrize("up", [0, 5, -24])
@pytest.mark.parametrize("length", [3, 4, 5])
def test_a_motif_is_known_again_in_any_key(up: int, length: int) -> None:
    memory = memory_of([*MOTIF, *at([(0, 50), (36, 51), (40, 40)], 200)])
    again = at(MOTIF, 4 * BAR, up)
    pitch, onset = recall(memory, again[: length - 1], again[length - 1][0])
    assert pitch.argmax() == again[length - 1][1]
    if length < len(MOTIF):
        assert onset.argmax() == again[length][0] - again[length - 1][0]


def test_a_motif_of_another_key_counts_less_than_one_of_the_same() -> None:
    memory, again = memory_of(MOTIF), [at(MOTIF, 4 * BAR, up) for up in (0, 7)]
    same, moved = (recall(memory, motif[:4], motif[4][0])[0].max() for motif in again)
    assert 0 < moved < same


def test_the_longer_memory_decides() -> None:
    memory = memory_of([(0, 60), (12, 62), (24, 64), (36, 65), (96, 55), (108, 62), (120, 64), (132, 71)])
    pitch, _ = recall(memory, [(384, 60), (396, 62), (408, 64)], 420)
    assert pitch[65] > pitch[71] > 0
    pitch, _ = recall(memory, [(384, 55), (396, 62), (408, 64)], 420)
    assert pitch[71] > pitch[65] > 0


@pytest.mark.parametrize(("gap", "ahead"), [(12, 24), (36, 18)])
def test_the_longer_rhythm_decides(gap: int, ahead: int) -> None:
    gaps = [*[48] * DEPTH, 12, 6, 6, 24, *[48] * DEPTH, 36, 6, 6, 18]
    memory = memory_of([(int(tick), 60) for tick in np.cumsum(gaps)])
    now = [(int(tick) + 10 * BAR + 1, 60) for tick in np.cumsum([48, 48, gap, 6])]
    assert recall(memory, now, now[-1][0] + 6)[1].argmax() == ahead


def test_the_place_in_the_bar_decides_between_what_is_alike() -> None:
    stroke = 12
    memory = memory_of([(i * stroke, 38 if i % 8 == 4 else 36) for i in range(40)])
    before = [(tick * stroke, 36) for tick in (80, 81, 82, 83)]
    assert recall(memory, before, 84 * stroke)[0].argmax() == 38
    assert recall(memory, at(before, stroke), 85 * stroke)[0].argmax() == 36


def test_what_was_played_more_often_is_likelier() -> None:
    turns = [[(0, 60), (24, 62), (48, last)] for last in (64, 64, 59)]
    memory = memory_of([note for bar, turn in enumerate(turns) for note in at(turn, bar * BAR)])
    pitch, _ = recall(memory, [(960, 60), (984, 62)], 1008)
    assert pitch[64] > pitch[59] > 0


def test_a_gap_that_is_over_is_no_longer_expected() -> None:
    memory = memory_of([(0, 60), (24, 62), (24 + 150, 64), (192, 60), (216, 62), (222, 59), (222, 64), (318, 60)])
    before = [(384, 60)]
    expected = [set(np.flatnonzero(recall(memory, before, 408, elapsed)[1])) for elapsed in (0, 48, 96, 144)]
    assert {6, WAIT} <= expected[0]
    assert 0 in expected[0], "the chord"
    assert expected[1] == {96 - 48, WAIT}
    assert expected[2] == {WAIT}, "what is due now would have been a note, and no chord"
    assert expected[3] == {150 - 144}


def test_the_notes_of_a_chord_may_enter_any_order() -> None:
    chords = [(0, (60, 64, 67)), (48, (59, 62, 67)), (96, (60, 64, 67)), (144, (65, 69))]
    upwards = memory_of([(tick, pitch) for tick, chord in chords for pitch in chord])
    downwards = memory_of([(tick, pitch) for tick, chord in chords for pitch in (*chord[::-1], chord[0])])
    before = [(192, 60), (192, 64)]
    for one, other in zip(recall(upwards, before, 192), recall(downwards, before, 192), strict=True):
        np.testing.assert_array_equal(one, other)
    assert recall(upwards, before, 192)[0].argmax() == 67


def test_the_oldest_is_forgotten() -> None:
    memory = memory_of(MOTIF)
    again = at(MOTIF, 10**5)
    kept = recall(memory, again[:4], again[4][0])[0][again[4][1]]
    for i in range(REMEMBERED_NOTES + 8):
        memory.learn(1000 + 7 * i, 40 + 7 * (i % 2), 5)
    assert len(memory) == REMEMBERED_NOTES
    assert kept > 0.5
    assert recall(memory, again[:4], again[4][0])[0][again[4][1]] < 0.01


steps = st.integers(-100, 900) | st.sampled_from([0, 0, 6, 12, 12, 24, 48, 49])
streams = st.lists(st.tuples(steps, st.sampled_from([0, 36, 60, 60, 62, 64, 91, 127])), min_size=1, max_size=30)


@given(streams, st.integers(0, 12_288))
def test_whatever_is_played_no_bias_is_negative_or_without_bounds(stream: Notes, elapsed: int) -> None:
    ticks = np.cumsum([step for step, _ in stream]).tolist()
    notes = [(tick, pitch) for tick, (_, pitch) in zip(ticks, stream, strict=True)]
    for bias in recall(memory_of(notes), notes, notes[-1][0] + 12, elapsed):
        assert bias.dtype == np.float32
        assert (bias >= 0).all()
        assert (bias < 15).all()


@given(st.lists(st.tuples(st.sampled_from([6, 12]), st.sampled_from([60, 62])), min_size=3, max_size=50))
def test_more_in_common_never_counts_less(stream: Notes) -> None:
    """Votes in order of how many intervals and gaps before are the same, counted here one by one."""
    ticks = np.cumsum([step for step, _ in stream]).tolist()
    notes = [(tick, pitch) for tick, (_, pitch) in zip(ticks, stream, strict=True)]
    symbols = [(later[1] - sooner[1], later[0] - sooner[0]) for sooner, later in pairwise(notes)]

    def alike(index: int) -> int:
        """How many symbols before a note are those at the end of all."""
        count = 0
        while count < min(DEPTH, index - 1) and symbols[index - 2 - count] == symbols[-1 - count]:
            count += 1
        return count

    best = max(range(1, len(notes)), key=alike)
    memory = MotifMemory()
    for tick, pitch in notes:
        memory.learn(tick, pitch, 1)
    memory.learn(notes[-1][0] + 400, 0, 1)  # so that the last one is filed
    votes = memory.recall(notes[-CONTEXT_NOTES:], notes[-1][0] + 3, 2)[0]
    if alike(best) < 3:
        return
    lonely = MotifMemory()
    for tick, pitch in notes[best - 1 - alike(best) : best + 1]:
        lonely.learn(tick, pitch, 1)
    lonely.learn(notes[-1][0] + 400, 0, 1)
    own = lonely.recall(notes[-CONTEXT_NOTES:], notes[-1][0] + 3, 2)[0]
    heir = notes[-1][1] + symbols[best - 1][0]
    assert votes[heir] >= own[heir] - 1e-5 > 0


def onset_bias_of(part: Part) -> Floats:
    """Query what comes after the newest entry of a part; gives the bias of the onset."""
    query = query_next_onset(part, Bars(0, BAR))
    assert query is not None
    assert query.index is not None
    part.history.store_states(query.first, np.zeros((len(query.rows) - 1, 1, 2), dtype=np.float32))
    part.history.store_next(query.index, 12)
    return query.onset_bias


def play(part: Part, notes: list[tuple[int, int]]) -> list[Floats]:
    """The musician plays notes; gives the bias of the onset after each."""
    biases = []
    for tick, pitch in notes:
        part.history.insert(Entry(tick, pitch, 6, 100))
        biases.append(onset_bias_of(part))
    return biases


def part_with(memory: MotifMemory, weight: float, setting: ChannelSet | None = None) -> Part:
    """A part that has heard the motif's first notes, and is playing from the next one on."""
    part = part_of(setting, 16, memory, weight)
    play(part, at(MOTIF, 4 * BAR)[:4])
    part.enter(4 * BAR + MOTIF[4][0])
    part.prepare(10**6)
    return part


def test_a_part_is_reminded_of_the_pitch_and_of_the_gap() -> None:
    part = part_of(notes=16, memory=memory_of(MOTIF), memory_weight=1.0)
    heard = play(part, at(MOTIF, 4 * BAR)[:4])
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(MOTIF[:5])]
    assert [int(bias.argmax()) for bias in heard[1:]] == gaps[1:]
    part.enter(4 * BAR + MOTIF[4][0])
    part.prepare(10**6)
    query = query_note(part, Bars(0, BAR))
    assert query.pitch_bias.argmax() == MOTIF[4][1]
    assert query.onset_bias.argmax() == MOTIF[5][0] - MOTIF[4][0]


def test_a_rest_is_reminded_of_what_is_left_of_the_gap() -> None:
    notes = [(0, 60), (12, 62), (24, 64), (24 + 100, 65)]
    part = part_of(notes=16, memory=memory_of(notes), memory_weight=1.0)
    assert play(part, at(notes[:3], 4 * BAR))[-1].argmax() == WAIT
    part.history.rest(4 * BAR + 24 + 48)
    assert [entry.pitch for entry in part.history.entries][-2:] == [64, REST]
    assert onset_bias_of(part).argmax() == WAIT
    part.history.rest(4 * BAR + 24 + 96)
    assert onset_bias_of(part).argmax() == 100 - 96


def test_how_much_the_memory_weighs_is_set() -> None:
    plain, half, whole = (part_with(memory_of(MOTIF), weight) for weight in (0.0, 0.5, 1.0))
    biases = [query_note(part, Bars(0, BAR)).pitch_bias for part in (plain, half, whole)]
    assert not biases[0].any()
    assert biases[2].any()
    np.testing.assert_allclose(2 * biases[1], biases[2])


def test_a_set_file_says_how_much_it_weighs() -> None:
    assert parse_set("memory = 0.25", "set").memory == 0.25
    with pytest.raises(SetError, match="memory must be from 0 to 1"):
        parse_set("memory = 1.5", "set")


def test_what_is_forbidden_stays_so() -> None:
    part = part_with(memory_of(MOTIF), 1.0, ChannelSet(0, highest=70, polyphony=1))
    query = query_note(part, Bars(0, BAR))
    assert (query.pitch_bias[71:] < -1e8).all()
    assert query.onset_bias[0] < -1e8


def motif_played(role: Role, channel: int = 0, **settings: Any) -> tuple[OfflineBand, FakePredictor]:
    """The musician plays the motif three times, at 120 beats per minute, each time in a new bar."""
    model = FakePredictor((12,))
    channels = (ChannelSet(channel, role=role), ChannelSet(15, role="accompany"))
    offline = OfflineBand(Set(tempo_bpm=120, channels=channels, **settings), model, 1)
    tick_s = 0.5 / 24
    for tick, pitch in [note for bar in range(3) for note in at(MOTIF, bar * BAR)]:
        offline.play(NoteOn(channel, pitch, 100), 1.0 + tick * tick_s)
        offline.play(NoteOff(channel, pitch), 1.0 + (tick + 5) * tick_s)
    return offline, model


def questioned(model: FakePredictor) -> list[Floats]:
    """The pitch biases of all questions for a note."""
    return [
        q.pitch_bias[i] for q in model.questions for i in range(len(q.rows)) if q.rows[:, -1][i, codec.PITCH] == CHOOSE
    ]


def test_what_the_musician_played_reminds_who_continues() -> None:
    for memory, reminded in ((1.0, True), (0.0, False)):
        offline, model = motif_played("continue", memory=memory)
        before = len(model.questions)
        offline.advance(offline.now_s + 4)
        assert onsets(offline.sent, 0)
        biases = [bias for q in model.questions[before:] for bias in q.pitch_bias]
        assert any((bias > 0.5).any() for bias in biases) == reminded


def test_the_models_own_notes_teach_nothing() -> None:
    offline, model = motif_played("player")
    offline.advance(offline.now_s + 10)
    assert len(onsets(offline.sent, 15)) > 20
    assert all((bias <= 0).all() for bias in questioned(model))


def test_the_memory_outlives_a_rest_of_the_band() -> None:
    offline, model = motif_played("accompany", channel=9, rest_after_beats=2)
    offline.advance(offline.now_s + 4)
    model.questions.clear()
    offline.play(NoteOn(0, 60, 100), offline.now_s)
    offline.advance(offline.now_s + 3)
    assert any((bias > 0).any() for bias in questioned(model))
