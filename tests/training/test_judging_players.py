"""What players of small music do in themselves, in the lead's gaps, in answers, and alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from takes import Note, chords, notes_of, take, voice

from training.judging.alone import judge_alone
from training.judging.answers import calls_and_answers, identical_answers, related_answers
from training.judging.ragas import raga_of
from training.judging.take import Take
from training.judging.texture import (
    answering,
    by_kind,
    lead_gaps,
    mean_velocities,
    notes_together,
    share_of_two,
)
from training.judging.verdict import judge_take, lead_of


def test_notes_together_and_sounding_together_are_two_things() -> None:
    pad = notes_of([(0, 2, 60), (0.01, 2, 64), (1, 1, 67), (3, 1, 60)])
    assert notes_together(pad) == 4 / 3
    # Something sounds at the eighths 0, .5, 1, 1.5, 3 and 3.5; at the first four there are two notes.
    assert share_of_two(pad, 4) == 4 / 6
    assert share_of_two(pad, 0) is None


def test_a_lead_leaves_room_where_it_rests_or_holds_a_note_for_long_enough() -> None:
    lead = voice("lead", [(0, 0.5, 72), (1, 4, 72), (5, 1, 74), (7, 1, 72), (9.5, 1, 72)])
    # After .5 only half a beat; from 2 (a beat into the long note) to 5; from 6 one beat; from 8 to 9.5.
    assert lead_gaps(take(lead, bars=3)) == [(2, 5), (8, 9.5)]


def test_answering_compares_onsets_in_the_gaps_with_those_while_the_lead_moves() -> None:
    # Eight times four notes and four beats of rest: seven rests lie before the lead's last onset, at beat 59.
    lead = voice("lead", [(8 * turn + beat, 1, 72) for turn in range(8) for beat in range(4)])
    gaps, length = 7 * 4, 59
    busy = voice("other", [(float(beat), 0.5, 60) for beat in range(64)])
    piece = take(lead, busy, bars=16)
    assert sum(end - begin for begin, end in lead_gaps(piece)) == gaps
    assert answering(busy.notes, piece) == pytest.approx((28 / gaps) / ((59 - 28) / (length - gaps)))
    polite = notes_of(
        [*((8 * turn + 5, 1, 60) for turn in range(7)), *((8 * turn + 6, 1, 60) for turn in range(7)), (0, 1, 60)]
    )
    assert answering(polite, piece) == pytest.approx((14 / gaps) / (1 / (length - gaps)))
    assert answering(notes_of([(4, 1, 60)]), piece) is None  # it never plays while the lead moves
    assert answering(busy.notes, piece.part(0, 4)) is None  # twelve beats of gaps say too little


def test_the_notes_of_a_kind_are_those_of_all_its_players_that_begin_in_the_take() -> None:
    piece = take(voice("other", [(-1, 4, 60), (0, 1, 62)], "a"), voice("other", [(1, 1, 64), (4, 1, 65)], "b"), bars=1)
    assert {kind: notes[:, 2].tolist() for kind, notes in by_kind(piece).items()} == {"keys": [62, 64]}


def test_a_players_loudness_is_the_mean_of_its_notes_and_the_lead_has_none() -> None:
    piece = take(voice("bass", [(0, 1, 36, 60), (1, 1, 36, 90), (5, 1, 36, 1)]), voice("lead", [(0, 1, 72)]), bars=1)
    assert mean_velocities(piece) == {"bass": 75.0}


CALL: list[tuple[float, int]] = [(0, 72), (1, 74), (2, 76), (3, 74)]
OTHER: list[tuple[float, int]] = [(0, 72), (0.5, 71), (1, 69), (1.5, 67)]


def dialogue(*answers: list[tuple[float, int]]) -> Take:
    """The same call in every second bar, each with its answer in the bar behind it."""
    calls: list[Note] = [(8 * turn + onset, 0.5, pitch) for turn in range(len(answers)) for onset, pitch in CALL]
    said: list[Note] = [
        (8 * turn + 4 + onset, 0.5, pitch) for turn, answer in enumerate(answers) for onset, pitch in answer
    ]
    return take(
        voice("lead", calls, "1 Flute (musician)"), voice("other", said, "1 Flute (model)"), bars=2 * len(answers)
    )


def test_a_call_is_answered_by_what_the_model_plays_next_on_its_channel() -> None:
    piece = dialogue(CALL, OTHER)
    assert calls_and_answers(piece) == [
        (((0, 72), (4, 74), (8, 76), (12, 74)), ((0, 72), (4, 74), (8, 76), (12, 74))),
        (((0, 72), (4, 74), (8, 76), (12, 74)), ((0, 72), (2, 71), (4, 69), (6, 67))),
    ]
    assert calls_and_answers(take(piece.voices[0], voice("other", [(4, 1, 60)], "3 Strings (model)"), bars=4)) == []


def test_what_the_model_plays_when_the_musician_has_left_is_no_answer() -> None:
    piece = dialogue(OTHER, CALL)
    assert len(calls_and_answers(piece)) == 2
    assert len(calls_and_answers(piece.part(0, 3))) == 1  # the second call's bar is the last


def test_identical_answers_are_counted_by_pairs_of_equal_calls() -> None:
    assert identical_answers(dialogue(OTHER, CALL, OTHER, OTHER)) == 3 / 6
    assert identical_answers(dialogue(OTHER, CALL)) == 0.0
    assert identical_answers(dialogue(OTHER)) is None


def test_an_answer_is_related_by_its_rhythm_or_by_its_contour() -> None:
    same_rhythm = [(0.0, 60), (1.0, 60), (2.0, 60), (3.0, 60)]
    same_contour = [(0.25, 50), (0.5, 55), (0.75, 59), (1.0, 58)]
    assert related_answers(dialogue(same_rhythm, same_contour, OTHER)) == 2 / 3
    assert related_answers(take(voice("lead", [(0, 1, 60)]), bars=1)) is None


def alone(changing: bool) -> Take:
    """Eight bars of a lead in C major, then two minutes of a band: at 32 bpm these are eight bars each."""
    tune = [60, 62, 64, 65, 67, 69, 71, 72]
    lead = voice("lead", [(i / 2, 0.5, tune[i % 8]) for i in range(64)], "1 Flute (musician)")
    roots = [0, 5] * 8 + ([7, 9] * 8 if changing else [0] * 16)
    band = [(32 + onset, length, pitch) for onset, length, pitch, *_ in chords(*roots)]
    low = [(32 + 4.0 * bar, 1.0, 36 if bar < 8 else 43) for bar in range(16)]
    return take(lead, voice("other", band), voice("bass", low), bars=24, tempo_bpm=32)


def test_minutes_alone_are_compared_with_each_other() -> None:
    # A minute is 8 bars. The first has 15 changes between C and F; in the second nothing changes.
    found = dict(judge_alone(alone(changing=False), 8, None))
    assert found["alone_changes"] == 16 / 16  # and one from F to C between the minutes
    assert (found["alone_changes_ratio"], found["alone_least_changes"]) == (0.0, 0.0)
    assert found["alone_least_chords"] == 1
    assert found["alone_last_notes.bass"] == 1.0
    assert found["alone_drift.bass"] == 7.0
    assert found["alone_run.keys"] == 7
    assert found["alone_own_notes"] == 1.0
    livelier = dict(judge_alone(alone(changing=True), 8, raga_of("bhupali", "C")))
    assert (livelier["alone_changes_ratio"], livelier["alone_least_changes"]) == (1.0, 15 / 8)
    assert livelier["alone_least_chords"] == 2
    # Of C E G, F A C, G B D and A C# E, eight of each, Bhupali has no F, B and C sharp; the bass is inside.
    assert livelier["alone_outside_raga"] == 24 / (96 + 16)
    # C sharp, of the eight A chords, lasts 16 of 192 + 16 beats, and is not the musician's.
    assert livelier["alone_own_notes"] == 1 - 16 / (192 + 16)


def test_a_take_is_judged_around_its_lead_and_then_alone() -> None:
    whole = judge_take(alone(changing=False))
    around = judge_take(alone(changing=False).part(0, 8))
    assert {key: value for key, value in whole.figures.items() if not key.startswith("alone")} == around.figures
    assert whole.figures["alone_drift.bass"] == 7.0
    shorter = replace(alone(changing=False), bars=23)
    assert not any(key.startswith("alone") for key in judge_take(shorter).figures)


def test_where_nobody_is_a_musician_the_lead_counts_as_if_it_stopped_where_one_says() -> None:
    piece = alone(changing=False)
    tune = voice("lead", [(i / 2, 0.5, 66 if i >= 64 else 60 + 2 * (i % 3)) for i in range(192)], "Flute")
    song = replace(piece, voices=(tune, *piece.voices[1:]))
    assert "alone_own_notes" not in judge_take(song).figures
    assert judge_take(song, alone_from=8).figures["alone_own_notes"] == 1.0  # the F sharp comes later
    musicians = replace(piece, voices=(replace(tune, name="1 Flute (musician)"), *piece.voices[1:]))
    assert "alone_own_notes" not in judge_take(musicians, alone_from=8).figures


def test_a_lead_is_known_by_what_it_plays() -> None:
    piece = alone(changing=False)
    assert lead_of(piece) == lead_of(replace(alone(changing=True), name="other"))
    assert lead_of(piece) != lead_of(dialogue(CALL))
    assert lead_of(take(voice("bass", [(0, 1, 36)]), bars=1)) == "take"
