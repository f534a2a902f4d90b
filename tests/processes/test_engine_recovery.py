"""Another engine takes over, with the journal of an offline performance."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakePredictor, ons

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.journal.folder import END_BYTES, JournalFile, read_last
from bollylive.journal.lines import Header, anchor_line, header_line, sent_line, status_line
from bollylive.journal.reader import read_end
from bollylive.journal.restore import restore
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Note, NoteOff, NoteOn, Program, Raw
from bollylive.offline import OfflineBand
from bollylive.processes.engine_recovery import FAILS_AGAIN_S, EngineRecovery
from bollylive.protocol import EngineStatus, ReplayRequest, Sent
from bollylive.sets.settings import ChannelSet, Set

BAND = Set(tempo_bpm=120, rest_after_beats=0, channels=(ChannelSet(0, "Melody"), ChannelSet(1, "Bass", "accompany")))
GOES_ON = "The engine failed; another one goes on with what was played."
ANEW = "The engine failed; another one begins with empty buffers, and with your next note."


@pytest.fixture
def show() -> OfflineBand:
    """A band that plays, six seconds after it began."""
    offline = OfflineBand(BAND, FakePredictor(), seed=1)
    offline.play(NoteOn(0, 64, 90), 0.5)
    offline.play(NoteOff(0, 64), 0.9)
    offline.advance(6.0)
    return offline


@pytest.fixture
def journal(show: OfflineBand, tmp_path: Path) -> str:
    path = tmp_path / "journal.jsonl"
    lines = [header_line(Header()), anchor_line(show.anchor), *map(sent_line, show.sent)]
    path.write_bytes(b"".join([*lines, status_line(show.engine.status)]))
    return str(path)


def pitches(engine: Engine, now_s: float, channel: int) -> list[int]:
    """The newest notes of a channel's buffer."""
    return [note.pitch for note in engine.snapshot(now_s).parts[channel].newest]


def test_an_engine_that_takes_over_knows_what_was_played_and_goes_on(show: OfflineBand, journal: str) -> None:
    engine, trouble = EngineRecovery(FakePredictor(), 1, journal).take_over(
        BAND, show.anchor, show.now_s, show.now_s + 0.001
    )
    assert trouble == GOES_ON
    assert engine is not show.engine
    assert engine.status == show.engine.status
    for channel in (0, 1):
        played = [on.pitch for _, on in ons(show.sent, channel)]
        assert pitches(engine, show.now_s, channel)[-1] == played[-1]


@pytest.mark.parametrize("seconds", [10, 3600])
def test_after_an_hour_with_one_anchor_and_a_moving_wheel_it_is_as_after_ten_seconds(
    seconds: int, tmp_path: Path
) -> None:
    """The musician plays a note each second for some minutes, holds one, and then moves the wheel all the time."""
    file = JournalFile(tmp_path, "20250601-201503", header_line(Header()), kept_bytes=0)
    writer = JournalWriter(file)
    anchor, bearing, held = (
        Anchor(0.0, 0.5, 0.0),
        EngineStatus(1.0, True),
        Sent(NoteOn(0, 50, 90), "musician", 0.5, 1.0),
    )
    writer.add(anchor)
    writer.add(bearing)
    writer.add(Sent(Program(1, 33), "musician", 0.1, 0.2))
    writer.add(held)
    for second in range(1, seconds):
        for i in range(30):
            at_s = second + i / 60
            writer.add(Sent(Raw(bytes((0xE0, i, 64))), "musician", at_s, 2 * at_s))
        writer.add(Sent(NoteOn(1, 40 + second % 12, 80), "model", second + 0.6, 2 * second + 1.2))
        writer.add(Sent(NoteOff(1, 40 + second % 12), "model", second + 0.8, 2 * second + 1.6))
        writer.flush()
    assert file.path is not None
    assert seconds < 60 or file.path.stat().st_size > 2 * END_BYTES
    engine, trouble = EngineRecovery(FakePredictor(), 1, None).begin(
        BAND, ReplayRequest(str(file.path), seconds, keys_held=True)
    )
    assert (trouble, engine.anchor, engine.status) == (None, anchor, bearing)
    assert pitches(engine, seconds, 0) == [50]
    assert pitches(engine, seconds, 1)[-3:] == [40 + second % 12 for second in range(seconds - 3, seconds)]
    past = restore(read_end(read_last(file.path)), seconds, 128)
    assert past.programs == {1: 33}
    assert (Note(0, 50, 90, 1.0, None), "musician") in past.notes
    assert len(past.notes) == min(seconds, 129)


