"""Another engine steps in, by the journal of a rehearsal that was written to a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakePredictor, ons

from bollylive.band import ChannelSet, Set
from bollylive.duty import Memoir
from bollylive.engine import Engine
from bollylive.journal import Header, anchor_line, bearing_line, header_line, sent_line
from bollylive.note import Anchor, NoteOff, NoteOn
from bollylive.rehearsal import Rehearsal
from bollylive.understudy import AILING_S, Understudy

BAND = Set(tempo_bpm=120, rest_after_beats=0, channels=(ChannelSet(0, "Melody"), ChannelSet(1, "Bass", "accompany")))
GOES_ON = "The engine stumbled; another one goes on with what was played."
ANEW = "The engine stumbled; another one begins with empty buffers, and with your next note."


@pytest.fixture
def show() -> Rehearsal:
    """A band that plays, six seconds after it began."""
    rehearsal = Rehearsal(BAND, FakePredictor(), seed=1)
    rehearsal.play(NoteOn(0, 64, 90), 0.5)
    rehearsal.play(NoteOff(0, 64), 0.9)
    rehearsal.advance(6.0)
    return rehearsal


@pytest.fixture
def journal(show: Rehearsal, tmp_path: Path) -> str:
    path = tmp_path / "journal.jsonl"
    lines = [header_line(Header()), anchor_line(show.anchor), *map(sent_line, show.sent)]
    path.write_bytes(b"".join([*lines, bearing_line(show.engine.bearing)]))
    return str(path)


def pitches(engine: Engine, now_s: float, channel: int) -> list[int]:
    """The newest notes of a channel's buffer."""
    return [note.pitch for note in engine.snapshot(now_s).parts[channel].newest]


def test_who_steps_in_knows_what_was_played_and_goes_on(show: Rehearsal, journal: str) -> None:
    engine, trouble = Understudy(FakePredictor(), 1, journal).step_in(show.engine, show.anchor, show.now_s)
    assert trouble == GOES_ON
    assert engine is not show.engine
    assert engine.bearing == show.engine.bearing
    for channel in (0, 1):
        played = [on.pitch for _, on in ons(show.sent, channel)]
        assert pitches(engine, show.now_s, channel)[-1] == played[-1]


def test_what_stumbles_again_at_once_may_do_so_over_what_it_remembers(show: Rehearsal, journal: str) -> None:
    understudy = Understudy(FakePredictor(), 1, journal)
    understudy.step_in(show.engine, show.anchor, show.now_s)
    engine, trouble = understudy.step_in(show.engine, show.anchor, show.now_s + 1.0)
    assert (trouble, engine.bearing.awake, engine.anchor) == (ANEW, False, show.anchor)
    engine, trouble = understudy.step_in(show.engine, show.anchor, show.now_s + 1.0 + AILING_S)
    assert (trouble, engine.bearing.awake) == (GOES_ON, True)


def test_without_a_journal_the_beat_goes_on_and_the_buffers_are_empty(show: Rehearsal) -> None:
    engine, trouble = Understudy(FakePredictor(), 1, None).step_in(show.engine, show.anchor, show.now_s)
    assert (trouble, engine.anchor, pitches(engine, show.now_s, 0)) == (ANEW, show.anchor, [])


def test_a_journal_that_ends_before_the_last_beat_does_not_take_it_back(show: Rehearsal, journal: str) -> None:
    newer = Anchor(40.0, 0.4, show.now_s - 0.01)
    engine, _ = Understudy(FakePredictor(), 1, journal).step_in(show.engine, newer, show.now_s)
    assert engine.anchor == newer


@pytest.mark.parametrize("data", [None, b"", b"\x00\xff\n[[[[", b'["anchor"]\n' * 9])
def test_a_journal_that_says_nothing_leaves_a_band_that_plays(
    show: Rehearsal, tmp_path: Path, data: bytes | None
) -> None:
    path = tmp_path / "torn.jsonl"
    if data is not None:
        path.write_bytes(data)
    engine, _ = Understudy(FakePredictor(), 1, str(path)).step_in(show.engine, show.anchor, show.now_s)
    assert engine.anchor == show.anchor
    assert not engine.bearing.awake


def test_the_first_engine_remembers_nothing_and_one_that_cannot_says_so(show: Rehearsal, tmp_path: Path) -> None:
    understudy = Understudy(FakePredictor(), 1, None)
    assert understudy.begin(BAND, None)[1] is None
    engine, trouble = understudy.begin(BAND, Memoir(str(tmp_path / "none"), show.now_s, keys_held=True))
    assert "cannot be read" in str(trouble)
    assert engine.band == BAND


def test_a_past_that_cannot_be_gone_on_with_is_left(
    show: Rehearsal, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such past")

    monkeypatch.setattr(Engine, "resume", fail)
    engine, trouble = Understudy(FakePredictor(), 1, journal).step_in(show.engine, show.anchor, show.now_s)
    assert "cannot be read" in trouble
    assert engine.anchor == show.anchor


def test_the_set_stays_with_the_knobs_as_they_stand(show: Rehearsal, journal: str) -> None:
    turned = Engine(Set(temperature=2.5, channels=BAND.channels), FakePredictor(), 1)
    engine, _ = Understudy(FakePredictor(), 1, journal).step_in(turned, None, show.now_s)
    assert engine.band.temperature == 2.5
