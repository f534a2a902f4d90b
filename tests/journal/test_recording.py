"""The recording: tracks, tempos, and its own count of beats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor
from bollylive.journal.recording import Recording
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Player, Program, Tick
from bollylive.midi.song import Track
from bollylive.protocol import EngineStatus, Sent


def _sent(event: Event, beat: float, by: Player = "musician", at_s: float = 0.0) -> Sent:
    return Sent(event, by, at_s, beat)


def _play(
    recording: Recording, pitch: int, onset: float, end: float, *, by: Player = "musician", channel: int = 0
) -> None:
    recording.add(_sent(NoteOn(channel, pitch, 100), onset, by))
    recording.add(_sent(NoteOff(channel, pitch), end, by))


def _spans(track: Track) -> list[tuple[int, float, float | None]]:
    return [(note.pitch, note.onset_beats, note.duration_beats) for note in track.notes]


def test_each_channel_and_player_is_a_track_of_its_own() -> None:
    recording = Recording({0: "Melody", 1: "Bass"})
    _play(recording, 60, 0.0, 1.0, by="model")
    _play(recording, 40, 1.0, 2.0, by="model", channel=1)
    _play(recording, 60, 2.0, 3.0)
    _play(recording, 38, 3.0, 4.0, by="model", channel=9)
    tracks = recording.tracks()
    assert [track.name for track in tracks] == [
        *("1 Melody (musician)", "1 Melody (model)", "2 Bass (model)", "10 (model)")
    ]
    assert [track.channel for track in tracks] == [0, 0, 1, 9]
    assert _spans(tracks[0]) == [(60, 2.0, 1.0)]


def test_the_musician_s_key_does_not_end_the_model_s_note() -> None:
    recording = Recording()
    recording.add(_sent(NoteOn(0, 60, 90), 0.0, "model"))
    _play(recording, 60, 1.0, 2.0)
    recording.add(_sent(NoteOff(0, 60), 3.0, "model"))
    musician, model = recording.tracks()
    assert _spans(musician) == [(60, 1.0, 1.0)]
    assert _spans(model) == [(60, 0.0, 3.0)]


def test_what_still_sounds_ends_at_the_last_known_beat_and_the_recording_may_go_on() -> None:
    recording = Recording()
    recording.add(_sent(NoteOn(0, 60, 90), 0.0))
    _play(recording, 40, 1.0, 2.5, channel=1)
    assert _spans(recording.tracks()[0]) == [(60, 0.0, 2.5)]
    recording.add(_sent(NoteOff(0, 60), 4.0))
    assert _spans(recording.tracks()[0]) == [(60, 0.0, 4.0)]


def test_programs_and_controls_are_kept() -> None:
    recording = Recording()
    recording.add(_sent(Program(0, 73), 0.0))
    recording.add(_sent(Control(0, 1, 64), 0.5))
    _play(recording, 60, 1.0, 2.0)
    recording.add(_sent(Program(0, 40), 3.0))
    (track,) = recording.tracks()
    assert track.program == 73
    assert track.changes == ((0.5, Control(0, 1, 64)), (3.0, Program(0, 40)))


def test_clock_ticks_leave_no_trace() -> None:
    recording = Recording()
    recording.add(_sent(Tick(), 5.0))
    assert recording.tracks() == ()


def test_an_empty_recording_has_the_tempo_of_an_empty_file() -> None:
    assert Recording().tempos() == ((0.0, 120.0),)


def test_the_tempo_map_begins_at_0_and_leaves_the_jitter_of_a_clock_out() -> None:
    recording = Recording()
    recording.add(Anchor(0.3, 0.5, 0.15, followed=True))
    recording.add(Anchor(4.0, 0.501, 2.002, followed=True))
    recording.add(Anchor(8.0, 0.6, 4.0, followed=True))
    recording.add(Anchor(8.0, 0.75, 4.0, followed=True))
    _play(recording, 60, 11.0, 12.0)
    assert recording.tempos() == ((0.0, 120.0), (8.0, 80.0))


def test_a_point_of_a_clock_that_lies_in_the_past_is_no_jump() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0, followed=True))
    recording.add(_sent(NoteOn(0, 60, 90), 5.0, at_s=2.5))
    recording.add(Anchor(3.99, 0.5, 2.0, followed=True))  # the clock's line is drawn again, through an older tick
    recording.add(_sent(NoteOff(0, 60), 5.99, at_s=3.0))
    (track,) = recording.tracks()
    assert [note.onset_beats for note in track.notes] == [5.0]
    assert track.notes[0].duration_beats == pytest.approx(0.99)


def test_after_a_damaged_beat_the_recording_goes_on_at_the_next_bar() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0, followed=True))
    _play(recording, 60, 1.0, 2.0)
    _play(recording, 62, 5e8 + 1, 5e8 + 2)
    (track,) = recording.tracks()
    assert _spans(track) == [(60, 1.0, 1.0), (62, 5.0, 1.0)]


def test_in_a_link_session_the_recording_begins_with_the_bar_of_the_first_note() -> None:
    recording = Recording(beats_per_bar=4)
    recording.add(Anchor(6.3, 0.5, 0.0, bar_beat=5.0))
    _play(recording, 60, 10.5, 11.0)
    (track,) = recording.tracks()
    assert _spans(track) == [(60, 1.5, 0.5)]


@pytest.mark.parametrize("to_beat", [0.0, 2.0, 64.0])
def test_after_a_jump_the_recording_goes_on_with_whole_bars(to_beat: float) -> None:
    recording = Recording(beats_per_bar=4)
    recording.add(Anchor(0.0, 0.5, 0.0, followed=True))
    _play(recording, 60, 5.0, 6.5)
    recording.add(Anchor(to_beat, 0.5, 10.0, epoch=1, followed=True))
    _play(recording, 62, to_beat + 1.0, to_beat + 2.0)
    (track,) = recording.tracks()
    _, onset, duration = _spans(track)[1]
    assert 6.5 <= onset <= 6.5 + 4 + 1
    assert (onset - (to_beat + 1.0)) % 4 == 0
    assert duration == 1.0


def test_a_small_step_back_of_a_followed_clock_is_no_jump() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0, followed=True))
    _play(recording, 60, 5.0, 6.0)
    recording.add(Anchor(5.9, 0.5, 3.0, followed=True))
    _play(recording, 62, 5.95, 7.0)
    (track,) = recording.tracks()
    assert _spans(track) == [(60, 5.0, 1.0), (62, 6.0, 1.0)]


def test_what_is_played_while_the_song_is_stopped_is_not_squeezed_into_one_beat() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0, followed=True))
    recording.add(Anchor(8.0, 0.5, 4.0, running=False, followed=True))
    recording.add(_sent(NoteOn(0, 60, 90), 8.0, at_s=5.0))
    recording.add(_sent(NoteOff(0, 60), 8.0, at_s=5.5))
    recording.add(Anchor(8.0, 0.5, 60.0, followed=True))
    _play(recording, 62, 8.5, 9.0)
    (track,) = recording.tracks()
    assert _spans(track) == [(60, 10.0, 1.0), (62, 12.5, 0.5)]


_anchors = st.builds(
    Anchor,
    *(st.floats(0, 100), st.floats(0.2, 2.0), st.floats(0, 100), st.booleans(), st.integers(0, 3)),
)
_entries = st.builds(
    Sent,
    st.builds(NoteOn, st.integers(0, 2), st.integers(58, 62), st.integers(1, 127))
    | st.builds(NoteOff, st.integers(0, 2), st.integers(58, 62)),
    st.sampled_from(["musician", "model"]),
    *(st.floats(0, 100), st.floats(-1, 100)),
)


@given(st.lists(_anchors | _entries | st.builds(EngineStatus, st.floats(0, 100), st.booleans()), max_size=30))
def test_whatever_the_clock_does_the_beats_of_a_recording_only_go_forward(
    entries: list[Anchor | Sent | EngineStatus],
) -> None:
    recording = Recording()
    for entry in entries:
        recording.add(entry)
    beats = [beat for beat, _ in recording.tempos()]
    assert beats == sorted(beats)
    assert beats[0] == 0.0
    for track in recording.tracks():
        assert all(note.onset_beats >= 0.0 and (note.duration_beats or 0.0) >= 0.0 for note in track.notes)


def test_in_free_tempo_the_recording_begins_with_the_first_note() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0))
    recording.add(_sent(Program(0, 73), 0.25))
    _play(recording, 60, 1.7, 2.2)
    _play(recording, 62, 2.7, 3.2)
    (track,) = recording.tracks()
    assert [(pitch, round(onset, 6)) for pitch, onset, _ in _spans(track)] == [(60, 0.0), (62, 1.0)]
    assert track.program == 73


def test_the_chord_that_wakes_the_band_stays_whole() -> None:
    recording = Recording()
    recording.add(Anchor(0.0, 0.5, 0.0))
    recording.add(EngineStatus(0.0, awake=False))  # a new engine reports itself, and wakes a moment after the chord
    for pitch, beat in ((60, 1.7), (64, 1.706), (67, 1.713)):
        recording.add(_sent(NoteOn(0, pitch, 90), beat))
    recording.add(EngineStatus(1.7, awake=True))
    for pitch in (60, 64, 67):
        recording.add(_sent(NoteOff(0, pitch), 2.7))
    (track,) = recording.tracks()
    assert [(pitch, round(onset, 6)) for pitch, onset, _ in _spans(track)] == [(60, 0.0), (64, 0.006), (67, 0.013)]


def _rested(anchor: Anchor, by: Player = "musician") -> list[float]:
    """The onsets of a first phrase, of a second one after a rest, and of what follows that."""
    recording = Recording(beats_per_bar=4)
    recording.add(anchor)
    _play(recording, 60, 1.3, 2.0)
    recording.add(EngineStatus(1.3, awake=True))
    _play(recording, 61, 3.3, 4.0)
    recording.add(EngineStatus(1.3, awake=False))
    _play(recording, 62, 20.05, 21.0, by=by)
    recording.add(EngineStatus(20.05, awake=True))
    _play(recording, 63, 22.05, 23.0)
    return sorted(round(note.onset_beats, 6) for track in recording.tracks() for note in track.notes)


def test_in_free_tempo_the_first_note_after_a_rest_is_on_the_next_bar_line() -> None:
    assert _rested(Anchor(0.0, 0.5, 0.0)) == [0.0, 2.0, 20.0, 22.0]


def test_with_a_clock_or_a_link_session_a_rest_moves_nothing() -> None:
    assert _rested(Anchor(0.0, 0.5, 0.0, followed=True)) == [1.3, 3.3, 20.05, 22.05]
    assert _rested(Anchor(0.0, 0.5, 0.0, bar_beat=0.0)) == [1.3, 3.3, 20.05, 22.05]


def test_only_the_musician_ends_a_rest() -> None:
    assert _rested(Anchor(0.0, 0.5, 0.0), by="model") == [0.0, 2.0, 18.75, 20.75]
