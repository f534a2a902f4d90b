"""Round trips: which answer counts."""

from __future__ import annotations

from bollylive.bench.round_trips import first

ON, OTHER = [0x90, 64, 90], [0x91, 40, 80]


def test_only_the_first_wanted_answer_counts() -> None:
    answers = [(0.5, ON), (1.0, OTHER), (2.0, OTHER)]
    assert first(answers, lambda data: data == OTHER) == [1.0]
    assert first(answers, lambda data: data[0] == 0x80) == []
    assert first([], lambda data: data == ON) == []
