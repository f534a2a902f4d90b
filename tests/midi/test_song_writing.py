"""What is written reads back as it was meant, here and elsewhere."""

from __future__ import annotations

import io
import tracemalloc
from collections import defaultdict
from itertools import pairwise

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.midi.messages import Control, Note, Program
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, TimeSignature, Track
from bollylive.midi.song_files import read_song, song_bytes
from bollylive.midi.song_writer import TICKS_PER_BEAT
from bollylive.midi.time_events import describe_substitutes

NOTES = st.lists(
    st.builds(
        lambda pitch, velocity, onset, length: Note(
            0, pitch, velocity, onset / TICKS_PER_BEAT, length / TICKS_PER_BEAT
        ),
        st.integers(60, 62),
        st.integers(1, 127),
        st.integers(0, 12) | st.integers(0, 4000),
        st.integers(1, 12) | st.integers(1, 4000),
    ),
    max_size=12,
)
TICKS = tuple[int, int, int, int]  # onset, pitch, velocity, length


def _ticks(note: Note) -> TICKS:
    assert note.duration_beats is not None
    onset, length = round(note.onset_beats * TICKS_PER_BEAT), round(note.duration_beats * TICKS_PER_BEAT)
    return onset, note.pitch, note.velocity, length


def _meant(notes: list[Note]) -> list[TICKS]:
    """Each onset of a pitch is one note, the loudest, which lasts as long as anything that began by then.

    Where its pitch begins again before that, it lasts until there.
    """
    by_pitch: dict[int, list[TICKS]] = defaultdict(list)
    for note in notes:
        by_pitch[note.pitch].append(_ticks(note))
    meant = []
    for pitch, own in by_pitch.items():
        onsets = sorted({onset for onset, *_ in own})
        for onset, following in pairwise((*onsets, 1 << 30)):
            end = max(begin + length for begin, _, _, length in own if begin <= onset)
            velocity = max(velocity for begin, _, velocity, _ in own if begin == onset)
            meant.append((onset, pitch, velocity, min(end, following) - onset))
    return sorted(meant)


@given(NOTES, NOTES)
def test_any_notes_on_a_channel_overlapping_or_not_are_read_back_as_meant(one: list[Note], other: list[Note]) -> None:
    data = song_bytes([Track("one", 0, 5, tuple(one)), Track("other", 0, None, tuple(other))])
    song = read_song(data)
    assert sorted(map(_ticks, song.notes)) == _meant(one + other)
    again = song_bytes([Track("one", 0, 5, song.notes)])
    assert read_song(again).notes == song.notes


@given(NOTES, NOTES)
def test_no_note_off_cuts_a_note_short_in_any_program(one: list[Note], other: list[Note]) -> None:
    """Of each key the note-ons and note-offs take turns, so that every way to pair them gives the same notes."""
    data = song_bytes([Track("one", 0, 5, tuple(one)), Track("other", 0, None, tuple(other))])
    tracks = mido.MidiFile(file=io.BytesIO(data)).tracks
    for track in tracks:
        _check_turns(track)
    merged = mido.merge_tracks(tracks)
    timed: list[tuple[int, bool, mido.Message]] = []
    tick = 0
    for message in merged:
        tick += message.time
        if message.type in ("note_on", "note_off"):
            timed.append((tick, message.type == "note_on", message))
    sounding: set[int] = set()
    for _, begins, message in sorted(timed, key=lambda entry: entry[:2]):
        assert begins == (message.note not in sounding)
        sounding ^= {message.note}
    assert not sounding


def _check_turns(track: mido.MidiTrack) -> None:
    sounding: set[int] = set()
    for message in track:
        if message.type in ("note_on", "note_off"):
            assert (message.type == "note_on") == (message.note not in sounding)
            sounding ^= {message.note}
    assert not sounding


def test_two_channels_may_play_one_pitch_at_once() -> None:
    tracks = [Track("a", 0, 0, (Note(0, 60, 90, 0.0, 4.0),)), Track("b", 1, 0, (Note(1, 60, 90, 1.0, 1.0),))]
    assert read_song(song_bytes(tracks)).notes == (*tracks[0].notes, *tracks[1].notes)


