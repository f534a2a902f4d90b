"""The talas as tables, and how a percussionist plays them."""

from __future__ import annotations

import random

import pytest

from training.arranging.bols import BAYAN, DHOLAK, GE, TABLA, count_matras, read_bols
from training.arranging.chart import Chart, Chord, Section
from training.arranging.metre import Metre
from training.arranging.talas import MUKHRAS, SLOW_MUKHRAS, TALAS, TIHAI, Tala
from training.arranging.theka import (
    Hands,
    accent,
    cycle_of,
    draw_fill,
    draw_hands,
    phrase_cycles,
    play_theka,
    with_fill,
)
from training.data.tonality import Key

_LINES = [(tala, line) for tala in TALAS.values() for line in (tala.theka, *tala.prakars, *tala.laggis)]


def _chart(tala: Tala, matra: int, cycles: int = 8) -> Chart:
    metre = Metre(tala, matra, 0)
    middle, end = cycles * metre.cycle, (cycles + 1) * metre.cycle
    sections = (Section("verse", 0, middle), Section("outro", middle, end))
    return Chart(metre, Key(0, (0, 2, 4, 5, 7, 9, 11), False), sections, (Chord(0, end, 0, False),))


@pytest.mark.parametrize(("tala", "line"), _LINES, ids=lambda value: getattr(value, "name", value))
def test_every_line_of_bols_lasts_one_cycle_or_two(tala: Tala, line: str) -> None:
    assert count_matras(line) in {tala.matras, 2 * tala.matras}


@pytest.mark.parametrize(("tala", "line"), _LINES, ids=lambda value: getattr(value, "name", value))
def test_every_line_of_bols_strikes_the_sam(tala: Tala, line: str) -> None:
    assert read_bols(line)[0].at == 0


@pytest.mark.parametrize("tala", TALAS.values(), ids=lambda tala: tala.name)
def test_a_theka_is_spoken_vibhag_by_vibhag(tala: Tala) -> None:
    spoken = [count_matras(vibhag) for vibhag in tala.theka.split("|")]
    whole = len(spoken) == len(tala.vibhags)
    assert spoken == list(tala.vibhags) if whole else sum(spoken) == tala.matras


@pytest.mark.parametrize("name", ["keherwa", "rupak", "jhaptal", "deepchandi", "tilwada"])
def test_khali_begins_without_bayan(name: str) -> None:
    tala = TALAS[name]
    starts = {tala.starts[i] for i in tala.khali}
    assert starts
    assert not any(stroke.sound == GE for stroke in read_bols(tala.theka) if stroke.at in starts)


@pytest.mark.parametrize("name", ["keherwa", "dadra", "rupak", "tintal", "jhaptal", "deepchandi"])
def test_khali_has_less_bayan_than_the_clapped_vibhags(name: str) -> None:
    tala = TALAS[name]

    def share(i: int) -> float:
        first = tala.starts[i]
        bayan = [s for s in read_bols(tala.theka) if s.sound == GE and first <= s.at < first + tala.vibhags[i]]
        return len(bayan) / tala.vibhags[i]

    clapped = [share(i) for i in range(len(tala.vibhags)) if i not in tala.khali]
    assert max(share(i) for i in tala.khali) < max(clapped)


def test_bols_of_one_matra_share_it_evenly() -> None:
    assert [(s.at, s.sound) for s in read_bols("Na TeReKeTe S DhaGe")] == [
        *((0, "na"), (1, "te"), (1.25, "te"), (1.5, "ke"), (1.75, "te")),
        *((3, "na"), (3, "ge"), (3.5, "ge")),
    ]


def test_an_unknown_bol_is_refused() -> None:
    with pytest.raises(ValueError, match="known bols"):
        read_bols("Dha Boom")


def test_the_sam_is_the_loudest_and_khali_softer_than_tali() -> None:
    keherwa = TALAS["keherwa"]
    assert accent(0, keherwa) > accent(2, keherwa) > accent(4, keherwa) > accent(2.5, keherwa)


def test_the_sam_of_rupak_is_khali_and_not_the_loudest_accent() -> None:
    assert accent(0, TALAS["rupak"]) < accent(0, TALAS["keherwa"])