def test_a_journal_without_a_beat_is_told_of_as_one_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(header_line(Header()))
    _, trouble = EngineRecovery(FakePredictor(), 1, None).begin(
        BAND, ReplayRequest(str(tmp_path / "j"), 9.0, keys_held=True)
    )
    assert "cannot be read" in str(trouble)


def test_what_the_engine_is_told_itself_it_does_not_read_too(show: OfflineBand, journal: str) -> None:
    last_s = [sent.at_s for sent, _ in ons(show.sent, 1)][-1]
    engine, _ = EngineRecovery(FakePredictor(), 1, journal).take_over(BAND, show.anchor, show.now_s, last_s)
    played = [on.pitch for _, on in ons(show.sent, 1)]
    assert pitches(engine, show.now_s, 1)[-1] == played[-2]


def test_an_engine_that_fails_again_at_once_may_do_so_over_what_it_remembers(show: OfflineBand, journal: str) -> None:
    engine_recovery = EngineRecovery(FakePredictor(), 1, journal)
    engine_recovery.take_over(BAND, show.anchor, show.now_s, show.now_s)
    engine, trouble = engine_recovery.take_over(BAND, show.anchor, show.now_s + 1.0, show.now_s + 1.0)
    assert (trouble, engine.status.awake, engine.anchor) == (ANEW, False, show.anchor)
    later_s = show.now_s + 1.0 + FAILS_AGAIN_S
    engine, trouble = engine_recovery.take_over(BAND, show.anchor, later_s, later_s)
    assert (trouble, engine.status.awake) == (GOES_ON, True)


def test_without_a_journal_the_beat_goes_on_and_the_buffers_are_empty(show: OfflineBand) -> None:
    engine, trouble = EngineRecovery(FakePredictor(), 1, None).take_over(BAND, show.anchor, show.now_s, show.now_s)
    assert (trouble, engine.anchor, pitches(engine, show.now_s, 0)) == (ANEW, show.anchor, [])


def test_a_journal_that_ends_before_the_last_beat_does_not_take_it_back(show: OfflineBand, journal: str) -> None:
    newer = Anchor(40.0, 0.4, show.now_s - 0.01)
    engine, _ = EngineRecovery(FakePredictor(), 1, journal).take_over(BAND, newer, show.now_s, show.now_s)
    assert engine.anchor == newer


@pytest.mark.parametrize("data", [None, b"", b"\x00\xff\n[[[[", b'["anchor"]\n' * 9])
def test_a_journal_that_says_nothing_leaves_a_band_that_plays(
    show: OfflineBand, tmp_path: Path, data: bytes | None
) -> None:
    path = tmp_path / "torn.jsonl"
    if data is not None:
        path.write_bytes(data)
    engine, _ = EngineRecovery(FakePredictor(), 1, str(path)).take_over(BAND, show.anchor, show.now_s, show.now_s)
    assert engine.anchor == show.anchor
    assert not engine.status.awake


def test_the_first_engine_remembers_nothing_and_one_that_cannot_says_so(show: OfflineBand, tmp_path: Path) -> None:
    engine_recovery = EngineRecovery(FakePredictor(), 1, None)
    assert engine_recovery.begin(BAND, None)[1] is None
    engine, trouble = engine_recovery.begin(BAND, ReplayRequest(str(tmp_path / "none"), show.now_s, keys_held=True))
    assert "cannot be read" in str(trouble)
    assert engine.band == BAND


def test_a_past_that_cannot_be_gone_on_with_is_left(
    show: OfflineBand, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such past")

    monkeypatch.setattr(Engine, "resume", fail)
    engine, trouble = EngineRecovery(FakePredictor(), 1, journal).take_over(BAND, show.anchor, show.now_s, show.now_s)
    assert "cannot be read" in trouble
    assert engine.anchor == show.anchor


def test_the_set_stays_with_the_knobs_as_they_stand(show: OfflineBand, journal: str) -> None:
    turned = Set(temperature=2.5, channels=BAND.channels)
    engine, _ = EngineRecovery(FakePredictor(), 1, journal).take_over(turned, None, show.now_s, show.now_s)
    assert engine.band.temperature == 2.5
