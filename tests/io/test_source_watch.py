"""Whether what feeds an input has stopped in the middle, on invented time."""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.io.source_watch import CLOCK_S, OWN_GAP_S, SENSING_S, SourceWatch

TICK, START, STOP, SENSING, ON = [0xF8], [0xFA], [0xFC], [0xFE], [0x90, 60, 90]
LOOK_S = 0.01


class Source:
    """Plays to a watch that looks a hundred times a second."""

    def __init__(self) -> None:
        self.watch = SourceWatch()
        self.now_s = 100.0

    def wait(self, seconds: float, *each: Sequence[int], every_s: float = 0.02) -> list[float]:
        """Go on for so long with these messages again and again; gives when the watch spoke, from the beginning on."""
        began_s, next_s, spoken = self.now_s, self.now_s, []
        while self.now_s < began_s + seconds:
            self.now_s += LOOK_S
            messages = []
            if each and self.now_s >= next_s:
                messages, next_s = list(each), next_s + every_s
            if self.watch.hear(messages, self.now_s):
                spoken.append(self.now_s - began_s)
        return spoken

    def play(self, *messages: Sequence[int]) -> None:
        """All of them at once."""
        assert not self.watch.hear(messages, self.now_s)


def _once_after(spoken: list[float], seconds: float) -> bool:
    return len(spoken) == 1 and seconds < spoken[0] < seconds + 0.05


def test_a_clock_that_leaves_off_is_missed_once_and_again_when_it_has_come_back() -> None:
    source = Source()
    for _ in range(2):
        assert source.wait(2, TICK) == []
        assert _once_after(source.wait(10), CLOCK_S)


def test_a_clock_that_leaves_off_after_a_stop_is_not_missed() -> None:
    source = Source()
    source.wait(2, TICK)
    source.play(STOP)
    assert source.wait(10) == []
    source.play(START)
    assert source.wait(10) == []  # it may be long before the first tick
    source.play(TICK)
    assert _once_after(source.wait(10), CLOCK_S)


def test_ticks_that_are_on_their_way_when_it_stops_do_not_count_but_a_clock_that_goes_on_does() -> None:
    source = Source()
    source.wait(2, TICK)
    source.play(STOP)
    assert source.wait(0.9, TICK) == []
    assert source.wait(10) == []
    source.play(STOP)
    assert source.wait(1.2, TICK) == []
    assert _once_after(source.wait(10), CLOCK_S)


def test_active_sensing_that_leaves_off_is_missed_but_any_message_is_a_sign_of_life() -> None:
    source = Source()
    assert source.wait(5, SENSING, every_s=0.3) == []
    assert source.wait(5, ON, every_s=0.32) == []
    source.play(ON)
    assert _once_after(source.wait(10), SENSING_S)
    assert SENSING_S == 0.33  # MIDI 1.0: 0.3 s, and 10 % for the receiver
    source.play(ON)
    assert source.wait(10) == []  # until it begins once more


def test_who_never_ticked_nor_sent_active_sensing_may_hold_for_ever() -> None:
    source = Source()
    source.play(ON, START)
    assert source.wait(100) == []


def test_time_in_which_we_did_not_look_counts_for_nothing() -> None:
    source = Source()
    source.play(TICK, SENSING)
    for _ in range(100):
        source.now_s += OWN_GAP_S + 0.01
        source.play()
    assert len(source.wait(2)) == 2


def test_what_came_while_we_did_not_look_counts() -> None:
    source = Source()
    source.play(TICK)
    source.wait(1)
    source.now_s += 60
    source.play(STOP)
    assert source.wait(10) == []


def test_whoever_of_several_is_no_longer_connected_is_missed_once() -> None:
    watch = SourceWatch()
    keys, pads = frozenset({"Keys:out"}), frozenset({"Pads:out"})
    assert [watch.feed(feeders) for feeders in (None, keys, keys | pads, None, pads, pads, frozenset())] == [
        False,
        False,
        False,
        False,
        True,
        False,
        True,
    ]


def test_an_empty_message_means_nothing() -> None:
    source = Source()
    source.play([])
    assert source.wait(5) == []
