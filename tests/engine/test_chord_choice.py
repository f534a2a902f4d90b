"""How one chord is chosen of those that the network offers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bollylive.engine.chord_choice import LED, NEVER, Situation, Weights, choose, home_chords, scores
from bollylive.model.chord_predictor import SILENCE, Forecast
from bollylive.model.chord_words import CHORDS, NO_CHORD, word_of
from bollylive.model.predictor import Floats

C, F, G, A_MINOR = word_of(0, 0), word_of(5, 0), word_of(7, 0), word_of(9, 1)
PLAIN = Weights(guide=0.0, rub=0.0, form=0.0, stay=0.0, lock=0.0, home=0.0)
NO_DRAW = np.zeros(CHORDS, dtype=np.float32)


def offer(*chords: int, lead: int | None = None) -> Forecast:
    """A forecast that offers these chords, all alike, and a lead on one pitch class or silent."""
    log_p = np.full(CHORDS, -20, dtype=np.float32)
    log_p[list(chords)] = -np.log(len(chords))
    expected = np.zeros((4, 13), dtype=np.float32)
    expected[:, SILENCE if lead is None else lead] = 1
    return Forecast(log_p, log_p, expected)


def best(forecast: Forecast, weights: Weights, situation: Situation | None = None) -> int:
    return choose(scores(forecast, situation or Situation(), weights), NO_DRAW, weights)


def test_a_chord_that_rubs_against_the_expected_lead_loses() -> None:
    offered = offer(C, F, lead=4)  # the E is in C, and beside the F
    assert best(offered, replace(PLAIN, rub=8.0)) == C
    score = scores(offered, Situation(), replace(PLAIN, rub=8.0))
    assert score[C] - score[F] == pytest.approx(8.0)


def test_the_chord_of_eight_bars_ago_is_preferred_and_one_that_has_stood_for_long_tires() -> None:
    assert best(offer(C, F), replace(PLAIN, form=1.0), Situation(form=F)) == F
    assert best(offer(C, F), replace(PLAIN, form=1.0), Situation(form=C)) == C
    stays = replace(PLAIN, stay=1.0, form=1.5)
    assert best(offer(C, F), stays, Situation(form=C, last=C, stood_steps=3)) == C
    assert best(offer(C, F), stays, Situation(form=C, last=C, stood_steps=5)) == F


def test_each_tone_that_the_musician_does_not_use_costs() -> None:
    own = frozenset({0, 4, 7, 5, 9})
    score = scores(offer(C, G, word_of(1, 0)), Situation(own=own), replace(PLAIN, lock=1.0))
    assert score[C] - score[G] == pytest.approx(2.0)  # B and D are foreign
    assert score[C] - score[word_of(1, 0)] == pytest.approx(2.0)  # C sharp and G sharp; F is not


def test_a_raga_allows_only_chords_whose_tones_it_has() -> None:
    bhairav = frozenset({0, 1, 4, 5, 7, 8, 11})
    allowed = Situation(allowed=bhairav)
    assert best(offer(G, C), PLAIN, allowed) == C
    score = scores(offer(G, C), allowed, PLAIN)
    assert score[G] == NEVER
    assert home_chords(0, bhairav) == (C, word_of(0, 3))
    assert home_chords(2, bhairav) == ()


def test_no_chord_is_never_chosen_but_where_nothing_else_is_allowed() -> None:
    assert best(offer(NO_CHORD, F), PLAIN) == F
    assert best(offer(F), PLAIN, Situation(allowed=frozenset({0, 1}))) == NO_CHORD


def test_a_phrase_is_drawn_home() -> None:
    assert best(offer(F, C), replace(PLAIN, home=2.0), Situation(homes=(C,))) == C


def draws(count: int) -> list[Floats]:
    random = np.random.default_rng(1)
    return [random.gumbel(size=CHORDS).astype(np.float32) for _ in range(count)]


def test_over_many_draws_chords_come_as_often_as_they_are_likely() -> None:
    forecast = offer(C, F)
    forecast.log_p[C], forecast.log_p[F] = np.log(0.7), np.log(0.3)
    even = replace(PLAIN, temperature=1.0, nucleus=1.0)
    score = scores(forecast, Situation(), even)
    chosen = [choose(score, draw, even) for draw in draws(4000)]
    assert chosen.count(C) / 4000 == pytest.approx(0.7, abs=0.03)


def test_the_nucleus_leaves_out_the_unlikely() -> None:
    forecast = offer(C, F)
    forecast.log_p[C], forecast.log_p[F] = np.log(0.96), np.log(0.04)
    narrow = replace(PLAIN, temperature=1.0, nucleus=0.95)
    score = scores(forecast, Situation(), narrow)
    assert {choose(score, draw, narrow) for draw in draws(500)} == {C}


def test_a_little_more_evidence_changes_few_choices_when_the_draw_is_kept() -> None:
    forecast = offer(C, F, G)
    score = scores(forecast, Situation(), LED)
    more = score.copy()
    more[C] += 0.1
    kept = [choose(score, draw, LED) == choose(more, draw, LED) for draw in draws(1000)]
    assert sum(kept) > 900
    fresh = zip(draws(1000), draws(2000)[1000:], strict=True)
    assert sum(choose(score, one, LED) == choose(more, other, LED) for one, other in fresh) < 600


def test_the_chord_that_stands_is_held_in_the_middle_of_its_step() -> None:
    forecast = offer(C, F)
    forecast.log_p[C], forecast.log_p[F] = np.log(0.6), np.log(0.4)
    held = replace(PLAIN, hold=2.0)
    assert best(forecast, held) == C
    assert best(forecast, held, Situation(begun=F)) == F
