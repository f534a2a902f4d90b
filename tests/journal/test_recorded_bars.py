"""The bars of a recording are those that the band felt, also after a new sam."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import mido
import pytest
from fakes import FakePredictor
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.journal.checkpoint import Entry
from bollylive.journal.lines import Header, header_line, line_of
from bollylive.journal.recorded_bars import RecordedBars
from bollylive.journal.recording import Recording
from bollylive.midi.bars import bar_at
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.midi.song import Meters
from bollylive.midi.song_files import song_bytes
from bollylive.protocol import Heard, Sent
from bollylive.recover import recover
from bollylive.sets.controls import Command
from bollylive.sets.settings import ChannelSet, Set

BEAT_S = 0.5


def evening(beats_per_bar: float, anchor: Anchor, first: float, *sams: float) -> list[Entry]:
    """What a journal holds of a musician who plays each beat from `first` on, for 40, and sets the sam now and then."""
    band = Set(tempo_bpm=120, beats_per_bar=beats_per_bar, channels=(ChannelSet(0, role="player"),))
    engine = Engine(band, FakePredictor(), seed=1)
    entries: list[Entry] = [anchor]
    engine.handle(anchor)
    status = engine.status
    presses: list[tuple[float, NoteOn | Command]] = [(beat, Command("sam")) for beat in sams]
    strokes: list[tuple[float, NoteOn | Command]] = [(first + beat, NoteOn(0, 60, 90)) for beat in range(40)]
    for beat, event in sorted([*presses, *strokes], key=lambda timed: timed[0]):
        at_s = anchor.seconds_at(beat)
        if isinstance(event, NoteOn):
            entries += [Sent(event, "musician", at_s, beat), Sent(NoteOff(0, 60), "musician", at_s + 0.1, beat + 0.2)]
        engine.handle(Heard(event, at_s, beat))
        if engine.status != status:
            status = engine.status
            entries.append(status)
    return entries


def recorded(beats_per_bar: float, entries: list[Entry]) -> Recording:
    recording = Recording(beats_per_bar=beats_per_bar)
    for entry in entries:
        recording.add(entry)
    return recording


FREE, CLOCK, LINK = (
    Anchor(0.0, BEAT_S, 100.0),
    Anchor(0.0, BEAT_S, 100.0, followed=True),
    Anchor(0.0, BEAT_S, 0.0, bar_beat=1.0),
)


@pytest.mark.parametrize(
    ("bar", "anchor", "first", "sams", "meters"),
    [
        (4, FREE, 2.0, (), ((0.0, 4.0),)),
        (4, FREE, 2.0, (12.3,), ((0.0, 4.0), (8.0, 2.0), (10.0, 4.0))),
        (4, FREE, 2.0, (11.8,), ((0.0, 4.0), (8.0, 2.0), (10.0, 4.0))),  # the nearest beat
        (4, FREE, 2.0, (14.2,), ((0.0, 4.0),)),  # a bar begins there as it is
        (4, FREE, 2.0, (12.3, 23.0), ((0.0, 4.0), (8.0, 2.0), (10.0, 4.0), (18.0, 3.0), (21.0, 4.0))),
        (4, FREE, 2.0, (3.0,), ((0.0, 1.0), (1.0, 4.0))),  # in the first bar
        (4, FREE, 2.0, (12.0, 13.0), ((0.0, 4.0), (8.0, 2.0), (10.0, 1.0), (11.0, 4.0))),
        (3.5, FREE, 2.0, (11.0,), ((0.0, 3.5), (7.0, 2.0), (9.0, 3.5))),
        (4, CLOCK, 0.0, (9.1,), ((0.0, 4.0), (8.0, 1.0), (9.0, 4.0))),
        (4, LINK, 1.0, (12.0,), ((0.0, 4.0), (8.0, 3.0), (11.0, 4.0))),
    ],
)
def test_bars_begin_at_the_new_sam_and_the_bar_before_it_is_shorter(
    bar: float, anchor: Anchor, first: float, sams: tuple[float, ...], meters: Meters
) -> None:
    assert recorded(bar, evening(bar, anchor, first, *sams)).meters() == meters


def test_a_daw_that_opens_the_file_shows_these_bars_and_recover_makes_the_same(tmp_path: Path) -> None:
    entries = evening(4, FREE, 2.0, 12.3)
    music = recorded(4, entries).music()
    signatures = []
    tick = 0
    for message in mido.MidiFile(file=io.BytesIO(song_bytes(*music))).tracks[0]:
        tick += message.time
        if message.type == "time_signature":
            signatures.append((tick / 480, message.numerator, message.denominator))
    assert signatures == [(0.0, 4, 4), (8.0, 2, 4), (10.0, 4, 4)]

    path = tmp_path / "j.jsonl"
    path.write_bytes(header_line(Header()) + b"".join(line_of(entry) for entry in entries))
    assert recover(path).meters == music.meters
    # The last twelve seconds begin in the bar from 14 to 18, in the beats of the whole.
    assert recover(path, 0.2).meters == ((0.0, 4.0),)
    assert recover(path, 0.25).meters == ((0.0, 2.0), (2.0, 4.0))  # and the last fifteen in the shorter one
    assert recover(path, 10.0).meters == music.meters


def test_after_a_jump_the_bars_of_the_daw_are_those_of_the_recording() -> None:
    entries = evening(4, CLOCK, 0.0, 9.0)
    recording = recorded(4, [*entries, Anchor(2.0, BEAT_S, 200.0, epoch=1, followed=True)])
    recording.add(Sent(NoteOn(0, 60, 90), "musician", 200.0, 2.0))
    bar = bar_at(recording.meters(), recording.beat)
    assert (recording.beat - bar.begin_beats, bar.length_beats) == (2.0, 4.0)


@given(st.sampled_from([3.0, 3.5, 4.0, 7.0]), st.lists(st.tuples(st.floats(-20, 200), st.floats(0, 30)), max_size=8))
def test_bar_lines_are_in_order_and_each_sam_is_one_of_them(bar: float, sams: list[tuple[float, float]]) -> None:
    bars, now = RecordedBars(bar), 0.0
    for line, later in sams:
        now += later
        bars.begin_bar(line, now)
        meters = bars.meters(1e9)
        begins = [begin for begin, _ in meters]
        assert begins == sorted(set(begins))
        assert begins[0] == 0.0
        assert meters[-1][1] == bar
        into_bar = (line - bars.first_line(now)) % bar
        assert min(into_bar, bar - into_bar) <= 0.25
        for (begin, length), (end, _) in pairwise(meters):
            assert (end - begin) / length == pytest.approx(round((end - begin) / length))
