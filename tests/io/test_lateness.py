from __future__ import annotations

from bollylive.io.lateness import LATE_S, Lateness


def test_of_no_note_nothing_was_late() -> None:
    lateness = Lateness()
    assert (lateness.count, lateness.late, lateness.latest_s, lateness.percentile_s(0.99)) == (0, 0, 0, 0)


def test_notes_that_nobody_would_call_late_are_not_counted_as_late() -> None:
    lateness = Lateness()
    for late_s in (0.0, LATE_S, 2 * LATE_S, 0.001):
        lateness.add(late_s)
    assert (lateness.count, lateness.late, lateness.latest_s) == (4, 1, 2 * LATE_S)


def test_a_percentile_is_one_of_the_times() -> None:
    lateness = Lateness()
    for late_ms in range(100, 0, -1):
        lateness.add(late_ms / 1000)
    assert [lateness.percentile_s(share) for share in (0.0, 0.5, 0.99, 1.0)] == [0.001, 0.051, 0.1, 0.1]