@pytest.mark.parametrize("denominator", [1, 2, 4, 8, 16, 32, 64])
@pytest.mark.parametrize("numerator", [1, 2, 3, 5, 7, 11, 15, 16, 63, 64, 127, 255])
def test_every_metre_of_a_file_is_written_right(numerator: int, denominator: int) -> None:
    meters = ((0.0, numerator * 4 / denominator), (1.0, 4.0))
    assert read_song(song_bytes([], meters=meters)).meters == meters
    assert list(describe_substitutes(DEFAULT_TEMPOS, meters)) == []
    meters = ((0.0, TimeSignature(numerator, denominator)), (1.0, 4.0))
    data = song_bytes([], meters=meters)
    assert _signatures(data) == [(numerator, denominator), (4, 4)]
    assert _signatures(song_bytes([], meters=read_song(data).meters)) == [(numerator, denominator), (4, 4)]


def _signatures(data: bytes) -> list[tuple[int, int]]:
    messages = mido.MidiFile(file=io.BytesIO(data)).tracks[0]
    return [(message.numerator, message.denominator) for message in messages if message.type == "time_signature"]


@pytest.mark.parametrize(
    ("quarters", "written", "signature"), [(0.001, 0.0625, "1/64"), (3.3, 3.3125, "53/64"), (1e9, 1020.0, "255/1")]
)
def test_a_metre_that_no_file_can_hold_is_the_nearest_and_said(quarters: float, written: float, signature: str) -> None:
    meters = ((0.0, quarters),)
    assert read_song(song_bytes([], meters=meters)).meters == ((0.0, written),)
    [sentence] = describe_substitutes(DEFAULT_TEMPOS, meters)
    assert sentence.endswith(f"has no time signature: it is written as {signature}.")


@pytest.mark.parametrize(("bpm", "written"), [(1.0, 60 / 16.777215), (0.001, 60 / 16.777215), (1e12, 60e6)])
def test_a_tempo_that_no_file_can_hold_is_the_nearest_and_said_if_it_is_slow(bpm: float, written: float) -> None:
    [(_, read)] = read_song(song_bytes([], tempos=((0.0, bpm),))).tempos
    assert read == pytest.approx(written)
    assert len(list(describe_substitutes(((0.0, bpm),), DEFAULT_METERS))) == (bpm < written)


def test_a_file_is_what_mido_would_have_written() -> None:
    notes = tuple(Note(0, 60 + i % 3, 1 + i, i / 3, 0.5) for i in range(100))
    changes = ((0.0, Control(0, 64, 127)), (0.0, Program(0, 3)), (700.0, Control(0, 64, 0)))
    tracks = [Track("1 Bansuri ☂ (musician)", 0, 73, notes, changes), Track("", 1, None, ())]
    data = song_bytes(tracks, ((0.0, 120.0), (4.0, 3.0)), ((0.0, 3.5), (7.0, 4.0)))
    again = io.BytesIO()
    mido.MidiFile(file=io.BytesIO(data), charset="utf-8").save(file=again)
    assert data == again.getvalue()


def _peak_bytes(notes: int, channels: int) -> int:
    """The memory at most that a file of so many notes costs while it is written, beside the notes themselves."""
    tracks = [
        Track("", channel, None, tuple(Note(channel, 60, 90, float(i), 0.5) for i in range(notes // channels)))
        for channel in range(channels)
    ]
    tracemalloc.start()
    song_bytes(tracks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_the_memory_for_writing_is_that_of_one_channel_and_grows_no_faster_than_the_music() -> None:
    song_bytes([Track("", 0, None, (Note(0, 60, 90, 0.0, 1.0),))])
    small, large, spread = _peak_bytes(500, 1), _peak_bytes(2000, 1), _peak_bytes(2000, 8)
    assert large < 4.2 * small
    assert spread < large / 3
    assert large < 2000 * 700  # bytes a note
