"""Short storms: whatever dies while a musician plays with pedals and wheels, nothing hangs, and the journal knows."""

from __future__ import annotations

import sys

import pytest
from storms import FAULTS, FINAL, Storm, max_named, missing
from synth import On, Synth

SECONDS = 6.0


@pytest.mark.ports
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it finds the processes in /proc")
@pytest.mark.parametrize(
    ("seed", "faults"),
    [(1, [(3.0, "port_kill")]), (2, [(3.5, "all_kill")]), (3, [(2.0, "set_brackets")])],
    ids=lambda value: value[0][1] if isinstance(value, list) else str(value),
)
def test_a_storm_passes_without_a_hanging_note_and_without_a_lost_one(
    seed: int, faults: list[tuple[float, str]]
) -> None:
    report = Storm(1, seed, SECONDS, faults).run()
    assert not report.problems, report
    assert report.heard > 10
    assert faults[0][1] in report.faults[0]


def test_a_storm_is_the_same_again_and_ends_but_once() -> None:
    for number in range(2 * len(FAULTS)):
        faults, again = Storm(number, 1, 20.0).faults, Storm(number, 1, 20.0).faults
        assert faults == again
        assert 1 <= len(faults) <= 4
        assert not any(kind in FINAL for _, kind in faults[:-1])


def hears(*messages: tuple[int, ...]) -> Synth:
    synth = Synth()
    for at_s, message in enumerate(messages):
        synth.hear(bytes(message), at_s)
    return synth


@pytest.mark.parametrize(
    ("messages", "held"),
    [
        ([(0x90, 60, 9)], ["note (0, 60)"]),
        ([(0x90, 60, 9), (0x80, 60, 0)], []),
        ([(0x90, 60, 9), (0x90, 60, 0)], []),
        ([(0x90, 60, 9), (0xB0, 123, 0)], []),
        ([(0xB0, 64, 1), (0x90, 60, 9), (0x80, 60, 0)], ["note (0, 60)", "pedal (0, 64)"]),
        ([(0xB0, 64, 1), (0x90, 60, 9), (0xB0, 123, 0)], ["note (0, 60)", "pedal (0, 64)"]),
        ([(0xB0, 64, 1), (0x90, 60, 9), (0xB0, 120, 0)], ["pedal (0, 64)"]),
        ([(0xB0, 64, 1), (0x90, 60, 9), (0x80, 60, 0), (0xB0, 64, 0)], []),
        (
            [(0x90, 60, 9), (0xB0, 66, 9), (0x90, 61, 9), (0x80, 60, 0), (0x80, 61, 0)],
            ["note (0, 60)", "pedal (0, 66)"],
        ),
        ([(0x90, 60, 9), (0xB0, 66, 9), (0x80, 60, 0), (0xB0, 66, 0)], []),
        (
            [(0xB0, 69, 9), (0xB0, 1, 9), (0xE1, 0, 0), (0xD0, 9), (0xA0, 60, 9), (0xB0, 121, 0)],
            ["pedal (0, 69)", "bend 1"],
        ),
        ([(0xD0, 9), (0xA1, 60, 9), (0xB0, 1, 9)], ["modulation 0", "pressure (0,)", "pressure (1, 60)"]),
        ([(0xE0, 1, 64), (0xE0, 0, 64), (0xB1, 64, 0), (0xF8,)], []),
    ],
)
def test_the_synthesizer_holds_what_a_real_one_would(messages: list[tuple[int, ...]], held: list[str]) -> None:
    assert hears(*messages).held() == held


def test_the_synthesizer_knows_since_when_and_keeps_what_is_no_message() -> None:
    synth = hears((0x90, 60, 9), (0x90, 62, 9), (0x90, 60), (60, 9))
    assert synth.held(before_s=1.0) == ["note (0, 60)"]
    assert [on.at_s for on in synth.ons] == [0.0, 1.0]
    assert synth.garbage == ["903c", "3c09"]


def test_a_written_note_stands_for_one_that_was_heard_soon_after_it() -> None:
    first, second, other = On(1.0, 0, 60, 9), On(2.0, 0, 60, 9), On(2.0, 0, 61, 9)
    late = On(2.3, 0, 60, 9)
    assert missing([first, second], [first, second, other]) == []
    assert missing([first, late], [first]) == [late]
    assert missing([first], [second]) == [first]
    assert missing([On(9.0, 0, 60, 9)], [first]) == [On(9.0, 0, 60, 9)]


def test_what_is_lost_is_named_with_its_number() -> None:
    assert max_named(["ready: 128 notes", "17 events are missing in the journal", "20 of them"]) == 17
    assert max_named(["journal bollylive-20250101-120000-2.jsonl is lost"]) == 0
