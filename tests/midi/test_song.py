"""Songs: when a beat falls, at which tempo, and with which program."""

from __future__ import annotations

import pytest

from bollylive.midi.messages import Program
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Song, TempoMap, seconds_at, tempo_at

TEMPOS = ((0.0, 120.0), (4.0, 60.0), (8.0, 240.0))


@pytest.mark.parametrize(
    ("beat", "seconds", "bpm"),
    [(0.0, 0.0, 120.0), (4.0, 2.0, 60.0), (5.0, 3.0, 60.0), (8.0, 6.0, 240.0), (12.0, 7.0, 240.0), (3.0, 1.5, 120.0)],
)
def test_a_beat_falls_where_all_tempos_before_it_put_it(beat: float, seconds: float, bpm: float) -> None:
    assert seconds_at(TEMPOS, beat) == pytest.approx(seconds)
    assert tempo_at(TEMPOS, beat) == bpm
    assert TempoMap(TEMPOS).beat_at(seconds) == pytest.approx(beat)


def test_what_lies_before_the_beginning_falls_on_it() -> None:
    assert seconds_at(TEMPOS, -2.0) == 0.0
    assert tempo_at(TEMPOS, -2.0) == 120.0


def test_a_thousand_beats_among_20_000_tempos_read_few_of_them() -> None:
    reads = 0

    class Counted(float):
        def __lt__(self, other: object) -> bool:
            nonlocal reads
            reads += 1
            return float(self) < float(other)  # type: ignore[arg-type]

        def __gt__(self, other: object) -> bool:
            nonlocal reads
            reads += 1
            return float(self) > float(other)  # type: ignore[arg-type]

    tempo_map = TempoMap([(Counted(beat), 60.0 + beat % 7) for beat in range(20_000)])  # type: ignore[arg-type]
    for beat in range(0, 20_000, 20):
        tempo_map.seconds_at(Counted(beat))
        tempo_map.tempo_at(Counted(beat))
    assert 0 < reads < 2 * 1000 * 20


def test_the_program_in_force_is_the_last_one_on_the_channel() -> None:
    changes = ((0.0, Program(0, 5)), (0.0, Program(1, 40)), (8.0, Program(0, 73)), (8.0, Program(0, 74)))
    song = Song("song", (), {0: 5, 2: 33}, DEFAULT_TEMPOS, DEFAULT_METERS, 16.0, program_changes=changes)
    assert [song.program_at(0, beat) for beat in (0.0, 7.9, 8.0, 99.0)] == [5, 5, 74, 74]
    assert song.program_at(1, 99.0) == 40
    assert song.program_at(2, 99.0) == 33
    assert song.program_at(3, 99.0) == 0
