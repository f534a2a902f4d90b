"""What can be turned, and what another set changes, while the band plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes import FakePredictor, ons, onsets, sounding

from bollylive.midi.messages import Control, NoteOff, NoteOn
from bollylive.model import codec
from bollylive.offline import OfflineBand
from bollylive.sets.band import KNOBS, ChannelSet, ControlSet, Role, Set
from bollylive.sets.controls import Command
from bollylive.sets.knobs import keep_turned, turn_knob

ROLES: tuple[tuple[Role, Role], ...] = (
    ("accompany", "off"),
    ("off", "accompany"),
    ("player", "respond"),
    ("continue", "continue"),
)
MELODY, BASS = ChannelSet(0, role="player"), ChannelSet(1, role="accompany")


def stage(*channels: ChannelSet, model: FakePredictor | None = None, **settings: Any) -> OfflineBand:
    """A band at 120 beats per minute that plays from second 1 on."""
    controls = tuple(ControlSet("cc", number, knob) for number, knob in enumerate(KNOBS, start=20))
    band = Set(tempo_bpm=120.0, channels=channels, controls=controls, rest_after_beats=0.0, **settings)
    offline = OfflineBand(band, model or FakePredictor(), seed=1)
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.play(NoteOff(0, 60), 1.1)
    offline.advance(4.01)
    return offline


def use(offline: OfflineBand, band: Set) -> None:
    """The set is loaded anew, now."""
    offline.use(band)


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_goes_from_the_lowest_to_the_highest(knob: str) -> None:
    band = Set(channels=(MELODY, BASS, ChannelSet(2)))
    ends = [turn_knob(band, Command(knob, None, value)) for value in (0.0, 1.0)]
    if knob == "density":
        assert [[channel.density for channel in end.channels] for end in ends] == [[0, -2, -2], [0, 2, 2]]
    else:
        assert tuple(getattr(end, knob) for end in ends) == pytest.approx(KNOBS[knob])


def test_the_density_of_one_channel_is_turned_alone() -> None:
    band = turn_knob(Set(channels=(MELODY, BASS, ChannelSet(2))), Command("density", 2, 1.0))
    assert [channel.density for channel in band.channels] == [0, 0, 2]


def test_what_is_written_anew_counts_and_what_is_not_stays_as_it_was_turned() -> None:
    before = Set(temperature=1.0, nucleus=0.9, channels=(MELODY, BASS, ChannelSet(2)))
    turned = before
    for knob in ("temperature", "nucleus", "density"):
        turned = turn_knob(turned, Command(knob, None, 1.0))
    written = replace(before, name="New", temperature=0.7, channels=(replace(BASS, density=0.5), ChannelSet(2)))
    kept = keep_turned(before, written, turned)
    assert (kept.name, kept.temperature, kept.nucleus) == ("New", 0.7, 1.0)
    assert [channel.density for channel in kept.channels] == [0.5, 2.0]


def test_a_channel_that_comes_anew_is_as_it_is_written() -> None:
    before = Set(channels=(BASS,))
    written = Set(channels=(BASS, ChannelSet(5, density=1.5), ChannelSet(6)))
    kept = keep_turned(before, written, turn_knob(before, Command("density", None, 0.0)))
    assert [channel.density for channel in kept.channels] == [-2.0, 1.5, 0.0]


def test_what_is_turned_counts_from_the_commit_line_on() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    before = [tuple(question.knobs[0]) for question in model.questions]
    asked = len(model.questions)
    offline.play(Control(3, 20, 0), 4.01)
    offline.advance(4.02)
    anew = model.questions[asked:]
    assert anew
    assert all(question.knobs[0, 0] == pytest.approx(0.1) for question in anew)
    assert {round(float(knobs[0]), 3) for knobs in before} == {1.0}
    first_tick = round((4.01 - 1.0) * 2 * 24) + 6  # what was due within a quarter of a beat stays as planned
    assert min(int(question.rows[0, -1, codec.PLACE]) for question in anew) >= first_tick % 96


def test_who_is_turned_off_ends_and_the_others_go_on() -> None:
    offline = stage(MELODY, BASS, ChannelSet(2, role="accompany"))
    assert {channel for channel, _ in sounding(offline.sent)} == {1, 2}
    use(
        offline,
        replace(offline.engine.band, channels=(MELODY, replace(BASS, role="off"), ChannelSet(2, role="accompany"))),
    )
    assert {channel for channel, _ in sounding(offline.sent)} == {2}
    offline.advance(8.0)
    assert onsets(offline.sent, 1)[-1] <= 4.01
    gaps = [b - a for a, b in zip(onsets(offline.sent, 2), onsets(offline.sent, 2)[1:], strict=False)]
    assert max(gaps) == pytest.approx(0.25)


def test_who_is_new_comes_in_at_a_bar_line() -> None:
    offline = stage(MELODY, BASS)
    use(offline, replace(offline.engine.band, channels=(MELODY, BASS, ChannelSet(3, role="accompany"))))
    offline.advance(6.0)
    assert onsets(offline.sent, 3)[0] == pytest.approx(5.0)


@pytest.mark.parametrize("role", ["player", "continue", "respond", "off"])
def test_who_accompanied_and_now_has_another_role_leaves_the_channel(role: Role) -> None:
    offline = stage(MELODY, BASS)
    use(offline, replace(offline.engine.band, channels=(MELODY, replace(BASS, role=role))))
    offline.advance(9.0)
    assert onsets(offline.sent, 1)[-1] <= 4.01
    assert sounding(offline.sent) == set()


def test_ranges_and_programs_change_at_once_and_the_buffer_stays() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    remembered = len(model.questions[-1].rows)
    use(
        offline,
        replace(offline.engine.band, channels=(MELODY, replace(BASS, lowest=90, highest=91, program=33))),
    )
    offline.advance(8.0)
    later = [note.pitch for message, note in ons(offline.sent, 1) if message.at_s > 4.01 + 0.125 + 1e-6]
    assert set(later) <= {90, 91}
    assert remembered
    assert model.questions[-1].rows[0, -1, codec.INSTRUMENT] == 33
    assert model.questions[-1].rows[0, -1, codec.ONSET] != 0


def test_a_set_that_is_loaded_a_hundred_times_leaves_no_note_behind() -> None:
    offline = stage(MELODY, BASS, ChannelSet(2))
    sets = [
        replace(offline.engine.band, channels=(MELODY, replace(BASS, role=role), ChannelSet(2, role=other)))
        for role, other in ROLES
    ]
    for i in range(100):
        use(offline, sets[i % len(sets)])
        offline.advance(4.01 + i * 0.05)
    use(offline, replace(sets[0], channels=(MELODY,), default_role="player"))
    offline.advance(offline.now_s + 1.0)
    assert sounding(offline.sent) == set()