@pytest.mark.parametrize("tala", TALAS.values(), ids=lambda tala: tala.name)
def test_a_strict_percussionist_stays_on_the_grid(tala: Tala) -> None:
    chart = _chart(tala, 24)
    hands = draw_hands(tala, TABLA, random.Random(1), strict=True)
    part = play_theka(chart, hands, frozenset(), random.Random(1))
    assert part
    assert all(tone.onset % 6 == 0 for tone in part)


def test_a_loose_percussionist_is_a_tick_off_now_and_then_but_never_on_sam() -> None:
    chart = _chart(TALAS["keherwa"], 12, cycles=40)
    part = play_theka(chart, Hands(chart.metre.tala.theka, "", loose=0.2, fills=0), frozenset(), random.Random(1))
    late = [(tone.onset + 1) % 6 - 1 for tone in part]
    off = sum(tick != 0 for tick in late) / len(late)
    assert set(late) == {-1, 0, 1}
    assert 0.05 < off < 0.3
    assert set(range(0, chart.end, 96)) <= {tone.onset for tone in part}


def test_the_theka_is_played_as_it_is_written_where_nothing_is_filled() -> None:
    chart = _chart(TALAS["dadra"], 12, cycles=4)
    part = play_theka(chart, Hands("Dha Dhin Na | Na Tin Na", "", fills=0), frozenset(), random.Random(1))
    first = [(tone.onset, tone.pitch) for tone in part if tone.onset < 72]
    assert sorted(first) == [(0, 60), (0, 64), (12, 61), (12, 64), (24, 60), (36, 60), (48, 61), (60, 60)]


def test_a_percussionist_rests_where_told_and_ends_with_one_stroke_on_sam() -> None:
    chart = _chart(TALAS["keherwa"], 12)
    verse, outro = chart.sections
    hands = Hands(chart.metre.tala.theka, "", sounds=DHOLAK)
    assert {t.onset for t in play_theka(chart, hands, frozenset({verse}), random.Random(1))} == {outro.start}


@pytest.mark.parametrize("tala", TALAS.values(), ids=lambda tala: tala.name)
@pytest.mark.parametrize("fill", [TIHAI, *MUKHRAS, *SLOW_MUKHRAS])
def test_a_fill_ends_where_the_next_sam_begins(tala: Tala, fill: str) -> None:
    if count_matras(fill) > tala.matras:
        return
    filled = with_fill(read_bols(tala.theka), fill, tala)
    start = tala.matras - count_matras(fill)
    assert [s for s in filled if s.at < start] == [s for s in read_bols(tala.theka) if s.at < start]
    assert tala.matras - 1 < max(s.at for s in filled) < tala.matras


def test_the_tihai_says_the_same_three_times_and_lands_on_sam() -> None:
    strokes = [round(2 * s.at) for s in read_bols(TIHAI + " Dha") if s.sound != GE]
    assert strokes == [first + i for first in (0, 5, 10) for i in (0, 1, 2)]


@pytest.mark.parametrize("tala", TALAS.values(), ids=lambda tala: tala.name)
def test_there_is_a_fill_for_every_tala(tala: Tala) -> None:
    for matra in (12, 24):
        assert count_matras(draw_fill(Metre(tala, matra, 0), random.Random(1), tihai=False)) <= tala.matras - 2


def test_a_line_of_two_cycles_is_played_in_turn() -> None:
    keherwa = TALAS["keherwa"]
    line = keherwa.prakars[-1]
    assert count_matras(line) == 16
    assert [s.sound for s in cycle_of(line, keherwa, 0)][:2] == ["tin", "ge"]
    assert [(s.at, s.sound) for s in cycle_of(line, keherwa, 1)][:2] == [(0, "tin"), (2, "na")]
    assert cycle_of(line, keherwa, 2) == cycle_of(line, keherwa, 0)


def test_a_phrase_is_about_four_bars() -> None:
    assert [phrase_cycles(cycle) for cycle in (48, 72, 96, 144, 192, 384)] == [8, 4, 4, 2, 2, 1]


def test_tabla_and_dholak_share_the_bayan() -> None:
    assert TABLA[GE] == DHOLAK[GE] == BAYAN
