"""What a turned knob and a saved set change while the band plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes import WILD, FakePredictor, ons, onsets, sounding

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.journal.restore import restore
from bollylive.midi.messages import Control, NoteOff, NoteOn, Program
from bollylive.model import codec
from bollylive.offline import OfflineBand
from bollylive.protocol import EngineStatus, Sent
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import MPE, Command, change_set
from bollylive.sets.reload import keep_fixed, keep_turned
from bollylive.sets.settings import KNOBS, ChannelSet, Role, Set

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


def test_ports_model_buffers_bars_seed_and_link_wait_for_the_next_start() -> None:
    playing = Set(in_port=("Keys",), seed=1)
    saved = Set(
        name="New",
        in_port=("Pads",),
        out_port=("Synth",),
        model="open",
        buffer_notes=8,
        seed=2,
        beats_per_bar=3,
        link=True,
        tempo_bpm=120.0,
    )
    taken, waiting = keep_fixed(playing, saved)
    assert taken == replace(playing, name="New", tempo_bpm=120.0)
    assert set(waiting) == {"in_port", "out_port", "model", "buffer_notes", "seed", "beats_per_bar", "link"}
    assert keep_fixed(playing, taken) == (taken, [])


def test_what_is_written_anew_counts_and_what_is_not_stays_as_it_was_turned() -> None:
    before = Set(temperature=1.0, nucleus=0.9, channels=(MELODY, BASS, ChannelSet(2)))
    turned = before
    for knob in ("temperature", "nucleus", "density"):
        turned = change_set(turned, Command(knob, None, 1.0))
    written = replace(before, name="New", temperature=0.7, channels=(replace(BASS, density=0.5), ChannelSet(2)))
    kept = keep_turned(before, written, turned)
    assert (kept.name, kept.temperature, kept.nucleus) == ("New", 0.7, 1.0)
    assert [channel.density for channel in kept.channels] == [0.5, 2.0]


def test_a_channel_that_comes_anew_is_as_it_is_written() -> None:
    before = Set(channels=(BASS,))
    written = Set(channels=(BASS, ChannelSet(5, density=1.5), ChannelSet(6)))
    kept = keep_turned(before, written, change_set(before, Command("density", None, 0.0)))
    assert [channel.density for channel in kept.channels] == [-2.0, 1.5, 0.0]


def test_a_zone_that_a_keyboard_has_set_up_stays_until_the_file_says_something_else() -> None:
    written = Set(mpe=(3, 0))
    playing = change_set(change_set(written, Command(MPE, 0, 5)), Command(MPE, 15, 4))
    assert playing.mpe == (5, 4)
    kept = keep_turned(written, replace(written, thru=False), playing)
    assert (kept.mpe, kept.thru) == ((5, 4), False)
    assert keep_turned(written, replace(written, mpe=(0, 0)), playing).mpe == (0, 0)


def test_what_is_turned_counts_from_the_commit_line_on() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    before = [tuple(question.knobs[0]) for question in model.questions]
    asked = len(model.questions)
    offline.play(Control(3, 20, 0), 4.01)
    offline.advance(4.2)
    anew = model.questions[asked:]
    assert anew
    assert all(question.knobs[0, 0] == pytest.approx(0.1) for question in anew)
    assert {round(float(knobs[0]), 3) for knobs in before} == {1.0}
    first_tick = round((4.01 - 1.0) * 2 * 24) + 6  # what was due within a quarter of a beat stays as planned
    assert min(int(question.rows[0, -1, 6]) for question in anew) >= first_tick % 96


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


def test_a_zone_that_begins_while_the_band_plays_silences_its_channels_and_its_end_gives_them_back() -> None:
    offline = stage(MELODY, BASS)
    assert onsets(offline.sent, 1)
    for control in (Control(0, 101, 0), Control(0, 100, 6), Control(0, 6, 5)):
        offline.play(control, 4.02)
    assert not {key for key in sounding(offline.sent) if key[0] == 1}
    offline.sent.clear()
    offline.advance(6.0)
    assert not ons(offline.sent)
    offline.play(Control(0, 6, 0), 6.01)
    offline.play(NoteOn(0, 62, 100), 6.02)
    offline.advance(12.0)
    assert onsets(offline.sent, 1)


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
    assert model.questions[-1].rows[0, -1, 5] == 33
    assert model.questions[-1].rows[0, -1, 0] != 0


def test_a_channel_that_a_saved_set_makes_percussion_is_percussion_to_the_model_and_back() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    for channels, instrument in (
        ((MELODY, replace(BASS, program=104, percussion=((60, 36),))), codec.PERCUSSION),
        ((MELODY, replace(BASS, program=104)), 104),
    ):
        asked = len(model.questions)
        use(offline, replace(offline.engine.band, channels=channels))
        offline.advance(offline.now_s + 4.0)
        assert {int(question.rows[0, -1, codec.INSTRUMENT]) for question in model.questions[asked:]} == {instrument}


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


def notes_of(sound_program: int | None) -> tuple[list[tuple[float, NoteOn]], list[Program], set[int]]:
    """What a sitar that sounds like another program plays: its notes, what is sent first, and what the model knows."""
    model = FakePredictor(WILD)
    sitar = replace(BASS, program=104, sound_program=sound_program)
    offline = stage(MELODY, sitar, model=model)
    use(offline, replace(offline.engine.band, channels=(MELODY, replace(sitar, sound_program=sound_program and 24))))
    offline.advance(8.0)
    programs = [message.event for message in offline.sent if isinstance(message.event, Program)]
    return [(message.at_s, note) for message, note in ons(offline.sent, 1)], programs, set(model.rows[:, 5].tolist())


def test_the_sound_of_an_instrument_changes_none_of_its_notes() -> None:
    notes, programs, known = notes_of(None)
    notes_of_another_sound, other_programs, other_known = notes_of(46)
    assert notes == notes_of_another_sound
    assert len(notes) > 5
    assert (programs, other_programs) == ([Program(1, 104)], [Program(1, 46)])
    assert known == other_known == {104}


def test_an_engine_that_goes_on_from_a_journal_plays_the_program_and_not_the_sound() -> None:
    sitar = replace(BASS, program=104, sound_program=46)
    offline = stage(MELODY, sitar)
    model = FakePredictor()
    engine = Engine(offline.engine.band, model, seed=1)
    journal: list[Sent | Anchor | EngineStatus] = [offline.anchor, EngineStatus(2.0, awake=True), *offline.sent]
    assert Program(1, 46) in [message.event for message in offline.sent]
    engine.resume(restore(journal, offline.now_s, 16), offline.now_s)
    for i in range(100):
        engine.tick(offline.now_s + i / 50)
    assert set(model.rows[:, 5].tolist()) == {104}
