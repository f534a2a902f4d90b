"""How a channel plays its part: how often, how many notes together, how long, how high, and whether it waits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from answering import BARS, choose, next_query, part_of
from fakes import WILD, FakePredictor, ons

from bollylive.engine.history import Entry
from bollylive.engine.part import Part
from bollylive.engine.part_shapes import ALONE, SHAPES, WAITING
from bollylive.engine.texture import NO_LEAD, LeadNow, Texture
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model.codec import TICKS_PER_BEAT, WAIT, WAIT_TICKS, Choice
from bollylive.offline import OfflineBand
from bollylive.sets.parts import PartName
from bollylive.sets.settings import ChannelSet, Set

BAR = BARS.ticks
PITCHED: tuple[PartName, ...] = ("bass", "pad", "comp", "line", "answer")


def band(*part: PartName, bars: int = 8, polyphony: int = 4) -> OfflineBand:
    """A band whose lead plays a beat in each of the first two of four bars, and rests in the others."""
    own = ChannelSet(1, role="accompany", part=part, polyphony=polyphony, lowest=36, highest=96)
    band = Set(tempo_bpm=60, energy=0.0, rest_after_beats=0, channels=(ChannelSet(0, role="player"), own))
    offline = OfflineBand(band, FakePredictor(WILD), seed=1)
    for beat in (4 * bar + beat for bar in range(bars) if bar % 4 < 2 for beat in range(4)):
        offline.play(NoteOn(0, 60 + beat % 5, 90), float(beat))
        offline.play(NoteOff(0, 60 + beat % 5), beat + 0.5)
    offline.advance(4.0 * bars)
    return offline


def strikes(name: PartName, density: float, bars: int = 24) -> float:
    """How often a bar a part strikes if its scores alone decide."""
    part, rng, onsets = _entered(ChannelSet(1, part=(name,), density=density)), np.random.default_rng(1), 0
    shape, tick, lead = SHAPES[name], 0, LeadNow(pause_tick=0)
    while tick < bars * BAR:
        part.history.insert(Entry(tick, 60, 6, 80, by_model=True))
        onsets += 1
        while True:
            begun = part.history.sounding_at(tick)
            bias = part.texture.onset_bias(shape, part.history, tick, max(begun, 4 * begun), 0, BARS, lead)
            bias[:WAIT][np.arange(WAIT) % 6 > 0] = -1e9
            bias[0] = -1e9
            word = int(rng.choice(len(bias), p=np.exp(bias.astype(float)) / np.exp(bias.astype(float)).sum()))
            tick += WAIT_TICKS if word == WAIT else word
            if word != WAIT:
                break
            part.history.rest(tick)
    return onsets / bars


@pytest.mark.parametrize("name", [*PITCHED, "groove"])
def test_a_part_keeps_its_rate_and_each_step_of_density_gives_a_fifth_more(name: PartName) -> None:
    rates = [strikes(name, density) for density in (-2, -1, 0, 1, 2)]
    assert rates[2] == pytest.approx(4 * SHAPES[name].onsets_per_beat, rel=0.25)
    assert all(more > 1.2 * fewer for fewer, more in pairwise(rates)), rates


def onsets_of(offline: OfflineBand) -> list[float]:
    return sorted({sent.beat for sent, _ in ons(offline.sent)})


def chords_of(offline: OfflineBand) -> list[list[int]]:
    chords: dict[float, list[int]] = {}
    for sent, on in ons(offline.sent):
        chords.setdefault(sent.beat, []).append(on.pitch)
    return list(chords.values())


def lengths_of(offline: OfflineBand) -> list[float]:
    """How long the notes of the model sounded, in beats."""
    begun: dict[int, float] = {}
    lengths = []
    for sent in offline.sent:
        if sent.by == "model" and isinstance(sent.event, NoteOn):
            begun[sent.event.pitch] = sent.beat
        elif sent.by == "model" and isinstance(sent.event, NoteOff):
            lengths.append(sent.beat - begun.pop(sent.event.pitch))
    return lengths


def test_without_a_part_nothing_is_asked_for() -> None:
    assert Texture(ChannelSet(1)).shape(0, BARS, NO_LEAD) is None
    assert next_query(_entered(ChannelSet(1))).lengths is None


def test_who_has_played_too_much_is_drawn_to_a_later_onset_and_who_has_played_too_little_to_a_sooner_one() -> None:
    wanted = []
    for gap in (6, 24, 48):
        part = _entered(ChannelSet(1, part=("line",)))
        for tick in range(0, 192, gap):
            part.history.insert(Entry(tick, 60, 6, 80, by_model=True))
        bias = part.texture.onset_bias(SHAPES["line"], part.history, 192, 1, 0, BARS, NO_LEAD)
        wanted.append(int(bias[1:].argmax()) + 1)
    assert wanted[0] > wanted[1] > wanted[2]


def test_a_pad_begins_chords_of_three_and_holds_them() -> None:
    offline = band("pad")
    sizes = [len(chord) for chord in chords_of(offline)]
    assert sum(sizes) / len(sizes) >= 2.5
    assert max(sizes) <= 4
    lengths = lengths_of(offline)
    assert sum(lengths) / len(lengths) > 1.5


def test_a_pad_has_no_more_notes_than_its_channel_may_begin() -> None:
    assert {len(chord) for chord in chords_of(band("pad", polyphony=2))} == {2}


def test_comping_is_short_chords() -> None:
    offline = band("comp")
    sizes = [len(chord) for chord in chords_of(offline)]
    assert sum(sizes) / len(sizes) >= 2.5
    assert max(lengths_of(offline)) <= 0.75 + 1e-6


@pytest.mark.parametrize("part", ["bass", "line", "answer"])
def test_a_line_has_one_note_at_a_time(part: PartName) -> None:
    assert {len(chord) for chord in chords_of(band(part, polyphony=4))} == {1}


def test_the_register_is_soft_and_lies_within_the_range() -> None:
    part = _entered(ChannelSet(1, part=("bass",), lowest=30, highest=60))
    bias = part.texture.pitch_bias(SHAPES["bass"], part.history, 0)
    assert (bias[30:49] == 0).all()
    assert 0 > bias[50] > bias[60] > -5
    far = _entered(ChannelSet(1, part=("bass",), lowest=60, highest=80))
    assert not far.texture.pitch_bias(SHAPES["bass"], far.history, 0)[60:].any()


def test_the_first_note_of_a_chord_leaves_room_and_the_next_is_no_second_above() -> None:
    part = _entered(ChannelSet(1, part=("pad",), lowest=50, highest=76))
    first = part.texture.pitch_bias(SHAPES["pad"], part.history, 24)
    assert first[68] == 0
    assert first[76] < -5
    part.history.insert(Entry(24, 60, 24, 80, by_model=True))
    second = part.texture.pitch_bias(SHAPES["pad"], part.history, 24)
    assert second[61] == second[62] < second[63] == second[69] == 0
    assert second[72] < 0


def test_an_answer_waits_while_the_lead_moves_and_plays_in_its_pauses() -> None:
    begun = onsets_of(band("answer"))
    pausing = [beat for beat in begun if beat % 16 >= 8.5]
    moving = [beat for beat in begun if beat % 16 < 8.5]
    assert len(pausing) / 7.5 >= 2 * len(moving) / 8.5
    assert any(8.5 <= beat % 16 <= 9.5 for beat in begun)  # it comes in soon


def test_a_pad_that_answers_holds_chords_while_the_lead_moves() -> None:
    offline = band("pad", "answer")
    moving = [beat for beat in onsets_of(offline) if beat % 16 < 7]
    pausing = [beat for beat in onsets_of(offline) if beat % 16 >= 8.5]
    assert len(pausing) / 7.5 >= 2 * len(moving) / 7
    assert max(map(len, chords_of(offline))) >= 3


def test_what_an_answer_is_depends_on_how_long_the_lead_has_paused() -> None:
    answer, lead = Texture(ChannelSet(1, part=("answer",))), LeadNow(pause_tick=100)
    assert [answer.shape(tick, BARS, lead) for tick in (99, 100, 100 + 12 * TICKS_PER_BEAT)] == [
        WAITING,
        SHAPES["answer"],
        ALONE,
    ]
    assert answer.shape(0, BARS, NO_LEAD) is WAITING


def test_several_parts_take_turns_of_eight_bars() -> None:
    texture = Texture(ChannelSet(1, part=("pad", "comp")))
    assert [texture.shape(bar * BAR, BARS, NO_LEAD) for bar in (0, 7, 8, 15, 16)] == [
        SHAPES[name] for name in ("pad", "pad", "comp", "comp", "pad")
    ]


def test_a_chord_without_its_notes_goes_on() -> None:
    part = _entered(ChannelSet(1, part=("pad",)))
    bias = next_query(part).onset_bias
    assert bias.argmax() == 0
    choose(part, 55, 0)
    choose(part, 60, 0)
    assert next_query(part).onset_bias.argmax() > 0


def test_a_note_is_kept_in_the_length_of_its_part() -> None:
    cases: list[tuple[PartName, int, int]] = [("pad", 1, 51), ("pad", 384, 78), ("comp", 96, 18), ("bass", 96, 96)]
    for name, given, kept in cases:
        part = _entered(ChannelSet(1, part=(name,)))
        query = next_query(part)
        query.apply(Choice(60, given, 80, 0), np.zeros((len(query.rows) - 1, 1, 2), dtype=np.float32))
        assert part.plan[0].duration_ticks == kept


def test_a_rest_is_a_gap_of_three_beats() -> None:
    part = _entered(ChannelSet(1, part=("bass",)))
    bias = part.texture.onset_bias(SHAPES["bass"], part.history, 0, 1, 0, BARS, NO_LEAD)
    assert bias[WAIT] < bias[WAIT - 1]


def _entered(setting: ChannelSet) -> Part:
    part = part_of(setting, notes=64)
    part.enter(0)
    return part
